/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class bochs-display: a card with the DISPI registers in memory and nothing of a VGA: no text
 * modes, no ports, no palette (docs/specs/standard-vga.txt of QEMU has the registers).  BAR 0 is
 * the frame buffer, BAR 2 is vga-mmio.h's.  Its screen is dark until a driver sets a mode with 16
 * or 32 bits to a pixel, or 15 or 24.
 */
#include "config.h"
#include "hw/display/bochs-display.h"

#include "hw/display/vga-mmio.h"
#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-display.h"

struct BochsDisplay {
    PciDevice parent;
    Vga vga;                    /* of which only DISPI is used */
    VgaMmio mmio;
    Console *console;
};

static void add_bars(BochsDisplay *s)
{
    const BochsDisplayProps *props = bochs_display_props(s);
    const EdidInfo edid = {
        .width = props->xres, .height = props->yres, .max_width = props->xmax,
        .max_height = props->ymax, .refresh = props->refresh_rate,
    };
    const VgaMmioParts parts = { .order = true, .edid = props->edid ? &edid : NULL };

    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32 | PCI_BAR_PREFETCH,
                vga_mmio_new_vram(&s->mmio, s->parent.machine->memory));
    pci_add_bar(&s->parent, 2, PCI_BAR_MEM32, vga_mmio_new_bar(&s->mmio, &parts));
}

static bool bochs_realize(Device *dev, GError **error)
{
    BochsDisplay *s = to_bochs_display(dev);
    BochsDisplayProps *props = bochs_display_props(dev);

    props->vgamem = vga_round_up(props->vgamem);
    if (!vga_init(&s->vga, props->vgamem, s->parent.machine->clock, error)) {
        return qmp_error_blame(error, "vgamem");
    }
    s->vga.dispi_only = true;
    vga_mmio_init(&s->mmio, dev, &s->vga);
    add_bars(s);
    s->console = console_new(dev, 0, &vga_console_ops, &s->vga);
    return true;
}

static void bochs_unrealize(Device *dev)
{
    BochsDisplay *s = to_bochs_display(dev);

    g_clear_pointer(&s->console, console_free);
    vga_mmio_done(&s->mmio);
}

/* Not earlier: views keep the regions that they show by a reference to their owner. */
static void bochs_finalize(Object *obj)
{
    vga_finalize(&to_bochs_display(obj)->vga);
}

static void bochs_reset_hold(Device *dev)
{
    vga_reset(&to_bochs_display(dev)->vga);
}

static bool bochs_state_loaded(Device *dev, GError **error)
{
    vga_loaded(&to_bochs_display(dev)->vga);
    return true;
}

static const StateRow bochs_state[] = {
    STATE_ARRAY(U16, BochsDisplay, vga.vbe, 0),
    STATE_FIELD(BOOL, BochsDisplay, vga.big_endian, false),
    STATE_ROWS_END
};

const TypeInfo bochs_display_type = {
    .schema = &qmp_class_bochs_display,
    .size = sizeof(BochsDisplay),
    .object = &(const ObjectOps){
        .finalize = bochs_finalize,
    },
    .device = &(const DeviceOps){
        .realize = bochs_realize,
        .unrealize = bochs_unrealize,
        .reset_hold = bochs_reset_hold,
        .state = bochs_state,
        .state_loaded = bochs_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1234,
        .device_id = 0x1111,
        .class_id = 0x0380,
        .revision = 2,
    },
};
