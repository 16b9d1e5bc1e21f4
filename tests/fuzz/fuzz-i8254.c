/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/timer/i8254.c with port 0x61.  Pairs of bytes are accesses to
 * ports, time that passes, an HPET's control of the line, loading of states that
 * it did not save, and resets.  After each, the line is counter 0's output, and
 * the clock's deadline is in the future.
 */
#include "config.h"

#include <string.h>

#include "hw/core/irq.h"
#include "hw/timer/i8254.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

/* Counts of as many pulses in BCD and less have edges left out. */
#define FAST_COUNT 0x60

/* A counter changes a few thousand times in the longest of these. */
#define STEP_MAX 2000000

static gint64 now_of(Rig *rig)
{
    return clock_now(rig->clock, CLOCK_KIND_VIRTUAL);
}

/* Any bytes of the saved state may be changed while it is stored. */
static void load_damaged(Device *dev, guint8 at, guint8 value)
{
    g_autoptr(GByteArray) state = g_byte_array_new();

    device_save(dev, state, NULL);
    state_bytes_damage(state, at * 131 + value, value);
    device_load(dev, state->data, state->len, NULL);
}

static void other_event(Rig *rig, Device *dev, guint8 what, guint8 value)
{
    switch (what & 7) {
    case 0:
        irq_set(gpio(&dev->object, "unnamed-gpio-in", 0), value & 1);
        break;
    case 1:
        load_damaged(dev, what, value);
        break;
    case 2:
        rig_reset(rig);
        break;
    default:
        clock_advance(rig->clock, now_of(rig) + (what & 1 ? value * 839 : value * STEP_MAX / 256));
    }
}

static guint word(GByteArray *state, const char *name)
{
    const guint8 *bytes = state_bytes(state, name);

    return bytes[0] | bytes[1] << 8;
}

/* Whether counter 0 makes more edges than its line shows. */
static bool is_fast(Device *dev)
{
    g_autoptr(GByteArray) state = g_byte_array_new();

    device_save(dev, state, NULL);
    return MIN(word(state, "counters[0]/cr") - 1u,
               word(state, "counters[0]/counting") - 1u) < FAST_COUNT;
}

static void check(Rig *rig, Device *dev)
{
    gint64 deadline = clock_deadline(rig->clock);
    bool line = irq_level(gpio(&dev->object, "unnamed-gpio-out", 0));

    g_assert_true(deadline == -1 || deadline > now_of(rig));
    g_assert_true(!line || i8254_out(dev, 0) || is_fast(dev));
    for (guint counter = 0; counter < X86_PIT_N_COUNTERS; counter++) {
        i8254_out(dev, counter);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint16 ports[] = { 0x40, 0x41, 0x42, 0x43, 0x61 };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "isa-pit", "pit", &error, NULL);

    rig_device(rig, "isa-pcspk", "spk", &error, NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    for (size_t i = 0; i + 1 < size; i += 2) {
        guint16 port = ports[(data[i] & 7) % G_N_ELEMENTS(ports)];

        if (data[i] < 0x80) {
            rig_out(rig, port, data[i + 1], 1);
        } else if (data[i] < 0xb0) {
            rig_in(rig, port, 1 << data[i + 1] % 3);
        } else {
            other_event(rig, dev, data[i], data[i + 1]);
        }
        check(rig, dev);
    }
    return 0;
}
