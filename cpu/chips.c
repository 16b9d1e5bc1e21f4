/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows of chips of an accelerator or the machine.
 */
#include "config.h"
#include "cpu/chips.h"

const StateRow x86_pic_rows[] = {
    STATE_FIELD(U8, X86Pic, edges, 0),
    STATE_FIELD(U8, X86Pic, isr, 0),
    STATE_FIELD(U8, X86Pic, imr, 0),
    STATE_FIELD(U8, X86Pic, icw1, 0),
    STATE_FIELD(U8, X86Pic, icw2, 0),
    STATE_FIELD(U8, X86Pic, icw3, 0),
    STATE_FIELD(U8, X86Pic, icw4, 0),
    STATE_FIELD(U8, X86Pic, expect, X86_PIC_EXPECT_OCW1),
    STATE_FIELD(U8, X86Pic, lowest, 7),
    STATE_FIELD(BOOL, X86Pic, read_isr, false),
    STATE_FIELD(BOOL, X86Pic, poll, false),
    STATE_FIELD(BOOL, X86Pic, special_mask, false),
    STATE_FIELD(BOOL, X86Pic, rotate_in_aeoi, false),
    STATE_FIELD(U8, X86Pic, elcr, 0),
    STATE_FIELD_KEEP(U8, X86Pic, levels),
    STATE_ROWS_END
};

#define RTE_MASKED G_GUINT64_CONSTANT(0x10000)  /* 82093AA, 3.2.4 */

const StateRow x86_ioapic_rows[] = {
    STATE_FIELD(U8, X86Ioapic, ioregsel, 0),
    STATE_FIELD(U8, X86Ioapic, id, 0),
    STATE_FIELD(U8, X86Ioapic, arb, 0),
    STATE_ARRAY(U64, X86Ioapic, ioredtbl, RTE_MASKED),
    STATE_FIELD_KEEP(U32, X86Ioapic, levels),
    STATE_ROWS_END
};

/* At power-on a counter is undefined; here it counts as if 0 had been written in mode 3. */
#define COUNTER_ROWS(name_, gate_) \
    static const StateRow name_[] = { \
        STATE_FIELD(U8, X86PitCounter, mode, 3), \
        STATE_FIELD(U8, X86PitCounter, rw, 3), \
        STATE_FIELD(BOOL, X86PitCounter, bcd, false), \
        STATE_FIELD(U16, X86PitCounter, cr, 0), \
        STATE_FIELD(U8, X86PitCounter, cr_low, 0), \
        STATE_FIELD(BOOL, X86PitCounter, loaded, true), \
        STATE_FIELD(BOOL, X86PitCounter, null_count, false), \
        STATE_FIELD(U16, X86PitCounter, counting, 0), \
        STATE_FIELD(BOOL, X86PitCounter, triggered, false), \
        STATE_FIELD(BOOL, X86PitCounter, stopped, !(gate_)), \
        STATE_FIELD(I64, X86PitCounter, start, 0), \
        STATE_FIELD(U64, X86PitCounter, ticks, 0), \
        STATE_FIELD(BOOL, X86PitCounter, gate, gate_), \
        STATE_FIELD(BOOL, X86PitCounter, write_high, false), \
        STATE_FIELD(BOOL, X86PitCounter, read_high, false), \
        STATE_FIELD(U8, X86PitCounter, latched, 0), \
        STATE_FIELD(U16, X86PitCounter, count_latch, 0), \
        STATE_FIELD(BOOL, X86PitCounter, status_latched, false), \
        STATE_FIELD(U8, X86PitCounter, status_latch, 0), \
        STATE_ROWS_END \
    }

COUNTER_ROWS(open_counter_rows, true);
COUNTER_ROWS(closed_counter_rows, false);

/* The gates of counters 0 and 1 are tied high, and that of 2 is controlled by port 0x61. */
const StateRow x86_pit_rows[] = {
    STATE_STRUCT(X86Pit, counters[0], open_counter_rows),
    STATE_STRUCT(X86Pit, counters[1], open_counter_rows),
    STATE_STRUCT(X86Pit, counters[2], closed_counter_rows),
    STATE_FIELD_KEEP(BOOL, X86Pit, irq_disabled),
    STATE_FIELD(BOOL, X86Pit, speaker, false),
    STATE_ROWS_END
};

/* ---- What no chip has ---- */

enum { N_INPUTS = 8, ICW4_BITS = 0x1f, ID_MAX = 15 };

bool x86_pic_check(const X86Pic *pic)
{
    return pic->expect <= X86_PIC_EXPECT_ICW4 && pic->lowest < N_INPUTS &&
           !(pic->icw4 & ~ICW4_BITS);
}

/* An entry's destination, mask, trigger mode, remote IRR, polarity, ... and vector. */
#define RTE_BITS (G_GUINT64_CONSTANT(0xff) << 56 | G_GUINT64_CONSTANT(0x1ffff))

bool x86_ioapic_check(const X86Ioapic *ioapic)
{
    bool ok = ioapic->id <= ID_MAX && ioapic->arb <= ID_MAX;

    for (guint i = 0; i < X86_IOAPIC_N_PINS; i++) {
        ok = ok && !(ioapic->ioredtbl[i] & ~RTE_BITS);
    }
    return ok && !(ioapic->levels >> X86_IOAPIC_N_PINS);
}

static bool counter_ok(const X86PitCounter *counter)
{
    return counter->mode <= 5 && counter->rw >= 1 && counter->rw <= 3 && counter->latched <= 2 &&
           counter->ticks <= G_MAXINT64;
}

bool x86_pit_check(const X86Pit *pit)
{
    return counter_ok(&pit->counters[0]) && counter_ok(&pit->counters[1]) &&
           counter_ok(&pit->counters[2]);
}
