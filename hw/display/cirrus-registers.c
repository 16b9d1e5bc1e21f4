/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the GD5446: what it adds to IBM's sequencer, graphics and CRT controllers, the
 * hidden DAC register, and the colours of the cursor (TRM, "Extension Registers").
 */
#include "config.h"
#include "hw/display/cirrus-internal.h"

enum {                          /* ports */
    MONO_CR_DATA = 0x3b5,
    SR_INDEX = 0x3c4, SR_DATA = 0x3c5,
    PEL_MASK = 0x3c6, PEL_READ_INDEX = 0x3c7, PEL_WRITE_INDEX = 0x3c8, PEL_DATA = 0x3c9,
    GR_INDEX = 0x3ce, GR_DATA = 0x3cf,
    CR_DATA = 0x3d5,
};

enum { NO_REGISTER = 0xff, HIDDEN_DAC_READS = 4, CHIP_ID = 0xb8 };

/* ---- Sequencer ---- */

/* The position of the cursor has 11 bits: 3 of them are in the index. */
static bool is_cursor_position(guint8 index)
{
    return (index & 0x1f) == SRX_CURSOR_X || (index & 0x1f) == SRX_CURSOR_Y;
}

static guint8 read_sr(const CirrusVga *s)
{
    guint8 index = is_cursor_position(s->sr_index) ? s->sr_index & 0x1f : s->sr_index;

    return index < CIRRUS_N_SR ? s->sr[index] : 0xff;
}

static void write_cursor_position(CirrusVga *s, guint8 value)
{
    guint16 position = value << 3 | s->sr_index >> 5;
    guint8 index = s->sr_index & 0x1f;

    s->sr[index] = value;
    if (index == SRX_CURSOR_X) {
        s->cursor_x = position;
    } else {
        s->cursor_y = position;
    }
}

static void write_sr(CirrusVga *s, guint8 value)
{
    guint8 index = s->sr_index;

    if (is_cursor_position(index)) {
        write_cursor_position(s, value);
    } else if (index == SRX_UNLOCK) {
        s->sr[index] = (value & 0x17) == 0x12 ? 0x12 : 0x0f;
    } else if (index == SRX_CONFIGURATION) {
        s->sr[index] = (s->sr[index] & 0x38) | (value & 0xc7);      /* the rest is the bus */
        cirrus_remap(s);
    } else if (index >= SRX_MODE && index < CIRRUS_N_SR) {
        s->sr[index] = value;
        if (index == SRX_MODE) {
            cirrus_remap(s);
        }
    }
}

/* ---- Graphics controller ---- */

