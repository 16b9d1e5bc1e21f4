/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fair lock: exclusion, order, ownership, and mistakes.
 */
#include "config.h"
#include "hw/core/lock.h"

typedef struct {
    FairLock lock;
    guint64 counter;            /* guarded by lock, not atomic */
    bool stop;
    guint rounds;
} Shared;

static void *count(void *data)
{
    Shared *s = data;

    for (guint i = 0; i < s->rounds; i++) {
        fair_lock_acquire(&s->lock);
        s->counter++;
        fair_lock_release(&s->lock);
    }
    return NULL;
}

static void test_exclusion(void)
{
    Shared s = { .rounds = 20000 };
    GThread *threads[40];       /* more than a futex bitset has bits */

    fair_lock_init(&s.lock);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("count", count, &s);
    }
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(s.counter, ==, G_N_ELEMENTS(threads) * s.rounds);
}

static void *take_once(void *data)
{
    Shared *s = data;

    fair_lock_acquire(&s->lock);
    g_assert_true(fair_lock_mine(&s->lock));
    s->counter = 1;
    fair_lock_release(&s->lock);
    return NULL;
}

/* Beside its holder. */
static bool somebody_waits(const FairLock *lock)
{
    return __atomic_load_n(&lock->next, __ATOMIC_RELAXED) - lock->serving > 1;
}

/* Who waits gets it before who had it takes it again. */
static void test_order(void)
{
    for (guint i = 0; i < 200; i++) {
        Shared s = { 0 };
        GThread *thread;

        fair_lock_init(&s.lock);
        fair_lock_acquire(&s.lock);
        g_assert_false(somebody_waits(&s.lock));
        thread = g_thread_new("take", take_once, &s);
        while (!somebody_waits(&s.lock)) {
            g_thread_yield();
        }
        g_assert_cmpuint(s.counter, ==, 0);
        fair_lock_release(&s.lock);
        fair_lock_acquire(&s.lock);
        g_assert_cmpuint(s.counter, ==, 1);
        fair_lock_release(&s.lock);
        g_thread_join(thread);
    }
}

static void *hammer(void *data)
{
    Shared *s = data;

    while (!g_atomic_int_get((int *)&s->rounds)) {
        fair_lock_acquire(&s->lock);
        s->counter++;
        fair_lock_release(&s->lock);
    }
    return NULL;
}

/* A thread that takes it all the time keeps nobody out: 20 ms is what the main
 * loop is promised, and two cores shared with other tests are slow. */
static void test_no_starvation(void)
{
    Shared s = { 0 };
    GThread *thread;
    gint64 worst = 0;

    fair_lock_init(&s.lock);
    thread = g_thread_new("hammer", hammer, &s);
    for (guint i = 0; i < 500; i++) {
        gint64 before = g_get_monotonic_time();

        fair_lock_acquire(&s.lock);
        worst = MAX(worst, g_get_monotonic_time() - before);
        fair_lock_release(&s.lock);
        g_usleep(100);
    }
    g_atomic_int_set((int *)&s.rounds, 1);
    g_thread_join(thread);
    g_test_message("longest wait: %" G_GINT64_FORMAT " us", worst);
    g_assert_cmpint(worst, <, 200000);
}

static void *is_not_mine(void *data)
{
    g_assert_false(fair_lock_mine(data));
    return NULL;
}

static void test_owner(void)
{
    FairLock lock;

    fair_lock_init(&lock);
    g_assert_false(fair_lock_mine(&lock));
    fair_lock_acquire(&lock);
    g_assert_true(fair_lock_mine(&lock));
    g_thread_join(g_thread_new("other", is_not_mine, &lock));
    fair_lock_release(&lock);
    g_assert_false(fair_lock_mine(&lock));
}

/* ---- Mistakes, which end the process in builds that check ---- */

static void acquire_twice(void)
{
    FairLock lock;

    fair_lock_init(&lock);
    fair_lock_acquire(&lock);
    fair_lock_acquire(&lock);
}

static void release_free(void)
{
    FairLock lock;

    fair_lock_init(&lock);
    fair_lock_release(&lock);
}

static void *use(void *data)
{
    fair_lock_assert(data);
    return NULL;
}

static void use_of_other(void)
{
    FairLock lock;

    fair_lock_init(&lock);
    fair_lock_acquire(&lock);
    g_thread_join(g_thread_new("other", use, &lock));
}

static void test_mistakes(void)
{
#ifdef DEBUG_CHECKS
    static const struct {
        const char *path, *says;
    } mistakes[] = {
        { "/lock/subprocess/acquire-twice", "*this thread holds the lock already*" },
        { "/lock/subprocess/release-free", "*this thread does not hold the lock*" },
        { "/lock/subprocess/use-of-other", "*this thread does not hold the lock*" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_test_trap_subprocess(mistakes[i].path, 0, 0);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr(mistakes[i].says);
    }
#else
    g_test_skip("configured without --enable-debug");
#endif
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lock/exclusion", test_exclusion);
    g_test_add_func("/lock/order", test_order);
    g_test_add_func("/lock/no-starvation", test_no_starvation);
    g_test_add_func("/lock/owner", test_owner);
    g_test_add_func("/lock/mistakes", test_mistakes);
    g_test_add_func("/lock/subprocess/acquire-twice", acquire_twice);
    g_test_add_func("/lock/subprocess/release-free", release_free);
    g_test_add_func("/lock/subprocess/use-of-other", use_of_other);
    return g_test_run();
}
