/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest on a user network, made of functions: a little Ethernet, ARP, UDP and TCP
 * (RFC 826, 768, 9293), and the servers of the host that it talks to.
 */
#ifndef TESTS_UNIT_NET_GUEST_H
#define TESTS_UNIT_NET_GUEST_H

#include "tests/unit/net-bench.h"

enum { ETH = 14, IP = 20, IP6 = 40, TCP = 20, ETH_IP = 0x0800, ETH_ARP = 0x0806,
       ETH_IP6 = 0x86dd, PROTO_TCP = 6, PROTO_UDP = 17, FIN = 1, SYN = 2, RST = 4, PSH = 8,
       ACK = 16 };

#define GUEST 0x0a00020fu       /* 10.0.2.15 */
#define HOST 0x0a000202u
#define DNS 0x0a000203u
#define FORWARD 0x0a000264u     /* 10.0.2.100 */

extern const guint8 guest_mac[6], broadcast_mac[6];

/* Numbers in network order. */
void put16(guint8 *p, guint v);
void put32(guint8 *p, guint32 v);
guint get16(const guint8 *p);
guint32 get32(const guint8 *p);
/* The internet checksum, begun with sum. */
guint checksum(const guint8 *p, gsize n, guint32 sum);

void send_eth(Card *card, const guint8 *to, guint type, const guint8 *data, gsize size);
void send_ip(Card *card, const guint8 *to, guint32 src, guint32 dst, guint proto,
             const guint8 *data, gsize size);
void send_udp(Card *card, const guint8 *to, guint32 src, guint32 dst, guint sport, guint dport,
              const guint8 *data, gsize size);
bool is_ip(const GByteArray *f, guint proto);

/* The first frame for which match is true, taken out; waits for it. */
GByteArray *wait_frame(Card *card, bool (*match)(const GByteArray *f, const void *data),
                       const void *data);

/* Asks for a host's address, which also tells libslirp ours.  As frames are handled in
 * order, all that were sent before have been when it returns. */
void resolve(Card *card, guint32 addr, guint8 ret_mac[6]);

/* ---- TCP ---- */

typedef struct {
    Card *card;
    guint8 mac[6];
    guint32 peer;
    guint port, peer_port;
    guint32 seq, ack;
    GString *received;
    bool closed;
} Tcp;

Tcp tcp_new(Card *card, guint32 peer, guint port);
void tcp_send(Tcp *t, guint flags, const char *data);
/* Whether a frame is for a connection (data). */
bool tcp_is_for(const GByteArray *f, const void *data);
/* The next segment; returns its flags. */
guint tcp_receive(Tcp *t);
/* Returns the flags of the answer to SYN. */
guint tcp_connect(Tcp *t, guint peer_port);
/* Receives until there are so many bytes, or the end. */
void tcp_until(Tcp *t, gsize size);

/* ---- Servers of the host ---- */

/* A TCP socket that listens on 127.0.0.1, at a port of the host's choice. */
int listen_at(guint16 *ret_port);
guint16 free_port(void);
/* Reads what must come. */
void read_exactly(Bench *b, int fd, const char *expect);

#endif
