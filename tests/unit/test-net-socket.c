/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network backends over sockets: streams and datagrams, both ends in one
 * process, or the test as peer.
 */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hw/net/net-address.h"
#include "qmp/error.h"
#include "qom/qapi-objects-net.h"
#include "tests/unit/net-bench.h"

/* A frame that tells its number and length. */
static void fill(guint8 *frame, guint32 number, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        frame[i] = number * 31 + i * 7;
    }
    memcpy(frame, &number, MIN(size, sizeof(number)));
}

static void assert_filled(const GByteArray *frame, guint32 number, gsize size)
{
    g_autofree guint8 *expect = g_malloc(size);

    fill(expect, number, size);
    g_assert_cmpmem(frame->data, frame->len, expect, size);
}

static bool send_filled(Card *card, guint32 number, gsize size)
{
    g_autofree guint8 *frame = g_malloc(size);

    fill(frame, number, size);
    return card_send(card, frame, size);
}

static const gsize sizes[] = { 1, 14, 60, 1514, 4096, 65535, NET_FRAME_MAX };

/* Every size both ways, and in order. */
static void exchange(Bench *b, Card *x, Card *y, gsize max)
{
    for (guint i = 0; i < G_N_ELEMENTS(sizes) && sizes[i] <= max; i++) {
        g_assert_true(send_filled(x, i, sizes[i]));
        bench_until(b, y->frames->len == i + 1);
        assert_filled(card_frame(y, i), i, sizes[i]);
        g_assert_true(send_filled(y, 100 + i, sizes[i]));
        bench_until(b, x->frames->len == i + 1);
        assert_filled(card_frame(x, i), 100 + i, sizes[i]);
    }
    card_clear(x);
    card_clear(y);
}

/* Sends until the other side is full; returns how many were taken. */
static guint send_until_full(Card *card, gsize size)
{
    guint n = 0;

    while (n < 100000 && send_filled(card, n, size)) {
        n++;
    }
    g_assert_cmpuint(n, <, 100000);
    return n;
}

/* ---- Streams ---- */

static NetBackend *add_server(Bench *b)
{
    return bench_add(b, "{'type':'stream','id':'s','server':true,"
                     "'addr':{'type':'unix','path':'%s/sock'}}", b->dir);
}

static NetBackend *add_client(Bench *b, const char *more)
{
    return bench_add(b, "{'type':'stream','id':'c','addr':{'type':'unix','path':'%s/sock'}%s}",
                     b->dir, more);
}

static void test_stream(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *s = card_new(b, add_server(b)), *c = card_new(b, add_client(b, ""));

    bench_until(b, strstr(b->events->str, "NETDEV_STREAM_CONNECTED {\"netdev-id\": \"s\""));
    g_assert_nonnull(strstr(b->events->str, "\"netdev-id\": \"c\""));
    exchange(b, s, c, NET_FRAME_MAX);
    card_free(s);
    card_free(c);
}

static void test_stream_inet(void)
{
    g_autoptr(Bench) b = bench_new();
    NetBackend *server = bench_add(b, "{'type':'stream','id':'s','server':true,'addr':"
                                   "{'type':'inet','host':'127.0.0.1','port':'0'}}");
    const char *port = net_options(server)->u.stream.addr->u.inet.port;
    Card *s = card_new(b, server), *c;

    g_assert_cmpstr(port, !=, "0");
    c = card_new(b, bench_add(b, "{'type':'stream','id':'c','addr':"
                              "{'type':'inet','host':'localhost','port':'%s','ipv4':true}}",
                              port));
    bench_until(b, strstr(b->events->str, "\"netdev-id\": \"s\""));
    g_assert_nonnull(strstr(b->events->str, "\"addr\": {\"type\": \"inet\", \"host\": "
                            "\"127.0.0.1\""));
    exchange(b, s, c, NET_FRAME_MAX);
    card_free(s);
    card_free(c);
}

