/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ACPI calls fixed hardware: the PM1 status, enable and control registers
 * and the power management timer (ACPI 6.4, sections 4.8.2 and 4.8.3).  A chip
 * embeds a Pm1, drives its interrupt with pm1_update's result, and implements
 * sleep states.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_PM1_H
#define HW_ACPI_PM1_H

#include "hw/core/clock.h"

enum {                          /* PM1_STS; those below RTC are in PM1_EN, too */
    PM1_TMR = 1 << 0,
    PM1_BM_STS = 1 << 4,
    PM1_GBL = 1 << 5,
    PM1_PWRBTN = 1 << 8,
    PM1_RTC = 1 << 10,
    PM1_WAK_STS = 1 << 15,
    PM1_STS_BITS = PM1_TMR | PM1_BM_STS | PM1_GBL | PM1_PWRBTN | PM1_RTC | PM1_WAK_STS,
    PM1_EN_BITS = PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_RTC,
};

enum {                          /* PM1_CNT */
    PM1_SCI_EN = 1 << 0,
    PM1_BM_RLD = 1 << 1,
    PM1_GBL_RLS = 1 << 2,       /* reads as 0 */
    PM1_SLP_TYP_SHIFT = 10,
    PM1_SLP_TYP = 7 << PM1_SLP_TYP_SHIFT,
    PM1_SLP_EN = 1 << 13,       /* reads as 0 */
    PM1_CNT_BITS = PM1_SCI_EN | PM1_BM_RLD | PM1_SLP_TYP,
};

#define PM1_TIMER_HZ 3579545

typedef struct {
    /* Guest-visible. */
    guint16 sts, en, cnt;
    guint64 halves;             /* toggles of the timer's bit 23 that sts reflects */
    /* Wiring. */
    Clock *clock;
    Timer *timer;               /* for the next toggle, while it would interrupt */
} Pm1;

/* changed(opaque, now) is called when the timer has set its bit; it must call
 * pm1_update. */
void pm1_init(Pm1 *pm1, Clock *clock, TimerCallback changed, void *opaque);
void pm1_done(Pm1 *pm1);

/* Brings the timer's status bit and its alarm up to date; returns whether an
 * enabled event is pending. */
bool pm1_update(Pm1 *pm1);

/* Registers; after a write the caller calls pm1_update.  The event block is
 * status (offset 0) and enable (2), 4 bytes, accesses do not cross its end. */
guint32 pm1_event_read(Pm1 *pm1, guint offset, guint size);
void pm1_event_write(Pm1 *pm1, guint offset, guint32 value, guint size);
guint32 pm1_timer_read(const Pm1 *pm1);

#endif
