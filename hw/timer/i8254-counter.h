/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One counter of an 8254: a function of time.  It depends on neither clock nor
 * lines; `now` is in nanoseconds of the clock from which CLK is derived.
 */
#ifndef HW_TIMER_I8254_COUNTER_H
#define HW_TIMER_I8254_COUNTER_H

#include "cpu/chips.h"

typedef X86PitCounter I8254Counter;

/* To be called after a reset has restored the rows. */
void i8254_counter_restart(I8254Counter *c, gint64 now);

/* The control word, bits 5:0; with RW 0 it latches the count. */
void i8254_counter_control(I8254Counter *c, guint8 word, gint64 now);
/* Read-back: latches the count or the status. */
void i8254_counter_latch_count(I8254Counter *c, gint64 now);
void i8254_counter_latch_status(I8254Counter *c, gint64 now);
void i8254_counter_write(I8254Counter *c, guint8 value, gint64 now);
guint8 i8254_counter_read(I8254Counter *c, gint64 now);
void i8254_counter_set_gate(I8254Counter *c, bool level, gint64 now);

bool i8254_counter_out(I8254Counter *c, gint64 now);
/* When OUT changes to that level next: after `after`, which is not before the last
 * access; CLOCK_NEVER if it does not in the current state. */
gint64 i8254_counter_next(const I8254Counter *c, bool level, gint64 after);

#endif