/* A reader that takes nothing makes the sender wait; nothing is lost. */
static void slow_reader(gsize size)
{
    g_autoptr(Bench) b = bench_new();
    Card *s = card_new(b, add_server(b)), *c = card_new(b, add_client(b, ""));
    guint sent;

    bench_until(b, strstr(b->events->str, "\"netdev-id\": \"s\""));
    s->room = 0;
    sent = send_until_full(c, size);
    bench_idle(b, 20);          /* the reader's buffers fill */
    while (send_filled(c, sent, size)) {
        sent++;
        bench_turn(b, 1);
    }
    c->writable = 0;
    bench_idle(b, 50);
    g_assert_cmpuint(c->writable, ==, 0);
    g_assert_cmpuint(s->frames->len, ==, 0);
    for (guint i = 0; i < sent; i++) {
        card_accept(s, 1);
        bench_until(b, s->frames->len == i + 1);
        assert_filled(card_frame(s, i), i, size);
    }
    card_accept(s, 1000);
    bench_until(b, c->writable > 0);
    g_assert_true(send_filled(c, sent, size));
    bench_until(b, s->frames->len == sent + 1);
    assert_filled(card_frame(s, sent), sent, size);
    card_free(s);
    card_free(c);
}

static void test_slow_reader(void)
{
    slow_reader(1514);
    slow_reader(NET_FRAME_MAX);
}

static guint count_events(Bench *b, const char *text)
{
    guint n = 0;

    for (const char *p = b->events->str; (p = strstr(p, text)); p += strlen(text)) {
        n++;
    }
    return n;
}

/* The server takes the next peer when the first has gone. */
static void test_peer_gone(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *s = card_new(b, add_server(b)), *c;

    g_assert_true(send_filled(s, 1, 100));      /* nobody is there: lost */
    for (guint i = 1; i <= 3; i++) {
        NetBackend *client = add_client(b, "");

        bench_until(b, count_events(b, "CONNECTED {\"netdev-id\": \"s\"") == 2 * i - 1);
        c = card_new(b, client);
        exchange(b, s, c, 1514);
        card_free(c);
        object_destroy(&client->object);
        bench_until(b, count_events(b, "NETDEV_STREAM_DISCONNECTED {\"netdev-id\": \"s\"}") == i);
        g_assert_true(send_filled(s, 1, 100));
    }
    card_free(s);
}

/* It does so, too, if the card takes nothing and the first has left frames behind:
 * in its own buffer, or in the socket. */
static void test_gone_unread(void)
{
    for (guint n = 1; n <= 2; n++) {
        g_autoptr(Bench) b = bench_new();
        Card *s = card_new(b, add_server(b)), *c;
        NetBackend *client = add_client(b, "");

        bench_until(b, count_events(b, "CONNECTED {\"netdev-id\": \"s\"") == 1);
        s->room = 0;
        c = card_new(b, client);
        g_assert_true(send_filled(c, 1, 1514));
        bench_idle(b, 20);
        for (guint i = 1; i < n; i++) {
            send_until_full(c, 1514);
        }
        card_free(c);
        object_destroy(&client->object);
        bench_until(b, count_events(b, "NETDEV_STREAM_DISCONNECTED {\"netdev-id\": \"s\"}") == 1);
        client = add_client(b, "");
        bench_until(b, count_events(b, "CONNECTED {\"netdev-id\": \"s\"") == 3);
        c = card_new(b, client);
        card_accept(s, 1000);
        card_clear(s);
        exchange(b, s, c, 1514);
        card_free(c);
        card_free(s);
    }
}

static void test_reconnect(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *c = card_new(b, add_client(b, ",'reconnect':1")), *s;
    NetBackend *server;

    bench_idle(b, 100);
    g_assert_cmpuint(count_events(b, "CONNECTED"), ==, 0);
    for (guint i = 1; i <= 2; i++) {
        server = add_server(b);
        s = card_new(b, server);
        bench_until(b, count_events(b, "NETDEV_STREAM_CONNECTED {\"netdev-id\": \"c\"") == i);
        bench_until(b, count_events(b, "NETDEV_STREAM_CONNECTED {\"netdev-id\": \"s\"") == i);
        exchange(b, s, c, 1514);
        card_free(s);
        object_destroy(&server->object);
        bench_until(b, count_events(b, "NETDEV_STREAM_DISCONNECTED {\"netdev-id\": \"c\"}") == i);
    }
    card_free(c);
}

