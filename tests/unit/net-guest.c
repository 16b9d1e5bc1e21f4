/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest on a user network: see net-guest.h.
 */
#include "config.h"
#include "tests/unit/net-guest.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const guint8 guest_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
const guint8 broadcast_mac[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* ---- Packets ---- */

void put16(guint8 *p, guint v)
{
    p[0] = v >> 8;
    p[1] = v;
}

void put32(guint8 *p, guint32 v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

guint get16(const guint8 *p)
{
    return p[0] << 8 | p[1];
}

guint32 get32(const guint8 *p)
{
    return (guint32)get16(p) << 16 | get16(p + 2);
}

guint checksum(const guint8 *p, gsize n, guint32 sum)
{
    for (gsize i = 0; i < n; i++) {
        sum += i % 2 ? p[i] : p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

void send_eth(Card *card, const guint8 *to, guint type, const guint8 *data, gsize size)
{
    guint8 frame[2000];

    memcpy(frame, to, 6);
    memcpy(frame + 6, guest_mac, 6);
    put16(frame + 12, type);
    memcpy(frame + ETH, data, size);
    g_assert_true(card_send(card, frame, ETH + size));
}

void send_ip(Card *card, const guint8 *to, guint32 src, guint32 dst, guint proto,
             const guint8 *data, gsize size)
{
    guint8 p[2000] = { 0x45 };
    guint32 pseudo = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + proto + size;
    gsize at = IP + (proto == PROTO_TCP ? 16 : 6);

    put16(p + 2, IP + size);
    p[8] = 64;
    p[9] = proto;
    put32(p + 12, src);
    put32(p + 16, dst);
    put16(p + 10, checksum(p, IP, 0));
    memcpy(p + IP, data, size);
    put16(p + at, 0);
    put16(p + at, checksum(p + IP, size, pseudo));
    send_eth(card, to, ETH_IP, p, IP + size);
}

void send_udp(Card *card, const guint8 *to, guint32 src, guint32 dst, guint sport,
              guint dport, const guint8 *data, gsize size)
{
    guint8 p[1600];

    put16(p, sport);
    put16(p + 2, dport);
    put16(p + 4, 8 + size);
    memcpy(p + 8, data, size);
    send_ip(card, to, src, dst, PROTO_UDP, p, 8 + size);
}

bool is_ip(const GByteArray *f, guint proto)
{
    return f->len >= ETH + IP && get16(f->data + 12) == ETH_IP && f->data[ETH + 9] == proto;
}

/* The first frame for which match is true, taken out; waits for it. */
GByteArray *wait_frame(Card *card, bool (*match)(const GByteArray *f, const void *data),
                       const void *data)
{
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    for (;;) {
        for (guint i = 0; i < card->frames->len; i++) {
            if (match(card->frames->pdata[i], data)) {
                GByteArray *f = g_byte_array_ref(card->frames->pdata[i]);

                g_ptr_array_remove_index(card->frames, i);
                return f;
            }
        }
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        bench_turn(card->bench, 20);
    }
}

/* ---- ARP ---- */

static bool is_arp_from(const GByteArray *f, const void *addr)
{
    return f->len >= ETH + 28 && get16(f->data + 12) == ETH_ARP && f->data[ETH + 7] == 2 &&
           get32(f->data + ETH + 14) == *(const guint32 *)addr;
}

static void send_arp(Card *card, guint op, const guint8 *to, guint32 target)
{
    guint8 p[28] = { 0, 1, 8, 0, 6, 4 };

    p[7] = op;
    memcpy(p + 8, guest_mac, 6);
    put32(p + 14, GUEST);
    memcpy(p + 18, to, 6);
    put32(p + 24, target);
    send_eth(card, to, ETH_ARP, p, sizeof(p));
}

/* The host's address, which also tells libslirp ours. */
void resolve(Card *card, guint32 addr, guint8 ret_mac[6])
{
    g_autoptr(GByteArray) f = NULL;

    send_arp(card, 1, broadcast_mac, addr);
    f = wait_frame(card, is_arp_from, &addr);
    memcpy(ret_mac, f->data + ETH + 8, 6);
}

/* ---- TCP ---- */

bool tcp_is_for(const GByteArray *f, const void *data)
{
    const Tcp *t = data;
    const guint8 *p = f->data + ETH + IP;

    return is_ip(f, PROTO_TCP) && get32(f->data + ETH + 12) == t->peer &&
           get16(p + 2) == t->port && (!t->peer_port || get16(p) == t->peer_port);
}

void tcp_send(Tcp *t, guint flags, const char *data)
{
    gsize size = data ? strlen(data) : 0;
    guint8 p[1500] = { 0 };

    put16(p, t->port);
    put16(p + 2, t->peer_port);
    put32(p + 4, t->seq);
    put32(p + 8, flags & ACK ? t->ack : 0);
    p[12] = TCP / 4 << 4;
    p[13] = flags;
    put16(p + 14, 8192);
    memcpy(p + TCP, data ? data : "", size);
    send_ip(t->card, t->mac, GUEST, t->peer, PROTO_TCP, p, TCP + size);
    t->seq += size + !!(flags & (SYN | FIN));
}

/* The next segment; returns its flags. */
guint tcp_receive(Tcp *t)
{
    g_autoptr(GByteArray) f = wait_frame(t->card, tcp_is_for, t);
    const guint8 *p = f->data + ETH + IP;
    gsize size = get16(f->data + ETH + 2) - IP - (p[12] >> 4) * 4;
    guint flags = p[13];

    if (flags & SYN) {
        t->ack = get32(p + 4) + 1;
        t->peer_port = get16(p);
    } else if (get32(p + 4) == t->ack && (size || flags & FIN)) {
        g_string_append_len(t->received, (const char *)p + (p[12] >> 4) * 4, size);
        t->ack += size + !!(flags & FIN);
        t->closed |= !!(flags & FIN);
        tcp_send(t, ACK, NULL);
    }
    return flags;
}

Tcp tcp_new(Card *card, guint32 peer, guint port)
{
    Tcp t = { .card = card, .peer = peer, .port = port, .seq = 1000,
              .received = g_string_new(NULL) };

    resolve(card, HOST, t.mac);
    return t;
}

guint tcp_connect(Tcp *t, guint peer_port)
{
    guint flags;

    t->peer_port = peer_port;
    tcp_send(t, SYN, NULL);
    flags = tcp_receive(t);
    if (!(flags & RST)) {
        tcp_send(t, ACK, NULL);
    }
    return flags;
}

void tcp_until(Tcp *t, gsize size)
{
    while (t->received->len < size && !t->closed) {
        tcp_receive(t);
    }
}

int listen_at(guint16 *ret_port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&in, sizeof(in)), ==, 0);
    g_assert_cmpint(listen(fd, 4), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&in, &length), ==, 0);
    *ret_port = ntohs(in.sin_port);
    return fd;
}

guint16 free_port(void)
{
    guint16 port;

    close(listen_at(&port));
    return port;
}

void read_exactly(Bench *b, int fd, const char *expect)
{
    char buf[100];
    gsize n = 0;

    g_assert_cmpuint(strlen(expect), <, sizeof(buf));
    while (n < strlen(expect)) {
        ssize_t now = recv(fd, buf + n, sizeof(buf) - n, MSG_DONTWAIT);

        g_assert_cmpint(now, !=, 0);
        n += MAX(now, 0);
        bench_turn(b, 5);
    }
    g_assert_cmpmem(buf, n, expect, strlen(expect));
}