/* Bits that exist, of the registers that IBM's VGA does not have. */
static const guint8 gr_masks[CIRRUS_N_GR] = {
    [0x00] = 0xff, [0x01] = 0xff,
    [GRX_BANK] = 0xff, [GRX_BANK + 1] = 0xff, [GRX_EXTENSIONS] = 0xff,
    [0x10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    [GRX_BLIT] = 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f,
    [0x28] = 0xff, 0xff, 0x3f, 0, 0xff, 0xff, 0x3f, 0xff,
    [0x30] = 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff,
};

static guint8 read_gr(const CirrusVga *s, guint8 index)
{
    if (index >= CIRRUS_N_GR) {
        return 0xff;
    }
    return index > 1 && index < VGA_N_GR ? s->vga.gr[index] : s->gr[index];
}

/* A reset is the end of the bit; a start its beginning. */
static void write_blit_status(CirrusVga *s, guint8 value)
{
    guint8 old = s->gr[GRX_BLIT_STATUS];

    s->gr[GRX_BLIT_STATUS] = (value & ~BLIT_BUSY) | (old & BLIT_BUSY);
    if ((old & BLIT_RESET) && !(value & BLIT_RESET)) {
        cirrus_blit_reset(s);
    } else if (!(old & BLIT_START) && (value & BLIT_START)) {
        cirrus_blit_start(s);
    }
}

/* vga has the bits of IBM's registers already, but for the write modes. */
static void write_gr(CirrusVga *s, guint8 index, guint8 value)
{
    if (index == GR_MODE) {
        s->vga.gr[GR_MODE] = value & 0x7f;
        cirrus_remap(s);
    } else if (index == GRX_BLIT_STATUS) {
        write_blit_status(s, value);
    } else if (index < CIRRUS_N_GR) {
        s->gr[index] = (s->gr[index] & ~gr_masks[index]) | (value & gr_masks[index]);
        if (index >= GRX_BANK && index <= GRX_EXTENSIONS) {
            cirrus_remap(s);
        } else if (index == GRX_BLIT_START_HIGH &&
                   (s->gr[GRX_BLIT_STATUS] & BLIT_AUTOSTART)) {
            cirrus_blit_start(s);
        }
    }
}

/* Both the VGA's and its extensions, by the index. */
static void write_any_gr(CirrusVga *s, guint8 index, guint8 value)
{
    if (index < VGA_N_GR) {
        vga_write_gr(&s->vga, index, value);
    }
    write_gr(s, index, value);
}

/* ---- CRT controller ---- */

static guint8 read_cr(const CirrusVga *s, guint8 index)
{
    switch (index) {
    case 0x22:
        return s->vga.latch >> 8 * (s->vga.gr[GR_READ_MAP] & 3);
    case 0x24:
        return s->vga.ar_data << 7;
    case 0x25:
        return 0;               /* part status */
    case 0x26:
        return s->vga.ar_index;
    case 0x27:
        return CHIP_ID;
    default:
        return index < CIRRUS_N_CR ? s->cr[index] : 0xff;
    }
}

/* ---- DAC ---- */

/* The hidden register is behind four reads of the mask, one after the other. */
static guint8 read_pel_mask(CirrusVga *s)
{
    if (s->hidden_dac_reads < HIDDEN_DAC_READS) {
        s->hidden_dac_reads++;
        return s->vga.pel_mask;
    }
    s->hidden_dac_reads = 0;
    return s->hidden_dac;
}

static void write_pel_mask(CirrusVga *s, guint8 value)
{
    if (s->hidden_dac_reads == HIDDEN_DAC_READS) {
        s->hidden_dac = value;
    } else {
        s->vga.pel_mask = value;
    }
    s->hidden_dac_reads = 0;
}

static bool is_cursor_color(const CirrusVga *s, guint port)
{
    return port == PEL_DATA && (s->sr[SRX_CURSOR] & SRX_CURSOR_COLORS);
}

static guint8 *cursor_color(CirrusVga *s, guint8 index)
{
    return s->cursor_colors + index % CIRRUS_N_CURSOR_COLORS * 3;
}

static guint8 read_cursor_color(CirrusVga *s)
{
    Vga *vga = &s->vga;
    guint8 value = cursor_color(s, vga->dac_read)[vga->dac_component++];

    if (vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_read++;
    }
    return value;
}

static void write_cursor_color(CirrusVga *s, guint8 value)
{
    Vga *vga = &s->vga;

    vga->dac_latch[vga->dac_component++] = value & 0x3f;
    if (vga->dac_component == 3) {
        for (guint i = 0; i < 3; i++) {
            cursor_color(s, vga->dac_write)[i] = vga->dac_latch[i];
        }
        vga->dac_component = 0;
        vga->dac_write++;
    }
}

/* ---- Ports ---- */

/* Whether the CRT controller's data is at this port now. */
static bool is_extended_cr(const CirrusVga *s, guint port)
{
    guint here = s->vga.misc & MISC_COLOR ? CR_DATA : MONO_CR_DATA;

    return port == here && s->vga.cr_index >= VGA_N_CR;
}

static guint8 read_port(CirrusVga *s, guint port)
{
    if (port == SR_INDEX) {
        return s->sr_index;
    }
    if (port == SR_DATA && s->sr_index >= VGA_N_SR) {
        return read_sr(s);
    }
    if (port == PEL_MASK) {
        return read_pel_mask(s);
    }
    if (port == GR_INDEX) {
        return s->gr_index;
    }
    if (port == GR_DATA) {
        return read_gr(s, s->gr_index);
    }
    if (is_extended_cr(s, port)) {
        return read_cr(s, s->vga.cr_index);
    }
    if (is_cursor_color(s, port)) {
        return read_cursor_color(s);
    }
    if (port == PEL_WRITE_INDEX) {
        s->hidden_dac_reads = 0;
    }
    return port < VGA_PORTS ? vga_mono_ports.read(&s->vga, port - VGA_PORTS_MONO, 1)
                            : vga_ports.read(&s->vga, port - VGA_PORTS, 1);
}

static void write_port(CirrusVga *s, guint port, guint8 value)
{
    if (port == PEL_MASK) {
        write_pel_mask(s, value);
        return;
    }
    if (port == GR_INDEX) {
        s->gr_index = value;
        return;
    }
    if (port == GR_DATA) {
        write_any_gr(s, s->gr_index, value);
        return;
    }
    if (is_extended_cr(s, port)) {
        if (s->vga.cr_index < CIRRUS_N_CR) {
            s->cr[s->vga.cr_index] = value;
        }
        return;
    }
    if (is_cursor_color(s, port)) {
        write_cursor_color(s, value);
        return;
    }
    if (port == SR_INDEX) {
        s->sr_index = value;
    } else if (port == SR_DATA && s->sr_index >= VGA_N_SR) {
        write_sr(s, value);
        return;
    }
    if (port < VGA_PORTS) {
        vga_mono_ports.write(&s->vga, port - VGA_PORTS_MONO, value, 1);
    } else {
        vga_ports.write(&s->vga, port - VGA_PORTS, value, 1);
    }
}

static guint64 mono_read(void *opaque, guint64 offset, guint size)
{
    return read_port(opaque, VGA_PORTS_MONO + offset);
}

static void mono_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    write_port(opaque, VGA_PORTS_MONO + offset, value);
}