/* The test is the peer, by a descriptor. */
static int peer_of(Bench *b, int type, const char *format)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), ==, 0);
    b->fds[0] = fds[0];
    bench_add(b, format, "fd0");
    return fds[1];
}

static void write_all(int fd, const void *data, gsize size)
{
    g_assert_cmpint(write(fd, data, size), ==, size);
}

static void test_stream_bytes(void)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_STREAM, "{'type':'socket','id':'n','fd':'%s'}");
    Card *card = card_new(b, net_find(b->root, "n"));
    const guint8 bytes[] = { 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd', 0, 0 };
    const guint8 rest[] = { 0, 2, 'e', 'f' };
    guint8 buf[100];

    for (guint i = 0; i < sizeof(bytes); i++) {
        write_all(fd, bytes + i, 1);
        bench_turn(b, 1);
    }
    bench_until(b, card->frames->len == 2);
    g_assert_cmpmem(card_frame(card, 0)->data, card_frame(card, 0)->len, "abc", 3);
    g_assert_cmpmem(card_frame(card, 1)->data, card_frame(card, 1)->len, "d", 1);
    write_all(fd, rest, sizeof(rest));
    bench_until(b, card->frames->len == 3);
    g_assert_cmpmem(card_frame(card, 2)->data, card_frame(card, 2)->len, "ef", 2);
    g_assert_true(card_send(card, "wxyz", 4));
    g_assert_cmpint(read(fd, buf, sizeof(buf)), ==, 8);
    g_assert_cmpmem(buf, 8, "\0\0\0\4wxyz", 8);
    card_free(card);
    close(fd);
}

/* A length that is none ends the connection, and what came before counts. */
static void bad_length(guint32 length)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_STREAM, "{'type':'stream','id':'n','addr':{'type':'fd','str':'%s'}}");
    Card *card = card_new(b, net_find(b->root, "n"));
    guint32 wire = GUINT32_TO_BE(length);

    g_test_expect_message("vmd-hw", G_LOG_LEVEL_WARNING, "*impossible length*");
    write_all(fd, "\0\0\0\1x", 5);
    write_all(fd, &wire, sizeof(wire));
    bench_until(b, strstr(b->events->str, "NETDEV_STREAM_DISCONNECTED"));
    g_test_assert_expected_messages();
    g_assert_cmpuint(card->frames->len, ==, 1);
    g_assert_cmpint(recv(fd, &wire, sizeof(wire), 0), ==, 0);
    g_assert_true(card_send(card, "lost", 4));
    card_free(card);
    close(fd);
}

static void test_bad_length(void)
{
    bad_length(0);
    bad_length(NET_FRAME_MAX + 1);
    bad_length(G_MAXUINT32);
}

/* ---- Datagrams ---- */

static void test_dgram_unix(void)
{
    g_autoptr(Bench) b = bench_new();
    const char *format = "{'type':'dgram','id':'%s','local':{'type':'unix','path':'%s/%s'},"
                         "'remote':{'type':'unix','path':'%s/%s'}}";
    NetBackend *x = bench_add(b, format, "x", b->dir, "x", b->dir, "y");
    NetBackend *y = bench_add(b, format, "y", b->dir, "y", b->dir, "x");
    Card *cx = card_new(b, x), *cy = card_new(b, y);
    g_autofree char *node = g_build_filename(b->dir, "x", NULL);

    exchange(b, cx, cy, NET_FRAME_MAX);
    card_free(cx);
    card_free(cy);
    object_destroy(&x->object);
    g_assert_false(g_file_test(node, G_FILE_TEST_EXISTS));
}

static guint16 free_udp_port(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof(in);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&in, sizeof(in)), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&in, &length), ==, 0);
    close(fd);
    return ntohs(in.sin_port);
}

static void test_dgram_inet(void)
{
    g_autoptr(Bench) b = bench_new();
    guint16 p = free_udp_port(), q = free_udp_port();
    const char *format = "{'type':'dgram','id':'%s','local':{'type':'inet','host':'127.0.0.1',"
                         "'port':'%u'},'remote':{'type':'inet','host':'127.0.0.1','port':'%u'}}";
    Card *x = card_new(b, bench_add(b, format, "x", p, q)), *y;

    /* While nobody receives, frames are lost and nobody waits. */
    for (guint i = 0; i < 10; i++) {
        g_assert_true(send_filled(x, i, 100));
        bench_turn(b, 1);
    }
    y = card_new(b, bench_add(b, "{'type':'socket','id':'y','udp':'127.0.0.1:%u',"
                              "'localaddr':'127.0.0.1:%u'}", p, q));
    exchange(b, x, y, 4096);
    card_free(x);
    card_free(y);
}

