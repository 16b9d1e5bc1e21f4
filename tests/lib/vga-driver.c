/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See vga-driver.h.
 */
#include "config.h"
#include "tests/lib/vga-driver.h"

static const guint8 devfn = PCI_DEVFN(2, 0);

Rig *vga_rig_new(const char *driver)
{
    Rig *rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, driver, "v", &error, "addr", "2", "romfile", "", "vgamem_mb", "1", NULL);
    g_assert_no_error(error);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0 + 8, VGA_MMIO, 4);
    rig_reset(rig);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0 + 8, VGA_MMIO, 4);
    rig_pci_write(rig, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    rig_out(rig, 0x3c2, MISC_COLOR, 1);
    return rig;
}

static void indexed(Rig *rig, guint16 port, guint8 index, guint8 value)
{
    rig_out(rig, port, value << 8 | index, 2);
}

void vga_sr(Rig *rig, guint8 index, guint8 value)
{
    indexed(rig, 0x3c4, index, value);
}

void vga_gr(Rig *rig, guint8 index, guint8 value)
{
    indexed(rig, 0x3ce, index, value);
}

void vga_cr(Rig *rig, guint8 index, guint8 value)
{
    indexed(rig, 0x3d4, index, value);
}

void vga_ar(Rig *rig, guint8 index, guint8 value)
{
    rig_in(rig, 0x3da, 1);
    rig_out(rig, 0x3c0, index | AR_INDEX_DISPLAY, 1);
    rig_out(rig, 0x3c0, value, 1);
}

void vga_dispi(Rig *rig, guint index, guint value)
{
    rig_out(rig, 0x1ce, index, 2);
    rig_out(rig, 0x1cf, value, 2);
}

guint vga_dispi_get(Rig *rig, guint index)
{
    rig_out(rig, 0x1ce, index, 2);
    return rig_in(rig, 0x1cf, 2);
}

void vga_dispi_mode(Rig *rig, guint width, guint height, guint bpp)
{
    vga_ar(rig, AR_MODE, 0x41);
    vga_dispi(rig, VBE_ENABLE, 0);
    vga_dispi(rig, VBE_XRES, width);
    vga_dispi(rig, VBE_YRES, height);
    vga_dispi(rig, VBE_BPP, bpp);
    vga_dispi(rig, VBE_ENABLE, VBE_ENABLED);
}

void vga_poke(Rig *rig, guint32 offset, guint8 value)
{
    address_space_write(rig->memory, VGA_WINDOW + offset, value, 1);
}

guint8 vga_peek(Rig *rig, guint32 offset)
{
    return address_space_read(rig->memory, VGA_WINDOW + offset, 1);
}

void vga_frame_put(Rig *rig, guint32 offset, guint32 value, guint size)
{
    address_space_write(rig->memory, VGA_FRAMES + offset, value, size);
}

guint8 vga_frame_get(Rig *rig, guint32 offset)
{
    return address_space_read(rig->memory, VGA_FRAMES + offset, 1);
}

void vga_gray(Rig *rig)
{
    rig_out(rig, 0x3c6, 0xff, 1);
    rig_out(rig, 0x3c8, 0, 1);
    for (guint i = 0; i < 3 * VGA_N_COLORS; i++) {
        rig_out(rig, 0x3c9, i / 3 * 2 & 0x3f, 1);
    }
    for (guint i = 0; i < 16; i++) {
        vga_ar(rig, i, i);
    }
}

Surface *vga_picture(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    Console *console = console_find(rig->root, "v", -1, &error);
    Surface *surface;

    g_assert_no_error(error);
    surface_load(&error);
    g_assert_no_error(error);
    surface = console_draw(console, &error);
    g_assert_no_error(error);
    return surface;
}
