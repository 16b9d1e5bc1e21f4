/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes VGA and secondary-vga: the core of vga.h as a PCI function, after QEMU's interface
 * description docs/specs/standard-vga.txt.
 *
 *   BAR 0   frame buffer
 *   BAR 2   4 KiB: EDID from 0x000, ports 0x3c0 to 0x3df from 0x400, DISPI from 0x500, byte
 *           order from 0x600
 *
 * VGA also answers at the addresses of IBM's adapters; secondary-vga has none of these, so any
 * number of them can be used beside it.  No function interrupts.
 */
#include "config.h"
#include "hw/display/vga-pci.h"

#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-display.h"

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

struct PciVga {
    PciDevice parent;
    Vga vga;
    Console *console;
    guint8 edid[EDID_SIZE];
    GPtrArray *regions;         /* of MemoryRegion, in the order of creation; or NULL */
};

/* ---- EDID and byte order ---- */

static guint64 edid_read(void *opaque, guint64 offset, guint size)
{
    const PciVga *s = opaque;

    return s->edid[offset];
}

static const RegionOps edid_ops = {
    .read = edid_read,
    .min_size = 1,
    .max_size = 1,
};

static guint64 extended_read(void *opaque, guint64 offset, guint size)
{
    const PciVga *s = opaque;

    if (offset < EXTENDED_ORDER) {
        return MMIO_EXTENDED_SIZE;
    }
    return s->vga.big_endian ? ORDER_BIG : ORDER_LITTLE;
}

static void extended_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PciVga *s = opaque;

    if (offset != EXTENDED_ORDER) {
        return;
    }
    if (value == ORDER_BIG || value == ORDER_LITTLE) {
        s->vga.big_endian = value == ORDER_BIG;
    } else {
        device_guest_error(&s->parent.device, "0x%08x is no byte order", (guint)value);
    }
}

static const RegionOps extended_ops = {
    .read = extended_read,
    .write = extended_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Regions ---- */

static MemoryRegion *keep(PciVga *s, MemoryRegion *region)
{
    g_ptr_array_add(s->regions, region);
    return region;
}

static MemoryRegion *new_io(PciVga *s, const char *name, const RegionOps *ops, void *opaque,
                            guint64 size)
{
    return keep(s, region_new_io(&s->parent.device.object, name, ops, opaque, size));
}

static void add_frame_buffer(PciVga *s)
{
    MemoryRegion *vram = keep(s, region_new_ram(&s->parent.device.object, "vga.vram", s->vga.vram,
                                                s->vga.vram_size));

    s->vga.region = vram;
    s->vga.as = s->parent.machine->memory;
    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32 | PCI_BAR_PREFETCH, vram);
}

static void add_mmio(PciVga *s)
{
    const PciVgaProps *props = pci_vga_props(s);
    MemoryRegion *mmio = keep(s, region_new_container(&s->parent.device.object, "vga.mmio",
                                                      MMIO_SIZE));

    region_add(mmio, MMIO_PORTS, new_io(s, "vga.ports", &vga_ports, &s->vga, VGA_PORTS_SIZE), 0);
    region_add(mmio, MMIO_DISPI,
               new_io(s, "vga.dispi", &vga_vbe_mmio, &s->vga, MMIO_DISPI_SIZE), 0);
    if (props->edid) {
        region_add(mmio, MMIO_EDID, new_io(s, "vga.edid", &edid_ops, s, EDID_SIZE), 0);
    }
    if (props->qemu_extended_regs) {
        region_add(mmio, MMIO_EXTENDED,
                   new_io(s, "vga.order", &extended_ops, s, MMIO_EXTENDED_SIZE), 0);
    }
    pci_add_bar(&s->parent, 2, PCI_BAR_MEM32, mmio);
}

