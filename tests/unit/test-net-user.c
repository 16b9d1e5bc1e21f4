/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networks: the test is the guest, with a little DHCP of its own
 * (RFC 2131), and the host's side as well.
 */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/chardev/char-ringbuf.h"
#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-char.h"
#include "tests/unit/net-guest.h"

/* Its peers are the host's own services. */
#define USER "'type':'user','id':'n','disable-host-loopback':false"

/* ---- DHCP ---- */

static bool is_dhcp(const GByteArray *f, const void *data)
{
    return is_ip(f, PROTO_UDP) && get16(f->data + ETH + IP + 2) == 68;
}

/* The value of an option, or NULL. */
static const guint8 *dhcp_option(const GByteArray *f, guint8 code, guint *ret_length)
{
    const guint8 *p = f->data + ETH + IP + 8 + 240, *end = f->data + f->len;

    while (p + 2 <= end && *p != 255) {
        if (*p == code) {
            *ret_length = p[1];
            return p + 2;
        }
        p += *p ? 2 + p[1] : 1;
    }
    return NULL;
}

static GByteArray *discover(Card *card)
{
    guint8 p[300] = { 1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78 };

    memcpy(p + 28, guest_mac, 6);
    memcpy(p + 236, "\x63\x82\x53\x63\x35\x01\x01\xff", 8);
    send_udp(card, broadcast_mac, 0, 0xffffffff, 68, 67, p, sizeof(p));
    return wait_frame(card, is_dhcp, NULL);
}

static void assert_option(const GByteArray *f, guint8 code, const void *expect, guint length)
{
    guint n = 0;
    const guint8 *p = dhcp_option(f, code, &n);

    g_assert_nonnull(p);
    g_assert_cmpmem(p, n, expect, length);
}

static void test_dhcp(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER "}"));
    g_autoptr(GByteArray) f = discover(card);

    g_assert_cmphex(get32(f->data + ETH + IP + 8 + 16), ==, GUEST);
    assert_option(f, 53, "\2", 1);
    assert_option(f, 1, "\377\377\377\0", 4);
    assert_option(f, 3, "\12\0\2\2", 4);
    assert_option(f, 6, "\12\0\2\3", 4);
    card_free(card);
}

/* libslirp 4.7 never frees it, which leak checkers see. */
#ifdef __SANITIZE_ADDRESS__
#define TFTP_NAME ""
#else
#define TFTP_NAME "'tftp-server-name':'files',"
#endif

static void test_dhcp_options(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER ",'net':'192.168.7.0/24',"
                                       "'host':'192.168.7.9','dns':'192.168.7.10','dhcpstart':"
                                       "'192.168.7.77','hostname':'fox','domainname':'den.test',"
                                       "'bootfile':'boot.img','tftp':'/nowhere'," TFTP_NAME
                                       "'dnssearch':[{'str':'a.test'},{'str':'b.test'}]}"));
    g_autoptr(GByteArray) f = discover(card);

    g_assert_cmphex(get32(f->data + ETH + IP + 8 + 16), ==, 0xc0a8074d);
    assert_option(f, 3, "\300\250\7\11", 4);
    assert_option(f, 6, "\300\250\7\12", 4);
    assert_option(f, 12, "fox", 3);
    assert_option(f, 15, "den.test", 8);
    if (*TFTP_NAME) {
        assert_option(f, 66, "files", 5);
    }
    g_assert_cmpstr((char *)f->data + ETH + IP + 8 + 108, ==, "boot.img");
    card_free(card);
}

/* ---- TCP ---- */

/* To a server of the host. */
static void test_connect(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER "}"));
    guint16 port;
    int listener = listen_at(&port), fd;
    Tcp t = tcp_new(card, HOST, 40000);

    g_assert_cmphex(tcp_connect(&t, port), ==, SYN | ACK);
    fd = accept(listener, NULL, NULL);
    tcp_send(&t, ACK | PSH, "hello host");
    read_exactly(b, fd, "hello host");
    g_assert_cmpint(write(fd, "hello guest", 11), ==, 11);
    tcp_until(&t, 11);
    g_assert_cmpstr(t.received->str, ==, "hello guest");
    close(fd);
    while (!t.closed) {
        tcp_receive(&t);
    }
    close(listener);
    g_string_free(t.received, true);
    card_free(card);
}

