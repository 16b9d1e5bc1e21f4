/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class cirrus-vga: a graphics card with a Cirrus Logic GD5446 on PCI; see cirrus-internal.h.
 * Windows up to XP and other old systems have its driver.
 *
 * BAR 0 has 32 MiB: the video memory at 0, and from 16 MiB on 4 MiB where the processor writes the
 * source of blits.  BAR 1 has ports 0x3c0 to 0x3df at 0, and the blitter's registers at 0x100.
 *
 * Not modelled: the video window and its colour key, the programmable clocks (their registers
 * exist), byte swapping, blits to system memory (which this chip does not have).  The extensions
 * are not locked by SR6.
 */
#include "config.h"
#include "hw/display/cirrus.h"

#include "hw/display/cirrus-internal.h"
#include "qmp/error.h"

enum {                          /* BAR 0, BAR 1 */
    LINEAR_SIZE = 32 << 20,
    SOURCE_OFFSET = 16 << 20,
    SOURCE_SIZE = 4 << 20,
    MMIO_SIZE = 4096,
};

/* ---- Mapping ---- */

static void show_bank(CirrusVga *s, guint bank, bool plain)
{
    guint32 base = cirrus_bank_base(s, bank);

    plain = plain && base + CIRRUS_BANK_SIZE <= CIRRUS_MEMORY;
    if (s->banks[bank] && (!plain || base != s->bank_bases[bank])) {
        region_remove(s->window, s->banks[bank]);
        g_clear_pointer(&s->banks[bank], region_free);
    }
    if (plain && !s->banks[bank]) {
        s->banks[bank] = region_new_alias(&s->parent.device.object, "cirrus.bank", s->vga.region,
                                          base, CIRRUS_BANK_SIZE);
        s->bank_bases[bank] = base;
        region_add(s->window, bank * CIRRUS_BANK_SIZE, s->banks[bank], 1);
    }
}

void cirrus_remap(CirrusVga *s)
{
    bool plain = cirrus_is_plain(s);

    region_transaction_begin(s->vga.as);
    region_set_enabled(s->vga.region, plain);
    for (guint i = 0; i < CIRRUS_N_BANKS; i++) {
        show_bank(s, i, plain && (s->sr[SRX_MODE] & SRX_MODE_EXTENDED));
    }
    region_transaction_commit(s->vga.as);
}

/* ---- Life ---- */

static bool check_size(guint32 size, GError **error)
{
    if (size & (size - 1)) {
        qmp_error_set_at(error, "vgamem_mb", ERROR_REASON_INVALID_VALUE,
                         "property 'vgamem_mb' is 4, 8 or 16");
        return false;
    }
    return true;
}

static void add_ports(CirrusVga *s)
{
    Object *owner = &s->parent.device.object;

    s->mono = region_new_io(owner, "cirrus.mono", &cirrus_mono_ports, s, VGA_PORTS_MONO_SIZE);
    pci_add_fixed(&s->parent, true, VGA_PORTS_MONO, s->mono);
    s->ports = region_new_io(owner, "cirrus.ports", &cirrus_ports, s, VGA_PORTS_SIZE);
    pci_add_fixed(&s->parent, true, VGA_PORTS, s->ports);
    s->mmio = region_new_io(owner, "cirrus.mmio", &cirrus_mmio, s, MMIO_SIZE);
    pci_add_bar(&s->parent, 1, PCI_BAR_MEM32, s->mmio);
}

static void add_memory(CirrusVga *s)
{
    Object *owner = &s->parent.device.object;
    Vga *vga = &s->vga;

    vga->as = s->parent.machine->memory;
    vga->region = region_new_ram(owner, "vga.vram", vga->vram, vga->vram_size);
    s->window = region_new_container(owner, "cirrus.window", VGA_WINDOW_SIZE);
    s->window_io = region_new_io(owner, "cirrus.window-io", &cirrus_window, s, VGA_WINDOW_SIZE);
    region_add(s->window, 0, s->window_io, 0);
    pci_add_fixed(&s->parent, false, VGA_WINDOW, s->window);

    s->bar = region_new_container(owner, "cirrus.bar", LINEAR_SIZE);
    s->linear_io = region_new_io(owner, "cirrus.linear", &cirrus_linear, s, vga->vram_size);
    region_add(s->bar, 0, s->linear_io, 0);
    region_add(s->bar, 0, vga->region, 1);
    s->source_io = region_new_io(owner, "cirrus.source", &cirrus_source, s, SOURCE_SIZE);
    region_add(s->bar, SOURCE_OFFSET, s->source_io, 0);
    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32 | PCI_BAR_PREFETCH, s->bar);
}

