/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_step and clock_set: virtual time, which stands still otherwise.  Timers
 * on the way fire in their order, each at its own time, and many of them over
 * several turns of the loop, so that other clients are answered meanwhile.
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

/* How many timers fire before the work is checked again. */
#define STEP_TIMERS 64

static bool can_move(QTest *s, const Machine *machine)
{
    if (!clock_stands(machine->clock)) {
        qtest_fail(s, "the clock runs by itself: the accelerator is not 'qtest-accel'");
        return false;
    }
    return true;
}

static void answer(QTest *s, Clock *clock)
{
    qtest_reply(s, "OK %" G_GINT64_FORMAT, clock_now(clock, CLOCK_KIND_VIRTUAL));
}

void qtest_clock_go_on(QTest *s)
{
    const Machine *machine = machine_find(object_root(&s->object));

    s->clock_moves = false;
    if (!machine || !machine->clock) {
        qtest_fail(s, "the machine is gone");
        return;
    }
    qtest_spend(s, 0, STEP_TIMERS);
    if (clock_advance_some(machine->clock, s->clock_to, STEP_TIMERS)) {
        answer(s, machine->clock);
    } else {
        s->clock_moves = true;
    }
}

/* Time never goes back. */
static void move_to(QTest *s, gint64 to)
{
    s->clock_to = to;
    qtest_clock_go_on(s);
}

static void run_clock_step(QTest *s, Machine *machine, char **words)
{
    gint64 now = clock_now(machine->clock, CLOCK_KIND_VIRTUAL);
    gint64 deadline = clock_deadline(machine->clock);
    gint64 ns, to;

    if (!can_move(s, machine)) {
        return;
    }
    if (!words[1]) {
        move_to(s, MAX(deadline, now));         /* without timers it does not move */
        return;
    }
    if (!qtest_i64(s, words[1], &ns)) {
        return;
    }
    if (ns < 0 || __builtin_add_overflow(now, ns, &to)) {
        qtest_fail(s, "the clock cannot be moved by %" G_GINT64_FORMAT " ns", ns);
        return;
    }
    move_to(s, to);
}

static void run_clock_set(QTest *s, Machine *machine, char **words)
{
    gint64 ns;

    if (!can_move(s, machine) || !qtest_i64(s, words[1], &ns)) {
        return;
    }
    move_to(s, ns);
}

const QtestCommand qtest_clock_commands[] = {
    { "clock_step", 0, true, run_clock_step },
    { "clock_set", 1, true, run_clock_set },
    { NULL, 0, false, NULL },
};
