/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/intc/ioapic.c.  Triples of bytes are accesses to its registers,
 * changes of its pins, and resets.  After each, reserved bits of the entries are
 * zero, an asserted level that is not masked waits for its EOI, and the state can
 * be loaded as it was saved.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define BASE 0xfec00000u
#define N_PINS 24

static guint32 entry(Rig *rig, guint pin, guint high)
{
    address_space_write(rig->memory, BASE, 0x10 + 2 * pin + high, 4);
    return address_space_read(rig->memory, BASE + 0x10, 4);
}

static void check(Rig *rig, Device *dev)
{
    g_autoptr(GByteArray) state = g_byte_array_new();

    device_save(dev, state, NULL);
    g_assert_true(device_load(dev, state->data, state->len, NULL));
    for (guint pin = 0; pin < N_PINS; pin++) {
        guint32 low = entry(rig, pin, 0);

        g_assert_cmphex(low & 0xfffe1000, ==, 0);
        g_assert_cmphex(entry(rig, pin, 1) & 0xffffff, ==, 0);
        if ((low & 0x1c000) == 0x8000 && (low >> 8 & 7) < 2) {
            g_assert_false(irq_level(gpio(&dev->object, "unnamed-gpio-in", pin)));
        }
    }
    g_assert_true(device_load(dev, state->data, state->len, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint offsets[] = { 0x00, 0x10, 0x40, 0x20 };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "ioapic", "ioapic", &error, "version", size & 1 ? "17" : "32",
                             NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    for (size_t i = 0; i + 2 < size; i += 3) {
        guint64 addr = BASE + offsets[data[i] & 3];
        guint32 value = data[i + 1] * 0x01000100u | data[i + 2] * 0x00010001u;

        switch (data[i] >> 5) {
        case 0:
        case 1:
        case 2:
            address_space_write(rig->memory, BASE, data[i + 1], 4);
            address_space_write(rig->memory, BASE + 0x10, value, 4);
            break;
        case 3:
            address_space_write(rig->memory, addr, value, 1 << data[i + 2] % 4);
            break;
        case 4:
            address_space_read(rig->memory, addr + data[i + 1] % 8, 1 << data[i + 2] % 4);
            break;
        case 7:
            rig_reset(rig);
            break;
        default:
            irq_set(gpio(&dev->object, "unnamed-gpio-in", data[i + 1] % N_PINS), data[i + 2] & 1);
        }
        check(rig, dev);
    }
    return 0;
}
