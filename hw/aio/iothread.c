/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `iothread`: see iothread.h.
 *
 * The thread makes its AioContext itself, as the ring belongs to the submitting
 * thread, and reports whether that succeeded; then it runs its loop until the
 * object is undone.
 */
#include "config.h"
#include "hw/aio/iothread.h"

#include <event2/event.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-iothread.h"

/* How long it polls for requests before sleeping at first, in ns. */
#define POLL_FIRST 4000

/* The meaning of poll-grow 0. */
#define POLL_GROW 2

struct Iothread {
    Object object;
    GThread *thread;
    struct event_base *base;
    AioContext *aio;
    pid_t id;
    bool stop;                  /* used by the thread only */
    gint64 poll_ns;             /* the same; adapts itself */
    gint64 poll_max_ns, poll_grow, poll_shrink; /* atomic copies of the properties */
    bool started;               /* under mutex: aio or error is there */
    GError *error;
    GMutex mutex;
    GCond cond;
};

static bool make_context(Iothread *s)
{
    s->id = gettid();
    s->base = event_base_new();
    if (!s->base) {
        qmp_error_set(&s->error, ERROR_REASON_HOST_ERROR, "cannot create a thread's event loop");
        return false;
    }
    s->aio = aio_context_new(s->base, &s->error);
    return s->aio;
}

/* ---- Polling ---- */

static gint64 load(const gint64 *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* It slept for `slept` ns: if that is within the limit, polling for as long
 * would have been better; else polling was in vain. */
static void adapt(Iothread *s, gint64 slept)
{
    gint64 max = load(&s->poll_max_ns), grow = load(&s->poll_grow);
    gint64 shrink = load(&s->poll_shrink);

    if (slept <= s->poll_ns) {
        return;
    }
    if (slept > max) {
        s->poll_ns = shrink ? s->poll_ns / shrink : 0;
    } else if (s->poll_ns < max) {
        s->poll_ns = s->poll_ns ? s->poll_ns * (grow ? grow : POLL_GROW) : POLL_FIRST;
        s->poll_ns = MIN(s->poll_ns, max);
    }
}

static void loop(Iothread *s)
{
    while (!s->stop) {
        s->poll_ns = MIN(s->poll_ns, load(&s->poll_max_ns));
        if (s->poll_ns && aio_spin(s->aio, s->poll_ns)) {
            event_base_loop(s->base, EVLOOP_NONBLOCK);
            continue;
        }
        adapt(s, aio_sleep(s->aio));
    }
}

/* ---- Life ---- */

static void *iothread_run(void *opaque)
{
    Iothread *s = opaque;
    bool ok = make_context(s);

    g_mutex_lock(&s->mutex);
    s->started = true;
    g_cond_signal(&s->cond);
    g_mutex_unlock(&s->mutex);
    if (ok) {
        loop(s);
    }
    g_clear_pointer(&s->aio, aio_context_free);
    g_clear_pointer(&s->base, event_base_free);
    return NULL;
}

static void end_loop(void *opaque)
{
    to_iothread(opaque)->stop = true;
}

static void copy_properties(Iothread *s)
{
    const IothreadProps *props = iothread_props(s);

    __atomic_store_n(&s->poll_max_ns, props->poll_max_ns, __ATOMIC_RELAXED);
    __atomic_store_n(&s->poll_grow, props->poll_grow, __ATOMIC_RELAXED);
    __atomic_store_n(&s->poll_shrink, props->poll_shrink, __ATOMIC_RELAXED);
}

static bool iothread_changed(Object *obj, const QmpMember *member, GError **error)
{
    copy_properties(to_iothread(obj));
    return true;
}

static bool iothread_complete(Object *obj, GError **error)
{
    Iothread *s = to_iothread(obj);
    g_autofree char *name = g_strdup_printf("io:%s", obj->name);

    s->started = s->stop = false;
    s->poll_ns = 0;
    copy_properties(s);
    s->thread = g_thread_try_new(name, iothread_run, s, NULL);
    if (!s->thread) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "the host cannot create another thread");
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

static void iothread_dismantle(Object *obj)
{
    Iothread *s = to_iothread(obj);

    aio_run(s->aio, end_loop, s);
    g_thread_join(g_steal_pointer(&s->thread));
}

static void iothread_init(Object *obj)
{
    Iothread *s = to_iothread(obj);

    g_mutex_init(&s->mutex);
    g_cond_init(&s->cond);
}

static void iothread_finalize(Object *obj)
{
    Iothread *s = to_iothread(obj);

    g_mutex_clear(&s->mutex);
    g_cond_clear(&s->cond);
}

AioContext *iothread_aio(const Iothread *iothread)
{
    return iothread->aio;
}

pid_t iothread_thread_id(const Iothread *iothread)
{
    return iothread->id;
}

const TypeInfo iothread_type = {
    .schema = &qmp_class_iothread,
    .size = sizeof(Iothread),
    .object = &(const ObjectOps){
        .init = iothread_init,
        .complete = iothread_complete,
        .dismantle = iothread_dismantle,
        .changed = iothread_changed,
        .finalize = iothread_finalize,
    },
};
