/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: both watchdogs (hw/watchdog).  Three bytes are an access to ports,
 * configuration space or memory, a reset, or time that passes.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define MMIO_BASE G_GUINT64_CONSTANT(0xfe000000)

static void step(Rig *rig, guint8 what, guint8 where, guint8 value)
{
    static const guint32 values[] = { 0x80, 0x86, 0x100, 0x200, 0, 1, 0xfffff, 0xffffffff };
    guint size = 1 << what % 3;
    guint32 data = value & 0x80 ? values[value & 7] : value;

    switch (what >> 4 & 7) {
    case 0:
        rig_out(rig, 0x440 + (where & 3), value, size);
        break;
    case 1:
        rig_in(rig, 0x440 + (where & 3), size);
        break;
    case 2:
        rig_pci_write(rig, 0, PCI_DEVFN(1, 0), where & -size, data, size);
        break;
    case 3:
        address_space_write(rig->memory, MMIO_BASE + (where & 0xf), data, size);
        break;
    case 4:
        address_space_read(rig->memory, MMIO_BASE + (where & 0xf), size);
        break;
    case 5:
        rig_reset(rig);
        break;
    default:
        clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) +
                                      ((gint64)value << (where & 0x1f)));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "ib700", "ib700", &error, NULL);
    rig_device(rig, "i6300esb", "esb", &error, "addr", "1", NULL);
    g_assert_no_error(error);
    rig_pci_write(rig, 0, PCI_DEVFN(1, 0), PCI_BASE_ADDRESS_0, MMIO_BASE, 4);
    rig_pci_write(rig, 0, PCI_DEVFN(1, 0), PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    for (size_t i = 0; i + 2 < size && i < 3000; i += 3) {
        step(rig, data[i], data[i + 1], data[i + 2]);
        rig_deliver(rig);
    }
    return 0;
}
