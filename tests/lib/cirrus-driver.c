/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See cirrus-driver.h.
 */
#include "config.h"
#include "tests/lib/cirrus-driver.h"

static const guint8 devfn = PCI_DEVFN(2, 0);

Rig *cirrus_rig_new(void)
{
    Rig *rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "cirrus-vga", "v", &error, "addr", "2", "romfile", "", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0 + 4, VGA_MMIO, 4);
    rig_pci_write(rig, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    rig_out(rig, 0x3c2, MISC_COLOR, 1);
    vga_sr(rig, 0x07, 0x01);
    vga_gr(rig, GR_MODE, 0x40);
    vga_gr(rig, GR_MISC, 0x05);
    return rig;
}

guint8 cirrus_gr(Rig *rig, guint8 index)
{
    rig_out(rig, 0x3ce, index, 1);
    return rig_in(rig, 0x3cf, 1);
}

guint8 cirrus_status(Rig *rig)
{
    return cirrus_gr(rig, 0x31);
}

static void put(Rig *rig, guint8 index, guint32 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        vga_gr(rig, index + i, value >> 8 * i);
    }
}

void cirrus_blit(Rig *rig, CirrusCommand c)
{
    put(rig, 0x31, 0, 1);
    put(rig, 0x20, c.width - 1, 2);
    put(rig, 0x22, c.height - 1, 2);
    put(rig, 0x24, c.pitch, 2);
    put(rig, 0x26, c.source_pitch, 2);
    put(rig, 0x28, c.to, 3);
    put(rig, 0x2c, c.source, 3);
    put(rig, 0x2f, c.skip, 1);
    put(rig, 0x30, c.mode, 1);
    put(rig, 0x32, c.rop ? c.rop : 0x0d, 1);
    put(rig, 0x33, c.extended, 1);
    put(rig, 0x31, 2, 1);
}