static bool cirrus_realize(Device *dev, GError **error)
{
    CirrusVga *s = to_cirrus_vga(dev);
    guint32 size = cirrus_vga_props(dev)->vgamem_mb;

    if (!check_size(size, error)) {
        return false;
    }
    if (!vga_init(&s->vga, size << 20, s->parent.machine->clock, error)) {
        return qmp_error_blame(error, "vgamem_mb");
    }
    s->vga.extension = &cirrus_extension;
    s->vga.card = s;
    add_ports(s);
    add_memory(s);
    s->console = console_new(dev, 0, &vga_console_ops, &s->vga);
    return true;
}

static void cirrus_unrealize(Device *dev)
{
    CirrusVga *s = to_cirrus_vga(dev);
    MemoryRegion **regions[] = {
        &s->banks[0], &s->banks[1], &s->bar, &s->source_io, &s->linear_io, &s->window,
        &s->window_io, &s->vga.region, &s->mmio, &s->ports, &s->mono,
    };

    g_clear_pointer(&s->console, console_free);
    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_clear_pointer(regions[i], region_free);
    }
}

/* Not earlier: views keep the regions that they show by a reference to their owner. */
static void cirrus_finalize(Object *obj)
{
    vga_finalize(&to_cirrus_vga(obj)->vga);
}

/* ---- State ---- */

/* A card with 4 MiB at 64 bits on PCI, whose memory runs at 64.4 MHz (TRM, "Configuration",
 * SR0F, SR15, SR17, SR1F, GR18). */
static void cirrus_reset_hold(Device *dev)
{
    CirrusVga *s = to_cirrus_vga(dev);

    s->sr[SRX_UNLOCK] = 0x0f;
    s->sr[0x0f] = 0x98;
    s->sr[0x15] = 0x04;
    s->sr[SRX_CONFIGURATION] = 0x20;
    s->sr[0x1f] = 0x2d;
    s->gr[0x18] = 0x0f;
    cirrus_remap(s);
}

static bool cirrus_state_loaded(Device *dev, GError **error)
{
    CirrusVga *s = to_cirrus_vga(dev);
    bool valid = cirrus_blit_valid(&s->blit);

    vga_loaded(&s->vga);
    if (!valid) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "a blit leaves the video memory");
    }
    cirrus_remap(s);
    return valid;
}

static const StateRow blit_state[] = {
    STATE_FIELD(U8, CirrusBlit, mode, 0),
    STATE_FIELD(U8, CirrusBlit, extended, 0),
    STATE_FIELD(U8, CirrusBlit, rop, 0),
    STATE_FIELD(U8, CirrusBlit, skip, 0),
    STATE_FIELD(U32, CirrusBlit, width, 0),
    STATE_FIELD(U32, CirrusBlit, height, 0),
    STATE_FIELD(U32, CirrusBlit, pitch, 0),
    STATE_FIELD(U32, CirrusBlit, source_pitch, 0),
    STATE_FIELD(U32, CirrusBlit, address, 0),
    STATE_FIELD(U32, CirrusBlit, source, 0),
    STATE_FIELD(U32, CirrusBlit, foreground, 0),
    STATE_FIELD(U32, CirrusBlit, background, 0),
    STATE_FIELD(U16, CirrusBlit, key, 0),
    STATE_FIELD(U32, CirrusBlit, wanted, 0),
    STATE_SOME_BYTES(CirrusBlit, buffer, filled),
    STATE_ROWS_END
};

static const StateRow cirrus_state[] = {
    STATE_STRUCT(CirrusVga, vga, vga_state),
    STATE_FIELD(U8, CirrusVga, sr_index, 0),
    STATE_FIELD(U8, CirrusVga, gr_index, 0),
    STATE_ARRAY(U8, CirrusVga, sr, 0),
    STATE_ARRAY(U8, CirrusVga, gr, 0),
    STATE_ARRAY(U8, CirrusVga, cr, 0),
    STATE_FIELD(U8, CirrusVga, hidden_dac, 0),
    STATE_FIELD(U8, CirrusVga, hidden_dac_reads, 0),
    STATE_ARRAY(BYTES, CirrusVga, cursor_colors, 0),
    STATE_FIELD(U16, CirrusVga, cursor_x, 0),
    STATE_FIELD(U16, CirrusVga, cursor_y, 0),
    STATE_STRUCT(CirrusVga, blit, blit_state),
    STATE_ROWS_END
};

const TypeInfo cirrus_vga_type = {
    .schema = &qmp_class_cirrus_vga,
    .size = sizeof(CirrusVga),
    .object = &(const ObjectOps){
        .finalize = cirrus_finalize,
    },
    .device = &(const DeviceOps){
        .realize = cirrus_realize,
        .unrealize = cirrus_unrealize,
        .reset_hold = cirrus_reset_hold,
        .state = cirrus_state,
        .state_loaded = cirrus_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1013,
        .device_id = 0x00b8,
        .class_id = 0x0300,
    },
};
