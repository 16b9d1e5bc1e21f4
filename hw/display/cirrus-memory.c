/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the processor reaches the video memory of the GD5446: by the window at 0xa0000 with its
 * banks, by BAR 0, and in write modes 4 and 5, where a byte stands for eight pixels (TRM, "Extended
 * Write Modes", GR9 to GRB).  While a blit waits for its source, writes go there.
 */
#include "config.h"
#include "hw/display/cirrus-internal.h"

enum {
    WINDOW_BANKED = CIRRUS_N_BANKS * CIRRUS_BANK_SIZE,
    WINDOW_MMIO = 0x18000,      /* 0xb8000 */
    MMIO_SIZE = 0x100,
    LINEAR_MMIO = CIRRUS_MEMORY - MMIO_SIZE,
};

/* ---- What the registers say ---- */

static bool by_16(const CirrusVga *s)
{
    guint8 bits = GRX_WRITE_MODES | GRX_BY_16;

    return (s->gr[GRX_EXTENSIONS] & bits) == bits;
}

static bool in_write_mode_4_or_5(const CirrusVga *s)
{
    return (s->gr[GRX_EXTENSIONS] & GRX_WRITE_MODES) && (s->vga.gr[GR_MODE] & 6) == 4;
}

static bool mmio_at(const CirrusVga *s, guint8 place)
{
    return (s->sr[SRX_CONFIGURATION] & SRX_MMIO) == place;
}

bool cirrus_is_plain(const CirrusVga *s)
{
    return !s->blit.wanted && !mmio_at(s, SRX_MMIO_LINEAR) && !by_16(s) &&
           !(s->gr[GRX_EXTENSIONS] & GRX_BY_8) && !in_write_mode_4_or_5(s);
}

guint32 cirrus_bank_base(const CirrusVga *s, guint bank)
{
    guint8 control = s->gr[GRX_EXTENSIONS];
    bool two = control & GRX_TWO_BANKS;
    guint32 base = s->gr[GRX_BANK + (two ? bank : 0)];

    base <<= control & GRX_BANKS_OF_16K ? 14 : 12;
    return two ? base : base + bank * CIRRUS_BANK_SIZE;
}

/* ---- Accesses ---- */

static guint32 shifted(const CirrusVga *s, guint32 address)
{
    guint shift = by_16(s) ? 4 : s->gr[GRX_EXTENSIONS] & GRX_BY_8 ? 3 : 0;

    return address << shift & CIRRUS_MASK;
}

void cirrus_wrote(CirrusVga *s, guint32 address, guint32 size)
{
    guint32 first = address & CIRRUS_MASK;
    guint32 n = MIN(size, CIRRUS_MEMORY - first);

    region_wrote(s->vga.region, first, n);
    region_wrote(s->vga.region, 0, size - n);
}

/* Eight pixels: ones get the foreground, zeros the background, or in mode 4 nothing. */
static void write_pixels(CirrusVga *s, guint32 address, guint8 value)
{
    guint bytes = by_16(s) ? 2 : 1;
    const guint8 colors[2][2] = {
        { s->gr[0x00], s->gr[0x10] }, { s->gr[0x01], s->gr[0x11] },
    };
    bool background = s->vga.gr[GR_MODE] & 1;

    address &= ~(bytes - 1);
    for (guint i = 0; i < 8 * bytes; i++) {
        bool one = value & 0x80 >> i / bytes;

        if (one || background) {
            s->vga.vram[(address + i) & CIRRUS_MASK] = colors[one][i % bytes];
        }
    }
    cirrus_wrote(s, address, 8 * bytes);
}

static guint8 read_memory(const CirrusVga *s, guint32 address)
{
    return s->vga.vram[shifted(s, address)];
}

static void write_memory(CirrusVga *s, guint32 address, guint8 value)
{
    address = shifted(s, address);
    if (in_write_mode_4_or_5(s)) {
        write_pixels(s, address, value);
    } else {
        s->vga.vram[address] = value;
        cirrus_wrote(s, address, 1);
    }
}

/* ---- The window ---- */

/* Address of a byte; false: its bank ends before it. */
static bool banked(const CirrusVga *s, guint32 offset, guint32 *ret)
{
    *ret = cirrus_bank_base(s, offset / CIRRUS_BANK_SIZE) + offset % CIRRUS_BANK_SIZE;
    return *ret < CIRRUS_MEMORY;
}

static bool is_window_mmio(const CirrusVga *s, guint64 offset)
{
    return offset >= WINDOW_MMIO && offset < WINDOW_MMIO + MMIO_SIZE &&
           mmio_at(s, SRX_MMIO_WINDOW);
}

static guint64 window_read(void *opaque, guint64 offset, guint size)
{
    CirrusVga *s = opaque;
    guint32 address;

    if (!(s->sr[SRX_MODE] & SRX_MODE_EXTENDED)) {
        return vga_window.read(&s->vga, offset, size);
    }
    if (is_window_mmio(s, offset)) {
        return cirrus_blit_register_read(s, offset - WINDOW_MMIO);
    }
    return offset < WINDOW_BANKED && banked(s, offset, &address) ? read_memory(s, address) : 0xff;
}

static void window_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    CirrusVga *s = opaque;
    guint32 address;

    if (!(s->sr[SRX_MODE] & SRX_MODE_EXTENDED)) {
        vga_window.write(&s->vga, offset, value, size);
    } else if (is_window_mmio(s, offset)) {
        cirrus_blit_register_write(s, offset - WINDOW_MMIO, value);
    } else if (offset >= WINDOW_BANKED) {
        return;
    } else if (s->blit.wanted) {
        cirrus_blit_feed(s, value);
    } else if (banked(s, offset, &address)) {
        write_memory(s, address, value);
    }
}

const RegionOps cirrus_window = {
    .read = window_read,
    .write = window_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- BAR 0 ---- */

static bool is_linear_mmio(const CirrusVga *s, guint32 address)
{
    return address >= LINEAR_MMIO && mmio_at(s, SRX_MMIO_LINEAR);
}

static guint64 linear_read(void *opaque, guint64 offset, guint size)
{
    const CirrusVga *s = opaque;
    guint32 address = offset & CIRRUS_MASK;

    return is_linear_mmio(s, address) ? cirrus_blit_register_read(s, address - LINEAR_MMIO)
                                      : read_memory(s, address);
}

static void linear_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    CirrusVga *s = opaque;
    guint32 address = offset & CIRRUS_MASK;

    if (is_linear_mmio(s, address)) {
        cirrus_blit_register_write(s, address - LINEAR_MMIO, value);
    } else if (s->blit.wanted) {
        cirrus_blit_feed(s, value);
    } else {
        write_memory(s, address, value);
    }
}

const RegionOps cirrus_linear = {
    .read = linear_read,
    .write = linear_write,
    .min_size = 1,
    .max_size = 1,
};

/* What comes after the last byte of a source, to fill a doubleword, is dropped here. */
static void source_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    CirrusVga *s = opaque;

    if (s->blit.wanted) {
        cirrus_blit_feed(s, value);
    }
}

const RegionOps cirrus_source = {
    .write = source_write,
    .min_size = 1,
    .max_size = 1,
};
