/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/timer/hpet.c.  Records of six bytes are register accesses of 32
 * bits, old chips' lines, time that passes, resets, and states that are saved and
 * loaded.  After each, a line that nothing can raise is low.
 */
#include "config.h"

#include <string.h>

#include "hw/core/irq.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define BASE 0xfed00000u

static void reload(Device *dev)
{
    g_autoptr(GByteArray) state = g_byte_array_new();

    device_save(dev, state, NULL);
    g_assert_true(device_load(dev, state->data, state->len, NULL));
}

static void other_event(Rig *rig, Device *dev, guint8 what, guint32 value)
{
    switch (what & 3) {
    case 0:
        clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + value % 50000000);
        break;
    case 1:
        irq_set(gpio(&dev->object, "unnamed-gpio-in", value & 1), value & 2);
        break;
    case 2:
        rig_reset(rig);
        break;
    default:
        reload(dev);
    }
}

static void check(Rig *rig, Device *dev)
{
    guint32 conf = address_space_read(rig->memory, BASE + 0x10, 4);

    g_assert_cmpint(irq_level(gpio(&dev->object, "unnamed-gpio-out", 0)), ==, !(conf & 2));
    for (guint n = 0; n < 24; n++) {
        g_assert_false(n != 0 && n != 8 && n != 2 && irq_level(gpio(&dev->object, "irq", n)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "hpet", "hpet", &error, "hpet-intcap", "4", "timers", "32",
                             "msi", size & 1 ? "on" : "off", NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    for (size_t i = 0; i + 5 < size; i += 6) {
        guint32 value;
        guint64 address = BASE + (data[i] & 3) * 0x100 + (data[i + 1] & 0xfc);

        memcpy(&value, data + i + 2, sizeof(value));
        if (data[i] < 0x80) {
            address_space_write(rig->memory, address, value, 4);
        } else if (data[i] < 0xc0) {
            address_space_read(rig->memory, address, data[i] & 0x20 ? 8 : 4);
        } else {
            other_event(rig, dev, data[i], value);
        }
        check(rig, dev);
    }
    return 0;
}
