/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DISPI, the registers by which Bochs' VGA BIOS and the operating systems' drivers set modes of
 * any size (docs/specs/standard-vga.txt of QEMU; vbe_display_api.txt of Bochs).
 *
 * There is no way to report an error: a value that does not fit becomes the nearest that does,
 * as the guest sees when it reads the register.
 */
#include "config.h"
#include "hw/display/vga.h"

#include <string.h>

enum { BANK_SHIFT = 16, MEMORY_UNIT_SHIFT = 16 };

bool vga_vbe_enabled(const Vga *vga)
{
    return vga->vbe[VBE_ENABLE] & VBE_ENABLED;
}

guint32 vga_bank_offset(const Vga *vga)
{
    return (guint32)vga->bank << BANK_SHIFT;
}

static guint16 last_bank(const Vga *vga)
{
    return (vga->vram_size >> BANK_SHIFT) - 1;
}

/* ---- Making values fit ---- */

static guint bits_of(guint16 bpp)
{
    return bpp == 15 ? 16 : bpp;
}

static void fit_depth(guint16 *r)
{
    switch (r[VBE_BPP]) {
    case 4:
    case 8:
    case 15:
    case 16:
    case 24:
    case 32:
        break;
    default:
        r[VBE_BPP] = 8;
    }
}

static void fit_width(guint16 *r)
{
    r[VBE_XRES] = CLAMP(r[VBE_XRES] & ~7, 8, VGA_MAX_WIDTH);
    r[VBE_VIRT_WIDTH] = CLAMP(r[VBE_VIRT_WIDTH] & ~7, r[VBE_XRES], VGA_MAX_WIDTH);
}

/* The picture must end in memory: else it begins at an earlier line, or column. */
static void fit_offsets(guint16 *r, guint32 memory, guint32 pitch)
{
    guint64 picture = (guint64)r[VBE_YRES] * pitch;
    guint64 column = (guint64)r[VBE_X_OFFSET] * bits_of(r[VBE_BPP]) / 8;

    if (column + (guint64)r[VBE_Y_OFFSET] * pitch + picture > memory) {
        r[VBE_Y_OFFSET] = 0;
    }
    if (column + (guint64)r[VBE_Y_OFFSET] * pitch + picture > memory) {
        r[VBE_X_OFFSET] = 0;
    }
}

/* Only while a mode is on: before, registers can have any values. */
static void fit(Vga *vga)
{
    guint16 *r = vga->vbe;
    guint32 pitch, lines;

    if (!vga_vbe_enabled(vga)) {
        return;
    }
    fit_depth(r);
    fit_width(r);
    pitch = r[VBE_VIRT_WIDTH] * bits_of(r[VBE_BPP]) / 8;
    lines = MIN(vga->vram_size / pitch, G_MAXUINT16);
    r[VBE_YRES] = CLAMP(r[VBE_YRES], 1, MIN(lines, VGA_MAX_HEIGHT));
    r[VBE_VIRT_HEIGHT] = lines;
    fit_offsets(r, vga->vram_size, pitch);
}

void vga_loaded(Vga *vga)
{
    vga->sr_index &= 0x07;
    vga->gr_index &= 0x0f;
    vga->gr[GR_READ_MAP] &= 0x03;
    vga->dac_component %= 3;
    vga->bank &= last_bank(vga);
    fit(vga);
}

/* ---- What a mode sets in the VGA ---- */

/* What the window shows (64 KiB at 0xa0000), and the CRT controller's sizes: old software expects
 * to find them, and the BIOS does not set them. */
static void set_vga(Vga *vga)
{
    const guint16 *r = vga->vbe;
    guint last = r[VBE_YRES] - 1;
    bool planar = r[VBE_BPP] == 4;

    vga->gr[GR_MISC] = (vga->gr[GR_MISC] & ~(3 << GR_MISC_MAP_SHIFT)) | 1 << GR_MISC_MAP_SHIFT |
                       GR_MISC_GRAPHICS;
    vga->gr[GR_MODE] = (vga->gr[GR_MODE] & ~(3 << GR_MODE_SHIFT)) |
                       (planar ? 0 : 2) << GR_MODE_SHIFT;
    vga->cr[CR_MODE] |= CR_MODE_CMS0 | CR_MODE_CMS1;
    vga->cr[CR_OFFSET] = r[VBE_VIRT_WIDTH] * bits_of(r[VBE_BPP]) / 8 >> 3;
    vga->cr[CR_H_DISPLAY_END] = (r[VBE_XRES] >> 3) - 1;
    vga->cr[CR_V_DISPLAY_END] = last;
    vga->cr[CR_OVERFLOW] = (vga->cr[CR_OVERFLOW] & ~0x42) | (last >> 7 & 0x02) |
                           (last >> 3 & 0x40) | CR_OVERFLOW_COMPARE8;
    vga->cr[CR_LINE_COMPARE] = 0xff;
    vga->cr[CR_MAX_SCAN] = (vga->cr[CR_MAX_SCAN] & ~(CR_MAX_SCAN_DOUBLE | CR_MAX_SCAN_ROWS)) |
                           CR_MAX_SCAN_COMPARE9;
    if (planar) {
        vga->sr[SR_CLOCKING] &= ~SR_CLOCKING_HALF;
    } else {
        vga->sr[SR_MEMORY_MODE] |= SR_MEMORY_CHAIN4;
        vga->sr[SR_MAP_MASK] = 0x0f;
    }
}

