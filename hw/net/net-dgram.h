/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetDgram: a network backend with a frame in each datagram.  Embedded by
 * classes netdev-dgram and netdev-socket.
 *
 * A batch is sent or received by one system call.  Datagrams that the host
 * cannot send (no receiver, too long) are lost; a full socket makes the card
 * wait.
 */
#ifndef HW_NET_NET_DGRAM_H
#define HW_NET_NET_DGRAM_H

#include "hw/net/net-address.h"
#include "hw/net/net.h"
#include "qmp/qapi-types-net.h"

struct event;

typedef struct {
    NetBackend *net;
    /* Set before prepare. */
    SocketAddress *local, *remote;      /* borrowed; NULL: none */
    QmpFd *given;               /* bound, and connected unless it has a remote; or NULL */

    int fd;
    NetSockaddr destination;    /* length 0: the socket is connected */
    SocketNode node;            /* of a Unix socket */
    struct event *in_event, *out_event;
    guint8 *in;                 /* a batch of datagrams, each with room for the longest */
    guint32 *in_sizes;
    guint in_start, in_end;     /* those that were not delivered */
    bool stalled, starved;      /* as in NetFraming */
} NetDgram;

void net_dgram_init(NetDgram *d, NetBackend *net);
/* Checks that local and remote are consistent; fails with invalid-value,
 * not-supported. */
bool net_dgram_check(const NetDgram *d, GError **error);
/* The hooks of the same names. */
bool net_dgram_prepare(NetDgram *d, GError **error);
void net_dgram_release(NetDgram *d);
bool net_dgram_complete(NetDgram *d, GError **error);
void net_dgram_dismantle(NetDgram *d);
void net_dgram_finalize(NetDgram *d);
guint net_dgram_send(NetDgram *d, const NetFrame *frames, guint n);
void net_dgram_resume(NetDgram *d);

extern const TypeInfo netdev_dgram_type;

#endif
