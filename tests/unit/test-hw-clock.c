/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers, standing and running.
 */
#include "config.h"
#include "hw/core/clock.h"

#include <event2/event.h>
#include <event2/thread.h>

#define MS G_GINT64_CONSTANT(1000000)

typedef struct {
    Clock *clock;
    Timer *timer;
    GString *log;
    char name;
    gint64 period;              /* sets itself again */
    gint64 now;
} Tick;

static void tick(void *opaque, gint64 now)
{
    Tick *t = opaque;

    g_string_append_c(t->log, t->name);
    t->now = now;
    if (t->period) {
        timer_set(t->timer, clock_add(now, t->period));
    }
}

static void tick_init(Tick *t, Clock *clock, ClockKind kind, GString *log, char name)
{
    *t = (Tick){ .clock = clock, .log = log, .name = name };
    t->timer = timer_new(clock, kind, 1, tick, t);
}

static void test_order(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Clock *clock = clock_new(NULL, NULL);
    Tick a, b, c;

    tick_init(&a, clock, CLOCK_KIND_VIRTUAL, log, 'a');
    tick_init(&b, clock, CLOCK_KIND_VIRTUAL, log, 'b');
    tick_init(&c, clock, CLOCK_KIND_REAL, log, 'c');
    g_assert_cmpint(clock_deadline(clock), ==, -1);
    timer_set(a.timer, 30);
    timer_set(b.timer, 10);
    timer_set(c.timer, 20);
    g_assert_cmpint(clock_deadline(clock), ==, 10);
    g_assert_true(timer_pending(b.timer));
    clock_advance(clock, 9);
    g_assert_cmpstr(log->str, ==, "");
    clock_advance(clock, 29);
    g_assert_cmpstr(log->str, ==, "bc");
    g_assert_cmpint(b.now, ==, 10);
    g_assert_cmpint(c.now, ==, 20);
    g_assert_false(timer_pending(b.timer));
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, 29);
    timer_set(b.timer, 30);                     /* behind a, which was set before */
    clock_advance(clock, 30);
    g_assert_cmpstr(log->str, ==, "bcab");
    timer_set(c.timer, 5);                      /* past: fires at once, now stays */
    clock_advance(clock, 30);
    g_assert_cmpint(c.now, ==, 30);
    timer_set(a.timer, 5);                      /* but not twice at one time */
    clock_advance(clock, 30);
    g_assert_cmpstr(log->str, ==, "bcabc");
    clock_advance(clock, 31);
    g_assert_cmpint(a.now, ==, 31);
    timer_set(a.timer, 40);
    timer_cancel(a.timer);
    timer_cancel(a.timer);
    clock_advance(clock, 100);
    g_assert_cmpstr(log->str, ==, "bcabca");
    timer_free(a.timer);
    timer_free(b.timer);
    timer_free(c.timer);
    timer_free(NULL);
    clock_free(clock);
}

static void test_periodic(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Clock *clock = clock_new(NULL, NULL);
    Tick a;

    tick_init(&a, clock, CLOCK_KIND_HOST, log, 'a');
    a.period = 10;
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_HOST), ==, CLOCK_TEST_EPOCH);
    timer_set(a.timer, CLOCK_TEST_EPOCH + 10);
    clock_advance(clock, 55);
    g_assert_cmpstr(log->str, ==, "aaaaa");
    g_assert_cmpint(a.now, ==, CLOCK_TEST_EPOCH + 50);
    timer_free(a.timer);
    clock_free(clock);
}

/* A timer that rearms itself keeps to its floor; others set it freely. */
static void test_floor(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Clock *clock = clock_new(NULL, NULL);
    Tick a, b;

    tick_init(&b, clock, CLOCK_KIND_VIRTUAL, log, 'b');
    a = (Tick){ .clock = clock, .log = log, .name = 'a', .period = 1 };
    a.timer = timer_new(clock, CLOCK_KIND_HOST, 100, tick, &a);
    timer_set_after(a.timer, 5);
    timer_set_after(b.timer, 250);
    clock_advance(clock, 300);                  /* a: 5, 105, 205 */
    g_assert_cmpstr(log->str, ==, "aaab");
    g_assert_cmpint(a.now, ==, CLOCK_TEST_EPOCH + 205);
    g_assert_cmpint(timer_earliest(a.timer), ==, CLOCK_TEST_EPOCH + 206);
    timer_set(a.timer, 0);
    clock_advance(clock, 300);
    g_assert_cmpint(a.now, ==, CLOCK_TEST_EPOCH + 300);
    g_assert_true(timer_pending(a.timer));
    timer_free(a.timer);
    timer_free(b.timer);
    clock_free(clock);
}

