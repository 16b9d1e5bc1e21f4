/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blitter's lines: copies, patterns, bits that are expanded to colours, combined with what is
 * there by a raster operation (TRM, "BitBLT Engine").  All addresses are masked.
 */
#include "config.h"
#include "hw/display/cirrus-internal.h"

#include <string.h>

/* ---- Raster operations ---- */

/* Masks, all ones or 0: whether a bit is set where both source and destination have it, only
 * the source, only the destination, and neither. */
typedef struct {
    guint32 both, source, destination, neither;
} Rop;

/* By GR32; what is not here leaves the destination. */
static const struct {
    guint8 code, bits;          /* in the order of Rop from bit 0 on */
} rops[] = {
    { 0x00, 0x0 }, { 0x05, 0x1 }, { 0x06, 0x5 }, { 0x09, 0x2 }, { 0x0b, 0xa }, { 0x0d, 0x3 },
    { 0x0e, 0xf }, { 0x50, 0x4 }, { 0x59, 0x6 }, { 0x6d, 0x7 }, { 0x90, 0xe }, { 0x95, 0x9 },
    { 0xad, 0xb }, { 0xd0, 0xc }, { 0xd6, 0xd }, { 0xda, 0x8 },
};

enum { ROP_DESTINATION = 0x5, ROP_SOURCE = 0x3 };

static guint8 rop_bits(guint8 code)
{
    for (guint i = 0; i < G_N_ELEMENTS(rops); i++) {
        if (rops[i].code == code) {
            return rops[i].bits;
        }
    }
    return ROP_DESTINATION;
}

static Rop make_rop(guint8 bits)
{
    return (Rop){
        .both = bits & 1 ? ~0u : 0, .source = bits & 2 ? ~0u : 0,
        .destination = bits & 4 ? ~0u : 0, .neither = bits & 8 ? ~0u : 0,
    };
}

static guint32 combine(const Rop *rop, guint32 source, guint32 destination)
{
    return (source & ((destination & rop->both) | (~destination & rop->source))) |
           (~source & ((destination & rop->destination) | (~destination & rop->neither)));
}

/* ---- What lines are drawn from and to ---- */

typedef struct {
    CirrusVga *s;
    const CirrusBlit *blit;
    Rop rop;
    bool plain;                 /* the operation is: the source */
    guint bytes;                /* of a pixel */
    const guint8 *source;       /* in which addresses are masked */
    guint32 source_mask;
    guint32 skip, skip_pixels;  /* bytes and pixels that are left out at the left */
} Drawing;

static guint8 *byte_at(const Drawing *d, guint32 address)
{
    return d->s->vga.vram + (address & CIRRUS_MASK);
}

static guint8 source_byte(const Drawing *d, guint32 address)
{
    return d->source[address & d->source_mask];
}

/* Pixels of 2 and 4 bytes are aligned. */
static guint32 aligned(const Drawing *d, guint32 address)
{
    return d->bytes == 3 ? address : address & ~(d->bytes - 1);
}

static void put_pixel(const Drawing *d, guint32 address, guint32 color)
{
    address = aligned(d, address);
    for (guint i = 0; i < d->bytes; i++) {
        guint8 *to = byte_at(d, address + i);

        *to = combine(&d->rop, color >> 8 * i, *to);
    }
}

/* ---- Copies ---- */

/* A line of bytes that memmove() copies as the chip does: its bytes are not read after they were
 * overwritten. */
static bool moves(const Drawing *d, guint32 address, guint32 source)
{
    guint32 width = d->blit->width;

    if (!d->plain || d->source != d->s->vga.vram) {
        return false;
    }
    return d->blit->mode & BLIT_BACKWARD ? address >= source || source - address >= width
                                         : address <= source || address - source >= width;
}

static void copy_line(const Drawing *d, guint32 address, guint32 source)
{
    bool backward = d->blit->mode & BLIT_BACKWARD;
    guint32 width = d->blit->width;
    gint step = backward ? -1 : 1;

    if (moves(d, address, source)) {
        guint32 before = backward ? width - 1 : 0;

        memmove(byte_at(d, address - before), byte_at(d, source - before), width);
        return;
    }
    for (guint32 i = 0; i < width; i++) {
        guint8 *to = byte_at(d, address);

        *to = combine(&d->rop, source_byte(d, source), *to);
        address += step;
        source += step;
    }
}

/* Pixels that would get the key's colour are left as they are. */
static void copy_transparent_line(const Drawing *d, guint32 address, guint32 source)
{
    gint step = d->blit->mode & BLIT_BACKWARD ? -(gint)d->bytes : (gint)d->bytes;

    for (guint32 x = 0; x < d->blit->width; x += d->bytes) {
        guint32 to = aligned(d, address), from = aligned(d, source), pixel = 0;

        for (guint i = 0; i < d->bytes; i++) {
            guint8 byte = combine(&d->rop, source_byte(d, from + i), *byte_at(d, to + i));

            pixel |= byte << 8 * i;
        }
        if (pixel != (d->bytes == 1 ? d->blit->key & 0xffu : d->blit->key)) {
            for (guint i = 0; i < d->bytes; i++) {
                *byte_at(d, to + i) = pixel >> 8 * i;
            }
        }
        address += step;
        source += step;
    }
}