static void test_multicast(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    guint16 port = free_udp_port();
    NetBackend *x = bench_try(b, &error, "{'type':'socket','id':'x','mcast':'239.192.0.1:%u',"
                              "'localaddr':'127.0.0.1'}", port);
    Card *cx, *cy;

    if (!x) {
        g_test_skip(error->message);
        return;
    }
    cx = card_new(b, x);
    cy = card_new(b, bench_add(b, "{'type':'dgram','id':'y','local':{'type':'inet','host':"
                               "'127.0.0.1','port':'0'},'remote':{'type':'inet','host':"
                               "'239.192.0.1','port':'%u'}}", port));
    g_assert_true(card_send(cx, "to all", 6));
    bench_until(b, cy->frames->len == 1 && cx->frames->len == 1);
    g_assert_cmpmem(card_frame(cy, 0)->data, 6, "to all", 6);
    card_free(cx);
    card_free(cy);
}

/* What the receiver does not take waits in the socket; nothing is lost. */
static void test_dgram_slow(void)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_DGRAM, "{'type':'dgram','id':'n','local':{'type':'fd','str':'%s'}}");
    Card *card = card_new(b, net_find(b->root, "n"));
    guint8 buf[2000];
    guint n = 0;

    card->room = 3;
    for (guint8 i = 0; i < 50; i++) {
        g_assert_cmpint(send(fd, &i, 1, MSG_DONTWAIT), ==, 1);
        g_assert_cmpint(send(fd, "", 0, MSG_DONTWAIT), ==, 0);      /* no frame */
        bench_turn(b, 1);
        n = MAX(n, card->frames->len);
    }
    g_assert_cmpuint(n, ==, 3);
    card_accept(card, 1000);
    bench_until(b, card->frames->len == 50);
    for (guint i = 0; i < 50; i++) {
        g_assert_cmpuint(card_frame(card, i)->data[0], ==, i);
    }
    n = send_until_full(card, 1500);
    for (guint i = 0; i < n; i++) {
        g_assert_cmpint(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), ==, 1500);
    }
    bench_until(b, card->writable);
    card_free(card);
    close(fd);
}

/* ---- Options ---- */

static void test_refused(void)
{
    g_autoptr(Bench) b = bench_new();
    int fds[2];

    bench_refuse(b, ERROR_REASON_PROPERTY_MISSING, "{'type':'socket','id':'n'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE,
                 "{'type':'socket','id':'n','listen':':1','connect':'h:1'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'socket','id':'n','listen':'nothing'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'socket','id':'n','connect':':1'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE,
                 "{'type':'socket','id':'n','listen':':1','localaddr':'x:1'}");
    bench_refuse(b, ERROR_REASON_PROPERTY_MISSING, "{'type':'socket','id':'n','udp':'h:1'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE,
                 "{'type':'socket','id':'n','mcast':'127.0.0.1:1','localaddr':'127.0.0.1'}");
    bench_refuse(b, ERROR_REASON_FD_NOT_FOUND, "{'type':'socket','id':'n','fd':'absent'}");
    bench_refuse(b, ERROR_REASON_PROPERTY_MISSING, "{'type':'dgram','id':'n'}");
    bench_refuse(b, ERROR_REASON_PROPERTY_MISSING,
                 "{'type':'dgram','id':'n','local':{'type':'unix','path':'/x'}}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'dgram','id':'n','local':{'type':'unix',"
                 "'path':'/x'},'remote':{'type':'inet','host':'h','port':'1'}}");
    bench_refuse(b, ERROR_REASON_NOT_SUPPORTED,
                 "{'type':'dgram','id':'n','remote':{'type':'vsock','cid':'1','port':'1'}}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'dgram','id':'n','remote':{'type':'inet',"
                 "'host':'127.0.0.1','port':'1','keep-alive':true}}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'dgram','id':'n','remote':{'type':'inet',"
                 "'host':'127.0.0.1','port':'1'},'local':{'type':'inet','host':'','port':'0',"
                 "'ipv6':true}}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'stream','id':'n','server':true,"
                 "'reconnect':1,'addr':{'type':'unix','path':'/x'}}");
    bench_refuse(b, ERROR_REASON_HOST_ERROR,
                 "{'type':'stream','id':'n','addr':{'type':'unix','path':'%s/none'}}", b->dir);
    bench_refuse(b, ERROR_REASON_ID_INVALID,
                 "{'type':'stream','id':'1','addr':{'type':'unix','path':'/x'}}");
    b->fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
    bench_refuse(b, ERROR_REASON_FILE_NOT_USABLE,
                 "{'type':'dgram','id':'n','local':{'type':'fd','str':'fd0'}}");
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    b->fds[0] = fds[0];
    bench_refuse(b, ERROR_REASON_FILE_NOT_USABLE,
                 "{'type':'dgram','id':'n','local':{'type':'fd','str':'fd0'}}");
    close(fds[1]);
}

