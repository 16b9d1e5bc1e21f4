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
    const guint8 *written;      /* pages, a bit each; NULL: all lines are to be drawn */
    bool over;                  /* the card draws something over it */
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

/* Direct colours, anywhere in the memory, which begins again behind its end. */
static void direct_line(const Painter *p, guint address, guint32 *ret)
{
    guint size = p->mode->width * p->mode->bytes, mask = p->vga->vram_size - 1;
    const guint8 *bits = p->vga->vram + (address & mask);
    g_autofree guint8 *whole = NULL;

    if ((address & mask) + size > p->vga->vram_size) {
        whole = g_malloc(size);
        for (guint i = 0; i < size; i++) {
            whole[i] = p->vga->vram[(address + i) & mask];
        }
        bits = whole;
    }
    surface_convert(p->mode->format, bits, p->mode->width, ret);
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
    case VGA_KIND_DIRECT:
        direct_line(p, address, ret);
        break;
    case VGA_KIND_BLANK:
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

/* Bytes of memory from a line's address on that it shows. */
static guint line_bytes(const VgaMode *mode)
{
    switch (mode->kind) {
    case VGA_KIND_DIRECT:
        return mode->width * mode->bytes;
    case VGA_KIND_LINEAR_8:
        return mode->width;
    default:
        return mode->width / 2 + 8;     /* eight pixels in four bytes, and what is panned in */
    }
}

/* Whether a line may have changed. */
static bool line_written(const Painter *p, guint address)
{
    guint64 last = (guint64)address + line_bytes(p->mode) - 1;

    for (guint64 page = address / VGA_PAGE; p->written && page <= last / VGA_PAGE; page++) {
        guint64 masked = page & (p->vga->vram_size / VGA_PAGE - 1);

        if (p->written[masked / 8] & 1 << masked % 8) {
            return true;
        }
    }
    return !p->written;
}

/* Stores a line, and says in rows (if there are any) whether it is another one than before. */
static void put_line(Surface *surface, guint y, const guint32 *line, guint8 *rows)
{
    guint32 *row = surface_row(surface, y);
    gsize size = surface_width(surface) * sizeof(*line);

    if (rows) {
        rows[y] = memcmp(row, line, size) != 0;
    }
    memcpy(row, line, size);
}

/* The same with what the card draws over it; copy has room for a line. */
static void put_line_over(const Painter *p, Surface *surface, guint y, const guint32 *line,
                          guint32 *copy, guint8 *rows)
{
    guint width = p->mode->width;

    memcpy(copy, line, width * sizeof(*line));
    p->vga->extension->draw_over(p->vga, y, copy, width);
    put_line(surface, y, copy, rows);
}

static void draw_lines(const Painter *p, Surface *surface, guint8 *rows)
{
    const VgaMode *mode = p->mode;
    g_autofree guint32 *line = g_new0(guint32, mode->width + BESIDE);
    g_autofree guint32 *copy = p->over ? g_new(guint32, mode->width) : NULL;
    guint address = mode->start, row = mode->first_row, scan = 0, pan = mode->pan;
    bool drawn = false;

    for (guint y = 0; y < mode->height; y++) {
        guint from = row_address(p->vga, mode, address, row);

        drawn = scan == 0 ? line_written(p, from) : drawn;
        if (drawn && scan == 0) {
            draw_line(p, from, row, line);
        }
        if (drawn && p->over) {
            put_line_over(p, surface, y, line + pan, copy, rows);
        } else if (drawn) {
            put_line(surface, y, line + pan, rows);
        }
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

/* n rows from the first on. */
static void fill_rows(const Vga *vga, const VgaMode *mode, Surface *surface, guint first, guint n)
{
    gsize size = (gsize)mode->pitch * (n - 1) + mode->width * mode->bytes;
    const guint8 *bits = vga->vram + mode->start + (gsize)mode->pitch * first;
    g_autofree guint8 *copy = NULL;

    if (mode->bytes == 2 && vga->big_endian) {
        bits = copy = swapped(bits, size);
    }
    surface_fill(surface, first, n, mode->format, bits, mode->pitch);
}

/* Whether each line is where the pitch says, once, and without anything over it.  DISPI's always
 * are; those of the CRT controller need not be, nor those of state from outside. */
static bool is_simple(const Painter *p)
{
    const VgaMode *mode = p->mode;
    guint8 rows_as_lines = CR_MODE_CMS0 | CR_MODE_CMS1;
    guint64 size = (guint64)mode->pitch * (mode->height - 1) + mode->width * mode->bytes;

    return !p->over && mode->scans == 1 && mode->rows == 1 && mode->compare >= mode->height &&
           mode->start + size <= p->vga->vram_size && mode->pitch % 4 == 0 &&
           mode->start % 4 == 0 &&
           (vga_vbe_enabled(p->vga) || (p->vga->cr[CR_MODE] & rows_as_lines) == rows_as_lines);
}

static void draw_direct(const Painter *p, Surface *surface, guint8 *rows)
{
    const VgaMode *mode = p->mode;

    for (guint y = 0, n; y < mode->height; y += n) {
        bool written = line_written(p, mode->start + y * mode->pitch);

        for (n = 1; y + n < mode->height &&
                    line_written(p, mode->start + (y + n) * mode->pitch) == written; n++) {
        }
        if (written) {
            fill_rows(p->vga, mode, surface, y, n);
        }
        if (written && rows) {
            memset(rows + y, 1, n);
        }
    }
}

/* ---- For the console ---- */

static void console_size(void *opaque, guint *ret_width, guint *ret_height)
{
    VgaMode mode;

    vga_get_mode(opaque, &mode);
    *ret_width = mode.width;
    *ret_height = mode.height;
}

static void get_colors(const Vga *vga, const VgaMode *mode, guint32 ret[VGA_N_COLORS])
{
    if (mode->kind == VGA_KIND_PACKED || mode->kind == VGA_KIND_LINEAR_8) {
        vga_get_colors256(vga, ret);
    } else {
        vga_get_colors16(vga, ret);
    }
}

static void draw_blank(Surface *surface, guint8 *rows)
{
    g_autofree guint32 *line = g_new0(guint32, surface_width(surface));

    for (guint y = 0; y < surface_height(surface); y++) {
        put_line(surface, y, line, rows);
    }
}

static void draw(void *opaque, Surface *surface, guint8 *rows)
{
    Vga *vga = opaque;
    VgaMode mode;
    Painter painter = { .vga = vga, .mode = &mode };
    g_autofree guint8 *written = NULL;

    vga_get_mode(vga, &mode);
    get_colors(vga, &mode, painter.colors);
    painter.over = vga_over_look(vga, &mode) != 0;
    if (rows) {
        painter.written = written = vga_take_written(vga, &mode, painter.colors);
    }
    if (mode.kind == VGA_KIND_BLANK) {
        draw_blank(surface, rows);
    } else if (mode.kind == VGA_KIND_DIRECT && is_simple(&painter)) {
        draw_direct(&painter, surface, rows);
    } else {
        draw_lines(&painter, surface, rows);
    }
}

const ConsoleOps vga_console_ops = {
    .size = console_size,
    .draw = draw,
    .watched = vga_watched,
    .text = vga_text,
};
