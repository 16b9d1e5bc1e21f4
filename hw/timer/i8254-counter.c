/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of an 8254, after Intel's data sheet "8254 Programmable Interval
 * Timer", September 1993 (231164-005): write and read operations, mode
 * definitions, gate pin operations.  Terms are the data sheet's: the count
 * register CR is loaded into the counting element CE, which CLK decrements.
 *
 * Nothing ticks.  A counter records when its CE was loaded, and with which count;
 * CE and OUT are functions of the pulses since then.  The pulse that loads CE is
 * at the time of the write or trigger, and the others follow at the rate of CLK.
 */
#include "config.h"
#include "hw/timer/i8254-counter.h"

#include "hw/core/clock.h"
#include "hw/timer/i8254.h"

enum {
    RW_LATCH = 0,
    RW_LSB = 1,
    RW_MSB = 2,
    RW_BOTH = 3,
    RW_SHIFT = 4,
    MODE_SHIFT = 1,
    WORD_BCD = 0x01,
    STATUS_OUT = 0x80,
    STATUS_NULL_COUNT = 0x40,
};

#define SECOND G_GUINT64_CONSTANT(1000000000)

/* ---- Time and pulses ---- */

static guint64 multiply(guint64 a, guint64 b, guint64 divisor, guint64 round)
{
    return MIN(((unsigned __int128)a * b + round) / divisor, (unsigned __int128)G_MAXUINT64);
}

static guint64 pulses_in(guint64 ns)
{
    return multiply(ns, I8254_HZ, SECOND, 0);
}

/* The first nanosecond at which so many pulses have occurred. */
static gint64 time_of(guint64 pulses)
{
    return MIN(multiply(pulses, SECOND, I8254_HZ, I8254_HZ - 1), (guint64)CLOCK_NEVER);
}

/* Pulses since CE was loaded. */
static guint64 pulses(const I8254Counter *c, gint64 now)
{
    if (c->stopped) {
        return c->ticks;
    }
    return now > c->start ? pulses_in((guint64)now - (guint64)c->start) : 0;
}

/* ---- Counts ---- */

static guint from_bcd(guint16 bcd)
{
    return (bcd >> 12) * 1000 + (bcd >> 8 & 15) * 100 + (bcd >> 4 & 15) * 10 + (bcd & 15);
}

static guint16 to_bcd(guint n)
{
    return n / 1000 % 10 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10;
}

/* The number of values of CE; a count of 0 stands for it. */
static guint modulus(const I8254Counter *c)
{
    return c->bcd ? 10000 : 0x10000;
}

/* The count that was loaded into CE, raised to the lowest valid count in modes
 * 2 and 3. */
static guint period(const I8254Counter *c)
{
    guint n = c->bcd ? from_bcd(c->counting) : c->counting;

    n = n ? n : modulus(c);
    return c->mode == 2 || c->mode == 3 ? MAX(n, 2) : n;
}