/* A socket that a request could not use is closed, its node gone. */
static void test_ids(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;

    add_server(b);
    g_assert_null(bench_try(b, &error, "{'type':'stream','id':'s','server':true,"
                            "'addr':{'type':'unix','path':'%s/other'}}", b->dir));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_IN_USE));
    g_assert_null(net_find(b->root, "absent"));
}

/* ---- Cards ---- */

static void test_link(void)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_DGRAM, "{'type':'dgram','id':'n','local':{'type':'fd','str':'%s'}}");
    NetBackend *net = net_find(b->root, "n");
    Card *card = card_new(b, net);
    char byte;

    nic_set_link(card->nic, false);
    nic_set_link(card->nic, false);
    g_assert_cmpuint(card->link_changes, ==, 1);
    g_assert_true(card_send(card, "a", 1));
    g_assert_cmpint(send(fd, "b", 1, 0), ==, 1);
    bench_idle(b, 20);
    net_set_link(net, false);
    nic_set_link(card->nic, true);
    g_assert_true(card_send(card, "c", 1));
    net_set_link(net, true);
    g_assert_cmpuint(card->link_changes, ==, 2);
    g_assert_true(card_send(card, "d", 1));
    g_assert_cmpint(recv(fd, &byte, 1, MSG_DONTWAIT), ==, 1);
    g_assert_cmpint(byte, ==, 'd');
    g_assert_cmpuint(card->frames->len, ==, 0);
    net_set_link(net, false);
    g_assert_false(card->nic->link_up);
    card_free(card);
    close(fd);
}

/* Frames for a card that is full wait for it, or for the next card. */
static void test_card_goes(void)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_DGRAM, "{'type':'dgram','id':'n','local':{'type':'fd','str':'%s'}}");
    NetBackend *net = net_find(b->root, "n");
    Card *card = card_new(b, net);

    card->room = 0;
    g_assert_cmpint(send(fd, "a", 1, 0), ==, 1);
    bench_idle(b, 10);
    card_free(card);
    bench_idle(b, 10);          /* without a card, frames are lost */
    card = card_new(b, net);
    g_assert_cmpint(send(fd, "b", 1, 0), ==, 1);
    bench_until(b, card->frames->len == 1);
    g_assert_cmpint(card_frame(card, 0)->data[0], ==, 'b');
    card_free(card);
    close(fd);
}

static void test_mac(void)
{
    static const char *const bad[] = { "", "52:54:00:12:34", "52:54:00:12:34:5g", "525400123456",
                                       "52:54:00:12:34:56:", "52:54:00:12:34:56:78",
                                       "52:54-00:12:34:56" };
    guint8 mac[6];
    g_autofree char *text = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(nic_parse_mac(bad[i], mac, &error));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    }
    g_assert_true(nic_parse_mac("52-54-00-AB-cd-0f", mac, NULL));
    text = nic_format_mac(mac);
    g_assert_cmpstr(text, ==, "52:54:00:ab:cd:0f");
    /* A group's, which QEMU takes. */
    g_assert_true(nic_parse_mac("01:02:03:04:05:06", mac, NULL));
}

