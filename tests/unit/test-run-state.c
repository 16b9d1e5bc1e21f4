/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run state without a daemon: what it publishes, and what it asks of a machine.  The way
 * from each state to each other is test-run-transitions.c's.
 */
#include "config.h"
#include "daemon/machine/run-state.h"

#include "qmp/error.h"
#include "tests/lib/rig.h"
#include "tests/unit/loop-bench.h"

typedef struct {
    Rig *rig;
    struct event_base *base;
    QmpEventQueue *events;
    RunControl run;
    GString *news;              /* "STATE ", "(powering down) ", "(reset) ", in order */
    GString *sent;              /* names of events */
} Bench;

static void on_news(void *opaque, const RunControl *run, RunNews news)
{
    Bench *b = opaque;

    g_assert_true(run == &b->run);
    switch (news) {
    case RUN_NEWS_STATE:
        g_string_append_printf(b->news, "%s ", qmp_enum_name(&qmp_type_RunState, run->state));
        break;
    case RUN_NEWS_POWERING_DOWN:
        g_string_append(b->news, "(powering down) ");
        break;
    case RUN_NEWS_RESET:
        g_string_append(b->news, "(reset) ");
        break;
    }
}

static void note_event(const QmpEvent *event, void *opaque)
{
    if (event) {
        g_string_append_printf(((Bench *)opaque)->sent, "%s ", event->name);
    }
}

static void bench_init(Bench *b)
{
    *b = (Bench){ .rig = rig_new(), .base = event_base_new(), .news = g_string_new(NULL),
                  .sent = g_string_new(NULL) };
    b->events = qmp_event_queue_new(b->base);
    qmp_event_queue_add_sink(b->events, note_event, b);
    run_control_init(&b->run);
    run_control_attach(&b->run, b->rig->root, b->events, NULL);
    run_control_subscribe(&b->run, on_news, b);
}

static void bench_clear(Bench *b)
{
    run_control_clear(&b->run);
    qmp_event_queue_free(b->events);
    event_base_free(b->base);
    rig_free(b->rig);
    g_string_free(b->news, TRUE);
    g_string_free(b->sent, TRUE);
}

static void start(Bench *b)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(machine_run(b->rig->machine, &error));
    g_assert_no_error(error);
    machine_pause(b->rig->machine);
}

static void assert_told(Bench *b, const char *news, const char *sent)
{
    qmp_event_queue_deliver_all(b->events);
    g_assert_cmpstr(b->news->str, ==, news);
    g_assert_cmpstr(b->sent->str, ==, sent);
    g_string_truncate(b->news, 0);
    g_string_truncate(b->sent, 0);
}

/* Each subscriber, in the order of coming, after the change. */
static void test_subscribers(void)
{
    Bench b;

    bench_init(&b);
    run_control_subscribe(&b.run, on_news, &b);
    run_control_end(&b.run);
    assert_told(&b, "shutdown shutdown ", "");
    bench_clear(&b);
}

/* A machine that has not been started is built on. */
static void test_reset_before_start(void)
{
    Bench b;

    bench_init(&b);
    run_control_reset(&b.run, SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET, NULL);
    assert_told(&b, "", "");
    run_control_end(&b.run);
    run_control_reset(&b.run, SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET, NULL);
    assert_told(&b, "shutdown prelaunch ", "");
    bench_clear(&b);
}

/* What counts from reset to reset hears of it before the state changes.  A guest that asked for
 * it has nothing of it any more when its machine is shut down. */
static void test_reset(void)
{
    Bench b;

    bench_init(&b);
    start(&b);
    run_control_end(&b.run);
    run_control_reset(&b.run, SHUTDOWN_CAUSE_GUEST_RESET, NULL);
    assert_told(&b, "shutdown ", "");
    b.run.state = RUN_STATE_GUEST_PANICKED;
    run_control_reset(&b.run, SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET, NULL);
    assert_told(&b, "(reset) paused ", "RESET ");
    g_assert_cmpuint(b.run.resets, ==, 0);
    bench_clear(&b);
}

/* Nobody is told of a button that there is not. */
static void test_power_down(void)
{
    g_autoptr(GError) error = NULL;
    Bench b;

    bench_init(&b);
    g_assert_false(run_control_power_down(&b.run, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_WRONG_STATE));
    g_clear_error(&error);
    start(&b);
    g_assert_false(run_control_power_down(&b.run, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    assert_told(&b, "", "");
    bench_clear(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    loop_bench_init();
    g_test_add_func("/run-state/subscribers", test_subscribers);
    g_test_add_func("/run-state/reset-before-start", test_reset_before_start);
    g_test_add_func("/run-state/reset", test_reset);
    g_test_add_func("/run-state/power-down", test_power_down);
    return g_test_run();
}
