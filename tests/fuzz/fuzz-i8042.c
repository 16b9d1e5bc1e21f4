/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/input/ with a keyboard controller on an ISA bus.  Pairs of bytes
 * are port accesses, keys, movements, time that passes, and resets.  After each,
 * at most one line is high, and only with a byte to read.
 */
#include "config.h"

#include "hw/input/input.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/ps2-host.h"

static void client_event(Rig *rig, guint8 what, guint8 value)
{
    switch (what & 7) {
    case 0:
    case 1:
        ps2_host_key(rig, value, what & 1);
        break;
    case 2:
    case 3:
        ps2_host_button(rig, value, what & 1);
        break;
    case 4:
        ps2_host_move(rig, (gint8)value * value, (gint8)value);
        break;
    case 5:
        rig_reset(rig);
        break;
    case 6:
        input_send_keys(rig->machine, (const guint[]){ value % Q_KEY_CODE__MAX, Q_KEY_CODE_A }, 2,
                        value * 1000000, NULL);
        break;
    default:
        clock_advance(rig->clock,
                      clock_now(rig->clock, CLOCK_KIND_VIRTUAL) +
                      (gint64)value * value * 100000);
    }
}

static void check(Rig *rig)
{
    bool kbd = rig_irq_level(rig, 1), mouse = rig_irq_level(rig, 12);
    guint8 status = rig_in(rig, 0x64, 1);

    g_assert_false(kbd && mouse);
    if (kbd || mouse) {
        g_assert_cmphex(status & 0x21, ==, mouse ? 0x21 : 0x01);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "i8042", "kbc", &error, "kbd-throttle", size & 1 ? "on" : "off", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    for (size_t i = 0; i + 1 < size; i += 2) {
        switch (data[i] >> 6) {
        case 0:
            rig_out(rig, data[i] & 1 ? 0x64 : 0x60, data[i + 1], 1);
            break;
        case 1:
            ps2_host_send_mouse(rig, data[i + 1]);
            break;
        case 2:
            rig_in(rig, data[i] & 1 ? 0x64 : 0x60, 1);
            break;
        default:
            client_event(rig, data[i], data[i + 1]);
        }
        check(rig);
    }
    return 0;
}