static void clear_picture(Vga *vga)
{
    const guint16 *r = vga->vbe;
    gsize size = (gsize)r[VBE_YRES] * (r[VBE_VIRT_WIDTH] * bits_of(r[VBE_BPP]) / 8);

    memset(vga->vram, 0, MIN(size, vga->vram_size));
    region_wrote(vga->region, 0, MIN(size, vga->vram_size));
}

/* With four planes, a byte of the window is in all of them. */
static void write_bank(Vga *vga, guint16 value)
{
    guint16 last = last_bank(vga);

    vga->bank = value & (vga->vbe[VBE_BPP] == 4 ? last >> 2 : last);
    vga->vbe[VBE_BANK] = vga->bank;
}

/* Unless it turns a mode on, a write selects the first bank, and leaves the bank's register as it
 * is. */
static void write_enable(Vga *vga, guint16 value)
{
    guint16 *r = vga->vbe;
    bool on = (value & VBE_ENABLED) && !vga_vbe_enabled(vga);

    r[VBE_ENABLE] = value;
    if (!on) {
        vga->bank = 0;
        return;
    }
    r[VBE_VIRT_WIDTH] = r[VBE_X_OFFSET] = r[VBE_Y_OFFSET] = 0;
    fit(vga);
    set_vga(vga);
    if (!(value & VBE_NOCLEARMEM)) {
        clear_picture(vga);
    }
}

/* ---- Registers ---- */

static void write_data(Vga *vga, guint index, guint16 value)
{
    switch (index) {
    case VBE_ID:
        if (value >= VBE_ID_FIRST && value <= VBE_ID_LAST) {
            vga->vbe[index] = value;
        }
        break;
    case VBE_BANK:
        write_bank(vga, value);
        break;
    case VBE_ENABLE:
        write_enable(vga, value);
        break;
    case VBE_XRES:
    case VBE_YRES:
    case VBE_BPP:
    case VBE_VIRT_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET:
        vga->vbe[index] = value;
        fit(vga);
        if (vga_vbe_enabled(vga)) {
            set_vga(vga);
        }
        break;
    }
}

static guint16 read_data(const Vga *vga, guint index)
{
    static const guint16 limits[] = {
        [VBE_XRES] = VGA_MAX_WIDTH, [VBE_YRES] = VGA_MAX_HEIGHT, [VBE_BPP] = VBE_MAX_BPP,
    };

    if (index == VBE_MEMORY_64K) {
        return vga->vram_size >> MEMORY_UNIT_SHIFT;
    }
    if ((vga->vbe[VBE_ENABLE] & VBE_GETCAPS) && index >= VBE_XRES && index <= VBE_BPP) {
        return limits[index];
    }
    return index < VBE_N ? vga->vbe[index] : 0;
}

/* The index is at offset 0; data is at 1 (unaligned, as PCs use it) and at 2. */
static guint64 ports_read(void *opaque, guint64 offset, guint size)
{
    const Vga *vga = opaque;

    return offset ? read_data(vga, vga->vbe_index) : vga->vbe_index;
}

static void ports_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Vga *vga = opaque;

    if (offset) {
        write_data(vga, vga->vbe_index, value);
    } else {
        vga->vbe_index = value;
    }
}

const RegionOps vga_vbe_ports = {
    .read = ports_read,
    .write = ports_write,
    .min_size = 1,
    .max_size = 2,
    .unaligned = true,
};

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    return read_data(opaque, offset / 2);
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    write_data(opaque, offset / 2, value);
}

const RegionOps vga_vbe_mmio = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 2,
    .max_size = 2,
};