/* More than any buffer holds, to a guest that stops reading: nothing is lost. */
static void test_slow_guest(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER "}"));
    g_autoptr(GString) data = g_string_new(NULL);
    guint16 port;
    int listener = listen_at(&port), fd;
    Tcp t = tcp_new(card, HOST, 40000);
    gsize sent = 0;

    for (guint i = 0; i < 60000; i++) {
        g_string_append_printf(data, "%07u\n", i);
    }
    tcp_connect(&t, port);
    fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    for (guint i = 0; t.received->len < data->len; i++) {
        ssize_t n = write(fd, data->str + sent, data->len - sent);

        sent += MAX(n, 0);
        card->room = i % 64 == 0 ? 0 : card->room;
        if (!card->room) {
            bench_idle(b, 5);
            card_accept(card, 1000000);
        }
        tcp_receive(&t);
    }
    g_assert_true(g_string_equal(t.received, data));
    close(fd);
    close(listener);
    g_string_free(t.received, true);
    card_free(card);
}

static int connect_to_port(guint16 port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&in, sizeof(in)), ==, 0);
    return fd;
}

/* To a server of the guest; restrict does not forbid it. */
static void hostfwd(const char *more)
{
    g_autoptr(Bench) b = bench_new();
    guint16 port = free_port();
    NetBackend *net = bench_add(b, "{" USER ",'hostfwd':[{'str':"
                                "'tcp:127.0.0.1:%u-:7777'}]%s}", port, more);
    Card *card = card_new(b, net);
    Tcp t = tcp_new(card, HOST, 7777);
    int fd = connect_to_port(port);

    g_assert_cmphex(tcp_receive(&t), ==, SYN);
    tcp_send(&t, SYN | ACK, NULL);
    g_assert_cmpint(write(fd, "question", 8), ==, 8);
    tcp_until(&t, 8);
    g_assert_cmpstr(t.received->str, ==, "question");
    tcp_send(&t, ACK | PSH, "answer");
    read_exactly(b, fd, "answer");
    close(fd);
    g_string_free(t.received, true);
    card_free(card);
    /* The port is free again. */
    object_destroy(&net->object);
    bench_add(b, "{" USER ",'hostfwd':[{'str':'tcp:127.0.0.1:%u-:1'}]}", port);
}

static void test_hostfwd(void)
{
    hostfwd("");
    hostfwd(",'restrict':true");
}

static bool is_udp_from_host(const GByteArray *f, const void *data)
{
    return is_ip(f, PROTO_UDP) && get16(f->data + ETH + IP + 2) == 7778;
}

static void test_hostfwd_udp(void)
{
    g_autoptr(Bench) b = bench_new();
    guint16 port = free_port();
    Card *card = card_new(b, bench_add(b, "{" USER ",'hostfwd':[{'str':"
                                       "'udp:127.0.0.1:%u-10.0.2.15:7778'}]}", port));
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_autoptr(GByteArray) f = NULL;
    guint8 mac[6];

    resolve(card, HOST, mac);
    g_assert_cmpint(sendto(fd, "ping", 4, 0, (struct sockaddr *)&in, sizeof(in)), ==, 4);
    f = wait_frame(card, is_udp_from_host, NULL);
    g_assert_cmpmem(f->data + ETH + IP + 8, 4, "ping", 4);
    send_udp(card, mac, GUEST, get32(f->data + ETH + 12), 7778, get16(f->data + ETH + IP),
             (const guint8 *)"pong", 4);
    read_exactly(b, fd, "pong");
    close(fd);
    card_free(card);
}

