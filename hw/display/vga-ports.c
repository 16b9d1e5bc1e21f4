/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of the VGA (TRM, "VGA Function"): sequencer, graphics, attribute and CRT controllers,
 * video DAC.
 *
 * Registers that only test or synchronise hardware do not exist: 0x3c3 reads as 0, as do bits
 * that the reference reserves.
 */
#include "config.h"
#include "hw/display/vga.h"

enum {                          /* ports that the code names, by offset from 0x3c0 */
    AR_WRITE = 0x0, AR_READ = 0x1, MISC_WRITE = 0x2, SR_INDEX = 0x4, SR_DATA = 0x5,
    PEL_MASK = 0x6, PEL_READ_INDEX = 0x7, PEL_WRITE_INDEX = 0x8, PEL_DATA = 0x9,
    FEATURE_READ = 0xa, MISC_READ = 0xc, GR_INDEX = 0xe, GR_DATA = 0xf,
    /* At 0x3b0 or at 0x3d0. */
    CR_INDEX = 0x4, CR_DATA = 0x5, STATUS = 0xa,
};

enum { DAC_READING = 3, DAC_WRITING = 0 };

/* ---- Attribute controller ---- */

static const guint8 ar_masks[VGA_N_AR] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    [AR_MODE] = 0xef, [AR_OVERSCAN] = 0xff, [AR_PLANE_ENABLE] = 0x3f, [AR_PANNING] = 0x0f,
    [AR_COLOR_SELECT] = 0x0f,
};

/* Index and data are written to one port in turn. */
static void write_ar(Vga *vga, guint8 value)
{
    guint index = vga->ar_index & 0x1f;

    if (!vga->ar_data) {
        vga->ar_index = value & 0x3f;
    } else if (index < VGA_N_AR) {
        vga->ar[index] = value & ar_masks[index];
    }
    vga->ar_data = !vga->ar_data;
}

static guint8 read_ar(const Vga *vga)
{
    guint index = vga->ar_index & 0x1f;

    return index < VGA_N_AR ? vga->ar[index] : 0;
}

/* ---- Video DAC ---- */

static void write_pel(Vga *vga, guint8 value)
{
    vga->dac_latch[vga->dac_component++] =
        vga->vbe[VBE_ENABLE] & VBE_8BIT_DAC ? value : value & 0x3f;
    if (vga->dac_component == 3) {
        for (guint i = 0; i < 3; i++) {
            vga->palette[vga->dac_write * 3 + i] = vga->dac_latch[i];
        }
        vga->dac_component = 0;
        vga->dac_write++;
    }
}

static guint8 read_pel(Vga *vga)
{
    guint8 value = vga->palette[vga->dac_read * 3 + vga->dac_component++];

    if (vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_read++;
    }
    return value;
}

static void start_pel(Vga *vga, guint8 *index, guint8 value, guint8 state)
{
    *index = value;
    vga->dac_component = 0;
    vga->dac_state = state;
}

/* ---- Sequencer and graphics controller ---- */

static const guint8 sr_masks[VGA_N_SR] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const guint8 gr_masks[VGA_N_GR] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };

static void write_masked(guint8 *registers, const guint8 *masks, guint n, guint index,
                         guint8 value)
{
    if (index < n) {
        registers[index] = value & masks[index];
    }
}

void vga_write_gr(Vga *vga, guint index, guint8 value)
{
    write_masked(vga->gr, gr_masks, VGA_N_GR, index, value);
}

static guint8 read_at(const guint8 *registers, guint n, guint index)
{
    return index < n ? registers[index] : 0;
}

/* ---- CRT controller ---- */

/* Of locked registers, only the bit of the line compare can be written. */
static void write_cr(Vga *vga, guint8 value)
{
    guint index = vga->cr_index;
    bool locked = index <= CR_OVERFLOW && (vga->cr[CR_V_RETRACE_END] & CR_V_RETRACE_LOCK);

    if (index >= VGA_N_CR || (locked && index != CR_OVERFLOW)) {
        return;
    }
    if (locked) {
        value = (vga->cr[index] & ~CR_OVERFLOW_COMPARE8) | (value & CR_OVERFLOW_COMPARE8);
    }
    vga->cr[index] = value;
}

