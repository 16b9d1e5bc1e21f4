/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue: order, threads, intervals.
 */
#include "config.h"

#include <string.h>

#include "qmp/qapi-events.h"
#include "tests/unit/test-qmp-server-rig.h"

typedef struct {
    Rig *rig;
    GString *seen;              /* "NAME:number " of each event */
    guint rounds;
} Watch;

static void watch(const QmpEvent *event, void *data)
{
    Watch *w = data;

    if (!event) {
        w->rounds++;
        return;
    }
    g_assert_cmpint(ABS(event->time - g_get_real_time()), <, 10 * G_USEC_PER_SEC);
    if (event->data) {
        g_assert_cmpuint(strlen(event->data), ==, event->data_length);
    }
    g_string_append_printf(w->seen, "%s ", event->data ? event->data : event->name);
}

static Watch *watch_new(void)
{
    Watch *w = g_new0(Watch, 1);

    w->rig = rig_new(NULL);
    w->seen = g_string_new(NULL);
    qmp_event_queue_add_sink(w->rig->queue, watch, w);
    return w;
}

static void watch_free(Watch *w)
{
    qmp_event_queue_remove_sink(w->rig->queue, w);
    rig_free(w->rig);
    g_string_free(w->seen, TRUE);
    g_free(w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)

static void note(Watch *w, const char *name, guint32 number)
{
    qmp_event_test_note(w->rig->queue,
                        &(EventTestNote){ .name = (char *)name, .number = number });
}

static void check(Watch *w, const char *seen)
{
    g_assert_cmpstr(w->seen->str, ==, seen);
    g_string_truncate(w->seen, 0);
}

static void test_order(void)
{
    g_autoptr(Watch) w = watch_new();

    note(w, "a", 1);
    qmp_event_test_bare(w->rig->queue);
    note(w, "b", 2);
    check(w, "");                       /* nothing below the emitter's feet */
    rig_run(w->rig, 0);
    check(w, "{\"name\": \"a\", \"number\": 1} TEST_BARE {\"name\": \"b\", \"number\": 2} ");
    g_assert_cmpuint(w->rounds, ==, 1);
    rig_run(w->rig, 0);
    check(w, "");
    note(w, "c", 3);
    qmp_event_queue_deliver(w->rig->queue);
    check(w, "{\"name\": \"c\", \"number\": 3} ");
}

static void test_hold(void)
{
    g_autoptr(Watch) w = watch_new();

    qmp_event_queue_hold(w->rig->queue);
    note(w, "a", 1);
    rig_run(w->rig, 0);
    qmp_event_queue_deliver(w->rig->queue);
    check(w, "");
    qmp_event_queue_release(w->rig->queue, false);
    check(w, "{\"name\": \"a\", \"number\": 1} ");

    qmp_event_queue_hold(w->rig->queue);
    note(w, "b", 2);
    rig_run(w->rig, 0);
    qmp_event_queue_release(w->rig->queue, true);
    check(w, "");
    note(w, "c", 3);
    rig_run(w->rig, 0);
    check(w, "{\"name\": \"c\", \"number\": 3} ");
}

enum { THREADS = 4, PER_THREAD = 5000 };

static void *emit_many(void *data)
{
    Watch *w = data;

    for (guint i = 0; i < PER_THREAD; i++) {
        note(w, "t", i);
    }
    return NULL;
}

static guint count_seen(const Watch *w)
{
    guint n = 0;

    for (const char *c = w->seen->str; (c = strstr(c, "\"t\"")); c++) {
        n++;
    }
    return n;
}

/* From many threads while the loop sleeps: every one arrives, woken by itself. */
static void test_threads(void)
{
    g_autoptr(Watch) w = watch_new();
    GThread *threads[THREADS];
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    for (guint i = 0; i < THREADS; i++) {
        threads[i] = g_thread_new("emit", emit_many, w);
    }
    while (count_seen(w) < THREADS * PER_THREAD && g_get_monotonic_time() < end) {
        event_base_loop(w->rig->base, EVLOOP_ONCE);
    }
    for (guint i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(count_seen(w), ==, THREADS * PER_THREAD);
}

/* The first at once, then the last of each interval, then at once again. */
static void test_intervals(void)
{
    static const QmpEventThrottle rows[] = {
        { .event = "TEST_NOTE", .interval_ns = 50 * 1000 * 1000 },
    };
    g_autoptr(Watch) w = watch_new();

    qmp_event_queue_set_throttles(w->rig->queue, rows, G_N_ELEMENTS(rows));
    for (guint i = 0; i < 10; i++) {
        note(w, "a", i);
    }
    qmp_event_test_bare(w->rig->queue);         /* has no row */
    rig_run(w->rig, 1);
    check(w, "{\"name\": \"a\", \"number\": 0} TEST_BARE ");
    rig_run(w->rig, 80);
    check(w, "{\"name\": \"a\", \"number\": 9} ");
    rig_run(w->rig, 60);
    check(w, "");
    note(w, "a", 10);
    rig_run(w->rig, 1);
    check(w, "{\"name\": \"a\", \"number\": 10} ");
}

static void test_interval_keys(void)
{
    static const QmpEventThrottle rows[] = {
        { .event = "TEST_NOTE", .interval_ns = 30 * 1000 * 1000, .key = "name" },
    };
    g_autoptr(Watch) w = watch_new();

    qmp_event_queue_set_throttles(w->rig->queue, rows, G_N_ELEMENTS(rows));
    note(w, "a", 1);
    note(w, "b", 1);
    note(w, "a", 2);
    rig_run(w->rig, 1);
    check(w, "{\"name\": \"a\", \"number\": 1} {\"name\": \"b\", \"number\": 1} ");
    rig_run(w->rig, 50);
    check(w, "{\"name\": \"a\", \"number\": 2} ");
    note(w, "a", 3);                            /* held back at the end: freed */
}

/* One interval's end says nothing about the others. */
static void test_interval_ends(void)
{
    static const QmpEventThrottle rows[] = {
        { .event = "TEST_NOTE", .interval_ns = 20 * 1000 * 1000 },
        { .event = "TEST_BARE", .interval_ns = 10 * G_GINT64_CONSTANT(1000000000) },
    };
    g_autoptr(Watch) w = watch_new();

    qmp_event_queue_set_throttles(w->rig->queue, rows, G_N_ELEMENTS(rows));
    note(w, "a", 1);
    note(w, "a", 2);
    qmp_event_test_bare(w->rig->queue);
    qmp_event_test_bare(w->rig->queue);
    rig_run(w->rig, 1);
    check(w, "{\"name\": \"a\", \"number\": 1} TEST_BARE ");
    rig_run(w->rig, 80);
    check(w, "{\"name\": \"a\", \"number\": 2} ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/event/order", test_order);
    g_test_add_func("/qmp/event/hold", test_hold);
    g_test_add_func("/qmp/event/threads", test_threads);
    g_test_add_func("/qmp/event/intervals", test_intervals);
    g_test_add_func("/qmp/event/interval-keys", test_interval_keys);
    g_test_add_func("/qmp/event/interval-ends", test_interval_ends);
    return g_test_run();
}
