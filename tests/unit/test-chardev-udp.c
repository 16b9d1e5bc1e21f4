/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev/char-udp.c: datagrams both ways, frontends that take only a part
 * of one, peers that are not there, and addresses that are refused.
 */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"
#include "tests/unit/char-bench.h"

static SocketAddressLegacy *inet_address(const char *host, guint port)
{
    SocketAddressLegacy *addr = g_new0(SocketAddressLegacy, 1);

    addr->type = SOCKET_ADDRESS_TYPE_INET;
    addr->u.inet.data = g_new0(InetSocketAddress, 1);
    addr->u.inet.data->host = g_strdup(host);
    addr->u.inet.data->port = g_strdup_printf("%u", port);
    return addr;
}

static ChardevBackend *udp_backend(SocketAddressLegacy *remote, SocketAddressLegacy *local)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_UDP);

    backend->u.udp.data->remote = remote;
    backend->u.udp.data->local = local;
    return backend;
}

/* A socket at a port of the host's choice. */
static int peer_new(guint *ret_port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(sin);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&sin, &length), ==, 0);
    *ret_port = ntohs(sin.sin_port);
    return fd;
}

static guint local_port(const Chardev *chr)
{
    return atoi(char_backend(chr)->u.udp.data->local->u.inet.data->port);
}

static void put(int fd, const Chardev *chr, const void *data, gsize size)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(local_port(chr)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    g_assert_cmpint(sendto(fd, data, size, 0, (struct sockaddr *)&sin, sizeof(sin)), ==, size);
}

static void assert_datagram(int fd, const char *expect)
{
    char buf[100];
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

    g_assert_cmpint(n, ==, strlen(expect));
    g_assert_cmpint(memcmp(buf, expect, n), ==, 0);
}

static Chardev *add(Bench *b, guint port)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = bench_add(b, "u0", udp_backend(inet_address("127.0.0.1", port),
                                                  inet_address("127.0.0.1", 0)), &error);

    g_assert_no_error(error);
    return chr;
}

static void test_both_ways(void)
{
    g_autoptr(Bench) b = bench_new();
    guint port, other_port;
    int fd = peer_new(&port), stranger = peer_new(&other_port);
    Chardev *chr = add(b, port);

    g_assert_cmpuint(local_port(chr), !=, 0);
    assert_filename(chr, "udp");
    bench_attach(b, chr);
    g_assert_cmpstr(b->events->str, ==, "O");
    g_assert_cmpuint(bench_write(b, chr, "one"), ==, 3);
    g_assert_cmpuint(bench_write(b, chr, "two"), ==, 3);
    assert_datagram(fd, "one");
    assert_datagram(fd, "two");
    put(stranger, chr, "not for us", 10);
    put(fd, chr, "abc", 3);
    put(fd, chr, "", 0);
    put(fd, chr, "def", 3);
    bench_until(b, b->received->len == 6);
    g_assert_cmpstr(b->received->str, ==, "abcdef");
    g_assert_cmpuint(bench_wakeups(b, 30), <=, 2);
    close(fd);
    close(stranger);
}

/* A frontend that takes a datagram in pieces gets all of it. */
static void test_pieces(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *big = g_strnfill(60000, 'x');
    guint port;
    int fd = peer_new(&port);
    Chardev *chr = add(b, port);

    b->room = 0;
    bench_attach(b, chr);
    put(fd, chr, big, 60000);
    put(fd, chr, "end", 3);
    g_assert_cmpuint(bench_wakeups(b, 30), <=, 3);
    for (guint i = 0; i < 4; i++) {
        gsize before = b->received->len;

        b->room = 16000;
        char_accept_input(chr);
        bench_until(b, b->received->len > before);
    }
    bench_until(b, b->received->len == 60003);
    g_assert_cmpstr(b->received->str + 60000, ==, "end");
    close(fd);
}

/* More than a datagram holds goes out as several. */
static void test_much(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *much = g_strnfill(100000, 'x');
    g_autofree char *buf = g_malloc(100000);
    guint port;
    int fd = peer_new(&port);
    Chardev *chr = add(b, port);

    g_assert_cmpuint(bench_write(b, chr, much), ==, 100000);
    g_assert_cmpint(recv(fd, buf, 100000, 0), ==, 65507);
    g_assert_cmpint(recv(fd, buf, 100000, 0), ==, 100000 - 65507);
    close(fd);
}

/* What goes to nobody is lost; the peer may come later. */
static void test_absent_peer(void)
{
    g_autoptr(Bench) b = bench_new();
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    guint port;
    int fd = peer_new(&port);
    Chardev *chr = add(b, port);

    bench_attach(b, chr);
    close(fd);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpuint(bench_write(b, chr, "lost"), ==, 4);
        bench_turn(b, 10);
    }
    g_assert_cmpuint(bench_wakeups(b, 30), <=, 3);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    sin.sin_port = htons(port);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), ==, 0);
    bench_turn(b, 10);
    bench_write(b, chr, "found");
    assert_datagram(fd, "found");
    put(fd, chr, "back", 4);
    bench_until(b, b->received->len == 4);
    close(fd);
}

static void refuse(Bench *b, ErrorReason reason, SocketAddressLegacy *remote,
                   SocketAddressLegacy *local)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(bench_add(b, "refused", udp_backend(remote, local), &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

static void test_refused(void)
{
    g_autoptr(Bench) b = bench_new();
    SocketAddressLegacy *no_port = inet_address("127.0.0.1", 1);
    guint port;
    int fd = peer_new(&port);

    *no_port->u.inet.data->port = '\0';
    refuse(b, ERROR_REASON_INVALID_VALUE, no_port, NULL);
    refuse(b, ERROR_REASON_ADDRESS_IN_USE, inet_address("127.0.0.1", 1),
           inet_address("127.0.0.1", port));
    refuse(b, ERROR_REASON_HOST_ERROR, inet_address("no such host", 1), NULL);
    for (guint i = 0; i < 4; i++) {
        SocketAddressLegacy *odd = inet_address("127.0.0.1", 1);

        odd->u.inet.data->has_to = i == 0;
        odd->u.inet.data->keep_alive = i == 1;
        odd->u.inet.data->mptcp = i == 2;
        odd->u.inet.data->has_ipv6 = odd->u.inet.data->ipv6 = i == 3;
        refuse(b, ERROR_REASON_INVALID_VALUE, inet_address("127.0.0.1", 1), odd);
    }
    close(fd);
}

/* Without a host it is this one; without a local address, any port. */
static void test_defaults(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    SocketAddressLegacy *remote;
    guint port;
    int fd = peer_new(&port);
    Chardev *chr;

    remote = inet_address("", port);
    remote->u.inet.data->has_ipv4 = remote->u.inet.data->ipv4 = true;
    chr = bench_add(b, "u0", udp_backend(remote, NULL), &error);
    g_assert_no_error(error);
    bench_write(b, chr, "here");
    assert_datagram(fd, "here");
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/udp/both-ways", test_both_ways);
    g_test_add_func("/chardev/udp/pieces", test_pieces);
    g_test_add_func("/chardev/udp/much", test_much);
    g_test_add_func("/chardev/udp/absent-peer", test_absent_peer);
    g_test_add_func("/chardev/udp/refused", test_refused);
    g_test_add_func("/chardev/udp/defaults", test_defaults);
    return g_test_run();
}