/* ---- Bits and patterns ---- */

static void put_bit(const Drawing *d, guint32 address, bool bit)
{
    const CirrusBlit *blit = d->blit;
    bool inverted = blit->extended & BLIT_INVERTED;

    if (!(blit->mode & BLIT_TRANSPARENT)) {
        put_pixel(d, address, bit ? blit->foreground : blit->background);
    } else if (bit != inverted) {
        put_pixel(d, address, inverted ? blit->background : blit->foreground);
    }
}

/* The first bit of a byte is its highest.  A pattern repeats its byte.  A byte is read once, before
 * its pixels are drawn, perhaps over it. */
static void expand_line(const Drawing *d, guint32 address, guint32 source)
{
    bool pattern = d->blit->mode & BLIT_PATTERN;
    guint8 bits = source_byte(d, source);
    guint bit = d->skip_pixels;

    for (guint32 x = d->skip; x < d->blit->width; x += d->bytes, bit++) {
        if (bit % 8 == 0 && !pattern) {
            bits = source_byte(d, source + bit / 8);
        }
        put_bit(d, address + x, bits & 0x80 >> bit % 8);
    }
}

static void pattern_line(const Drawing *d, guint32 address, guint32 source)
{
    guint pixel = d->skip_pixels;

    for (guint32 x = d->skip; x < d->blit->width; x += d->bytes, pixel++) {
        guint32 color = 0;

        for (guint i = 0; i < d->bytes; i++) {
            color |= (guint32)source_byte(d, source + pixel % 8 * d->bytes + i) << 8 * i;
        }
        put_pixel(d, address + x, color);
    }
}

/* Eight lines one after the other; those of 24-bit pixels take as much room as those of 32. */
static guint32 pattern_address(const Drawing *d, bool expanded, guint32 line)
{
    guint32 size = expanded ? 1 : d->bytes == 3 ? 32 : d->bytes * 8;
    guint32 base = d->source == d->s->vga.vram ? d->blit->source & ~(8 * size - 1) : 0;

    return base + (d->blit->source + line) % 8 * size;
}

/* ---- All lines ---- */

guint32 cirrus_expanded_size(const CirrusBlit *blit)
{
    guint bytes = (blit->mode >> BLIT_PIXEL_SHIFT & 3) + 1;
    guint32 pixels = (blit->width + bytes - 1) / bytes;

    return (pixels + 7) / 8;
}

static void draw_line(const Drawing *d, guint32 address, guint32 source, guint32 line)
{
    bool expand = d->blit->mode & BLIT_EXPAND;

    if (d->blit->mode & BLIT_PATTERN) {
        source = pattern_address(d, expand, line);
    }
    if (expand) {
        expand_line(d, address, source);
    } else if (d->blit->mode & BLIT_PATTERN) {
        pattern_line(d, address, source);
    } else if (d->blit->mode & BLIT_TRANSPARENT) {
        copy_transparent_line(d, address, source);
    } else {
        copy_line(d, address, source);
    }
}

/* With 24 bits, what is left out counts bytes, else pixels. */
static Drawing make_drawing(CirrusVga *s, const guint8 *source)
{
    const CirrusBlit *blit = &s->blit;
    guint8 bits = rop_bits(blit->rop);
    Drawing d = {
        .s = s, .blit = blit, .rop = make_rop(bits), .plain = bits == ROP_SOURCE,
        .bytes = (blit->mode >> BLIT_PIXEL_SHIFT & 3) + 1,
        .source = source ? source : s->vga.vram,
        .source_mask = source ? CIRRUS_LINE - 1 : CIRRUS_MASK,
    };

    d.skip_pixels = d.bytes == 3 ? (blit->skip & 0x1f) / 3 : blit->skip & 7;
    d.skip = d.bytes == 3 ? blit->skip & 0x1f : d.skip_pixels * d.bytes;
    return d;
}

/* How far the source is from line to line; a buffer has one line. */
static guint32 source_step(const CirrusBlit *blit, bool buffered)
{
    if (buffered) {
        return 0;
    }
    return blit->mode & BLIT_EXPAND ? cirrus_expanded_size(blit) : blit->source_pitch;
}

void cirrus_blit_draw(CirrusVga *s, const guint8 *source, guint32 n_lines)
{
    CirrusBlit *blit = &s->blit;
    Drawing d = make_drawing(s, source);
    bool backward = blit->mode & BLIT_BACKWARD && !(blit->mode & (BLIT_PATTERN | BLIT_EXPAND));
    guint32 step = source_step(blit, source != NULL), from = source ? 0 : blit->source;

    for (guint32 line = 0; line < n_lines; line++) {
        draw_line(&d, blit->address, from, line);
        /* A pixel may begin before the line, or end behind it. */
        cirrus_wrote(s, blit->address - (backward ? blit->width : 4), blit->width + 8);
        blit->address += backward ? -blit->pitch : blit->pitch;
        from += backward ? -step : step;
    }
    blit->height -= n_lines;
}