/* Time ends; what lies behind its end never comes, and nothing goes round. */
static void test_end(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Clock *clock = clock_new(NULL, NULL);
    Tick a, b, c;

    tick_init(&a, clock, CLOCK_KIND_VIRTUAL, log, 'a');
    tick_init(&b, clock, CLOCK_KIND_HOST, log, 'b');
    tick_init(&c, clock, CLOCK_KIND_VIRTUAL, log, 'c');
    a.period = b.period = CLOCK_NEVER / 2;
    timer_set_after(a.timer, a.period);
    timer_set_after(b.timer, b.period);
    timer_set(c.timer, CLOCK_NEVER);
    g_assert_false(timer_pending(c.timer));
    timer_set(c.timer, G_MININT64);
    g_assert_cmpint(clock_deadline(clock), ==, 0);
    g_assert_true(clock_advance_some(clock, CLOCK_NEVER - 1, 10));
    g_assert_cmpstr(log->str, ==, "caba");
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_HOST), ==, CLOCK_NEVER);
    g_assert_cmpint(clock_deadline(clock), ==, -1);
    timer_set_after(a.timer, 1);
    timer_set_after(b.timer, 1);
    g_assert_false(timer_pending(a.timer) || timer_pending(b.timer));
    g_assert_true(clock_advance_some(clock, CLOCK_NEVER, 10));
    g_assert_cmpint(clock_add(G_MININT64, -1), ==, G_MININT64);
    g_assert_cmpint(clock_multiply(-2, CLOCK_NEVER), ==, G_MININT64);
    g_assert_cmpint(clock_multiply(2, CLOCK_NEVER), ==, CLOCK_NEVER);
    timer_free(a.timer);
    timer_free(b.timer);
    timer_free(c.timer);
    clock_free(clock);
}

/* So many timers at a time, and the clock stays at the last one's deadline. */
static void test_some(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Clock *clock = clock_new(NULL, NULL);
    Tick a, b;

    g_assert_true(clock_stands(clock));
    tick_init(&a, clock, CLOCK_KIND_VIRTUAL, log, 'a');
    tick_init(&b, clock, CLOCK_KIND_HOST, log, 'b');
    a.period = 10;
    timer_set(a.timer, 10);
    timer_set(b.timer, CLOCK_TEST_EPOCH + 5);
    g_assert_cmpint(clock_deadline(clock), ==, 5);
    g_assert_false(clock_advance_some(clock, 100, 3));
    g_assert_cmpstr(log->str, ==, "baa");
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, 20);
    g_assert_false(clock_advance_some(clock, 100, 0));
    g_assert_true(clock_advance_some(clock, 100, 8));
    g_assert_cmpstr(log->str, ==, "baaaaaaaaaa");
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, 100);
    g_assert_true(clock_advance_some(clock, 50, 1));
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, 100);
    timer_free(a.timer);
    timer_free(b.timer);
    clock_free(clock);
}

/* Many timers in random order, some cancelled: fire sorted, each once. */
static void test_heap(void)
{
    enum { N = 500 };
    Clock *clock = clock_new(NULL, NULL);
    g_autoptr(GString) log = g_string_new(NULL);
    g_autofree Tick *ticks = g_new(Tick, N);
    GRand *rand = g_rand_new_with_seed(7);
    guint live = 0;
    gint64 last = 0;

    for (guint i = 0; i < N; i++) {
        tick_init(&ticks[i], clock, CLOCK_KIND_VIRTUAL, log, 'x');
        timer_set(ticks[i].timer, g_rand_int_range(rand, 1, 1000));
        timer_set(ticks[i].timer, g_rand_int_range(rand, 1, 1000));
    }
    for (guint i = 0; i < N; i++) {
        if (g_rand_int_range(rand, 0, 3) == 0) {
            timer_cancel(ticks[i].timer);
        } else {
            live++;
        }
    }
    while (clock_deadline(clock) >= 0) {
        gint64 next = clock_deadline(clock);

        g_assert_cmpint(next, >=, last);
        last = next;
        clock_advance(clock, next);
    }
    g_assert_cmpuint(log->len, ==, live);
    for (guint i = 0; i < N; i++) {
        timer_free(ticks[i].timer);
    }
    g_rand_free(rand);
    clock_free(clock);
}

static void free_self(void *opaque, gint64 now)
{
    Timer **timer = opaque;

    timer_free(*timer);
    *timer = NULL;
}

