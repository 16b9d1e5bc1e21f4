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
    guint64 both, source, destination, neither;
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
        .both = -(guint64)(bits & 1), .source = -(guint64)(bits >> 1 & 1),
        .destination = -(guint64)(bits >> 2 & 1), .neither = -(guint64)(bits >> 3),
    };
}

static guint64 combine(const Rop *rop, guint64 source, guint64 destination)
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

/* n bytes that follow one another in both places; if these overlap, `to` is the lower one, or the
 * operation is plain. */
static void combine_bytes(const Drawing *d, guint8 *to, const guint8 *from, guint32 n)
{
    if (d->plain) {
        memmove(to, from, n);
        return;
    }
    for (; n >= sizeof(guint64); n -= sizeof(guint64)) {
        guint64 source, destination;

        memcpy(&source, from, sizeof(source));
        memcpy(&destination, to, sizeof(destination));
        destination = combine(&d->rop, source, destination);
        memcpy(to, &destination, sizeof(destination));
        from += sizeof(source);
        to += sizeof(destination);
    }
    for (guint32 i = 0; i < n; i++) {
        to[i] = combine(&d->rop, from[i], to[i]);
    }
}

/* ---- Copies ---- */

/* Whether a line can be copied as a whole with the chip's result: no byte of it is read after it
 * was overwritten. */
static bool is_simple_copy(const Drawing *d, guint32 address, guint32 source)
{
    guint32 width = d->blit->width;

    if (d->source != d->s->vga.vram || MAX(address, source) - MIN(address, source) >= width) {
        return true;
    }
    return d->blit->mode & BLIT_BACKWARD ? d->plain && address >= source : address <= source;
}

static void copy_line(const Drawing *d, guint32 address, guint32 source)
{
    bool backward = d->blit->mode & BLIT_BACKWARD;
    guint32 width = d->blit->width, before = backward ? width - 1 : 0;
    gint step = backward ? -1 : 1;

    if (is_simple_copy(d, address, source)) {
        combine_bytes(d, byte_at(d, address - before), d->source + (source - before), width);
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

enum { ROOM = CIRRUS_LINE + 16 };       /* for a line, a pixel, and what store() has beside it */

/* Whether a pixel's bit is set; the first one of a byte is its highest.  A pattern repeats its
 * byte. */
static bool is_one(const Drawing *d, guint32 source, guint pixel)
{
    bool pattern = d->blit->mode & BLIT_PATTERN;

    return source_byte(d, pattern ? source : source + pixel / 8) & 0x80 >> pixel % 8;
}

static guint32 color_of(const Drawing *d, guint32 source, guint pixel)
{
    guint32 color = 0;

    if (d->blit->mode & BLIT_EXPAND) {
        return is_one(d, source, pixel) ? d->blit->foreground : d->blit->background;
    }
    for (guint i = 0; i < d->bytes; i++) {
        color |= (guint32)source_byte(d, source + pixel % 8 * d->bytes + i) << 8 * i;
    }
    return color;
}

static void store(guint8 *to, guint32 color)
{
    color = GUINT32_TO_LE(color);
    memcpy(to, &color, sizeof(color));
}

/* The bytes of a line's pixels; those of a pattern repeat after eight. */
static void make_pixels(const Drawing *d, guint32 source, guint8 *pixels, guint32 n)
{
    guint32 made = 0, period = 8 * d->bytes;
    bool pattern = d->blit->mode & BLIT_PATTERN;

    for (guint pixel = d->skip_pixels; made < n && !(pattern && made == period); pixel++) {
        store(pixels + made, color_of(d, source, pixel));
        made += d->bytes;
    }
    for (guint32 size; made < n; made += size) {
        size = MIN(made, n - made);
        memcpy(pixels + made, pixels, size);
    }
}

/* The memory begins again behind its end. */
static void put_pixels(const Drawing *d, guint32 address, const guint8 *pixels, guint32 n)
{
    guint32 at = aligned(d, address) & CIRRUS_MASK, first = MIN(n, CIRRUS_MEMORY - at);

    combine_bytes(d, d->s->vga.vram + at, pixels, first);
    combine_bytes(d, d->s->vga.vram, pixels + first, n - first);
}

/* The source of a line is read before the line is drawn, perhaps over it. */
static void opaque_line(const Drawing *d, guint32 address, guint32 source)
{
    guint32 width = d->blit->width, n = width > d->skip ? width - d->skip : 0;
    guint8 pixels[ROOM];

    n = (n + d->bytes - 1) / d->bytes * d->bytes;
    make_pixels(d, source, pixels, n);
    put_pixels(d, address + d->skip, pixels, n);
}

/* Only where bits are ones, or zeros. */
static void transparent_line(const Drawing *d, guint32 address, guint32 source)
{
    bool inverted = d->blit->extended & BLIT_INVERTED;
    guint32 color = inverted ? d->blit->background : d->blit->foreground;
    guint pixel = d->skip_pixels;
    guint8 bytes[4];

    store(bytes, color);
    for (guint32 x = d->skip; x < d->blit->width; x += d->bytes, pixel++) {
        if (is_one(d, source, pixel) != inverted) {
            put_pixels(d, address + x, bytes, d->bytes);
        }
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
    if (expand && (d->blit->mode & BLIT_TRANSPARENT)) {
        transparent_line(d, address, source);
    } else if (d->blit->mode & (BLIT_EXPAND | BLIT_PATTERN)) {
        opaque_line(d, address, source);
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