/* With restrict, the host does not answer. */
static void test_restrict(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER ",'restrict':true}"));
    guint16 port;
    int listener = listen_at(&port);
    Tcp t = tcp_new(card, HOST, 40000);

    t.peer_port = port;
    tcp_send(&t, SYN, NULL);
    bench_idle(b, 200);
    g_assert_cmpint(fcntl(listener, F_SETFL, O_NONBLOCK), ==, 0);
    g_assert_cmpint(accept(listener, NULL, NULL), ==, -1);
    for (guint i = 0; i < card->frames->len; i++) {
        g_assert_false(tcp_is_for(card_frame(card, i), &t) &&
                       card_frame(card, i)->data[ETH + IP + 13] == (SYN | ACK));
    }
    close(listener);
    g_string_free(t.received, true);
    card_free(card);
}

static void test_guestfwd_tcp(void)
{
    g_autoptr(Bench) b = bench_new();
    guint16 port;
    int listener = listen_at(&port), fd;
    Card *card = card_new(b, bench_add(b, "{" USER ",'guestfwd':[{'str':"
                                       "'tcp:10.0.2.100:1234-tcp:127.0.0.1:%u'}]}", port));
    Tcp t = tcp_new(card, FORWARD, 40000);

    fd = accept(listener, NULL, NULL);
    resolve(card, FORWARD, t.mac);
    g_assert_cmphex(tcp_connect(&t, 1234), ==, SYN | ACK);
    tcp_send(&t, ACK | PSH, "to host");
    read_exactly(b, fd, "to host");
    g_assert_cmpint(write(fd, "to guest", 8), ==, 8);
    tcp_until(&t, 8);
    g_assert_cmpstr(t.received->str, ==, "to guest");
    close(fd);
    close(listener);
    g_string_free(t.received, true);
    card_free(card);
}

static Chardev *add_ringbuf(Bench *b, const char *id)
{
    Object *obj = object_new(&qmp_class_chardev_ringbuf);
    g_autoptr(GError) error = NULL;

    object_add_child(object_container(b->root, "chardevs"), id, obj, &error);
    object_make(obj, &error);
    g_assert_no_error(error);
    object_unref(obj);
    return to_chardev(obj);
}

