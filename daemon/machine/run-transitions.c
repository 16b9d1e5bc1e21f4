/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of run states: see run-state.h.  In a separate file so that a test can
 * walk it.
 */
#include "config.h"

#include "daemon/machine/run-state.h"

#define TO(state) (1u << RUN_STATE_##state)

/* The transitions from each state.  States of features that do not exist yet
 * have none, in either direction.
 *
 * PAUSED is where a reset leaves every machine that does not run, whatever stopped it;
 * one that was shut down before it ever ran is back in PRELAUNCH. */
static const guint32 transitions[RUN_STATE__MAX] = {
    [RUN_STATE_PRELAUNCH] = TO(RUNNING) | TO(SHUTDOWN),
    [RUN_STATE_RUNNING] = TO(PAUSED) | TO(SHUTDOWN) | TO(INTERNAL_ERROR) | TO(IO_ERROR) |
                          TO(GUEST_PANICKED) | TO(WATCHDOG) | TO(SUSPENDED),
    [RUN_STATE_PAUSED] = TO(RUNNING) | TO(SHUTDOWN),
    [RUN_STATE_INTERNAL_ERROR] = TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_IO_ERROR] = TO(RUNNING) | TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_GUEST_PANICKED] = TO(RUNNING) | TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_WATCHDOG] = TO(RUNNING) | TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_SUSPENDED] = TO(RUNNING) | TO(SHUTDOWN),
    [RUN_STATE_SHUTDOWN] = TO(PAUSED) | TO(PRELAUNCH),
};

bool run_state_allowed(RunState from, RunState to)
{
    return from == to || (transitions[from] & (1u << to));
}
