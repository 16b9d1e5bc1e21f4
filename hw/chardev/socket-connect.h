/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connecting to a peer by the schema's addresses, in two steps:
 *
 *   finding      names are looked up.  That may block, so it is for pool threads.
 *   A unix socket is connected in this step, as its path leads through file
 *   systems.  connecting   on the main loop, without a thread: one address after
 *   the other,
 *                for SOCKET_CONNECT_TIMEOUT seconds each.
 *
 * Sockets are close-on-exec and non-blocking.
 */
#ifndef HW_CHARDEV_SOCKET_CONNECT_H
#define HW_CHARDEV_SOCKET_CONNECT_H

#include "hw/chardev/socket-address.h"
#include "qmp/qapi-types-socket.h"
#include "qom/env.h"

#define SOCKET_CONNECT_TIMEOUT 20

/* The result of finding a peer. */
typedef struct SocketPeer SocketPeer;
/* One attempt to connect to it. */
typedef struct SocketConnect SocketConnect;

/* fd is connected and the callee's, or -1; then error is the callee's (host-error,
 * invalid-value).  Main loop, machine lock held. */
typedef void (*SocketConnected)(void *opaque, int fd, GError *error);

/* Blocks.  patient: waits for a unix server with a full backlog.  addr must not be
 * an `fd`.  NULL with host-error or invalid-value. */
SocketPeer *socket_peer_find(const SocketAddressLegacy *addr, bool patient, GError **error);
void socket_peer_free(SocketPeer *peer);        /* accepts NULL */

/*
 * Connects to peer, of which it takes ownership; calls done(opaque, ...) once, in
 * a later turn of the loop, unless the attempt is cancelled before.  env must
 * have a loop.
 */
SocketConnect *socket_connect_start(const Env *env, SocketPeer *peer, SocketConnected done,
                                    void *opaque);

/* The same, but finds the peer first, on the pool where that may block; addr is
 * copied.  For backends that reconnect. */
SocketConnect *socket_connect_find(const Env *env, const SocketAddressLegacy *addr,
                                   SocketConnected done, void *opaque);

void socket_connect_cancel(SocketConnect *connect);     /* accepts NULL */

/* Blocks until it is connected: for pool threads.  -1 with host-error,
 * invalid-value. */
int socket_connect_now(const SocketAddressLegacy *addr, GError **error);

#endif