static bool is_periodic(const I8254Counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static bool is_triggered_by_gate(const I8254Counter *c)
{
    return c->mode == 1 || c->mode == 5;
}

/* Whether CE counts or has counted since the control word. */
static bool has_begun(const I8254Counter *c)
{
    return c->loaded && (!is_triggered_by_gate(c) || c->triggered);
}

/* Mode 3: OUT is high for the longer half. */
static guint high_half(const I8254Counter *c)
{
    return (period(c) + 1) / 2;
}

/* Mode 3 counts by two from the count, made even, in each half. */
static guint square_wave_element(const I8254Counter *c, guint64 k)
{
    guint n = period(c);
    guint at = k % n;
    guint in_half = at < high_half(c) ? at : at - high_half(c);

    return (n & ~1u) - 2 * in_half;
}

static guint16 element(const I8254Counter *c, gint64 now)
{
    guint64 k = has_begun(c) ? pulses(c, now) : 0;
    guint n = period(c);
    guint value;

    if (c->mode == 3) {
        value = square_wave_element(c, k);
    } else if (c->mode == 2) {
        value = n - k % n;
    } else {
        value = (n + modulus(c) - k % modulus(c)) % modulus(c);
    }
    return c->bcd ? to_bcd(value) : value;
}

/* ---- Loading ---- */

static void load(I8254Counter *c, gint64 when)
{
    c->counting = c->cr;
    c->null_count = false;
    c->start = when;
    c->ticks = 0;
}

/* When a periodic counter takes a new count by itself: at the end of its period,
 * or in mode 3 of its half. */
static guint64 next_load(const I8254Counter *c, guint64 k)
{
    guint n = period(c);
    guint64 begin = k - k % n;

    return c->mode == 3 && k % n < high_half(c) ? begin + high_half(c) : begin + n;
}

/* Loads a new count if it is due.  In the low half of a square wave the new
 * period begins with its low half. */
static void catch_up(I8254Counter *c, gint64 now)
{
    guint64 k, at;

    if (!c->null_count || !is_periodic(c) || !has_begun(c) || c->stopped) {
        return;
    }
    k = c->ticks;               /* pulses at the last call */
    at = next_load(c, k);
    if (pulses(c, now) < at) {
        return;
    }
    if (c->mode == 3 && at % period(c)) {
        c->counting = c->cr;
        c->null_count = false;
        c->start = clock_add(c->start, time_of(at) - time_of(high_half(c)));
        c->ticks = 0;
    } else {
        load(c, clock_add(c->start, time_of(at)));
    }
}

/* The count in CR is complete. */
static void count_written(I8254Counter *c, gint64 now)
{
    bool first = !c->loaded;

    c->loaded = true;
    c->null_count = true;
    if (is_triggered_by_gate(c)) {
        return;                 /* the next trigger loads it */
    }
    if (first || !is_periodic(c)) {
        load(c, now);
        c->stopped = !c->gate;
    } else {
        c->ticks = pulses(c, now);      /* the end of this period loads it */
    }
}

void i8254_counter_write(I8254Counter *c, guint8 value, gint64 now)
{
    catch_up(c, now);
    if (c->rw == RW_BOTH && !c->write_high) {
        c->cr_low = value;
        c->write_high = true;
        if (c->mode == 0) {
            c->loaded = false;  /* OUT falls, and counting waits for the second byte */
        }
        return;
    }
    c->write_high = false;
    c->cr = c->rw == RW_LSB ? value : c->rw == RW_MSB ? value << 8 : value << 8 | c->cr_low;
    count_written(c, now);
}

/* ---- Reading ---- */

void i8254_counter_latch_count(I8254Counter *c, gint64 now)
{
    catch_up(c, now);
    if (!c->latched) {
        c->count_latch = element(c, now);
        c->latched = c->rw == RW_BOTH ? 2 : 1;
        c->read_high = c->rw == RW_MSB;
    }
}

void i8254_counter_latch_status(I8254Counter *c, gint64 now)
{
    bool out = i8254_counter_out(c, now);

    if (!c->status_latched) {
        c->status_latched = true;
        c->status_latch = (out ? STATUS_OUT : 0) | (c->null_count ? STATUS_NULL_COUNT : 0) |
                          c->rw << RW_SHIFT | c->mode << MODE_SHIFT | (c->bcd ? WORD_BCD : 0);
    }
}

/* A two-byte value is read in two accesses. */
guint8 i8254_counter_read(I8254Counter *c, gint64 now)
{
    guint16 count;
    bool high = c->rw == RW_MSB || (c->rw == RW_BOTH && c->read_high);

    catch_up(c, now);
    if (c->status_latched) {
        c->status_latched = false;
        return c->status_latch;
    }
    count = c->latched ? c->count_latch : element(c, now);
    c->latched -= c->latched ? 1 : 0;
    c->read_high = c->rw == RW_BOTH && !high;
    return high ? count >> 8 : count;
}

/* ---- Control ---- */

void i8254_counter_restart(I8254Counter *c, gint64 now)
{
    c->start = now;
}

void i8254_counter_control(I8254Counter *c, guint8 word, gint64 now)
{
    guint8 mode = word >> MODE_SHIFT & 7;

    if (word >> RW_SHIFT == RW_LATCH) {
        i8254_counter_latch_count(c, now);
        return;
    }
    c->rw = word >> RW_SHIFT;
    c->mode = mode > 5 ? mode & 3 : mode;       /* bit 2 does not matter to 2 and 3 */
    c->bcd = word & WORD_BCD;
    c->loaded = c->triggered = false;
    c->null_count = true;
    c->stopped = !is_triggered_by_gate(c) && !c->gate;
    c->ticks = 0;
    c->write_high = c->read_high = false;
    c->latched = 0;
    c->status_latched = false;
}

static void stop(I8254Counter *c, gint64 now)
{
    c->ticks = pulses(c, now);
    c->stopped = true;
}

static void go_on(I8254Counter *c, gint64 now)
{
    c->stopped = false;
    c->start = clock_add(now, -time_of(c->ticks));
}

/* Gate pin operations. */
void i8254_counter_set_gate(I8254Counter *c, bool level, gint64 now)
{
    bool rises = level && !c->gate;
    bool falls = !level && c->gate;

    catch_up(c, now);
    c->gate = level;
    if (is_triggered_by_gate(c)) {
        if (rises && c->loaded) {
            c->triggered = true;
            load(c, now);
        }
    } else if (falls) {
        stop(c, now);
    } else if (rises && is_periodic(c)) {
        c->stopped = false;
        load(c, now);
    } else if (rises) {
        go_on(c, now);
    }
}

/* ---- OUT ---- */

bool i8254_counter_out(I8254Counter *c, gint64 now)
{
    guint64 k;
    guint n;

    catch_up(c, now);
    if (!has_begun(c)) {
        return c->mode != 0;
    }
    k = pulses(c, now);
    n = period(c);
    switch (c->mode) {
    case 0:
    case 1:
        return k >= n;
    case 2:
        return c->stopped || k % n != n - 1;
    case 3:
        return c->stopped || k % n < high_half(c);
    default:
        return k != n;
    }
}

/* The first pulse after k at which OUT falls, or 0 if it does not. */
static guint64 next_fall(const I8254Counter *c, guint64 k)
{
    guint n = period(c);
    guint64 begin = k - k % n;

    switch (c->mode) {
    case 2:
        return k % n < n - 1 ? begin + n - 1 : begin + n + n - 1;
    case 3:
        return k % n < high_half(c) ? begin + high_half(c) : begin + n + high_half(c);
    case 4:
    case 5:
        return k < n ? n : 0;
    default:
        return 0;
    }
}

static guint64 next_rise(const I8254Counter *c, guint64 k)
{
    guint n = period(c);

    switch (c->mode) {
    case 2:
    case 3:
        return k - k % n + n;
    case 4:
    case 5:
        return k <= n ? n + 1 : 0;
    default:
        return k < n ? n : 0;
    }
}

/* With the count that is in CE. */
static gint64 change_after(const I8254Counter *c, bool level, gint64 after)
{
    guint64 k = pulses(c, after);
    guint64 change = level ? next_rise(c, k) : next_fall(c, k);

    if (!has_begun(c) || c->stopped || !change) {
        return CLOCK_NEVER;
    }
    return MAX(clock_add(c->start, time_of(change)), clock_add(after, 1));
}

gint64 i8254_counter_next(const I8254Counter *c, bool level, gint64 after)
{
    I8254Counter ahead = *c;
    gint64 when = change_after(&ahead, level, after);

    /* A new count may be in CE by then. */
    catch_up(&ahead, when == CLOCK_NEVER ? after : when - 1);
    return ahead.null_count == c->null_count ? when : change_after(&ahead, level, after);
}
