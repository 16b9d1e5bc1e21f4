/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the PC chips that either an accelerator or the machine has: one struct
 * and one table of rows for both, so that each can load the other's state.
 */
#ifndef CPU_CHIPS_H
#define CPU_CHIPS_H

#include "qom/state.h"

/* An 8259A; terms are its data sheet's. */
typedef struct {
    guint8 edges;               /* IRR of inputs that are edge-triggered */
    guint8 isr, imr;
    guint8 icw1, icw2, icw3, icw4;
    guint8 expect;              /* which command word the next write to the odd port is:
                                   X86_PIC_EXPECT_* */
    guint8 lowest;              /* input of the lowest priority */
    bool read_isr, poll, special_mask, rotate_in_aeoi;
    guint8 elcr;
    guint8 levels;              /* last levels of the inputs: after loading, driving them
                                   high again is not an edge */
} X86Pic;

enum {
    X86_PIC_EXPECT_OCW1, X86_PIC_EXPECT_ICW2, X86_PIC_EXPECT_ICW3, X86_PIC_EXPECT_ICW4,
};

enum { X86_IOAPIC_N_PINS = 24 };

/* An 82093AA. */
typedef struct {
    guint8 ioregsel;
    guint8 id, arb;
    guint64 ioredtbl[X86_IOAPIC_N_PINS];
    guint32 levels;             /* last levels of the pins */
} X86Ioapic;

enum { X86_PIT_N_COUNTERS = 3 };

/* A counter of an 8254. */
typedef struct {
    /* Control word. */
    guint8 mode;                /* 0 to 5 */
    guint8 rw;                  /* 1: least significant byte, 2: most, 3: both */
    bool bcd;
    /* Count register and counting element. */
    guint16 cr;                 /* as written */
    guint8 cr_low;              /* first byte of two */
    bool loaded;                /* a count was written since the control word */
    bool null_count;            /* cr is not in the counting element yet */
    guint16 counting;           /* count that the element was loaded with */
    bool triggered;             /* modes 1 and 5: by the gate */
    bool stopped;               /* the gate holds the element at `ticks` */
    gint64 start;               /* time at which it was loaded, ns */
    guint64 ticks;              /* since then, if stopped */
    bool gate;
    /* Access. */
    bool write_high, read_high; /* the next byte is the second of two */
    guint8 latched;             /* bytes of count_latch left to read */
    guint16 count_latch;
    bool status_latched;
    guint8 status_latch;
} X86PitCounter;

typedef struct {
    X86PitCounter counters[X86_PIT_N_COUNTERS];
    bool irq_disabled;          /* an HPET has line 0 */
    bool speaker;               /* port 0x61, bit 1 */
} X86Pit;

typedef union {
    X86Pic pic;
    X86Ioapic ioapic;
    X86Pit pit;                 /* times relative to the moment of the call */
} X86Chip;

extern const StateRow x86_pic_rows[], x86_ioapic_rows[], x86_pit_rows[];

/* Whether loaded registers are valid for the chip. */
bool x86_pic_check(const X86Pic *pic);
bool x86_ioapic_check(const X86Ioapic *ioapic);
bool x86_pit_check(const X86Pit *pit);

/* The names of their sections. */
#define X86_PIC_STATE "i8259"
#define X86_IOAPIC_STATE "ioapic"
#define X86_PIT_STATE "i8254"

#endif
