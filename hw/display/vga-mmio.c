/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR 2 of cards with DISPI; see vga-mmio.h.
 */
#include "config.h"
#include "hw/display/vga-mmio.h"

#include "qom/guest-error.h"

enum {                          /* in BAR 2 */
    MMIO_SIZE = 0x1000,
    MMIO_EDID = 0x000,
    MMIO_PORTS = 0x400,
    MMIO_DISPI = 0x500,
    MMIO_DISPI_SIZE = 0x16,
    MMIO_EXTENDED = 0x600,
    MMIO_EXTENDED_SIZE = 8,
};

enum {                          /* at MMIO_EXTENDED */
    EXTENDED_ORDER = 4,
    ORDER_LITTLE = 0x1e1e1e1e,
};

#define ORDER_BIG 0xbebebebeu

/* ---- EDID and byte order ---- */

static guint64 edid_read(void *opaque, guint64 offset, guint size)
{
    const VgaMmio *s = opaque;

    return s->edid[offset];
}

static const RegionOps edid_ops = {
    .read = edid_read,
    .min_size = 1,
    .max_size = 1,
};

static guint64 extended_read(void *opaque, guint64 offset, guint size)
{
    const VgaMmio *s = opaque;

    if (offset < EXTENDED_ORDER) {
        return MMIO_EXTENDED_SIZE;
    }
    return s->vga->big_endian ? ORDER_BIG : ORDER_LITTLE;
}

static void extended_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VgaMmio *s = opaque;

    if (offset != EXTENDED_ORDER) {
        return;
    }
    if (value == ORDER_BIG || value == ORDER_LITTLE) {
        s->vga->big_endian = value == ORDER_BIG;
    } else {
        device_guest_error(s->dev, "0x%08x is no byte order", (guint)value);
    }
}

static const RegionOps extended_ops = {
    .read = extended_read,
    .write = extended_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Regions ---- */

void vga_mmio_init(VgaMmio *mmio, Device *dev, Vga *vga)
{
    mmio->dev = dev;
    mmio->vga = vga;
    mmio->regions = g_ptr_array_new();
}

void vga_mmio_done(VgaMmio *mmio)
{
    for (guint i = mmio->regions->len; i-- > 0;) {
        region_free(mmio->regions->pdata[i]);
    }
    g_clear_pointer(&mmio->regions, g_ptr_array_unref);
}

/* Adds a region of the card to those that vga_mmio_done() frees, and returns it. */
static MemoryRegion *keep(VgaMmio *mmio, MemoryRegion *region)
{
    g_ptr_array_add(mmio->regions, region);
    return region;
}

static MemoryRegion *new_io(VgaMmio *mmio, const char *name, const RegionOps *ops, void *opaque,
                            guint64 size)
{
    return keep(mmio, region_new_io(&mmio->dev->object, name, ops, opaque, size));
}

MemoryRegion *vga_mmio_new_vram(VgaMmio *mmio, AddressSpace *as)
{
    Vga *vga = mmio->vga;

    vga->region = keep(mmio, region_new_ram(&mmio->dev->object, "vga.vram", vga->vram,
                                             vga->vram_size));
    vga->as = as;
    return vga->region;
}

MemoryRegion *vga_mmio_new_bar(VgaMmio *mmio, const VgaMmioParts *parts)
{
    MemoryRegion *bar = keep(mmio, region_new_container(&mmio->dev->object, "vga.mmio",
                                                         MMIO_SIZE));

    region_add(bar, MMIO_DISPI,
               new_io(mmio, "vga.dispi", &vga_vbe_mmio, mmio->vga, MMIO_DISPI_SIZE), 0);
    if (parts->ports) {
        region_add(bar, MMIO_PORTS,
                   new_io(mmio, "vga.ports", &vga_ports, mmio->vga, VGA_PORTS_SIZE), 0);
    }
    if (parts->edid) {
        edid_fill(mmio->edid, parts->edid);
        region_add(bar, MMIO_EDID, new_io(mmio, "vga.edid", &edid_ops, mmio, EDID_SIZE), 0);
    }
    if (parts->order) {
        region_add(bar, MMIO_EXTENDED,
                   new_io(mmio, "vga.order", &extended_ops, mmio, MMIO_EXTENDED_SIZE), 0);
    }
    return bar;
}

void vga_mmio_add_fixed(VgaMmio *mmio, PciDevice *pci)
{
    static const struct {
        const char *name;
        const RegionOps *ops;
        guint32 address, size;
        bool io;
    } fixed[] = {
        { "vga.window", &vga_window, VGA_WINDOW, VGA_WINDOW_SIZE, false },
        { "vga.mono", &vga_mono_ports, VGA_PORTS_MONO, VGA_PORTS_MONO_SIZE, true },
        { "vga.io", &vga_ports, VGA_PORTS, VGA_PORTS_SIZE, true },
        { "vga.vbe", &vga_vbe_ports, VBE_PORTS, VBE_PORTS_SIZE, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(fixed); i++) {
        pci_add_fixed(pci, fixed[i].io, fixed[i].address,
                      new_io(mmio, fixed[i].name, fixed[i].ops, mmio->vga, fixed[i].size));
    }
}
