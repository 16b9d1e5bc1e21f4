/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool: see pool.h.  Finished jobs wait in a GAsyncQueue; an event that the
 * thread activates makes the loop collect them.  Everything else belongs to the
 * main thread.
 */
#include "config.h"

#include "daemon/service/pool.h"

#include <errno.h>

#include "qmp/error.h"

enum {
    MAX_THREADS = 1280,
    MAX_BACKGROUND = 64,
};

typedef struct {
    PoolKind kind;
    void (*work)(void *data);
    void (*done)(void *data);
    void *data;
} Job;

struct Pool {
    GThreadPool *threads;
    GAsyncQueue *finished;      /* of Job */
    struct event *wakeup;
    struct event *retry;        /* for when the host provides no thread */
    FairLock *lock;
    guint n_jobs[POOL__MAX];    /* given to the threads, and not yet collected */
    GQueue background;          /* of Job: those that have not started */
    gint stopped;               /* read by all threads */
};

/* Jobs that are done at the end as well. */
static bool is_for_the_end(PoolKind kind)
{
    return kind == POOL_RELEASE || kind == POOL_FLUSH;
}

/* On a thread of the pool. */
static void run_job(gpointer data, gpointer user_data)
{
    Job *job = data;
    Pool *pool = user_data;

    if (is_for_the_end(job->kind) || !g_atomic_int_get(&pool->stopped)) {
        job->work(job->data);
    }
    g_async_queue_push(pool->finished, job);
    event_active(pool->wakeup, 0, 0);
}

/* The host may be able to create a thread later. */
static void start_job(Pool *pool, Job *job)
{
    static const struct timeval pause = { 1, 0 };

    pool->n_jobs[job->kind]++;
    if (!g_thread_pool_push(pool->threads, job, NULL)) {
        g_warning("a request has to wait for a thread: %s", g_strerror(EAGAIN));
        event_add(pool->retry, &pause);
    }
}

static void on_retry(evutil_socket_t fd, short what, void *opaque)
{
    static const struct timeval pause = { 1, 0 };
    Pool *pool = opaque;

    /* Creates threads for waiting jobs. */
    if (!g_thread_pool_set_max_threads(pool->threads, MAX_THREADS, NULL)) {
        event_add(pool->retry, &pause);
    }
}

static void start_background(Pool *pool)
{
    while (pool->background.length && pool->n_jobs[POOL_BACKGROUND] < MAX_BACKGROUND) {
        start_job(pool, g_queue_pop_head(&pool->background));
    }
}

static void end_job(Pool *pool, Job *job)
{
    fair_lock_acquire(pool->lock);
    job->done(job->data);
    fair_lock_release(pool->lock);
    g_free(job);
}

static void collect(Pool *pool, Job *job)
{
    pool->n_jobs[job->kind]--;
    end_job(pool, job);
    start_background(pool);
}

static void on_wakeup(evutil_socket_t fd, short what, void *opaque)
{
    Pool *pool = opaque;
    Job *job;

    while ((job = g_async_queue_try_pop(pool->finished))) {
        collect(pool, job);
    }
}

Pool *pool_new(struct event_base *base, FairLock *lock, GError **error)
{
    Pool *pool = g_new0(Pool, 1);

    pool->lock = lock;
    pool->finished = g_async_queue_new();
    pool->wakeup = event_new(base, -1, 0, on_wakeup, pool);
    pool->retry = event_new(base, -1, 0, on_retry, pool);
    if (!pool->wakeup || !pool->retry) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create the thread pool's events");
        pool_free(pool);
        return NULL;
    }
    pool->threads = g_thread_pool_new(run_job, pool, MAX_THREADS, FALSE, NULL);
    if (!pool->threads) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create the thread pool");
        pool_free(pool);
        return NULL;
    }
    return pool;
}

void pool_run(Pool *pool, PoolKind kind, void (*work)(void *data), void (*done)(void *data),
              void *data)
{
    Job *job = g_new(Job, 1);

    *job = (Job){ .kind = kind, .work = work, .done = done, .data = data };
    if (g_atomic_int_get(&pool->stopped) && !is_for_the_end(kind)) {
        pool->n_jobs[kind]++;
        g_async_queue_push(pool->finished, job);
    } else if (kind == POOL_BACKGROUND && pool->n_jobs[kind] >= MAX_BACKGROUND) {
        g_queue_push_tail(&pool->background, job);
    } else {
        start_job(pool, job);
    }
}

/* The next finished job; NULL: none before the deadline. */
static Job *await_job(Pool *pool, gint64 deadline)
{
    gint64 left = deadline - g_get_monotonic_time();

    if (pool->n_jobs[POOL_FLUSH]) {
        return g_async_queue_pop(pool->finished);
    }
    return left > 0 ? g_async_queue_timeout_pop(pool->finished, left)
                    : g_async_queue_try_pop(pool->finished);
}

/* Whether jobs are left that the end needs. */
static bool ends(const Pool *pool)
{
    return pool->n_jobs[POOL_RELEASE] || pool->n_jobs[POOL_FLUSH];
}

static bool waits(const Pool *pool)
{
    return pool->n_jobs[POOL_REQUEST] || pool->n_jobs[POOL_JOB] ||
           pool->n_jobs[POOL_BACKGROUND] || ends(pool);
}

bool pool_stop(Pool *pool, gint64 deadline)
{
    Job *job;

    g_atomic_int_set(&pool->stopped, 1);
    while ((job = g_queue_pop_head(&pool->background))) {
        end_job(pool, job);
    }
    while (waits(pool)) {
        job = await_job(pool, deadline);
        if (!job) {
            return false;
        }
        collect(pool, job);
    }
    return true;
}

bool pool_finish(Pool *pool, gint64 deadline)
{
    GQueue others = G_QUEUE_INIT;
    Job *job = NULL;

    while (ends(pool) && (job = await_job(pool, deadline))) {
        if (is_for_the_end(job->kind)) {
            collect(pool, job);
        } else {
            g_queue_push_tail(&others, job);
        }
    }
    while ((job = g_queue_pop_head(&others))) {
        g_async_queue_push(pool->finished, job);
    }
    return !ends(pool);
}

void pool_free(Pool *pool)
{
    if (!pool) {
        return;
    }
    if (pool->threads) {
        g_thread_pool_free(pool->threads, FALSE, TRUE);
    }
    g_clear_pointer(&pool->wakeup, event_free);
    g_clear_pointer(&pool->retry, event_free);
    g_async_queue_unref(pool->finished);
    g_free(pool);
}
