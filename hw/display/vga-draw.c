/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture: goes through the lines as the CRT controller does, with an address and a row of a
 * character, and draws each (TRM, "CRT Controller"; "Split screen", "Panning").
 */
#include "config.h"
#include "hw/display/vga.h"

#include <string.h>

/* Pixels that a line may have beside the picture, left for panning, and at its end for a whole
 * character. */
enum { BESIDE = 36 };

typedef struct {
    const Vga *vga;
    const VgaMode *mode;
    guint32 colors[VGA_N_COLORS];
} Painter;

/* ---- One line ---- */

static guint32 load(const Vga *vga, guint address)
{
    guint32 value;

    memcpy(&value, vga->vram + (address & (vga->vram_size - 1) & ~3u), sizeof(value));
    return GUINT32_FROM_LE(value);
}

/* The colours of the eight pixels in four bytes of planes, of which some count. */
static void split_planes(guint32 data, guint8 ret[8])
{
    for (guint i = 0; i < 8; i++) {
        guint32 bits = data >> (7 - i);

        ret[i] = (bits & 1) | (bits >> 7 & 2) | (bits >> 14 & 4) | (bits >> 21 & 8);
    }
}

/* CGA: two bits to a pixel, of planes 0 and 2 for the first four, and of 1 and 3 for the
 * others. */
static void split_cga(guint32 data, guint8 ret[8])
{
    for (guint i = 0; i < 8; i++) {
        guint32 bits = data >> (i < 4 ? 0 : 8) >> (6 - i % 4 * 2);

        ret[i] = (bits & 3) | (bits >> 14 & 0x0c);
    }
}

static void planes_line(const Painter *p, guint address, guint32 *ret)
{
    guint32 enabled = 0;
    guint last = p->mode->width + 8;
    guint8 pixels[8];

    for (guint i = 0; i < 4; i++) {
        enabled |= p->vga->ar[AR_PLANE_ENABLE] & 1 << i ? 0xffu << 8 * i : 0;
    }
    for (guint x = 0; x < last; address += 4) {
        guint32 data = load(p->vga, address) & enabled;

        if (p->mode->kind == VGA_KIND_CGA) {
            split_cga(data, pixels);
        } else {
            split_planes(data, pixels);
        }
        for (guint i = 0; i < 8; i++) {
            ret[x++] = p->colors[pixels[i]];
            if (p->mode->wide) {
                ret[x++] = p->colors[pixels[i]];
            }
        }
    }
}

/* Each byte is one pixel, or with twice, two. */
static void bytes_line(const Painter *p, guint address, bool twice, guint32 *ret)
{
    guint last = p->mode->width + (twice ? 8 : 0);

    for (guint x = 0; x < last; address++) {
        guint32 color = p->colors[p->vga->vram[address & (p->vga->vram_size - 1)]];

        ret[x++] = color;
        if (twice) {
            ret[x++] = color;
        }
    }
}

static void draw_line(const Painter *p, guint address, guint row, guint32 *ret)
{
    switch (p->mode->kind) {
    case VGA_KIND_TEXT:
        vga_text_line(p->vga, p->mode, p->colors, address, row, ret);
        break;
    case VGA_KIND_PLANAR:
    case VGA_KIND_CGA:
        planes_line(p, address, ret);
        break;
    case VGA_KIND_PACKED:
    case VGA_KIND_LINEAR_8:
        bytes_line(p, address, p->mode->kind == VGA_KIND_PACKED, ret);
        break;
    case VGA_KIND_BLANK:
    case VGA_KIND_DIRECT:
        break;
    }
}

/* ---- All lines ---- */

/* Without these bits, the row's bits take the place of an address bit: 13 and 14 of IBM's byte
 * addresses, which count four planes (here 15 and 16), or their words (here 14 and 15). */
static guint row_address(const Vga *vga, const VgaMode *mode, guint address, guint row)
{
    guint8 control = vga->cr[CR_MODE];
    guint bank = control & CR_MODE_BYTE ? 0x8000 : 0x4000;

    if (mode->kind == VGA_KIND_TEXT || vga_vbe_enabled(vga)) {
        return address;
    }
    if (!(control & CR_MODE_CMS0)) {
        address = (address & ~bank) | (row & 1 ? bank : 0);
    }
    if (!(control & CR_MODE_CMS1)) {
        address = (address & ~0x8000u) | (row & 2 ? 0x8000 : 0);
    }
    return address;
}

static void draw_lines(const Painter *p, Surface *surface)
{
    const VgaMode *mode = p->mode;
    g_autofree guint32 *line = g_new0(guint32, mode->width + BESIDE);
    guint address = mode->start, row = mode->first_row, scan = 0, pan = mode->pan;

    for (guint y = 0; y < mode->height; y++) {
        if (scan == 0) {
            draw_line(p, row_address(p->vga, mode, address, row), row, line);
        }
        memcpy(surface_row(surface, y), line + pan, mode->width * sizeof(*line));
        scan = (scan + 1) % mode->scans;
        if (scan == 0 && ++row == mode->rows) {
            row = 0;
            address += mode->pitch;
        }
        if (y == mode->compare) {
            address = row = scan = 0;
            pan = mode->pan_below ? pan : 0;
        }
    }
}

/* ---- Direct colours ---- */

/* Two bytes in the other order, in memory of the caller. */
static guint8 *swapped(const guint8 *bits, gsize size)
{
    guint8 *copy = g_malloc(size);

    for (gsize i = 0; i + 1 < size; i += 2) {
        copy[i] = bits[i + 1];
        copy[i + 1] = bits[i];
    }
    return copy;
}

/* The registers keep such a picture within the memory; state from outside need not. */
static void draw_direct(const Vga *vga, const VgaMode *mode, Surface *surface)
{
    guint64 size = (guint64)mode->pitch * (mode->height - 1) + mode->width * mode->bytes;
    const guint8 *bits = vga->vram + mode->start;
    g_autofree guint8 *copy = NULL;

    if (mode->start + size > vga->vram_size) {
        return;
    }
    if (mode->bytes == 2 && vga->big_endian) {
        bits = copy = swapped(bits, size);
    }
    surface_fill(surface, 0, mode->height, mode->format, bits, mode->pitch);
}

/* ---- For the console ---- */

static void console_size(void *opaque, guint *ret_width, guint *ret_height)
{
    VgaMode mode;

    vga_get_mode(opaque, &mode);
    *ret_width = mode.width;
    *ret_height = mode.height;
}

static void draw(void *opaque, Surface *surface)
{
    const Vga *vga = opaque;
    VgaMode mode;
    Painter painter = { .vga = vga, .mode = &mode };

    vga_get_mode(vga, &mode);
    switch (mode.kind) {
    case VGA_KIND_BLANK:
        return;
    case VGA_KIND_DIRECT:
        draw_direct(vga, &mode, surface);
        return;
    case VGA_KIND_PACKED:
    case VGA_KIND_LINEAR_8:
        vga_get_colors256(vga, painter.colors);
        break;
    default:
        vga_get_colors16(vga, painter.colors);
    }
    draw_lines(&painter, surface);
}

const ConsoleOps vga_console_ops = {
    .size = console_size,
    .draw = draw,
    .text = vga_text,
};
