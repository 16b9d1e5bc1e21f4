/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue: order, threads, rates.
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

/* ---- Rates: TEST_OFTEN has one in 50 ms a name if caused by a guest, TEST_SELDOM
 * one a minute ---- */

static void often(Watch *w, const char *name, guint32 number)
{
    qmp_event_test_often(w->rig->queue, &(EventTestOften){
        .name = (char *)name, .number = number, .guest = true });
}

static void by_host(Watch *w, const char *name, guint32 number)
{
    qmp_event_test_often(w->rig->queue, &(EventTestOften){
        .name = (char *)name, .number = number });
}

static void seldom(Watch *w, guint32 number)
{
    qmp_event_test_seldom(w->rig->queue, &(EventTestSeldom){ .number = number });
}

#define OFTEN(name, number) \
    "{\"name\": \"" name "\", \"number\": " number ", \"guest\": true} "
#define BY_HOST(name, number) \
    "{\"name\": \"" name "\", \"number\": " number ", \"guest\": false} "
#define SELDOM(number) "{\"number\": " number "} "

/* The first at once, then the last of each interval, then at once again. */
static void test_rate(void)
{
    g_autoptr(Watch) w = watch_new();

    for (guint i = 0; i < 10; i++) {
        often(w, "a", i);
    }
    rig_run(w->rig, 1);
    check(w, OFTEN("a", "0"));
    rig_run(w->rig, 80);
    check(w, OFTEN("a", "9"));
    rig_run(w->rig, 60);
    check(w, "");
    often(w, "a", 10);
    rig_run(w->rig, 1);
    check(w, OFTEN("a", "10"));
}

static void test_rate_keys(void)
{
    g_autoptr(Watch) w = watch_new();

    often(w, "a", 1);
    often(w, "b", 1);
    often(w, "a", 2);
    rig_run(w->rig, 1);
    check(w, OFTEN("a", "1") OFTEN("b", "1"));
    rig_run(w->rig, 80);
    check(w, OFTEN("a", "2"));
    often(w, "a", 3);                           /* kept at the end: freed */
}

/* What the host causes goes out at once, each time. */
static void test_rate_when(void)
{
    g_autoptr(Watch) w = watch_new();

    by_host(w, "a", 1);
    by_host(w, "a", 2);
    often(w, "a", 3);
    by_host(w, "a", 4);
    rig_run(w->rig, 1);
    check(w, BY_HOST("a", "1") BY_HOST("a", "2") OFTEN("a", "3") BY_HOST("a", "4"));
}

/* Nothing overtakes what happened before it. */
static void test_rate_order(void)
{
    g_autoptr(Watch) w = watch_new();

    seldom(w, 1);
    seldom(w, 2);
    often(w, "a", 1);                           /* the first of its kind */
    rig_run(w->rig, 1);
    check(w, SELDOM("1") SELDOM("2") OFTEN("a", "1"));
    seldom(w, 3);
    often(w, "a", 2);
    seldom(w, 4);                               /* is kept now, not 3: behind the other */
    rig_run(w->rig, 1);
    check(w, "");
    qmp_event_test_bare(w->rig->queue);
    rig_run(w->rig, 1);
    check(w, OFTEN("a", "2") SELDOM("4") "TEST_BARE ");
}

/* An interval that is over takes along what is older, and nothing else. */
static void test_rate_ends(void)
{
    g_autoptr(Watch) w = watch_new();

    seldom(w, 1);
    often(w, "a", 1);
    rig_run(w->rig, 1);
    check(w, SELDOM("1") OFTEN("a", "1"));
    seldom(w, 2);
    often(w, "a", 2);
    rig_run(w->rig, 120);
    check(w, SELDOM("2") OFTEN("a", "2"));
    often(w, "a", 3);
    seldom(w, 3);
    rig_run(w->rig, 120);
    check(w, OFTEN("a", "3"));
}

/* At the end, nothing is left behind. */
static void test_rate_flush(void)
{
    g_autoptr(Watch) w = watch_new();

    seldom(w, 1);
    seldom(w, 2);
    often(w, "a", 1);
    often(w, "a", 2);
    qmp_server_flush(w->rig->server, 0);
    check(w, SELDOM("1") SELDOM("2") OFTEN("a", "1") OFTEN("a", "2"));
}

/* What a build takes back is forgotten; its intervals are, too. */
static void test_rate_dropped(void)
{
    g_autoptr(Watch) w = watch_new();

    qmp_event_queue_hold(w->rig->queue);
    seldom(w, 1);
    seldom(w, 2);
    qmp_event_queue_release(w->rig->queue, true);
    seldom(w, 3);
    rig_run(w->rig, 1);
    check(w, SELDOM("3"));
}

static void *flood(void *data)
{
    Watch *w = data;

    for (guint i = 0; i < PER_THREAD; i++) {
        often(w, "t", i);
    }
    return NULL;
}

/* A flood from all threads: few go out, the last is among them. */
static void test_rate_threads(void)
{
    g_autoptr(Watch) w = watch_new();
    GThread *threads[THREADS];

    for (guint i = 0; i < THREADS; i++) {
        threads[i] = g_thread_new("flood", flood, w);
    }
    for (guint i = 0; i < THREADS; i++) {
        rig_run(w->rig, 5);
        g_thread_join(threads[i]);
    }
    often(w, "t", 4711);
    rig_run(w->rig, 120);
    g_assert_cmpuint(count_seen(w), <, THREADS * PER_THREAD / 10);
    g_assert_nonnull(strstr(w->seen->str, "4711"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/event/order", test_order);
    g_test_add_func("/qmp/event/hold", test_hold);
    g_test_add_func("/qmp/event/threads", test_threads);
    g_test_add_func("/qmp/event/rate", test_rate);
    g_test_add_func("/qmp/event/rate/keys", test_rate_keys);
    g_test_add_func("/qmp/event/rate/when", test_rate_when);
    g_test_add_func("/qmp/event/rate/order", test_rate_order);
    g_test_add_func("/qmp/event/rate/ends", test_rate_ends);
    g_test_add_func("/qmp/event/rate/flush", test_rate_flush);
    g_test_add_func("/qmp/event/rate/dropped", test_rate_dropped);
    g_test_add_func("/qmp/event/rate/threads", test_rate_threads);
    return g_test_run();
}
