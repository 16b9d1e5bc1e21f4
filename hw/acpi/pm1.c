/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI fixed hardware; see pm1.h.
 *
 * The timer is the virtual clock in other units.  Nothing ticks: a toggle of its
 * bit 23 is detected on access, and an alarm is set only if the toggle is to
 * interrupt.
 */
#include "config.h"
#include "hw/acpi/pm1.h"

enum {
    TIMER_HALF_SHIFT = 23,      /* TMR_STS is set each time that this bit toggles */
    TIMER_MASK = 0xffffff,
};

#define NS 1000000000
#define FLOOR NS                /* halves take more than two seconds */

static guint64 ticks_now(const Pm1 *pm1)
{
    return (unsigned __int128)clock_now(pm1->clock, CLOCK_KIND_VIRTUAL) * PM1_TIMER_HZ / NS;
}

/* The earliest time at which the timer has counted so many ticks. */
static gint64 time_of(guint64 ticks)
{
    unsigned __int128 ns = ((unsigned __int128)ticks * NS + PM1_TIMER_HZ - 1) / PM1_TIMER_HZ;

    return MIN(ns, (unsigned __int128)CLOCK_NEVER);
}

/* Resets all registers; the timer itself keeps running. */
static void reset(Pm1 *pm1)
{
    pm1->sts = pm1->en = pm1->cnt = 0;
    pm1->halves = ticks_now(pm1) >> TIMER_HALF_SHIFT;
    timer_cancel(pm1->timer);
}

void pm1_init(Pm1 *pm1, Clock *clock, TimerCallback changed, void *opaque)
{
    pm1->clock = clock;
    pm1->timer = timer_new(clock, CLOCK_KIND_VIRTUAL, FLOOR, changed, opaque);
    reset(pm1);
}

void pm1_done(Pm1 *pm1)
{
    g_clear_pointer(&pm1->timer, timer_free);
}

/* ---- Timer ---- */

static void catch_up(Pm1 *pm1)
{
    guint64 halves = ticks_now(pm1) >> TIMER_HALF_SHIFT;

    if (halves != pm1->halves) {
        pm1->halves = halves;
        pm1->sts |= PM1_TMR;
    }
}

bool pm1_update(Pm1 *pm1)
{
    catch_up(pm1);
    if (pm1->en & PM1_TMR && !(pm1->sts & PM1_TMR)) {
        timer_set(pm1->timer, time_of((pm1->halves + 1) << TIMER_HALF_SHIFT));
    } else {
        timer_cancel(pm1->timer);
    }
    return pm1->sts & pm1->en & PM1_EN_BITS;
}

guint32 pm1_timer_read(const Pm1 *pm1)
{
    return ticks_now(pm1) & TIMER_MASK;
}

/* ---- Event block ---- */

guint32 pm1_event_read(Pm1 *pm1, guint offset, guint size)
{
    guint32 both;

    catch_up(pm1);
    both = pm1->sts | (guint32)pm1->en << 16;
    return both >> offset * 8 & (guint32)((G_GUINT64_CONSTANT(1) << size * 8) - 1);
}

/* Status bits are cleared by writing 1. */
void pm1_event_write(Pm1 *pm1, guint offset, guint32 value, guint size)
{
    guint32 mask = (guint32)(((G_GUINT64_CONSTANT(1) << size * 8) - 1) << offset * 8);
    guint32 bits = value << offset * 8 & mask;

    catch_up(pm1);
    pm1->sts &= ~bits;
    if (mask >> 16) {
        pm1->en = (pm1->en & ~(mask >> 16)) | (bits >> 16 & PM1_EN_BITS);
    }
}
