/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of run states: each pair of states, allowed or not.
 *
 * The table below is written out a second time, as pictures: a row for each state
 * that a machine can be in, a column for each state that it may go to.
 */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "daemon/machine/run-state.h"

/* The columns, and what stands for them. */
static const RunState columns[] = {
    RUN_STATE_PRELAUNCH, RUN_STATE_RUNNING, RUN_STATE_PAUSED, RUN_STATE_SUSPENDED,
    RUN_STATE_INTERNAL_ERROR, RUN_STATE_IO_ERROR, RUN_STATE_GUEST_PANICKED,
    RUN_STATE_WATCHDOG, RUN_STATE_SHUTDOWN,
};

typedef struct {
    RunState from;
    const char *to;             /* 'x': may be reached at once */
} Row;

static const Row rows[] = {
    /*                             pre run pau sus int io  pan wat shu */
    { RUN_STATE_PRELAUNCH,        " =   x                           x " },
    { RUN_STATE_RUNNING,          "     =   x   x   x   x   x   x   x " },
    { RUN_STATE_PAUSED,           "     x   =                       x " },
    { RUN_STATE_SUSPENDED,        "     x       =                   x " },
    { RUN_STATE_INTERNAL_ERROR,   "         x       =               x " },
    { RUN_STATE_IO_ERROR,         "     x   x           =           x " },
    { RUN_STATE_GUEST_PANICKED,   "     x   x               =       x " },
    { RUN_STATE_WATCHDOG,         "     x   x                   =   x " },
    { RUN_STATE_SHUTDOWN,         " x       x                       = " },
};

static int column_of(RunState state)
{
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
        if (columns[i] == state) {
            return i;
        }
    }
    return -1;
}

static const Row *row_of(RunState state)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].from == state) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool expected(RunState from, RunState to)
{
    const Row *row = row_of(from);
    int column = column_of(to);

    /* States of features that are not there: only where they are already. */
    return from == to || (row && column >= 0 && row->to[column * 4 + 1] == 'x');
}

static void test_each_pair(void)
{
    guint allowed = 0;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpuint(strlen(rows[i].to), ==, G_N_ELEMENTS(columns) * 4 - 1);
    }
    for (RunState from = 0; from < RUN_STATE__MAX; from++) {
        for (RunState to = 0; to < RUN_STATE__MAX; to++) {
            if (run_state_allowed(from, to) != expected(from, to)) {
                g_test_message("from %s to %s", qmp_enum_name(&qmp_type_RunState, from),
                               qmp_enum_name(&qmp_type_RunState, to));
                g_test_fail();
            }
            allowed += run_state_allowed(from, to);
        }
    }
    g_assert_cmpuint(allowed, ==, 26 + RUN_STATE__MAX);
}

/* What nothing leads to is nowhere to be left, and the other way round. */
static void test_reachable(void)
{
    for (RunState state = 0; state < RUN_STATE__MAX; state++) {
        bool in = false, out = false;

        for (RunState other = 0; other < RUN_STATE__MAX; other++) {
            in |= other != state && run_state_allowed(other, state);
            out |= other != state && run_state_allowed(state, other);
        }
        g_assert_cmpint(in, ==, out);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run-transitions/each-pair", test_each_pair);
    g_test_add_func("/run-transitions/reachable", test_reachable);
    return g_test_run();
}
