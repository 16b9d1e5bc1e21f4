/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetRing: records from one thread to another, without a lock and without an
 * allocation for each.
 *
 * One thread puts, one takes.  A thread that is about to sleep sets a flag and
 * checks again; the other one finds out, after its batch, whether it must wake it
 * (by a means that the two have agreed on, such as an eventfd).  So a busy ring
 * costs no system call.
 */
#ifndef HW_NET_NET_RING_H
#define HW_NET_NET_RING_H

#include <glib.h>
#include <stdbool.h>
#include <sys/uio.h>

typedef struct {
    guint8 *data;
    guint32 size;               /* bytes, a power of two */
    guint32 head;               /* written by the putting thread */
    gint room_wanted;           /* it waits for room */
    guint8 padding[64];         /* keep the two sides' cache lines apart */
    guint32 tail;               /* written by the taking thread */
    gint data_wanted;           /* it waits for records */
} NetRing;

/* size is a power of two. */
void net_ring_init(NetRing *ring, guint32 size);
void net_ring_done(NetRing *ring);

/* ---- The putting thread ---- */

/* False: no room. */
bool net_ring_put(NetRing *ring, const struct iovec *iov, guint n_iov, guint32 size);
/* Bytes of the longest record that fits now. */
guint32 net_ring_room(const NetRing *ring);
/* Whether the taking thread must be woken; after a batch of records. */
bool net_ring_wake_taker(NetRing *ring);
/* True: it may sleep until room is free for half of the ring; false: it is. */
bool net_ring_wait_room(NetRing *ring);

/* ---- The taking thread ---- */

/* The record at *cursor, which begins as ring->tail, in one or two pieces;
 * moves *cursor past it.  Returns the number of pieces, 0: no more. */
guint net_ring_next(const NetRing *ring, guint32 *cursor, struct iovec iov[2]);
/* Frees all records before cursor. */
void net_ring_take(NetRing *ring, guint32 cursor);
/* Whether the putting thread must be woken; after net_ring_take. */
bool net_ring_wake_putter(NetRing *ring);
/* True: it may sleep until there is a record; false: there is one. */
bool net_ring_wait_data(NetRing *ring);

#endif
