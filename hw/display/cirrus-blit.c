/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blitter of the GD5446: which blit the registers ask for, whether it stays in the video
 * memory, and sources that the processor writes (TRM, "BitBLT Engine").
 *
 * A blit is done within the access that starts it, or that brings the last byte of a line.
 *
 * Different from QEMU, as the manual has it: patterns are found by their own pixels' size, not by
 * that of the screen's, and the low bits of their address choose the first line; with GR33[0],
 * lines of bits from the processor are multiples of four bytes; a pattern of 24-bit pixels from
 * the processor has 256 bytes.
 */
#include "config.h"
#include "hw/display/cirrus-internal.h"

#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

enum { PATTERN_SIDE = 8 };

/* ---- Registers ---- */

static guint16 word(const CirrusVga *s, guint index)
{
    return s->gr[index] | s->gr[index + 1] << 8;
}

static guint32 address_at(const CirrusVga *s, guint index)
{
    return (word(s, index) | s->gr[index + 2] << 16) & CIRRUS_MASK;
}

/* The bytes of a colour are in every other register from the second on. */
static guint32 color_at(const CirrusVga *s, guint first, guint second)
{
    return s->gr[first] | s->gr[second] << 8 | s->gr[second + 2] << 16 |
           (guint32)s->gr[second + 4] << 24;
}

static void read_registers(const CirrusVga *s, CirrusBlit *blit)
{
    blit->mode = s->gr[0x30];
    blit->extended = s->gr[0x33];
    blit->rop = s->gr[0x32];
    blit->skip = s->gr[0x2f];
    blit->width = word(s, 0x20) + 1;
    blit->height = word(s, 0x22) + 1;
    blit->pitch = word(s, 0x24);
    blit->source_pitch = word(s, 0x26);
    blit->address = address_at(s, 0x28);
    blit->source = address_at(s, 0x2c);
    blit->background = color_at(s, 0x00, 0x10);
    blit->foreground = color_at(s, 0x01, 0x11);
    blit->key = word(s, 0x34);
    blit->wanted = blit->filled = 0;
}

/* ---- Bounds ---- */

static guint pixel_bytes(const CirrusBlit *blit)
{
    return (blit->mode >> BLIT_PIXEL_SHIFT & 3) + 1;
}

static bool is_copy(const CirrusBlit *blit)
{
    return !(blit->mode & (BLIT_PATTERN | BLIT_EXPAND));
}

static bool is_backward(const CirrusBlit *blit)
{
    return is_copy(blit) && (blit->mode & BLIT_BACKWARD);
}

/* Whether lines lie in the memory one after the other, from address on or, backward, up to it. */
static bool lines_fit(const CirrusBlit *blit, guint32 address, guint32 pitch)
{
    guint64 reach = (guint64)pitch * (blit->height - 1) + blit->width;
    bool apart = blit->height == 1 || pitch >= blit->width;

    return apart && address < CIRRUS_MEMORY &&
           reach <= (is_backward(blit) ? address + 1 : CIRRUS_MEMORY - address);
}

/* Of a blit whose source is in the video memory.  Bits of lines follow one another. */
static bool source_fits(const CirrusBlit *blit)
{
    if (blit->mode & BLIT_PATTERN) {
        return true;
    }
    if (blit->mode & BLIT_EXPAND) {
        return blit->source + (guint64)cirrus_expanded_size(blit) * blit->height <= CIRRUS_MEMORY;
    }
    return lines_fit(blit, blit->source, blit->source_pitch);
}

/* ---- Sources that the processor writes ---- */

static guint32 pattern_size(const CirrusBlit *blit)
{
    static const guint8 lines[] = { 8, 16, 32, 32 };    /* by bytes of a pixel */

    return blit->mode & BLIT_EXPAND ? PATTERN_SIDE
                                    : PATTERN_SIDE * lines[pixel_bytes(blit) - 1];
}

static guint32 round_up_4(guint32 bytes)
{
    return (bytes + 3) & ~3u;
}

