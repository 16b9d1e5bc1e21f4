/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/rtc/mc146818.c on an ISA bus.  Triples of bytes are register
 * accesses, time that passes, and resets.  After each, the line must agree with
 * IRQF.  The first byte chooses the lost tick policy.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define PORT 0x70
#define IRQ 8
#define REG_C 0x0c
#define IRQF 0x80

static guint8 get(Rig *rig, guint8 index)
{
    rig_out(rig, PORT, index, 1);
    return rig_in(rig, PORT + 1, 1);
}

static void set(Rig *rig, guint8 index, guint8 value)
{
    rig_out(rig, PORT, index, 1);
    rig_out(rig, PORT + 1, value, 1);
}

/* From microseconds to days, but few periodic interrupts each. */
static void pass(Rig *rig, guint8 unit, guint8 n)
{
    static const gint64 units[] = { 1000, 30518, 1000000, 10000000 };

    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + units[unit % 4] * n);
}

static void check(Rig *rig)
{
    bool level = rig_irq_level(rig, IRQ);

    g_assert_cmpint(level, ==, !!(get(rig, REG_C) & IRQF));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "mc146818rtc", "rtc", &error, "clock", "vm", "base", "2024-12-31T23:59:50",
               "lost_tick_policy", size && data[0] & 1 ? "slew" : "discard", NULL);
    g_assert_no_error(error);
    for (size_t i = 1; i + 2 < size; i += 3) {
        switch (data[i] % 8) {
        case 0:
        case 1:
        case 2:
            set(rig, data[i + 1], data[i + 2]);
            break;
        case 3:
            set(rig, data[i + 1] % 16, data[i + 2]);
            break;
        case 4:
            get(rig, data[i + 1]);
            break;
        case 5:
            check(rig);
            break;
        case 6:
            pass(rig, data[i + 1], data[i + 2]);
            break;
        default:
            rig_reset(rig);
        }
    }
    check(rig);
    return 0;
}
