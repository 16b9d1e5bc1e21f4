/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers as state rows.
 */
#include "config.h"
#include "hw/core/timer-state.h"

#include "hw/core/timer-heap.h"

static gint64 get(const void *opaque)
{
    const Timer *timer = opaque;

    return timer && timer_pending(timer) ? timer->deadline : CLOCK_NEVER;
}

static void set(void *opaque, gint64 when)
{
    if (opaque) {
        timer_set(opaque, when);
    }
}

const StateTimerOps timer_state = { .get = get, .set = set };
