/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/intc/i8259.c, a master and a slave in cascade.  Pairs of bytes
 * are accesses to their ports, changes of their inputs, acknowledgements and
 * resets.  After each, the state can be loaded as it was saved, and loading it
 * leaves the output unchanged.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "hw/intc/i8259.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

static const guint16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };

static void check(Device *dev)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    Irq *output = gpio(&dev->object, "unnamed-gpio-out", 0);
    bool level = irq_level(output);
    g_autoptr(GByteArray) again = g_byte_array_new();

    device_save(dev, state, NULL);
    g_assert_true(device_load(dev, state->data, state->len, NULL));
    g_assert_cmpint(irq_level(output), ==, level);
    device_save(dev, again, NULL);
    g_assert_cmpmem(state->data, state->len, again->data, again->len);
}

static void other_event(Rig *rig, Device *dev, guint8 what, guint8 value)
{
    guint input;

    switch (what & 3) {
    case 0:
        g_assert_cmpuint(i8259_acknowledge(dev, &input) & 7, ==, input);
        break;
    case 1:
        if (value == 0xff) {
            rig_reset(rig);
        }
        break;
    default:
        irq_set(gpio(&dev->object, "unnamed-gpio-in", value & 7), value & 0x80);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *chips[2];

    chips[0] = rig_device(rig, "isa-i8259", "master", &error, "iobase", "32", "elcr_addr", "1232",
                          "elcr_mask", "248", "master", "on", NULL);
    chips[1] = rig_device(rig, "isa-i8259", "slave", &error, "iobase", "160", "elcr_addr", "1233",
                          "elcr_mask", "222", NULL);
    g_assert_no_error(error);
    irq_connect(gpio(&chips[1]->object, "unnamed-gpio-out", 0),
                gpio(&chips[0]->object, "unnamed-gpio-in", 2), false);
    rig_reset(rig);
    for (size_t i = 0; i + 1 < size; i += 2) {
        guint16 port = ports[(data[i] & 7) % G_N_ELEMENTS(ports)];

        if (data[i] < 0x60) {
            rig_out(rig, port, data[i + 1], 1);
        } else if (data[i] < 0x90) {
            rig_in(rig, port, 1 << data[i + 1] % 3);
        } else {
            other_event(rig, chips[data[i] >> 2 & 1], data[i], data[i + 1]);
        }
        check(chips[0]);
        check(chips[1]);
    }
    return 0;
}
