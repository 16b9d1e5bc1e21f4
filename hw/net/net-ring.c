/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records between two threads: see net-ring.h.  A record is its size in four
 * bytes and its bytes, padded to a multiple of four; head and tail are
 * free-running and taken modulo the ring's size.
 */
#include "config.h"
#include "hw/net/net-ring.h"

#include <string.h>

enum { LENGTH_SIZE = 4 };

static guint32 record_size(guint32 size)
{
    return LENGTH_SIZE + ((size + 3) & ~3u);
}

static guint32 load(const guint32 *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

void net_ring_init(NetRing *ring, guint32 size)
{
    *ring = (NetRing){ .size = size, .data = g_malloc(size) };
}

void net_ring_done(NetRing *ring)
{
    g_clear_pointer(&ring->data, g_free);
}

/* ---- Putting ---- */

static void copy_in(NetRing *ring, guint32 at, const void *src, guint32 size)
{
    guint32 offset = at & (ring->size - 1);
    guint32 first = MIN(size, ring->size - offset);

    memcpy(ring->data + offset, src, first);
    memcpy(ring->data, (const guint8 *)src + first, size - first);
}

static guint32 free_bytes(const NetRing *ring)
{
    return ring->size - (ring->head - load(&ring->tail));
}

guint32 net_ring_room(const NetRing *ring)
{
    guint32 bytes = free_bytes(ring);

    return bytes > LENGTH_SIZE ? bytes - LENGTH_SIZE : 0;
}

bool net_ring_put(NetRing *ring, const struct iovec *iov, guint n_iov, guint32 size)
{
    guint32 at = ring->head + LENGTH_SIZE;

    if (size > ring->size / 2 || record_size(size) > free_bytes(ring)) {
        return false;
    }
    copy_in(ring, ring->head, &size, LENGTH_SIZE);
    for (guint i = 0; i < n_iov; i++) {
        copy_in(ring, at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    __atomic_store_n(&ring->head, ring->head + record_size(size), __ATOMIC_RELEASE);
    return true;
}

/* Clears a flag that the other thread sets before its last check. */
static bool claim(gint *flag)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(flag, __ATOMIC_RELAXED) && g_atomic_int_exchange(flag, 0);
}

static void set_flag(gint *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool net_ring_wake_taker(NetRing *ring)
{
    return claim(&ring->data_wanted);
}

bool net_ring_wait_room(NetRing *ring)
{
    set_flag(&ring->room_wanted);
    return free_bytes(ring) < ring->size / 2;
}

/* ---- Taking ---- */

guint net_ring_next(const NetRing *ring, guint32 *cursor, struct iovec iov[2])
{
    guint32 offset, first, size;

    if (*cursor == load(&ring->head)) {
        return 0;
    }
    memcpy(&size, ring->data + (*cursor & (ring->size - 1)), LENGTH_SIZE);
    offset = (*cursor + LENGTH_SIZE) & (ring->size - 1);
    first = MIN(size, ring->size - offset);
    iov[0] = (struct iovec){ ring->data + offset, first };
    iov[1] = (struct iovec){ ring->data, size - first };
    *cursor += record_size(size);
    return first < size ? 2 : 1;
}

void net_ring_take(NetRing *ring, guint32 cursor)
{
    __atomic_store_n(&ring->tail, cursor, __ATOMIC_RELEASE);
}

bool net_ring_wake_putter(NetRing *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return load(&ring->head) - ring->tail <= ring->size / 2 && claim(&ring->room_wanted);
}

bool net_ring_wait_data(NetRing *ring)
{
    set_flag(&ring->data_wanted);
    return load(&ring->head) == ring->tail;
}