static void test_free_in_callback(void)
{
    Clock *clock = clock_new(NULL, NULL);
    Timer *timer = NULL;

    timer = timer_new(clock, CLOCK_KIND_VIRTUAL, 1, free_self, &timer);
    timer_set(timer, 1);
    clock_advance(clock, 2);
    g_assert_null(timer);
    clock_free(clock);
}

/* ---- On a loop ---- */

/* The test has the lock, except while the loop turns. */
typedef struct {
    struct event_base *base;
    FairLock lock;
} Loop;

static void loop_init(Loop *loop)
{
    loop->base = event_base_new();
    fair_lock_init(&loop->lock);
    fair_lock_acquire(&loop->lock);
}

static void loop_turn(Loop *loop, int flags)
{
    fair_lock_release(&loop->lock);
    event_base_loop(loop->base, flags);
    fair_lock_acquire(&loop->lock);
}

static void loop_done(Loop *loop)
{
    fair_lock_release(&loop->lock);
    event_base_free(loop->base);
}

typedef struct {
    Loop *loop;
    gint64 now;
} Stop;

static void stop_loop(void *opaque, gint64 now)
{
    Stop *stop = opaque;

    g_assert_true(fair_lock_mine(&stop->loop->lock));
    stop->now = now;
    event_base_loopbreak(stop->loop->base);
}

static void test_loop(void)
{
    Loop loop;
    Stop stop = { .loop = &loop };
    gint64 start = g_get_monotonic_time();
    Clock *clock;
    Timer *timer;
    gint64 stood;

    loop_init(&loop);
    clock = clock_new(loop.base, &loop.lock);
    timer = timer_new(clock, CLOCK_KIND_VIRTUAL, 1, stop_loop, &stop);
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, 0);
    clock_run(clock, true);
    timer_set(timer, 20 * MS);
    loop_turn(&loop, 0);
    g_assert_cmpint(stop.now, >=, 20 * MS);
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 20000);
    clock_run(clock, false);
    stood = clock_now(clock, CLOCK_KIND_VIRTUAL);
    timer_set(timer, stood + MS);
    g_usleep(10000);
    loop_turn(&loop, EVLOOP_NONBLOCK);
    g_assert_true(timer_pending(timer));        /* time stands */
    g_assert_cmpint(clock_now(clock, CLOCK_KIND_VIRTUAL), ==, stood);
    clock_run(clock, true);
    loop_turn(&loop, 0);
    g_assert_cmpint(stop.now, >=, stood + MS);
    g_assert_cmpint(stop.now, <, stood + 10000 * MS);
    timer_free(timer);
    clock_free(clock);
    loop_done(&loop);
}

typedef struct {
    Loop *loop;
    Timer *timer;
} Setter;

static void *set_from_thread(void *data)
{
    Setter *setter = data;

    g_usleep(20000);
    fair_lock_acquire(&setter->loop->lock);
    timer_set(setter->timer, 0);                /* wakes a loop that sleeps */
    fair_lock_release(&setter->loop->lock);
    return NULL;
}

static void test_other_thread(void)
{
    Loop loop;
    Stop stop = { .loop = &loop };
    Setter setter = { .loop = &loop };
    Clock *clock;
    Timer *timer, *far;
    GThread *thread;

    loop_init(&loop);
    clock = clock_new(loop.base, &loop.lock);
    setter.timer = timer = timer_new(clock, CLOCK_KIND_REAL, 1, stop_loop, &stop);
    far = timer_new(clock, CLOCK_KIND_HOST, 1, stop_loop, &stop);
    timer_set(far, CLOCK_NEVER - 1);
    thread = g_thread_new("set", set_from_thread, &setter);
    loop_turn(&loop, 0);
    g_assert_cmpint(stop.now, >, 0);
    g_assert_false(timer_pending(timer));
    g_assert_true(timer_pending(far));
    g_thread_join(thread);
    timer_free(far);
    timer_free(timer);
    clock_free(clock);
    loop_done(&loop);
}

int main(int argc, char **argv)
{
    evthread_use_pthreads();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/order", test_order);
    g_test_add_func("/clock/periodic", test_periodic);
    g_test_add_func("/clock/floor", test_floor);
    g_test_add_func("/clock/end", test_end);
    g_test_add_func("/clock/some", test_some);
    g_test_add_func("/clock/heap", test_heap);
    g_test_add_func("/clock/free-in-callback", test_free_in_callback);
    g_test_add_func("/clock/loop", test_loop);
    g_test_add_func("/clock/other-thread", test_other_thread);
    return g_test_run();
}