static guint32 wanted_bytes(const CirrusBlit *blit)
{
    if (blit->mode & BLIT_PATTERN) {
        return pattern_size(blit);
    }
    if (blit->mode & BLIT_EXPAND) {
        guint32 bytes = cirrus_expanded_size(blit);

        return blit->extended & BLIT_DWORDS ? round_up_4(bytes) : bytes;
    }
    return round_up_4(blit->width);
}

void cirrus_blit_reset(CirrusVga *s)
{
    bool waited = s->blit.wanted;

    s->gr[GRX_BLIT_STATUS] &= ~(BLIT_START | BLIT_BUSY | BLIT_FIFO_USED);
    s->blit.wanted = s->blit.filled = 0;
    if (waited) {
        cirrus_remap(s);
    }
}

static void wait_for_source(CirrusVga *s)
{
    s->blit.wanted = wanted_bytes(&s->blit);
    cirrus_remap(s);
}

void cirrus_blit_feed(CirrusVga *s, guint8 value)
{
    CirrusBlit *blit = &s->blit;

    blit->buffer[blit->filled++] = value;
    if (blit->filled < blit->wanted) {
        return;
    }
    blit->filled = 0;
    cirrus_blit_draw(s, blit->buffer, blit->mode & BLIT_PATTERN ? blit->height : 1);
    if (!blit->height) {
        cirrus_blit_reset(s);
    }
}

/* ---- Starting one ---- */

/* Why it cannot be done, or NULL. */
static const char *problem(const CirrusBlit *blit)
{
    bool from_system = blit->mode & BLIT_FROM_SYSTEM;

    if (blit->mode & BLIT_TO_SYSTEM) {
        return "writes to system memory";
    }
    if (is_copy(blit) && (blit->mode & BLIT_TRANSPARENT) && pixel_bytes(blit) > 2) {
        return "is transparent with more than 16 bits a pixel";
    }
    if (is_backward(blit) && from_system) {
        return "takes lines from the processor backward";
    }
    if (!lines_fit(blit, blit->address, blit->pitch)) {
        return "draws outside the video memory, or lines over lines";
    }
    return from_system || source_fits(blit) ? NULL : "reads outside the video memory";
}

/* A fill with the foreground: a pattern of bits that are all ones, wherever it would come from. */
static void make_solid(CirrusBlit *blit)
{
    guint8 kind = BLIT_PATTERN | BLIT_EXPAND;

    if ((blit->extended & BLIT_SOLID) &&
        (blit->mode & (kind | BLIT_TRANSPARENT | BLIT_TO_SYSTEM)) == kind) {
        blit->mode &= ~BLIT_FROM_SYSTEM;
        blit->background = blit->foreground;
        blit->skip = 0;
    }
}

void cirrus_blit_start(CirrusVga *s)
{
    CirrusBlit *blit = &s->blit;
    const char *why;

    cirrus_blit_reset(s);
    if (!cirrus_vga_props(s)->blitter) {
        return;
    }
    read_registers(s, blit);
    make_solid(blit);
    trace_cirrus_blit(s, blit->mode, blit->rop, blit->address, blit->source, blit->width,
                      blit->height);
    why = problem(blit);
    if (why) {
        device_guest_error(&s->parent.device, "a blit %s", why);
    } else if (blit->mode & BLIT_FROM_SYSTEM) {
        s->gr[GRX_BLIT_STATUS] |= BLIT_BUSY | BLIT_START;
        wait_for_source(s);
    } else {
        cirrus_blit_draw(s, NULL, blit->height);
    }
}

bool cirrus_blit_valid(const CirrusBlit *blit)
{
    return !blit->wanted ||
           (blit->width && blit->width <= CIRRUS_LINE && blit->height && !problem(blit) &&
            (blit->mode & BLIT_FROM_SYSTEM) && blit->wanted == wanted_bytes(blit) &&
            blit->filled < blit->wanted);
}
