/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: the worker's thread and its queue.
 *
 * The worker sleeps in its AioContext.  While it has no work, an outside request, the bell, is
 * in flight there; a thread that queues work completes the bell.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include "qmp/error.h"

/* ---- The queue ---- */

BlockRequest *qcow2_request_of(AioRequest *io)
{
    return (BlockRequest *)((char *)io - G_STRUCT_OFFSET(BlockRequest, io));
}

static void outside_done(AioRequest *io, int result)
{
    block_done(qcow2_request_of(io), result);
}

static void rung(AioRequest *bell, int result)
{
}

/* Mutex held. */
static void ring(Qcow2 *s)
{
    if (s->bell_armed) {
        s->bell_armed = false;
        aio_outside_end(s->aio, &s->bell, 0);
    }
}

void qcow2_worker_queue(Qcow2 *s, BlockRequest *request)
{
    request->io.done = outside_done;
    aio_outside_begin(request->aio, &request->io);
    request->io.next = NULL;
    g_mutex_lock(&s->mutex);
    *s->queue_end = &request->io;
    s->queue_end = &request->io.next;
    ring(s);
    g_mutex_unlock(&s->mutex);
}

void qcow2_worker_done(BlockRequest *request, int error)
{
    aio_outside_end(request->aio, &request->io, error);
}

/* Something to do between requests. */
struct Qcow2Task {
    bool (*f)(Qcow2 *s, void *data, GError **error);
    void *data;
    GError **error;
    bool ok, done;
};

/* Mutex held: the waiting thread gets its answer. */
static void do_task(Qcow2 *s, struct Qcow2Task *task)
{
    g_mutex_unlock(&s->mutex);
    task->ok = task->f(s, task->data, task->error);
    g_mutex_lock(&s->mutex);
    task->done = true;
    g_cond_broadcast(&s->cond);
}

bool qcow2_worker_call(Qcow2 *s, bool (*f)(Qcow2 *s, void *data, GError **error), void *data,
                       GError **error)
{
    struct Qcow2Task task = { .f = f, .data = data, .error = error };

    g_mutex_lock(&s->mutex);
    s->task = &task;
    ring(s);
    while (!task.done) {
        g_cond_wait(&s->cond, &s->mutex);
    }
    g_mutex_unlock(&s->mutex);
    return task.ok;
}

/* Takes all requests from the queue; arms the bell if there are none. */
static AioRequest *take_queue(Qcow2 *s, bool *stop)
{
    AioRequest *list;

    g_mutex_lock(&s->mutex);
    if (s->task) {
        do_task(s, g_steal_pointer(&s->task));
    }
    list = s->queue;
    s->queue = NULL;
    s->queue_end = &s->queue;
    *stop = s->stop;
    if (!list && !*stop && !s->bell_armed) {
        s->bell_armed = true;
        s->bell.done = rung;
        aio_outside_begin(s->aio, &s->bell);
    }
    g_mutex_unlock(&s->mutex);
    return list;
}

/* ---- The thread ---- */

static void work(Qcow2 *s)
{
    bool stop = false;

    while (!stop || s->jobs) {
        AioRequest *list = take_queue(s, &stop);

        if (!list) {
            if (!stop || s->jobs) {
                aio_poll(s->aio, true);
            }
            continue;
        }
        qcow2_do(s, list);
        aio_poll(s->aio, false);
    }
}

static bool begin(Qcow2 *s)
{
    s->aio = aio_context_new(NULL, &s->error);
    return s->aio && aio_enable_io(s->aio, &s->error) && qcow2_open_image(s, &s->error);
}

static void *worker_run(void *opaque)
{
    Qcow2 *s = opaque;
    bool ok = begin(s);

    g_mutex_lock(&s->mutex);
    s->started = true;
    g_cond_signal(&s->cond);
    g_mutex_unlock(&s->mutex);
    if (ok) {
        work(s);
    }
    qcow2_close_image(s);
    /* The bell. */
    while (s->aio && aio_poll(s->aio, true)) {
        continue;
    }
    g_clear_pointer(&s->aio, aio_context_free);
    return NULL;
}

bool qcow2_worker_start(Qcow2 *s, GError **error)
{
    s->started = s->stop = s->bell_armed = false;
    s->queue_end = &s->queue;
    s->thread = g_thread_try_new("qcow2", worker_run, s, NULL);
    if (!s->thread) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "the host has no more threads");
        return false;
    }
    g_mutex_lock(&s->mutex);
    while (!s->started) {
        g_cond_wait(&s->cond, &s->mutex);
    }
    g_mutex_unlock(&s->mutex);
    if (s->error) {
        g_thread_join(g_steal_pointer(&s->thread));
        g_propagate_error(error, g_steal_pointer(&s->error));
        return false;
    }
    return true;
}

void qcow2_worker_stop(Qcow2 *s)
{
    if (!s->thread) {
        return;
    }
    g_mutex_lock(&s->mutex);
    s->stop = true;
    ring(s);
    g_mutex_unlock(&s->mutex);
    g_thread_join(g_steal_pointer(&s->thread));
}
