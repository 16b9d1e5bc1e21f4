/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetStream: a network backend at one end of a stream connection, accepted or
 * initiated.  Embedded by classes netdev-stream and netdev-socket.
 *
 *   server   listens from prepare on; while a peer is connected, the next waits
 *   client   connects before it is complete; with `reconnect`, retries as often
 *   as needed
 */
#ifndef HW_NET_NET_STREAM_H
#define HW_NET_NET_STREAM_H

#include "hw/chardev/socket-connect.h"
#include "hw/chardev/socket-listener.h"
#include "hw/net/net-address.h"
#include "hw/net/net-framing.h"
#include "qmp/qapi-types-net.h"

typedef struct {
    NetBackend *net;
    NetFraming framing;
    /* Set before prepare. */
    SocketAddress *addr;        /* borrowed; NULL: given is connected */
    bool server;
    guint reconnect_ms;         /* 0: never */
    bool has_events;            /* NETDEV_STREAM_CONNECTED and _DISCONNECTED */
    QmpFd *given;               /* owned, or NULL; has fd as long as that is open */

    int listen_fd, fd;
    SocketNode node;
    SocketListener listener;    /* server */
    struct event *retry_event;
    SocketPeer *peer;           /* client: from prepare on, until connected */
    SocketConnect *connect;     /* attempt in progress */
    void (*settled)(void *opaque, GError *error);
    void *settled_opaque;
    bool said_why;              /* the reason of a failed attempt was logged */
} NetStream;

/* hangup is `net_stream_hangup` of the embedding class: it is used to find the
 * stream of net. */
void net_stream_init(NetStream *s, NetBackend *net,
                     void (*hangup)(NetBackend *net, const char *why));
void net_stream_hangup(NetStream *s, const char *why);
/* The hooks of the same names.  finalize closes a descriptor that prepare never
 * saw. */
bool net_stream_prepare(NetStream *s, GError **error);
void net_stream_release(NetStream *s);
void net_stream_settle(NetStream *s, void (*done)(void *opaque, GError *error), void *opaque);
void net_stream_unsettle(NetStream *s);
bool net_stream_complete(NetStream *s, GError **error);
void net_stream_dismantle(NetStream *s);
void net_stream_finalize(NetStream *s);

extern const TypeInfo netdev_stream_type;

#endif
