/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of the GD5446: addresses with more bits than IBM's, packed pixels of 8 to 32 bits,
 * and the hardware cursor (TRM, "Extension Registers": SR7, SR10 to SR13, CR1A, CR1B, CR1D, and
 * the hidden DAC register).
 *
 * The cursor inverts pixels, too, so it is a part of the picture, also of screendump's.
 */
#include "config.h"
#include "hw/display/cirrus-internal.h"

enum {                          /* SR7, bits 1 to 3 */
    DEPTH_8 = 0x00, DEPTH_16_DOUBLE = 0x02, DEPTH_24 = 0x04, DEPTH_16 = 0x06, DEPTH_32 = 0x08,
};

enum {
    HIDDEN_DAC_KIND = 0x0f,
    HIDDEN_DAC_RGB565 = 0x01,   /* else 15 bits */
    CR_INTERLACED = 0x01,       /* CR1A */
    CURSOR_PATTERNS = 16384,    /* at the end of the memory */
    CURSOR_PATTERN = 256,
};

/* ---- Modes ---- */

static void set_direct(VgaMode *mode, SurfaceFormat format, guint bytes)
{
    mode->kind = VGA_KIND_DIRECT;
    mode->format = format;
    mode->bytes = bytes;
}

static void set_depth(const CirrusVga *s, VgaMode *mode)
{
    switch (s->sr[SRX_MODE] & SRX_MODE_DEPTH) {
    case DEPTH_16_DOUBLE:
    case DEPTH_16:
        set_direct(mode, (s->hidden_dac & HIDDEN_DAC_KIND) == HIDDEN_DAC_RGB565
                         ? SURFACE_RGB565 : SURFACE_RGB555, 2);
        break;
    case DEPTH_24:
        set_direct(mode, SURFACE_RGB888, 3);
        break;
    case DEPTH_32:
        set_direct(mode, SURFACE_XRGB8888, 4);
        break;
    default:
        mode->kind = VGA_KIND_LINEAR_8;
        break;
    }
}

static void extend_mode(const Vga *vga, VgaMode *mode)
{
    const CirrusVga *s = vga->card;
    guint8 more = s->cr[0x1b];
    guint high = (more & 0x01) << 16 | (more & 0x0c) << 15 | (s->cr[0x1d] & 0x80) << 12;

    mode->start += high * 4;
    mode->pitch += (more & 0x10) << 7;
    if (mode->kind == VGA_KIND_TEXT) {
        return;
    }
    if (s->cr[0x1a] & CR_INTERLACED) {
        mode->height *= 2;
    }
    if (mode->kind == VGA_KIND_PACKED && (s->sr[SRX_MODE] & SRX_MODE_EXTENDED)) {
        mode->pan = 0;
        set_depth(s, mode);
    }
}

/* ---- The cursor ---- */

static bool is_large(const CirrusVga *s)
{
    return s->sr[SRX_CURSOR] & SRX_CURSOR_LARGE;
}

/* Two planes: lines of a large one alternate, small ones follow one another. */
static const guint8 *cursor_pattern(const CirrusVga *s)
{
    guint8 number = s->sr[SRX_CURSOR_PATTERN] & (is_large(s) ? 0x3c : 0x3f);

    return s->vga.vram + CIRRUS_MEMORY - CURSOR_PATTERNS + number * CURSOR_PATTERN;
}

static guint32 hash(guint32 value, const guint8 *bytes, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        value = (value ^ bytes[i]) * 16777619u;
    }
    return value;
}

static guint32 cursor_look(const Vga *vga)
{
    const CirrusVga *s = vga->card;
    guint32 value = s->cursor_x << 16 | s->cursor_y;

    if (!(s->sr[SRX_CURSOR] & SRX_CURSOR_SHOWN)) {
        return 0;
    }
    value = hash(value, cursor_pattern(s), CURSOR_PATTERN * (is_large(s) ? 4 : 1));
    value = hash(value, s->cursor_colors, sizeof(s->cursor_colors));
    return value | 1;
}

/* 6 bits; the lowest is repeated, as the palette's is. */
static guint32 cursor_color(const CirrusVga *s, guint index)
{
    guint32 color = 0;

    for (guint i = 0; i < 3; i++) {
        guint8 value = s->cursor_colors[index * 3 + i] & 0x3f;

        color = color << 8 | value << 2 | (value & 1) * 3;
    }
    return color;
}

static guint32 with_cursor(const CirrusVga *s, guint bits, guint32 pixel)
{
    switch (bits) {
    case 0:
        return pixel;
    case 1:
        return pixel ^ 0xffffff;
    case 2:
        return cursor_color(s, 0);
    default:
        return cursor_color(s, CIRRUS_N_CURSOR_COLORS - 1);
    }
}

static void draw_cursor(const Vga *vga, guint y, guint32 *line, guint width)
{
    const CirrusVga *s = vga->card;
    guint side = is_large(s) ? 64 : 32, row = y - s->cursor_y;
    const guint8 *first = cursor_pattern(s) + row * (is_large(s) ? 16 : 4);
    const guint8 *second = first + (is_large(s) ? 8 : CURSOR_PATTERN / 2);

    if (y < s->cursor_y || row >= side) {
        return;
    }
    for (guint i = 0; i < side && s->cursor_x + i < width; i++) {
        guint bits = (first[i / 8] >> (7 - i % 8) & 1) | (second[i / 8] >> (7 - i % 8) & 1) << 1;

        line[s->cursor_x + i] = with_cursor(s, bits, line[s->cursor_x + i]);
    }
}

/* The card's BIOS (SeaBIOS, vgasrc/clext.c) leaves the screen off in its own modes, since QEMU's
 * card shows it nevertheless. */
const VgaExtension cirrus_extension = {
    .never_off = true,
    .mode = extend_mode,
    .over_look = cursor_look,
    .draw_over = draw_cursor,
};