static void test_guestfwd_chardev(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add_ringbuf(b, "ring");
    NetBackend *net = bench_add(b, "{" USER ",'guestfwd':[{'str':"
                                "'tcp::1234-chardev:ring'}]}");
    Card *card = card_new(b, net);
    Tcp t = tcp_new(card, 0x0a000204, 40000);
    g_autoptr(GError) error = NULL;
    guint8 buf[20] = "";

    resolve(card, t.peer, t.mac);
    g_assert_false(object_may_delete(&chr->object, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_assert_cmphex(tcp_connect(&t, 1234), ==, SYN | ACK);
    tcp_send(&t, ACK | PSH, "to chardev");
    bench_until(b, char_ringbuf_length(chr) == 10);
    g_assert_cmpuint(char_ringbuf_read(chr, buf, sizeof(buf)), ==, 10);
    g_assert_cmpstr((char *)buf, ==, "to chardev");
    char_receive(chr, (const guint8 *)"to guest", 8);
    tcp_until(&t, 8);
    g_assert_cmpstr(t.received->str, ==, "to guest");
    g_string_free(t.received, true);
    card_free(card);
    object_destroy(&net->object);
    g_assert_null(chr->front);
    g_assert_true(object_may_delete(&chr->object, NULL));
}

static Chardev *add_socket_chardev(Bench *b, const char *id, int fd)
{
    String name = { .str = (char *)"fd0" };
    SocketAddressLegacy addr = { .type = SOCKET_ADDRESS_TYPE_FD, .u.fd.data = &name };
    ChardevSocket options = { .addr = &addr, .has_server = true };
    const ChardevBackend backend = { .type = CHARDEV_BACKEND_KIND_SOCKET,
                                     .u.socket.data = &options };
    g_autoptr(GError) error = NULL;
    Chardev *chr;

    b->fds[0] = fd;
    chr = chardev_new(b->root, id, &backend, &error);
    g_assert_no_error(error);
    g_assert_true(object_prepare(&chr->object, &error) && object_complete(&chr->object, &error));
    return chr;
}

static void fill_text(char *text, gsize size, guint start)
{
    for (gsize i = 0; i < size; i++) {
        text[i] = 'a' + (start + i) % 23;
    }
    text[size] = '\0';
}

/* A chardev that takes little holds the guest up, and loses nothing of what it
 * sends. */
static void test_guestfwd_slow_chardev(void)
{
    enum { PIECES = 300, SIZE = 1000 };
    g_autoptr(Bench) b = bench_new();
    const int small = 1;
    int pair[2];
    NetBackend *net;
    Card *card;
    Tcp t;
    char text[SIZE + 1], expect[SIZE + 1];
    guint got = 0;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_cmpint(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), ==, 0);
    add_socket_chardev(b, "slow", pair[0]);
    net = bench_add(b, "{" USER ",'guestfwd':[{'str':'tcp::1234-chardev:slow'}]}");
    card = card_new(b, net);
    t = tcp_new(card, 0x0a000204, 40000);
    resolve(card, t.peer, t.mac);
    g_assert_cmphex(tcp_connect(&t, 1234), ==, SYN | ACK);
    for (guint i = 0; i < PIECES; i++) {
        fill_text(text, SIZE, i * SIZE);
        tcp_send(&t, ACK | PSH, text);
    }
    bench_idle(b, 100);
    while (got < PIECES * SIZE) {
        ssize_t n = 0;

        bench_until(b, (n = recv(pair[1], text, SIZE, MSG_DONTWAIT)) > 0);
        fill_text(expect, n, got);
        g_assert_cmpmem(text, n, expect, n);
        got += n;
    }
    g_string_free(t.received, true);
    card_free(card);
    close(pair[1]);
}

/* ---- Options ---- */

static void test_refused(void)
{
    static const struct {
        ErrorReason reason;
        const char *options;
    } bad[] = {
        { ERROR_REASON_NOT_SUPPORTED, "'smb':'/'" },
        { ERROR_REASON_NOT_SUPPORTED, "'smbserver':'10.0.2.4'" },
        { ERROR_REASON_NOT_SUPPORTED, "'guestfwd':[{'str':'tcp:10.0.2.100:1-cmd:cat'}]" },
        { ERROR_REASON_INVALID_VALUE, "'net':'10.0.2.0/3'" },
        { ERROR_REASON_INVALID_VALUE, "'net':'10.0.2.0/255.0.255.0'" },
        { ERROR_REASON_INVALID_VALUE, "'net':'fox'" },
        { ERROR_REASON_INVALID_VALUE, "'host':'10.0.3.2'" },
        { ERROR_REASON_INVALID_VALUE, "'host':'fox'" },
        { ERROR_REASON_INVALID_VALUE, "'dns':'10.0.2.2'" },
        { ERROR_REASON_INVALID_VALUE, "'dhcpstart':'10.0.2.3'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':false,'ipv6':false" },
        { ERROR_REASON_INVALID_VALUE, "'ipv6-prefix':'1.2.3.4'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':false,'net':'10.0.2.0/24'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':false,'host':'10.0.2.2'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':false,'dns':'10.0.2.3'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv6':true,'dhcpstart':'10.0.2.20'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv6':false,'ipv6-prefix':'fec0::'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv6':false,'ipv6-prefixlen':64" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':true,'ipv6-host':'fec0::2'" },
        { ERROR_REASON_INVALID_VALUE, "'ipv4':true,'ipv6-dns':'fec0::3'" },
        { ERROR_REASON_INVALID_VALUE, "'ip':'10.0.2.0/24','net':'10.0.2.0/24'" },
        { ERROR_REASON_INVALID_VALUE, "'hostname':'a123456789b123456789c123456789d123456789'" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':''}]" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':'tcp:1'}]" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':'sctp::1-:1'}]" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':'tcp::65536-:1'}]" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':'tcp::1-:0'}]" },
        { ERROR_REASON_INVALID_VALUE, "'hostfwd':[{'str':'udp::1-:65536'}]" },
        { ERROR_REASON_INVALID_VALUE, "'guestfwd':[{'str':'tcp:10.0.2.100:65536-chardev:c'}]" },
        { ERROR_REASON_INVALID_VALUE, "'guestfwd':[{'str':'tcp::1-tcp:127.0.0.1:65536'}]" },
        { ERROR_REASON_INVALID_VALUE, "'guestfwd':[{'str':'udp:10.0.2.100:1-chardev:c'}]" },
        { ERROR_REASON_INVALID_VALUE, "'guestfwd':[{'str':'tcp:10.0.2.100:1-file:x'}]" },
        { ERROR_REASON_INVALID_VALUE, "'guestfwd':[{'str':'tcp:10.0.2.100-chardev:x'}]" },
        { ERROR_REASON_OBJECT_NOT_FOUND, "'guestfwd':[{'str':'tcp:10.0.2.100:1-chardev:x'}]" },
    };
    g_autoptr(Bench) b = bench_new();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        bench_refuse(b, bad[i].reason, "{" USER ",%s}", bad[i].options);
    }
}

