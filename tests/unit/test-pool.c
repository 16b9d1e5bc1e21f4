/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool: jobs do not wait for each other, and the end does not wait for those
 * that hang.
 */
#include "config.h"
#include "daemon/service/pool.h"

#include <event2/thread.h>

enum { MANY = 100 };

/* What jobs hang at, until it is opened. */
typedef struct {
    GMutex lock;
    GCond changed;
    bool open;
    guint waiting;
} Gate;

typedef struct {
    Gate *gate;                 /* NULL: the job does not hang */
    bool worked, done;
} Job;

typedef struct {
    struct event_base *base;
    FairLock lock;
    Pool *pool;
    Gate gate;
    Job jobs[MANY];
} Rig;

static void gate_open(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    gate->open = true;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

/* Until so many hang there. */
static void gate_await(Gate *gate, guint n)
{
    g_mutex_lock(&gate->lock);
    while (gate->waiting < n) {
        g_cond_wait(&gate->changed, &gate->lock);
    }
    g_assert_cmpuint(gate->waiting, ==, n);
    g_mutex_unlock(&gate->lock);
}

static void work(void *data)
{
    Job *job = data;
    Gate *gate = job->gate;

    job->worked = true;
    if (!gate) {
        return;
    }
    g_mutex_lock(&gate->lock);
    gate->waiting++;
    g_cond_broadcast(&gate->changed);
    while (!gate->open) {
        g_cond_wait(&gate->changed, &gate->lock);
    }
    gate->waiting--;
    g_mutex_unlock(&gate->lock);
}

static void done(void *data)
{
    ((Job *)data)->done = true;
}

/* A deadline for what must not hang. */
static gint64 in_time(void)
{
    return g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
}

static void rig_set_up(Rig *rig, gconstpointer data)
{
    evthread_use_pthreads();
    rig->base = event_base_new();
    fair_lock_init(&rig->lock);
    rig->pool = pool_new(rig->base, &rig->lock, NULL);
    g_assert_nonnull(rig->pool);
    g_mutex_init(&rig->gate.lock);
    g_cond_init(&rig->gate.changed);
}

static void rig_tear_down(Rig *rig, gconstpointer data)
{
    gate_open(&rig->gate);
    g_assert_true(pool_stop(rig->pool, in_time()));
    pool_free(rig->pool);
    event_base_free(rig->base);
    g_mutex_clear(&rig->gate.lock);
    g_cond_clear(&rig->gate.changed);
}

static void run_hanging(Rig *rig, PoolKind kind, guint n)
{
    for (guint i = 0; i < n; i++) {
        rig->jobs[i].gate = &rig->gate;
        pool_run(rig->pool, kind, work, done, &rig->jobs[i]);
    }
}

static void await_job(Rig *rig, Job *job)
{
    while (!job->done) {
        event_base_loop(rig->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    }
    g_assert_true(job->worked);
}

static guint count_done(const Rig *rig)
{
    guint n = 0;

    for (guint i = 0; i < MANY; i++) {
        n += rig->jobs[i].done;
    }
    return n;
}

/* A job of each kind is done while many hang. */
static void test_others(Rig *rig, gconstpointer data)
{
    run_hanging(rig, POOL_REQUEST, MANY);
    for (PoolKind kind = 0; kind < POOL__MAX; kind++) {
        Job job = { 0 };

        pool_run(rig->pool, kind, work, done, &job);
        await_job(rig, &job);
    }
    gate_await(&rig->gate, MANY);
    g_assert_cmpuint(count_done(rig), ==, 0);
}

/* Jobs that no client waits for have a limit of their own; the rest run later. */
static void test_background(Rig *rig, gconstpointer data)
{
    Job request = { 0 };

    run_hanging(rig, POOL_BACKGROUND, MANY);
    gate_await(&rig->gate, 64);
    pool_run(rig->pool, POOL_REQUEST, work, done, &request);
    await_job(rig, &request);
    gate_open(&rig->gate);
    for (guint i = 0; i < MANY; i++) {
        await_job(rig, &rig->jobs[i]);
    }
}

/* The end does not wait for what hangs; nothing begins any more. */
static void test_stop(Rig *rig, gconstpointer data)
{
    Job late = { 0 };

    run_hanging(rig, POOL_BACKGROUND, MANY);
    gate_await(&rig->gate, 64);
    g_assert_false(pool_stop(rig->pool, 0));
    g_assert_cmpuint(count_done(rig), ==, MANY - 64);   /* those that never began */
    pool_run(rig->pool, POOL_REQUEST, work, done, &late);
    gate_open(&rig->gate);
    g_assert_true(pool_stop(rig->pool, in_time()));
    g_assert_cmpuint(count_done(rig), ==, MANY);
    g_assert_true(late.done);
    g_assert_false(late.worked);
}

static gpointer open_later(gpointer data)
{
    gate_await(data, 1);
    gate_open(data);
    return NULL;
}

/* A flush is waited for, whatever the deadline says. */
static void test_flush(Rig *rig, gconstpointer data)
{
    GThread *thread;

    run_hanging(rig, POOL_FLUSH, 1);
    gate_await(&rig->gate, 1);
    thread = g_thread_new("opener", open_later, &rig->gate);
    g_assert_true(pool_stop(rig->pool, 0));
    g_assert_true(rig->jobs[0].done);
    g_thread_join(thread);
}

/* At the end things are released all the same, whatever else hangs, and nothing else is done. */
static void test_finish(Rig *rig, gconstpointer data)
{
    Job release = { 0 }, flush = { 0 }, hanging = { .gate = &rig->gate };

    run_hanging(rig, POOL_REQUEST, 1);
    gate_await(&rig->gate, 1);
    g_assert_false(pool_stop(rig->pool, 0));
    pool_run(rig->pool, POOL_RELEASE, work, done, &release);
    pool_run(rig->pool, POOL_FLUSH, work, done, &flush);
    g_assert_true(pool_finish(rig->pool, in_time()));
    g_assert_true(release.worked && release.done);
    g_assert_true(flush.worked && flush.done);
    pool_run(rig->pool, POOL_RELEASE, work, done, &hanging);
    g_assert_false(pool_finish(rig->pool, 0));
    gate_open(&rig->gate);
    g_assert_true(pool_finish(rig->pool, in_time()));
    g_assert_true(hanging.done);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/pool/others", Rig, NULL, rig_set_up, test_others, rig_tear_down);
    g_test_add("/pool/background", Rig, NULL, rig_set_up, test_background, rig_tear_down);
    g_test_add("/pool/stop", Rig, NULL, rig_set_up, test_stop, rig_tear_down);
    g_test_add("/pool/flush", Rig, NULL, rig_set_up, test_flush, rig_tear_down);
    g_test_add("/pool/finish", Rig, NULL, rig_set_up, test_finish, rig_tear_down);
    return g_test_run();
}
