/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AioContexts and their event loop: creation, watches, and calls from other
 * threads.
 */
#include "config.h"
#include "hw/aio/aio.h"

#include <event2/event.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "hw/aio/aio-internal.h"
#include "qmp/error.h"
#include "qom/checks.h"

typedef struct {
    void (*f)(void *opaque);
    void *opaque;
    bool *done;                 /* for the thread that waits; NULL: none */
} AioCall;

/* ---- Contexts ---- */

static void run_calls(AioContext *aio)
{
    AioCall *call;

    g_mutex_lock(&aio->mutex);
    while ((call = g_queue_pop_head(&aio->calls))) {
        g_atomic_int_add(&aio->n_calls, -1);
        g_mutex_unlock(&aio->mutex);
        call->f(call->opaque);
        g_mutex_lock(&aio->mutex);
        if (call->done) {
            *call->done = true;
            g_cond_broadcast(&aio->cond);
        }
        g_free(call);
    }
    g_mutex_unlock(&aio->mutex);
}

static void calls_ready(evutil_socket_t fd, short what, void *opaque)
{
    aio_awake(opaque);
    run_calls(opaque);
    aio_turn(opaque);
}

static void turn_ready(evutil_socket_t fd, short what, void *opaque)
{
    aio_turn(opaque);
}

static void timer_ready(evutil_socket_t fd, short what, void *opaque)
{
    AioContext *aio = opaque;
    guint64 count;

    aio_awake(aio);
    if (read(fd, &count, sizeof(count)) == sizeof(count)) {
        aio->timer_deadline = G_MAXINT64;
    }
    aio_turn(aio);
}

static bool make_events(AioContext *aio)
{
    aio->turn_event = event_new(aio->base, -1, 0, turn_ready, aio);
    aio->call_event = event_new(aio->base, -1, 0, calls_ready, aio);
    aio->timer_event = event_new(aio->base, aio->timer_fd, EV_READ | EV_PERSIST, timer_ready, aio);
    return aio->turn_event && aio->call_event && aio->timer_event &&
           event_add(aio->timer_event, NULL) == 0;
}

AioContext *aio_context_new(struct event_base *base, GError **error)
{
    AioContext *aio = g_new0(AioContext, 1);

    aio->base = base;
    aio->thread = g_thread_self();
    aio->tasks_end = &aio->tasks;
    aio->ended_end = &aio->ended;
    aio->wake_fd = -1;
    aio->timer_deadline = G_MAXINT64;
    g_mutex_init(&aio->mutex);
    g_cond_init(&aio->cond);
    g_queue_init(&aio->calls);
    g_queue_init(&aio->waiters);
    g_queue_init(&aio->watches);
    g_queue_init(&aio->polled);
    aio->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (aio->timer_fd < 0 || (base && !make_events(aio))) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot create the events of a data path");
        aio_context_free(aio);
        return NULL;
    }
    return aio;
}

void aio_context_free(AioContext *aio)
{
    if (!aio) {
        return;
    }
    if (aio_busy(aio) || aio->watches.head) {
        g_critical("a data path's event loop is freed while in use");
    }
    aio_ring_close(aio);
    g_clear_pointer(&aio->turn_event, event_free);
    g_clear_pointer(&aio->call_event, event_free);
    g_clear_pointer(&aio->timer_event, event_free);
    if (aio->timer_fd >= 0) {
        close(aio->timer_fd);
    }
    g_queue_clear_full(&aio->calls, g_free);
    g_queue_clear_full(&aio->waiters, g_free);
    g_cond_clear(&aio->cond);
    g_mutex_clear(&aio->mutex);
    g_free(aio);
}

bool aio_mine(const AioContext *aio)
{
    return aio->thread == g_thread_self();
}

#ifdef DEBUG_CHECKS

void aio_assert(const AioContext *aio)
{
    if (!aio_mine(aio)) {
        check_failed("this thread is not the one that the context belongs to");
    }
}

#endif

typedef struct {
    AioContext *aio;
    GError **error;
    bool ok;
} Enable;

static void enable_io(void *opaque)
{
    Enable *enable = opaque;

    enable->ok = aio_ring_open(enable->aio, enable->error);
}

bool aio_enable_io(AioContext *aio, GError **error)
{
    Enable enable = { .aio = aio, .error = error };

    aio_run_wait(aio, enable_io, &enable);
    return enable.ok;
}

/* ---- Calls from other threads ---- */

static void put_call(AioContext *aio, void (*f)(void *opaque), void *opaque, bool *done)
{
    AioCall *call = g_new(AioCall, 1);

    *call = (AioCall){ .f = f, .opaque = opaque, .done = done };
    g_queue_push_tail(&aio->calls, call);
    g_atomic_int_inc(&aio->n_calls);
    if (aio->call_event) {
        event_active(aio->call_event, 0, 0);
    }
}

void aio_run(AioContext *aio, void (*f)(void *opaque), void *opaque)
{
    g_mutex_lock(&aio->mutex);
    put_call(aio, f, opaque, NULL);
    g_mutex_unlock(&aio->mutex);
}

void aio_run_wait(AioContext *aio, void (*f)(void *opaque), void *opaque)
{
    bool done = false;

    if (aio_mine(aio)) {
        f(opaque);
        return;
    }
    g_mutex_lock(&aio->mutex);
    put_call(aio, f, opaque, &done);
    while (!done) {
        g_cond_wait(&aio->cond, &aio->mutex);
    }
    g_mutex_unlock(&aio->mutex);
}