/* All or nothing: a port that is taken lets the others go. */
static void test_port_taken(void)
{
    g_autoptr(Bench) b = bench_new();
    guint16 taken, other = free_port();
    int listener = listen_at(&taken);

    bench_refuse(b, ERROR_REASON_ADDRESS_IN_USE, "{" USER ",'hostfwd':[{'str':"
                 "'tcp:127.0.0.1:%u-:1'},{'str':'tcp:127.0.0.1:%u-:1'}]}", other, taken);
    bench_add(b, "{" USER ",'hostfwd':[{'str':'tcp:127.0.0.1:%u-:1'}]}", other);
    close(listener);
}

/* A flood of nonsense harms nobody and ends at the ring's size. */
static void test_flood(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER "}"));
    g_autofree guint8 *frame = g_malloc0(NET_FRAME_MAX);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    guint full = 0;

    for (guint i = 0; i < 20000; i++) {
        gsize size = 1 + g_rand_int(rand) % (i % 100 ? 1514 : NET_FRAME_MAX);

        put16(frame + 12, i % 3 ? ETH_IP : ETH_ARP);
        frame[ETH] = 0x45;
        frame[ETH + 9] = i % 2 ? PROTO_TCP : PROTO_UDP;
        full += !card_send(card, frame, size);
    }
    card->writable = 0;
    bench_until(b, !full || card->writable || card_send(card, frame, 100));
    card_free(card);
}

static void test_two(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *x = card_new(b, bench_add(b, "{'type':'user','id':'x'}"));
    Card *y = card_new(b, bench_add(b, "{'type':'user','id':'y','net':'10.9.0.0/16'}"));
    g_autoptr(GByteArray) f = discover(x), g = discover(y);

    g_assert_cmphex(get32(f->data + ETH + IP + 8 + 16), ==, GUEST);
    g_assert_cmphex(get32(g->data + ETH + IP + 8 + 16), ==, 0x0a09020f);
    card_free(x);
    card_free(y);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/user/dhcp", test_dhcp);
    g_test_add_func("/net/user/dhcp-options", test_dhcp_options);
    g_test_add_func("/net/user/connect", test_connect);
    g_test_add_func("/net/user/slow-guest", test_slow_guest);
    g_test_add_func("/net/user/hostfwd", test_hostfwd);
    g_test_add_func("/net/user/hostfwd-udp", test_hostfwd_udp);
    g_test_add_func("/net/user/restrict", test_restrict);
    g_test_add_func("/net/user/guestfwd-tcp", test_guestfwd_tcp);
    g_test_add_func("/net/user/guestfwd-chardev", test_guestfwd_chardev);
    g_test_add_func("/net/user/guestfwd-slow-chardev", test_guestfwd_slow_chardev);
    g_test_add_func("/net/user/refused", test_refused);
    g_test_add_func("/net/user/port-taken", test_port_taken);
    g_test_add_func("/net/user/flood", test_flood);
    g_test_add_func("/net/user/two", test_two);
    return g_test_run();
}