static void add_legacy(PciVga *s)
{
    PciDevice *dev = &s->parent;

    pci_add_fixed(dev, false, VGA_WINDOW,
                  new_io(s, "vga.window", &vga_window, &s->vga, VGA_WINDOW_SIZE));
    pci_add_fixed(dev, true, VGA_PORTS_MONO,
                  new_io(s, "vga.mono", &vga_mono_ports, &s->vga, VGA_PORTS_MONO_SIZE));
    pci_add_fixed(dev, true, VGA_PORTS,
                  new_io(s, "vga.io", &vga_ports, &s->vga, VGA_PORTS_SIZE));
    pci_add_fixed(dev, true, VBE_PORTS,
                  new_io(s, "vga.vbe", &vga_vbe_ports, &s->vga, VBE_PORTS_SIZE));
}

/* ---- Life ---- */

static guint32 round_up(guint32 value)
{
    guint32 power = 1;

    while (power < value) {
        power <<= 1;
    }
    return power;
}

static void fill_edid(PciVga *s)
{
    const PciVgaProps *props = pci_vga_props(s);
    const EdidInfo info = {
        .width = props->xres, .height = props->yres, .max_width = props->xmax,
        .max_height = props->ymax, .refresh = props->refresh_rate,
    };

    edid_fill(s->edid, &info);
}

static bool pci_vga_realize(Device *dev, GError **error)
{
    PciVga *s = to_pci_vga(dev);
    PciVgaProps *props = pci_vga_props(dev);

    props->vgamem_mb = round_up(props->vgamem_mb);
    if (!vga_init(&s->vga, props->vgamem_mb << 20, s->parent.machine->clock, error)) {
        return qmp_error_blame(error, "vgamem_mb");
    }
    fill_edid(s);
    s->regions = g_ptr_array_new();
    add_frame_buffer(s);
    s->console = console_new(dev, 0, &vga_console_ops, &s->vga);
    return true;
}

static void pci_vga_unrealize(Device *dev)
{
    PciVga *s = to_pci_vga(dev);

    g_clear_pointer(&s->console, console_free);
    for (guint i = s->regions->len; i-- > 0;) {
        region_free(s->regions->pdata[i]);
    }
    g_clear_pointer(&s->regions, g_ptr_array_unref);
}

/* Not earlier: views keep the regions that they show by a reference to their owner. */
static void pci_vga_finalize(Object *obj)
{
    vga_finalize(&to_pci_vga(obj)->vga);
}

static void pci_vga_reset_hold(Device *dev)
{
    vga_reset(&to_pci_vga(dev)->vga);
}

static bool pci_vga_state_loaded(Device *dev, GError **error)
{
    vga_loaded(&to_pci_vga(dev)->vga);
    return true;
}

static const StateRow pci_vga_rows[] = {
    STATE_STRUCT(PciVga, vga, vga_state),
    STATE_ROWS_END
};

const TypeInfo pci_vga_type = {
    .schema = &qmp_class_pci_vga,
    .size = sizeof(PciVga),
    .object = &(const ObjectOps){
        .finalize = pci_vga_finalize,
    },
    .device = &(const DeviceOps){
        .realize = pci_vga_realize,
        .unrealize = pci_vga_unrealize,
        .reset_hold = pci_vga_reset_hold,
        .state = pci_vga_rows,
        .state_loaded = pci_vga_state_loaded,
    },
};

/* ---- Classes ---- */

static bool vga_realize(Device *dev, GError **error)
{
    PciVga *s = to_pci_vga(dev);

    if (vga_props(dev)->mmio) {
        add_mmio(s);
    }
    add_legacy(s);
    return true;
}

const TypeInfo vga_type = {
    .schema = &qmp_class_VGA,
    .size = sizeof(PciVga),
    .device = &(const DeviceOps){
        .realize = vga_realize,
        .no_state = "pci-vga has it",
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1234,
        .device_id = 0x1111,
        .class_id = 0x0300,
        .revision = 2,
    },
};

static bool secondary_realize(Device *dev, GError **error)
{
    add_mmio(to_pci_vga(dev));
    return true;
}

const TypeInfo secondary_vga_type = {
    .schema = &qmp_class_secondary_vga,
    .size = sizeof(PciVga),
    .device = &(const DeviceOps){
        .realize = secondary_realize,
        .no_state = "pci-vga has it",
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1234,
        .device_id = 0x1111,
        .class_id = 0x0380,
        .revision = 2,
    },
};