/* One of the two places of the controller, which the miscellaneous output chooses. */
static guint8 read_crtc(Vga *vga, guint offset)
{
    switch (offset) {
    case CR_INDEX:
        return vga->cr_index;
    case CR_DATA:
        return read_at(vga->cr, VGA_N_CR, vga->cr_index);
    case STATUS:
        vga->ar_data = false;
        return vga_beam(vga);
    default:
        return 0;
    }
}

static void write_crtc(Vga *vga, guint offset, guint8 value)
{
    if (offset == CR_INDEX) {
        vga->cr_index = value;
    } else if (offset == CR_DATA) {
        write_cr(vga, value);
    } else if (offset == STATUS) {
        vga->feature = value & 0x10;
    }
}

/* ---- All ports ---- */

static guint64 mono_read(void *opaque, guint64 offset, guint size)
{
    Vga *vga = opaque;

    return vga->misc & MISC_COLOR ? 0xff : read_crtc(vga, offset);
}

static void mono_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Vga *vga = opaque;

    if (!(vga->misc & MISC_COLOR)) {
        write_crtc(vga, offset, value);
    }
}

const RegionOps vga_mono_ports = {
    .read = mono_read,
    .write = mono_write,
    .min_size = 1,
    .max_size = 1,
};

static guint8 read_common(Vga *vga, guint offset)
{
    switch (offset) {
    case AR_WRITE:
        return vga->ar_data ? 0 : vga->ar_index;
    case AR_READ:
        return read_ar(vga);
    case SR_INDEX:
        return vga->sr_index;
    case SR_DATA:
        return read_at(vga->sr, VGA_N_SR, vga->sr_index);
    case PEL_MASK:
        return vga->pel_mask;
    case PEL_READ_INDEX:
        return vga->dac_state;
    case PEL_WRITE_INDEX:
        return vga->dac_write;
    case PEL_DATA:
        return read_pel(vga);
    case FEATURE_READ:
        return vga->feature;
    case MISC_READ:
        return vga->misc;
    case GR_INDEX:
        return vga->gr_index;
    case GR_DATA:
        return read_at(vga->gr, VGA_N_GR, vga->gr_index);
    default:
        return 0;
    }
}

static void write_common(Vga *vga, guint offset, guint8 value)
{
    switch (offset) {
    case AR_WRITE:
        write_ar(vga, value);
        break;
    case MISC_WRITE:
        vga->misc = value & ~0x10;
        break;
    case SR_INDEX:
        vga->sr_index = value & 0x07;
        break;
    case SR_DATA:
        write_masked(vga->sr, sr_masks, VGA_N_SR, vga->sr_index, value);
        break;
    case PEL_MASK:
        vga->pel_mask = value;
        break;
    case PEL_READ_INDEX:
        start_pel(vga, &vga->dac_read, value, DAC_READING);
        break;
    case PEL_WRITE_INDEX:
        start_pel(vga, &vga->dac_write, value, DAC_WRITING);
        break;
    case PEL_DATA:
        write_pel(vga, value);
        break;
    case GR_INDEX:
        vga->gr_index = value & 0x0f;
        break;
    case GR_DATA:
        vga_write_gr(vga, vga->gr_index, value);
        break;
    }
}

static guint64 ports_read(void *opaque, guint64 offset, guint size)
{
    Vga *vga = opaque;

    if (offset < 0x10) {
        return read_common(vga, offset);
    }
    return vga->misc & MISC_COLOR ? read_crtc(vga, offset - 0x10) : 0xff;
}

static void ports_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Vga *vga = opaque;

    if (offset < 0x10) {
        write_common(vga, offset, value);
    } else if (vga->misc & MISC_COLOR) {
        write_crtc(vga, offset - 0x10, value);
    }
}

const RegionOps vga_ports = {
    .read = ports_read,
    .write = ports_write,
    .min_size = 1,
    .max_size = 1,
};
