/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers as state rows (qom/state.h): STATE_CLOCK_TIMER(Uart16550, timeout).  The
 * saved value is the deadline in the timer's clock, so this works for virtual time
 * only, which is saved with the machine.
 */
#ifndef HW_CORE_TIMER_STATE_H
#define HW_CORE_TIMER_STATE_H

#include "hw/core/clock.h"
#include "qom/state.h"

/* A timer that does not exist yet (NULL) is saved as never firing. */
extern const StateTimerOps timer_state;

#define STATE_CLOCK_TIMER(type_, field_) STATE_TIMER_BY(&timer_state, 0, type_, field_)
#define STATE_CLOCK_TIMER_KEEP(type_, field_) \
    STATE_TIMER_BY(&timer_state, STATE_KEEP, type_, field_)

#endif
