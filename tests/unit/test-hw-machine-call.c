/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_call(): from a thread that stands for a vCPU to the main loop, and through
 * a pause.
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>

#include "hw/machine/machine-call.h"
#include "tests/lib/rig.h"

typedef struct {
    Rig *rig;
    struct event_base *base;
    struct MachineCalls *none;          /* the rig's own, without a loop */
    GThread *vcpu;
    gint called, returned;              /* atomic */
    guint64 argument;
    bool locked;                        /* as f found it */
    GThread *thread;                    /* that f ran on */
} Bench;

static void f(void *opaque, guint64 argument)
{
    Bench *b = opaque;

    b->argument = argument;
    b->locked = fair_lock_mine(&b->rig->lock);
    b->thread = g_thread_self();
    g_atomic_int_inc(&b->called);
}

static gpointer vcpu(gpointer opaque)
{
    Bench *b = opaque;

    machine_call(b->rig->machine, f, b, 42);
    g_atomic_int_inc(&b->returned);
    return NULL;
}

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    b->rig = rig_new();
    b->base = event_base_new();
    b->none = b->rig->machine->calls;
    b->rig->machine->calls = machine_calls_new(b->rig->machine, b->base);
    return b;
}

static void bench_free(Bench *b)
{
    machine_calls_free(b->rig->machine->calls);
    b->rig->machine->calls = b->none;
    event_base_free(b->base);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* On the main thread it is a plain call. */
static void test_direct(void)
{
    g_autoptr(Bench) b = bench_new();

    rig_unlock(b->rig);
    vcpu(b);
    rig_lock(b->rig);
    g_assert_cmpint(b->called, ==, 1);
    g_assert_true(b->locked);
    g_assert_cmpuint(b->argument, ==, 42);
}

static void test_wait(void)
{
    g_autoptr(Bench) b = bench_new();

    rig_unlock(b->rig);
    b->vcpu = g_thread_new("vcpu", vcpu, b);
    g_usleep(20000);
    g_assert_cmpint(g_atomic_int_get(&b->returned), ==, 0);
    g_assert_cmpint(g_atomic_int_get(&b->called), ==, 0);
    while (!g_atomic_int_get(&b->called)) {
        event_base_loop(b->base, EVLOOP_ONCE);
    }
    g_thread_join(b->vcpu);
    rig_lock(b->rig);
    g_assert_cmpint(b->returned, ==, 1);
    g_assert_true(b->locked);
    g_assert_true(b->thread == g_thread_self());
}

/* The main thread waits for vCPUs in a pause, so no vCPU may wait for it. */
static void test_pause(void)
{
    g_autoptr(Bench) b = bench_new();
    struct MachineCalls *calls = b->rig->machine->calls;

    b->vcpu = g_thread_new("vcpu", vcpu, b);
    g_usleep(20000);
    g_assert_cmpint(g_atomic_int_get(&b->returned), ==, 0);
    machine_calls_pause_begin(calls);
    g_thread_join(b->vcpu);
    g_assert_cmpint(b->called, ==, 0);
    machine_calls_pause_end(calls);
    g_assert_cmpint(b->called, ==, 1);
    g_assert_true(b->locked);
    rig_unlock(b->rig);
    event_base_loop(b->base, EVLOOP_NONBLOCK);
    rig_lock(b->rig);
    g_assert_cmpint(b->called, ==, 1);
}

/* One that comes in the pause. */
static void test_in_pause(void)
{
    g_autoptr(Bench) b = bench_new();
    struct MachineCalls *calls = b->rig->machine->calls;

    machine_calls_pause_begin(calls);
    b->vcpu = g_thread_new("vcpu", vcpu, b);
    g_thread_join(b->vcpu);
    g_assert_cmpint(b->called, ==, 0);
    machine_calls_pause_end(calls);
    g_assert_cmpint(b->called, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    g_test_add_func("/machine-call/direct", test_direct);
    g_test_add_func("/machine-call/wait", test_wait);
    g_test_add_func("/machine-call/pause", test_pause);
    g_test_add_func("/machine-call/in-pause", test_in_pause);
    return g_test_run();
}