const RegionOps cirrus_mono_ports = {
    .read = mono_read,
    .write = mono_write,
    .min_size = 1,
    .max_size = 1,
};

static guint64 ports_read(void *opaque, guint64 offset, guint size)
{
    return read_port(opaque, VGA_PORTS + offset);
}

static void ports_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    write_port(opaque, VGA_PORTS + offset, value);
}

const RegionOps cirrus_ports = {
    .read = ports_read,
    .write = ports_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Registers in memory ---- */

enum { MMIO_BLIT = 0x100, MMIO_BLIT_STATUS = 0x40 };

/* Numbers of the registers of the graphics controller at each offset (TRM, "Memory-Mapped I/O"). */
static const guint8 blit_registers[] = {
    0x00, 0x10, 0x12, 0x14, 0x01, 0x11, 0x13, 0x15,
    0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
    0x28, 0x29, 0x2a, NO_REGISTER, 0x2c, 0x2d, 0x2e, 0x2f,
    0x30, NO_REGISTER, 0x32, 0x33, 0x34, 0x35, NO_REGISTER, NO_REGISTER,
    0x38, 0x39,
};

static guint8 blit_register(guint offset)
{
    if (offset == MMIO_BLIT_STATUS) {
        return GRX_BLIT_STATUS;
    }
    return offset < sizeof(blit_registers) ? blit_registers[offset] : NO_REGISTER;
}

guint8 cirrus_blit_register_read(const CirrusVga *s, guint offset)
{
    return read_gr(s, blit_register(offset));
}

void cirrus_blit_register_write(CirrusVga *s, guint offset, guint8 value)
{
    write_any_gr(s, blit_register(offset), value);
}

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    if (offset >= MMIO_BLIT) {
        return cirrus_blit_register_read(opaque, offset - MMIO_BLIT);
    }
    return offset < VGA_PORTS_SIZE ? read_port(opaque, VGA_PORTS + offset) : 0;
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    if (offset >= MMIO_BLIT) {
        cirrus_blit_register_write(opaque, offset - MMIO_BLIT, value);
    } else if (offset < VGA_PORTS_SIZE) {
        write_port(opaque, VGA_PORTS + offset, value);
    }
}

const RegionOps cirrus_mmio = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 1,
    .max_size = 1,
};
