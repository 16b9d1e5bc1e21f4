/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One counter of an 8254: a function of time.  It knows neither clock nor lines;
 * `now` is nanoseconds of the clock that CLK is made from.
 */
#ifndef HW_TIMER_I8254_COUNTER_H
#define HW_TIMER_I8254_COUNTER_H

#include "qom/state.h"

typedef struct {
    /* Control word. */
    guint8 mode;                /* 0 to 5 */
    guint8 rw;                  /* 1: least significant byte, 2: most, 3: both */
    bool bcd;
    /* Count register and counting element. */
    guint16 cr;                 /* as it was written */
    guint8 cr_low;              /* first byte of two */
    bool loaded;                /* since the control word a count was written */
    bool null_count;            /* cr is not in the counting element yet */
    guint16 counting;           /* count that the element was loaded with */
    bool triggered;             /* modes 1 and 5: by the gate */
    bool stopped;               /* the gate holds the element at `ticks` */
    gint64 start;               /* time at which it was loaded */
    guint64 ticks;              /* since then, if stopped */
    bool gate;
    /* Access. */
    bool write_high, read_high; /* the next byte is the second of two */
    guint8 latched;             /* bytes of count_latch left to read */
    guint16 count_latch;
    bool status_latched;
    guint8 status_latch;
} I8254Counter;

/* For the state table of the device that embeds an array of them.  At power-on a
 * counter is undefined; here it counts as if 0 had been written in mode 3. */
#define I8254_COUNTER_STATE(type_, array_, n_, gate_) \
    STATE_FIELD(U8, type_, array_[n_].mode, 3), \
    STATE_FIELD(U8, type_, array_[n_].rw, 3), \
    STATE_FIELD(BOOL, type_, array_[n_].bcd, false), \
    STATE_FIELD(U16, type_, array_[n_].cr, 0), \
    STATE_FIELD(U8, type_, array_[n_].cr_low, 0), \
    STATE_FIELD(BOOL, type_, array_[n_].loaded, true), \
    STATE_FIELD(BOOL, type_, array_[n_].null_count, false), \
    STATE_FIELD(U16, type_, array_[n_].counting, 0), \
    STATE_FIELD(BOOL, type_, array_[n_].triggered, false), \
    STATE_FIELD(BOOL, type_, array_[n_].stopped, !(gate_)), \
    STATE_FIELD(I64, type_, array_[n_].start, 0), \
    STATE_FIELD(U64, type_, array_[n_].ticks, 0), \
    STATE_FIELD(BOOL, type_, array_[n_].gate, gate_), \
    STATE_FIELD(BOOL, type_, array_[n_].write_high, false), \
    STATE_FIELD(BOOL, type_, array_[n_].read_high, false), \
    STATE_FIELD(U8, type_, array_[n_].latched, 0), \
    STATE_FIELD(U16, type_, array_[n_].count_latch, 0), \
    STATE_FIELD(BOOL, type_, array_[n_].status_latched, false), \
    STATE_FIELD(U8, type_, array_[n_].status_latch, 0)

/* After a reset put the rows back. */
void i8254_counter_restart(I8254Counter *c, gint64 now);

/* The control word, bits 5:0; with RW 0 it latches the count. */
void i8254_counter_control(I8254Counter *c, guint8 word, gint64 now);
/* Read-back: latches what is asked for. */
void i8254_counter_latch_count(I8254Counter *c, gint64 now);
void i8254_counter_latch_status(I8254Counter *c, gint64 now);
void i8254_counter_write(I8254Counter *c, guint8 value, gint64 now);
guint8 i8254_counter_read(I8254Counter *c, gint64 now);
void i8254_counter_set_gate(I8254Counter *c, bool level, gint64 now);

bool i8254_counter_out(I8254Counter *c, gint64 now);
/* When OUT changes to that level next: after `after`, which is not before the last
 * access; CLOCK_NEVER if it does not as things are. */
gint64 i8254_counter_next(const I8254Counter *c, bool level, gint64 after);

/* Whether a loaded state can be one. */
bool i8254_counter_check(const I8254Counter *c);

#endif
