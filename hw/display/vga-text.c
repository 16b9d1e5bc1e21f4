/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text modes: characters of plane 0 with attributes of plane 1, drawn with fonts of plane 2
 * (TRM, "Alphanumeric modes", "Attribute Controller").
 */
#include "config.h"
#include "hw/display/vga.h"

enum { FONT_SIZE = 8192, GLYPH_SIZE = 32, UNDERLINED = 0x01, UNDERLINE_BITS = 0x77 };

/* Of the cursor and of characters; as the chip does at 60 pictures a second. */
enum { CURSOR_MS = 266, BLINK_MS = 533 };

/* ---- Cells ---- */

/* address: bytes, a multiple of 4. */
static struct ConsoleCell cell_at(const Vga *vga, guint address)
{
    const guint8 *bytes = vga->vram + (address & (vga->vram_size - 1));

    return (struct ConsoleCell){ .code = bytes[0], .attribute = bytes[1] };
}

static bool phase(const Vga *vga, guint ms)
{
    return clock_now(vga->clock, CLOCK_KIND_VIRTUAL) / (ms * 1000000LL) % 2 == 0;
}

static bool cursor_on(const Vga *vga)
{
    return !(vga->cr[CR_CURSOR_START] & CR_CURSOR_OFF);
}

guint vga_text_phase(const Vga *vga)
{
    bool blinks = vga->ar[AR_MODE] & AR_MODE_BLINK;

    return (cursor_on(vga) && phase(vga, CURSOR_MS)) | (blinks && phase(vga, BLINK_MS)) << 1;
}

/* The cell with the cursor, in bytes. */
static guint cursor_address(const Vga *vga)
{
    return (vga->cr[CR_CURSOR_HIGH] << 8 | vga->cr[CR_CURSOR_LOW]) * 4;
}

static bool cursor_has_row(const Vga *vga, guint row)
{
    return cursor_on(vga) && row >= (vga->cr[CR_CURSOR_START] & 0x1fu) &&
           row <= (vga->cr[CR_CURSOR_END] & 0x1fu) && phase(vga, CURSOR_MS);
}

/* ---- Glyphs ---- */

/* Bit 3 of the attribute chooses between two of eight fonts. */
static guint8 glyph_row(const Vga *vga, struct ConsoleCell cell, guint row)
{
    guint8 map = vga->sr[SR_CHARACTER_MAP];
    guint font = cell.attribute & 8 ? (map >> 5 & 1) | (map >> 1 & 6)
                                    : (map >> 4 & 1) | (map << 1 & 6);
    guint address = (font * FONT_SIZE + cell.code * GLYPH_SIZE + row) * 4 + 2;

    return vga->vram[address & (vga->vram_size - 1)];
}

/* The row of a cell, 9 bits. */
static guint cell_row(const Vga *vga, struct ConsoleCell cell, guint row, bool cursor)
{
    guint bits = glyph_row(vga, cell, row) << 1;

    if ((vga->ar[AR_MODE] & AR_MODE_LINE_GRAPHICS) && cell.code >= 0xc0 && cell.code <= 0xdf) {
        bits |= bits >> 1 & 1;
    }
    if ((vga->ar[AR_MODE] & AR_MODE_BLINK) && (cell.attribute & 0x80) && !phase(vga, BLINK_MS)) {
        bits = 0;
    }
    if ((cell.attribute & UNDERLINE_BITS) == UNDERLINED &&
        row == (vga->cr[CR_UNDERLINE] & 0x1fu)) {
        bits = 0x1ff;
    }
    return cursor && cursor_has_row(vga, row) ? 0x1ff : bits;
}

static void put_cell(const VgaMode *mode, guint bits, guint32 foreground, guint32 background,
                     guint32 *ret)
{
    for (guint x = 0; x < mode->cell; x++) {
        ret[x] = bits & 0x100 >> (x >> mode->wide) ? foreground : background;
    }
}

void vga_text_line(const Vga *vga, const VgaMode *mode, const guint32 colors[16], guint address,
                   guint row, guint32 *ret)
{
    guint8 blink = vga->ar[AR_MODE] & AR_MODE_BLINK ? 0x07 : 0x0f;
    guint8 enabled = vga->ar[AR_PLANE_ENABLE] & 0x0f;
    guint last = mode->width + mode->cell;

    for (guint x = 0; x < last; x += mode->cell) {
        struct ConsoleCell cell = cell_at(vga, address);

        put_cell(mode, cell_row(vga, cell, row, address == cursor_address(vga)),
                 colors[cell.attribute & 0x0f & enabled],
                 colors[cell.attribute >> 4 & blink & enabled], ret + x);
        address += 4;
    }
}

/* ---- As text ---- */

static void find_cursor(const Vga *vga, const VgaMode *mode, ConsoleText *text)
{
    guint offset = cursor_address(vga) - mode->start;
    guint row = mode->pitch ? offset / mode->pitch : 0;
    guint column = (offset - row * mode->pitch) / 4;

    text->cursor = cursor_on(vga) && row < text->rows && column < text->columns &&
                   cursor_address(vga) >= mode->start;
    text->cursor_row = row;
    text->cursor_column = column;
}

bool vga_text(void *opaque, ConsoleText *ret)
{
    const Vga *vga = opaque;
    VgaMode mode;
    guint address, line = 0;

    vga_get_mode(vga, &mode);
    if (mode.kind != VGA_KIND_TEXT) {
        return false;
    }
    ret->columns = mode.width / mode.cell;
    ret->rows = MAX(mode.height / (mode.rows * mode.scans), 1);
    ret->cells = g_new(struct ConsoleCell, (gsize)ret->columns * ret->rows);
    find_cursor(vga, &mode, ret);
    address = mode.start;
    for (guint y = 0; y < ret->rows; y++) {
        for (guint x = 0; x < ret->columns; x++) {
            ret->cells[y * ret->columns + x] = cell_at(vga, address + x * 4);
        }
        line += mode.rows * mode.scans;
        address = line > mode.compare && line - mode.rows * mode.scans <= mode.compare
                  ? 0 : address + mode.pitch;
    }
    return true;
}
