/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes VGA and secondary-vga: graphics cards as PCI functions, after QEMU's interface
 * description docs/specs/standard-vga.txt.  BAR 0 is the frame buffer, BAR 2 is vga-mmio.h's.
 *
 * VGA also answers at the addresses of IBM's adapters; secondary-vga has none of these, so any
 * number of them can be used beside it.  No function interrupts.
 */
#include "config.h"
#include "hw/display/vga-pci.h"

#include "hw/display/vga-mmio.h"
#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-display.h"

struct PciVga {
    PciDevice parent;
    Vga vga;
    VgaMmio mmio;
    Console *console;
};

/* ---- What all cards do ---- */

static bool pci_vga_realize(Device *dev, GError **error)
{
    PciVga *s = to_pci_vga(dev);
    PciVgaProps *props = pci_vga_props(dev);

    props->vgamem_mb = vga_round_up(props->vgamem_mb);
    if (!vga_init(&s->vga, props->vgamem_mb << 20, s->parent.machine->clock, error)) {
        return qmp_error_blame(error, "vgamem_mb");
    }
    vga_mmio_init(&s->mmio, dev, &s->vga);
    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32 | PCI_BAR_PREFETCH,
                vga_mmio_new_vram(&s->mmio, s->parent.machine->memory));
    s->console = console_new(dev, 0, &vga_console_ops, &s->vga);
    return true;
}

static void pci_vga_unrealize(Device *dev)
{
    PciVga *s = to_pci_vga(dev);

    g_clear_pointer(&s->console, console_free);
    vga_mmio_done(&s->mmio);
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

/* Revision 2 says that there are the registers of the byte order (docs/specs/standard-vga.txt). */
static void add_mmio(PciVga *s, bool ports)
{
    const PciVgaProps *props = pci_vga_props(s);
    const EdidInfo edid = {
        .width = props->xres, .height = props->yres, .max_width = props->xmax,
        .max_height = props->ymax, .refresh = props->refresh_rate,
    };
    const VgaMmioParts parts = {
        .ports = ports, .order = props->qemu_extended_regs, .edid = props->edid ? &edid : NULL,
    };

    s->parent.config[PCI_REVISION_ID] = parts.order ? 2 : 0;
    pci_add_bar(&s->parent, 2, PCI_BAR_MEM32, vga_mmio_new_bar(&s->mmio, &parts));
}

/* ---- Classes ---- */

static bool vga_realize(Device *dev, GError **error)
{
    PciVga *s = to_pci_vga(dev);

    if (vga_props(dev)->mmio) {
        add_mmio(s, true);
    }
    vga_mmio_add_fixed(&s->mmio, &s->parent);
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
    },
};

static bool secondary_realize(Device *dev, GError **error)
{
    add_mmio(to_pci_vga(dev), true);
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
    },
};
