/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool: see pool.h.  Finished jobs wait in a GAsyncQueue; an event that the
 * pool thread activates makes the loop collect them.
 */
#include "config.h"

#include "daemon/pool.h"

#include "qmp/error.h"

/* More would only queue in the kernel: jobs wait for disks and KVM. */
#define POOL_MAX_THREADS 4

typedef struct {
    void (*work)(void *data);
    void (*done)(void *data);
    void *data;
} Job;

struct Pool {
    GThreadPool *threads;
    GAsyncQueue *finished;      /* of Job */
    struct event *wakeup;
    FairLock *lock;
};

static void pool_thread(gpointer data, gpointer user_data)
{
    Job *job = data;
    Pool *pool = user_data;

    job->work(job->data);
    g_async_queue_push(pool->finished, job);
    event_active(pool->wakeup, 0, 0);
}

static void pool_collect(Pool *pool)
{
    Job *job;

    while ((job = g_async_queue_try_pop(pool->finished))) {
        fair_lock_acquire(pool->lock);
        job->done(job->data);
        fair_lock_release(pool->lock);
        g_free(job);
    }
}

static void on_wakeup(evutil_socket_t fd, short what, void *opaque)
{
    pool_collect(opaque);
}

Pool *pool_new(struct event_base *base, FairLock *lock, GError **error)
{
    Pool *pool = g_new0(Pool, 1);

    pool->lock = lock;
    pool->finished = g_async_queue_new();
    pool->wakeup = event_new(base, -1, 0, on_wakeup, pool);
    if (!pool->wakeup) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot make the thread pool's event");
        pool_free(pool);
        return NULL;
    }
    pool->threads = g_thread_pool_new(pool_thread, pool, POOL_MAX_THREADS, FALSE, error);
    if (!pool->threads) {
        pool_free(pool);
        return NULL;
    }
    return pool;
}

void pool_free(Pool *pool)
{
    if (!pool) {
        return;
    }
    if (pool->threads) {
        g_thread_pool_free(g_steal_pointer(&pool->threads), FALSE, TRUE);
    }
    pool_collect(pool);
    g_clear_pointer(&pool->wakeup, event_free);
    g_async_queue_unref(pool->finished);
    g_free(pool);
}

void pool_run(Pool *pool, void (*work)(void *data), void (*done)(void *data), void *data)
{
    Job *job = g_new(Job, 1);

    *job = (Job){ .work = work, .done = done, .data = data };
    if (pool->threads) {
        g_thread_pool_push(pool->threads, job, NULL);
    } else {
        /* A done function of pool_free's goes on. */
        work(data);
        g_async_queue_push(pool->finished, job);
    }
}
