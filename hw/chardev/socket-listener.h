/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SocketListener: a listening socket of a backend that has one connection at a
 * time: while there is one, the next peer waits in the backlog.  Embedded by
 * socket chardevs and stream netdevs.
 *
 * Main loop's thread; the descriptor stays the owner's.
 */
#ifndef HW_CHARDEV_SOCKET_LISTENER_H
#define HW_CHARDEV_SOCKET_LISTENER_H

#include <glib.h>
#include <stdbool.h>

#include "qom/object.h"

struct event;

typedef struct {
    /* Set before the start. */
    Object *owner;              /* in the tree from start to stop */
    const char *kind;           /* "chardev", for the log */
    /* A peer has connected; takes ownership of fd, which is non-blocking.  No
     * further one is accepted until socket_listener_next().  No lock is
     * held. */
    void (*accepted)(void *opaque, int fd);
    void *opaque;
    struct event *event;        /* NULL: not started */
    struct event *pause_event;  /* until accept is retried */
} SocketListener;

/* Accepts the first peer of fd.  Fails with host-error. */
bool socket_listener_start(SocketListener *l, int fd, GError **error);

/* The connection has ended: accepts the next peer.  Does nothing if l is not
 * started. */
void socket_listener_next(SocketListener *l);

/* May be called twice, or without a start. */
void socket_listener_stop(SocketListener *l);

#endif
