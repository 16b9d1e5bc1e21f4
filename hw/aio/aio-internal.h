/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/aio/aio.h share, lowest first:
 *
 *   aio.c          the ring: requests, completions, turns
 *   aio-library.c  liburing, which is loaded when there is a ring
 *   aio-loop.c     contexts, and what comes from other threads
 *   aio-spin.c     polling instead of sleeping
 *   aio-outside.c  requests that other threads do
 */
#ifndef HW_AIO_AIO_INTERNAL_H
#define HW_AIO_AIO_INTERNAL_H

#include "hw/aio/aio.h"

#include <liburing.h>

struct event;

typedef struct {
    AioRequest *head, *tail;
} AioList;

struct AioWatch {
    AioContext *aio;
    struct event *event;        /* NULL without base */
    int fd;
    void (*handler)(void *opaque);
    void *opaque;
    const AioPollOps *poll;     /* NULL: not in aio->polled */
};

/* A waiter in aio_wait or aio_when. */
/* On the stack of the waiting thread, or allocated if `then` is set. */
typedef struct {
    bool (*done)(void *opaque);
    void (*then)(void *opaque);
    void *opaque;
    bool over;
} AioWaiter;

struct AioContext {
    struct event_base *base;    /* borrowed; NULL: aio_poll */
    GThread *thread;            /* its owner; only compared */

    /* Used by its thread only. */
    struct io_uring ring;
    bool ring_ready;
    struct event *ring_event;
    AioList pending;            /* not in the ring yet */
    AioList delays;             /* by deadline */
    guint in_flight;            /* in the ring */
    AioTask *tasks, **tasks_end;
    bool turning;               /* in aio_turn */
    bool spinning;              /* in aio_spin */
    bool asleep;                /* in aio_sleep, and no handler was called yet */
    gint64 woke;                /* when `asleep` was cleared */
    GQueue polled;              /* of AioWatch with poll ops */
    bool turn_wanted;           /* turn_event is active */
    struct event *turn_event;   /* made active to have a turn soon */
    int timer_fd;               /* for the first delay */
    gint64 timer_deadline;      /* its setting; G_MAXINT64: not set */
    struct event *timer_event;
    guint outside;              /* requests that other threads do */
    AioRequest wake;            /* reads wake_fd while there are any */
    bool waking;                /* wake is queued */
    int wake_fd;                /* eventfd; -1: the ring is not open */
    guint64 wake_count;
    struct iovec wake_iov;

    /* Under the mutex. */
    GMutex mutex;
    GCond cond;                 /* a call or a waiter is done */
    GQueue calls;               /* of AioCall */
    GQueue waiters;             /* of AioWaiter */
    GQueue watches;             /* of AioWatch without event */
    struct event *call_event;
    AioRequest *ended, **ended_end;     /* done outside; result in offset */
    gint n_calls;               /* atomic; in calls */
    gint n_waiters;             /* atomic; while there are any, delays end immediately */
};

/* Queued but not done; delays included. */
static inline bool aio_busy(const AioContext *aio)
{
    return aio->in_flight || aio->pending.head || aio->delays.head;
}

/* One turn: submits, completes, runs tasks, notifies waiters.  Returns whether
 * anything was done. */
bool aio_turn(AioContext *aio);

/* Whether completions are ready, or a delay is over. */
bool aio_has_completions(const AioContext *aio);
/* Monotonic time in ns. */
gint64 aio_now(void);

/* Must be the first call of every event handler. */
static inline void aio_awake(AioContext *aio)
{
    if (aio->asleep) {
        aio->asleep = false;
        aio->woke = aio_now();
    }
}

/* Opens the ring of a context, once; on its thread. */
bool aio_ring_open(AioContext *aio, GError **error);
void aio_ring_close(AioContext *aio);
/* Sleeps until a request of the ring completes, or until the deadline (of
 * g_get_monotonic_time; G_MAXINT64: none); false: the deadline passed. */
bool aio_ring_wait(AioContext *aio, gint64 deadline);

#endif