/* ---- Waiting ---- */

/* Waits on the context's own thread, which cannot return to its loop meanwhile. */
static bool wait_here(AioContext *aio, bool (*done)(void *opaque), void *opaque, gint64 deadline)
{
    bool over;

    g_atomic_int_inc(&aio->n_waiters);
    while (!(over = done(opaque) && !aio->tasks)) {
        if (aio_turn(aio)) {
            continue;
        }
        if (!aio->in_flight) {
            g_critical("waiting for requests that are not in flight");
            break;
        }
        if (!aio_ring_wait(aio, deadline)) {
            break;
        }
    }
    g_atomic_int_add(&aio->n_waiters, -1);
    return over;
}

static void wake_up(void *opaque)
{
}

/* Under the mutex. */
static void add_waiter(AioContext *aio, AioWaiter *waiter)
{
    g_queue_push_tail(&aio->waiters, waiter);
    g_atomic_int_inc(&aio->n_waiters);
    put_call(aio, wake_up, NULL, NULL);
}

bool aio_wait_until(AioContext *aio, bool (*done)(void *opaque), void *opaque, gint64 deadline)
{
    AioWaiter waiter = { .done = done, .opaque = opaque };
    bool in_time = true;

    if (aio_mine(aio)) {
        return wait_here(aio, done, opaque, deadline);
    }
    g_mutex_lock(&aio->mutex);
    add_waiter(aio, &waiter);
    while (!waiter.over && in_time) {
        if (deadline == G_MAXINT64) {
            g_cond_wait(&aio->cond, &aio->mutex);
        } else {
            in_time = g_cond_wait_until(&aio->cond, &aio->mutex, deadline);
        }
    }
    g_queue_remove(&aio->waiters, &waiter);
    g_atomic_int_add(&aio->n_waiters, -1);
    g_mutex_unlock(&aio->mutex);
    return waiter.over;
}

void aio_wait(AioContext *aio, bool (*done)(void *opaque), void *opaque)
{
    aio_wait_until(aio, done, opaque, G_MAXINT64);
}

void aio_when(AioContext *aio, bool (*done)(void *opaque), void (*then)(void *opaque),
              void *opaque)
{
    AioWaiter *waiter = g_new(AioWaiter, 1);

    *waiter = (AioWaiter){ .done = done, .then = then, .opaque = opaque };
    g_mutex_lock(&aio->mutex);
    add_waiter(aio, waiter);
    g_mutex_unlock(&aio->mutex);
}

/* ---- Watches ---- */

static void watch_ready(evutil_socket_t fd, short what, void *opaque)
{
    AioWatch *watch = opaque;

    aio_awake(watch->aio);
    watch->handler(watch->opaque);
}

/* Edge-triggered: each write to an eventfd is an edge, so that it need not be
 * read.  A signal that was pending before counts as one, too. */
AioWatch *aio_watch(AioContext *aio, int eventfd, void (*handler)(void *opaque), void *opaque)
{
    AioWatch *watch = g_new(AioWatch, 1);

    *watch = (AioWatch){ .aio = aio, .fd = eventfd, .handler = handler, .opaque = opaque };
    if (!aio->base) {
        g_queue_push_tail(&aio->watches, watch);
        return watch;
    }
    watch->event = event_new(aio->base, eventfd, EV_READ | EV_PERSIST | EV_ET, watch_ready, watch);
    if (!watch->event || event_add(watch->event, NULL) < 0) {
        g_clear_pointer(&watch->event, event_free);
        g_clear_pointer(&watch, g_free);
    }
    return watch;
}

static void begin_polling(void *opaque)
{
    AioWatch *watch = opaque;

    g_queue_push_tail(&watch->aio->polled, watch);
}

static void end_polling(void *opaque)
{
    AioWatch *watch = opaque;

    g_queue_remove(&watch->aio->polled, watch);
}

void aio_watch_poll(AioWatch *watch, const AioPollOps *ops)
{
    watch->poll = ops;
    aio_run_wait(watch->aio, begin_polling, watch);
}

void aio_unwatch(AioWatch *watch)
{
    if (!watch) {
        return;
    }
    if (watch->poll) {
        aio_run_wait(watch->aio, end_polling, watch);
    }
    if (watch->event) {
        event_del_block(watch->event);
        event_free(watch->event);
    } else {
        g_queue_remove(&watch->aio->watches, watch);
    }
    g_free(watch);
}

/* ---- Without a loop ---- */

/* A handler may remove its own watch. */
static bool poll_watches(AioContext *aio)
{
    bool any = false;

    for (GList *i = aio->watches.head, *next; i; i = next) {
        AioWatch *watch = i->data;
        struct pollfd ready = { .fd = watch->fd, .events = POLLIN };
        guint64 count;

        next = i->next;
        if (poll(&ready, 1, 0) == 1 && read(watch->fd, &count, sizeof(count)) == sizeof(count)) {
            watch->handler(watch->opaque);
            any = true;
        }
    }
    return any;
}

bool aio_poll(AioContext *aio, bool wait)
{
    bool any = aio->calls.head != NULL;

    aio_assert(aio);
    run_calls(aio);
    any |= poll_watches(aio);
    any |= aio_turn(aio);
    if (!any && wait && aio->in_flight) {
        const AioRequest *delay = aio->delays.head;

        aio_ring_wait(aio, delay ? delay->offset / 1000 + 1 : G_MAXINT64);
        any = aio_turn(aio);
    }
    return any;
}
