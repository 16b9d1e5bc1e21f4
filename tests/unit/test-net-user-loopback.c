/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest of a user network reaches of the host's loopback services: with
 * disable-host-loopback nothing, by no address and neither family or protocol.
 *
 * A refused packet is one that no server has got when an answer to a later frame
 * comes: connections and datagrams between loopback addresses arrive at once.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/net-guest.h"

#define USER "'type':'user','id':'n'"

enum { GUEST_PORT = 40000 };

/* Ways to the host's loopback: addresses of the network, and those that no router passes
 * on. */
static const char *const ways[] = {
    "10.0.2.2", "10.0.2.255", "255.255.255.255", "127.0.0.1", "127.9.8.7", "0.0.0.0", "0.1.2.3",
    "fec0::2", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0",
};

typedef struct {
    int tcp, udp;
    guint16 tcp_port, udp_port;
    bool ipv6;
} Servers;

/* ---- The host's services, at all its addresses ---- */

static int serve(int type, bool ipv6, guint16 *ret_port)
{
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr *addr = ipv6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
    socklen_t length = ipv6 ? sizeof(in6) : sizeof(in);
    int fd = socket(addr->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int off = 0;

    g_assert_cmpint(fd, >=, 0);
    if (ipv6) {
        g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), ==, 0);
    }
    g_assert_cmpint(bind(fd, addr, length), ==, 0);
    g_assert_cmpint(getsockname(fd, addr, &length), ==, 0);
    *ret_port = ntohs(ipv6 ? in6.sin6_port : in.sin_port);
    if (type == SOCK_STREAM) {
        g_assert_cmpint(listen(fd, 16), ==, 0);
    }
    return fd;
}

/* Whether the host has an IPv6 loopback. */
static bool host_has_ipv6(void)
{
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return has;
}

static Servers servers_new(void)
{
    Servers s = { .ipv6 = host_has_ipv6() };

    s.tcp = serve(SOCK_STREAM, s.ipv6, &s.tcp_port);
    s.udp = serve(SOCK_DGRAM, s.ipv6, &s.udp_port);
    return s;
}

static void servers_close(Servers *s)
{
    close(s->tcp);
    close(s->udp);
}

static bool has_connection(const Servers *s)
{
    int fd = accept(s->tcp, NULL, NULL);

    g_assert_true(fd >= 0 || errno == EAGAIN);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool has_datagram(const Servers *s)
{
    char text[8] = "";
    ssize_t n = recv(s->udp, text, sizeof(text), 0);

    g_assert_true(n >= 0 || errno == EAGAIN);
    if (n >= 0) {
        g_assert_cmpmem(text, n, "hello", 5);
    }
    return n >= 0;
}

/* ---- The guest ---- */

static void send_ip6(Card *card, const guint8 *mac, const struct in6_addr *dst, guint proto,
                     guint8 *data, gsize size)
{
    static const guint8 src[16] = { 0xfe, 0xc0, [15] = 0x15 };
    guint8 p[200] = { 0x60 }, pseudo[200] = { 0 };
    gsize at = proto == PROTO_TCP ? 16 : 6;

    put16(p + 4, size);
    p[6] = proto;
    p[7] = 64;
    memcpy(p + 8, src, 16);
    memcpy(p + 24, dst, 16);
    memcpy(pseudo, p + 8, 32);
    put32(pseudo + 32, size);
    pseudo[39] = proto;
    memcpy(pseudo + IP6, data, size);
    put16(data + at, checksum(pseudo, IP6 + size, 0));
    memcpy(p + IP6, data, size);
    send_eth(card, mac, ETH_IP6, p, IP6 + size);
}

static void send_to(Card *card, const guint8 *mac, const char *to, guint proto, guint8 *data,
                    gsize size)
{
    struct in6_addr in6;
    struct in_addr in;

    if (inet_pton(AF_INET, to, &in) == 1) {
        send_ip(card, mac, GUEST, ntohl(in.s_addr), proto, data, size);
    } else {
        g_assert_cmpint(inet_pton(AF_INET6, to, &in6), ==, 1);
        send_ip6(card, mac, &in6, proto, data, size);
    }
}

static void send_syn(Card *card, const guint8 *mac, const char *to, guint port, guint own_port)
{
    guint8 p[TCP] = { [12] = TCP / 4 << 4, [13] = SYN };

    put16(p, own_port);
    put16(p + 2, port);
    put32(p + 4, 1000);
    put16(p + 14, 8192);
    send_to(card, mac, to, PROTO_TCP, p, sizeof(p));
}

static void send_datagram(Card *card, const guint8 *mac, const char *to, guint port,
                          guint own_port)
{
    guint8 p[8 + 5] = { 0 };

    put16(p, own_port);
    put16(p + 2, port);
    put16(p + 4, sizeof(p));
    memcpy(p + 8, "hello", 5);
    send_to(card, mac, to, PROTO_UDP, p, sizeof(p));
}

/* ---- Tests ---- */

/* Knocks at each server by one address; what came of it is in *ret_tcp and *ret_udp. */
static void knock(Card *card, const Servers *s, const char *to, guint own_port, bool *ret_tcp,
                  bool *ret_udp)
{
    guint8 mac[6];

    resolve(card, HOST, mac);
    send_syn(card, mac, to, s->tcp_port, own_port);
    send_datagram(card, mac, to, s->udp_port, own_port);
    resolve(card, HOST, mac);
    *ret_tcp = has_connection(s);
    *ret_udp = has_datagram(s);
}

static void test_disabled(void)
{
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER "}"));
    Servers s = servers_new();

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        bool tcp, udp;

        knock(card, &s, ways[i], GUEST_PORT + i, &tcp, &udp);
        if (tcp || udp) {
            g_test_message("%s: TCP %d, UDP %d", ways[i], tcp, udp);
            g_test_fail();
        }
    }
    servers_close(&s);
    card_free(card);
}

/* The same knocks arrive where they may, so that the other test proves something. */
static void test_allowed(void)
{
    static const char *const hosts[] = { "10.0.2.2", "fec0::2" };
    g_autoptr(Bench) b = bench_new();
    Card *card = card_new(b, bench_add(b, "{" USER ",'disable-host-loopback':false}"));
    Servers s = servers_new();

    for (guint i = 0; i < (s.ipv6 ? 2 : 1); i++) {
        bool tcp, udp;

        knock(card, &s, hosts[i], GUEST_PORT + i, &tcp, &udp);
        g_assert_true(tcp);
        g_assert_true(udp);
    }
    servers_close(&s);
    card_free(card);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/user/loopback/disabled", test_disabled);
    g_test_add_func("/net/user/loopback/allowed", test_allowed);
    return g_test_run();
}