static void test_mac_choice(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *first = card_new(b, NULL), *second = card_new(b, NULL);
    const NicProps *x = nic_props(first->nic), *y = nic_props(second->nic);

    g_assert_cmpstr(x->mac, ==, "52:54:00:12:34:56");
    g_assert_cmpstr(y->mac, ==, "52:54:00:12:34:57");
    g_assert_true(card_send(first, "lost", 4));
    card_free(first);
    card_free(second);
}

/* ---- filter-dump ---- */

static void assert_u32(const char *p, guint32 expect)
{
    guint32 value;

    memcpy(&value, p, sizeof(value));
    g_assert_cmphex(value, ==, expect);
}

static void test_dump(void)
{
    g_autoptr(Bench) b = bench_new();
    int fd = peer_of(b, SOCK_DGRAM, "{'type':'dgram','id':'n','local':{'type':'fd','str':'%s'}}");
    Card *card = card_new(b, net_find(b->root, "n"));
    g_autofree char *path = g_build_filename(b->dir, "pcap", NULL), *rx = NULL, *text = NULL;
    Object *all = bench_object(b, "all", "{'qom-type':'filter-dump','id':'all','netdev':'n',"
                               "'file':'%s','maxlen':4}", path), *from_guest;
    g_autoptr(GError) error = NULL;
    struct stat st;
    gsize size;

    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 0777, ==, 0600);   /* the traffic may be secret */
    rx = g_build_filename(b->dir, "rx", NULL);
    from_guest = bench_object(b, "rx", "{'qom-type':'filter-dump','id':'rx','netdev':'n',"
                              "'queue':'rx','file':'%s'}", rx);
    g_assert_true(card_send(card, "abcdef", 6));
    g_assert_cmpint(send(fd, "xyz", 3, 0), ==, 3);
    bench_until(b, card->frames->len == 1);
    g_assert_false(object_may_delete(&card->nic->net->object, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    object_destroy(all);
    g_assert_true(card_send(card, "after", 5));
    object_destroy(from_guest);

    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    g_assert_cmpuint(size, ==, 24 + 16 + 4 + 16 + 3);
    assert_u32(text, 0xa1b2c3d4);
    assert_u32(text + 4, 2 | 4 << 16);
    assert_u32(text + 16, 4);
    assert_u32(text + 20, 1);
    assert_u32(text + 24 + 8, 4);
    assert_u32(text + 24 + 12, 6);
    g_assert_cmpmem(text + 40, 4, "abcd", 4);
    assert_u32(text + 44 + 8, 3);
    g_assert_cmpmem(text + 60, 3, "xyz", 3);
    g_free(g_steal_pointer(&text));
    g_assert_true(g_file_get_contents(rx, &text, &size, NULL));
    g_assert_cmpuint(size, ==, 24 + 16 + 6 + 16 + 5);
    card_free(card);
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/stream/unix", test_stream);
    g_test_add_func("/net/stream/inet", test_stream_inet);
    g_test_add_func("/net/stream/slow-reader", test_slow_reader);
    g_test_add_func("/net/stream/peer-gone", test_peer_gone);
    g_test_add_func("/net/stream/gone-unread", test_gone_unread);
    g_test_add_func("/net/stream/reconnect", test_reconnect);
    g_test_add_func("/net/stream/bytes", test_stream_bytes);
    g_test_add_func("/net/stream/bad-length", test_bad_length);
    g_test_add_func("/net/dgram/unix", test_dgram_unix);
    g_test_add_func("/net/dgram/inet", test_dgram_inet);
    g_test_add_func("/net/dgram/multicast", test_multicast);
    g_test_add_func("/net/dgram/slow", test_dgram_slow);
    g_test_add_func("/net/refused", test_refused);
    g_test_add_func("/net/ids", test_ids);
    g_test_add_func("/net/link", test_link);
    g_test_add_func("/net/card-goes", test_card_goes);
    g_test_add_func("/net/mac", test_mac);
    g_test_add_func("/net/mac-choice", test_mac_choice);
    g_test_add_func("/net/dump", test_dump);
    return g_test_run();
}
