/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of vCPU threads to the main loop (hw/machine/machine.h: machine_call).
 *
 * A vCPU waits until its call has run, except during a pause: the main thread
 * then waits for vCPUs to park, and cannot run calls.  The guest sees no
 * difference, since it does not run before the pause is over, and the pause
 * runs the remaining calls.
 */
#include "config.h"
#include "hw/machine/machine-call.h"

#include <event2/event.h>

#include "qom/checks.h"

typedef struct MachineCall {
    gatomicrefcount refs;       /* the queue's or holder's, and the waiting caller's */
    void (*f)(void *opaque, guint64 argument);
    void *opaque;
    guint64 argument;
    bool held;                  /* it ends with machine_call_release() */
    bool done;
} Call;

struct MachineCalls {
    Machine *machine;
    GThread *main;              /* the main thread, which makes machines */
    struct event *event;        /* NULL: no loop */
    GMutex mutex;               /* guards all below */
    GCond changed;
    GQueue queue;               /* of Call */
    Call *current;              /* the running one; used by the main thread only */
    gint n_held;                /* atomic, for readers without the mutex */
    bool pausing;
};

static void call_unref(Call *call)
{
    if (g_atomic_ref_count_dec(&call->refs)) {
        g_free(call);
    }
}

/* Mutex held. */
static void end_call(struct MachineCalls *calls, Call *call)
{
    call->done = true;
    g_cond_broadcast(&calls->changed);
    call_unref(call);
}

/* Runs the queued calls only: later ones have activated the event again, and the loop
 * serves others first.  Main thread, machine lock held. */
static void run_calls(struct MachineCalls *calls)
{
    Call *call;

    g_mutex_lock(&calls->mutex);
    for (guint n = calls->queue.length; n && (call = g_queue_pop_head(&calls->queue)); n--) {
        calls->current = call;
        g_mutex_unlock(&calls->mutex);
        call->f(call->opaque, call->argument);
        g_mutex_lock(&calls->mutex);
        calls->current = NULL;
        if (!call->held) {
            end_call(calls, call);
        }
    }
    g_mutex_unlock(&calls->mutex);
}

static void calls_ready(evutil_socket_t fd, short what, void *opaque)
{
    struct MachineCalls *calls = opaque;

    machine_lock(calls->machine);
    run_calls(calls);
    machine_unlock(calls->machine);
}

struct MachineCalls *machine_calls_new(Machine *machine, struct event_base *base)
{
    struct MachineCalls *calls = g_new0(struct MachineCalls, 1);

    calls->machine = machine;
    calls->main = g_thread_self();
    g_mutex_init(&calls->mutex);
    g_cond_init(&calls->changed);
    g_queue_init(&calls->queue);
    if (base) {
        calls->event = event_new(base, -1, 0, calls_ready, calls);
        if (!calls->event) {
            machine_calls_free(calls);
            return NULL;
        }
    }
    return calls;
}

void machine_calls_free(struct MachineCalls *calls)
{
    if (!calls) {
        return;
    }
    if (calls->event) {
        event_free(calls->event);
    }
    g_queue_clear_full(&calls->queue, (GDestroyNotify)call_unref);
    g_cond_clear(&calls->changed);
    g_mutex_clear(&calls->mutex);
    g_free(calls);
}

static Call *new_call(void (*f)(void *opaque, guint64 argument), void *opaque, guint64 argument)
{
    Call *call = g_new(Call, 1);

    *call = (Call){ .f = f, .opaque = opaque, .argument = argument };
    g_atomic_ref_count_init(&call->refs);
    return call;
}

static void put_and_wait(struct MachineCalls *calls, Call *call)
{
    g_mutex_lock(&calls->mutex);
    g_queue_push_tail(&calls->queue, call);
    event_active(calls->event, EV_READ, 0);
    while (!call->done && !calls->pausing) {
        g_cond_wait(&calls->changed, &calls->mutex);
    }
    g_mutex_unlock(&calls->mutex);
}

void machine_call(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument)
{
    Call *call;

    fair_lock_assert_not(machine->lock);
    if (!machine->calls->event || machine->calls->main == g_thread_self()) {
        machine_lock(machine);
        f(opaque, argument);
        machine_unlock(machine);
        return;
    }
    call = new_call(f, opaque, argument);
    g_atomic_ref_count_inc(&call->refs);
    put_and_wait(machine->calls, call);
    call_unref(call);
}

/* In the caller's thread, which may have the lock already. */
static void run_without_loop(Machine *machine, void (*f)(void *opaque, guint64 argument),
                             void *opaque, guint64 argument)
{
    bool mine = !machine->lock || fair_lock_mine(machine->lock);

    if (!mine) {
        machine_lock(machine);
    }
    f(opaque, argument);
    if (!mine) {
        machine_unlock(machine);
    }
}

void machine_post(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument)
{
    struct MachineCalls *calls = machine->calls;

    if (!calls->event) {
        run_without_loop(machine, f, opaque, argument);
        return;
    }
    g_mutex_lock(&calls->mutex);
    g_queue_push_tail(&calls->queue, new_call(f, opaque, argument));
    event_active(calls->event, EV_READ, 0);
    g_mutex_unlock(&calls->mutex);
}

void machine_run_posted(Machine *machine)
{
    main_thread_assert();
    machine_lock_assert(machine);
    run_calls(machine->calls);
}

/* ---- Calls that take longer than their function ---- */

MachineCall *machine_call_hold(Machine *machine)
{
    struct MachineCalls *calls = machine->calls;
    Call *call = calls->current;

    main_thread_assert();
    machine_lock_assert(machine);
    if (call && !call->held) {
        call->held = true;
        g_atomic_int_inc(&calls->n_held);
        return call;
    }
    return NULL;
}

void machine_call_release(Machine *machine, MachineCall *call)
{
    struct MachineCalls *calls = machine->calls;

    if (call) {
        g_mutex_lock(&calls->mutex);
        g_atomic_int_add(&calls->n_held, -1);
        call->held = false;
        if (call != calls->current) {
            end_call(calls, call);
        }
        g_mutex_unlock(&calls->mutex);
    }
}

bool machine_calls_held(const Machine *machine)
{
    return g_atomic_int_get(&machine->calls->n_held) > 0;
}

/* ---- Pauses ---- */

void machine_calls_pause_begin(struct MachineCalls *calls)
{
    g_mutex_lock(&calls->mutex);
    calls->pausing = true;
    g_cond_broadcast(&calls->changed);
    g_mutex_unlock(&calls->mutex);
}

void machine_calls_pause_end(struct MachineCalls *calls)
{
    g_mutex_lock(&calls->mutex);
    calls->pausing = false;
    g_mutex_unlock(&calls->mutex);
    run_calls(calls);
}
