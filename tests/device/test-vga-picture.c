/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/vga-draw.c, vga-mode.c, vga-text.c: what no other program draws for comparison:
 * panning, blinking, underlines, the split screen's details, byte orders; and text.
 * tests/system/vga.py compares pictures of all modes with QEMU's.
 */
#include "config.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/vga-driver.h"

#define MS G_GINT64_CONSTANT(1000000)

enum { WHITE = 15, LINE = 16 };

/* A colour of vga_gray(). */
static guint32 gray(guint index)
{
    return (index * 2 & 0x3f) * 4 * 0x010101u;
}

static void assert_pixel(Surface *surface, guint x, guint y, guint32 color)
{
    g_assert_cmphex(surface_row(surface, y)[x] & 0xffffff, ==, color);
}

/* ---- Text ---- */

/* A screen of 4 columns and 3 rows of 8x16 characters, whose glyphs are: 0x00 nothing, 0x01 its
 * left pixel, 0xdb everything. */
static Rig *text_rig(guint dots)
{
    static const guint8 crt[] = {
        [CR_H_DISPLAY_END] = 3, [CR_MAX_SCAN] = LINE - 1, [CR_CURSOR_START] = CR_CURSOR_OFF,
        [CR_V_DISPLAY_END] = 3 * LINE - 1, [CR_OFFSET] = 2, [CR_UNDERLINE] = 14,
        [CR_MODE] = 0xa3, [CR_LINE_COMPARE] = 0xff,
    };
    Rig *rig = vga_rig_new("VGA");

    for (guint i = 0; i < sizeof(crt); i++) {
        vga_cr(rig, i, crt[i]);
    }
    vga_cr(rig, CR_OVERFLOW, CR_OVERFLOW_COMPARE8);
    vga_cr(rig, CR_MAX_SCAN, CR_MAX_SCAN_COMPARE9 | (LINE - 1));
    vga_sr(rig, SR_CLOCKING, dots == 8 ? SR_CLOCKING_8DOTS : 0);
    vga_gr(rig, GR_MISC, 0x0e);
    vga_gray(rig);
    vga_ar(rig, AR_PLANE_ENABLE, 0x0f);
    vga_ar(rig, AR_PANNING, dots == 8 ? 0 : 8);
    vga_ar(rig, AR_MODE, AR_MODE_LINE_GRAPHICS);
    for (guint row = 0; row < 32; row++) {
        vga_frame_put(rig, (0x01 * 32 + row) * 4 + 2, 0x80, 1);
        vga_frame_put(rig, (0xdb * 32 + row) * 4 + 2, 0xff, 1);
        vga_frame_put(rig, (0xff * 32 + row) * 4 + 2, 0xff, 1);
    }
    return rig;
}

static void put_cell(Rig *rig, guint cell, guint8 code, guint8 attribute)
{
    vga_frame_put(rig, cell * 4, attribute << 8 | code, 2);
}

static void test_text(void)
{
    g_autoptr(Rig) rig = text_rig(9);
    g_autoptr(Surface) surface = NULL;

    put_cell(rig, 0, 0x01, 0x2f);
    put_cell(rig, 1, 0xdb, 0x2f);
    put_cell(rig, 2, 0xff, 0x2f);
    surface = vga_picture(rig);
    g_assert_cmpuint(surface_width(surface), ==, 36);
    g_assert_cmpuint(surface_height(surface), ==, 48);
    assert_pixel(surface, 0, 0, gray(15));
    assert_pixel(surface, 1, 0, gray(2));
    assert_pixel(surface, 8, 15, gray(2));
    assert_pixel(surface, 17, 15, gray(15));    /* repeated by line graphics */
    assert_pixel(surface, 25, 15, gray(15));
    assert_pixel(surface, 26, 15, gray(2));     /* not such a character */
    assert_pixel(surface, 0, 16, gray(0));
}

static void test_wide(void)
{
    g_autoptr(Rig) rig = text_rig(9);
    g_autoptr(Surface) surface = NULL;

    vga_sr(rig, SR_CLOCKING, SR_CLOCKING_HALF);
    put_cell(rig, 0, 0x01, 0x2f);
    surface = vga_picture(rig);
    g_assert_cmpuint(surface_width(surface), ==, 72);
    assert_pixel(surface, 1, 0, gray(15));
    assert_pixel(surface, 2, 0, gray(2));
}

static void test_attributes(void)
{
    g_autoptr(Rig) rig = text_rig(8);
    g_autoptr(Surface) first = NULL;
    g_autoptr(Surface) second = NULL;

    vga_ar(rig, AR_MODE, AR_MODE_BLINK);
    put_cell(rig, 0, 0xdb, 0xaf);
    put_cell(rig, 1, 0x00, 0x01);
    first = vga_picture(rig);
    assert_pixel(first, 0, 0, gray(15));
    assert_pixel(first, 8, 13, gray(0));
    assert_pixel(first, 8, 14, gray(1));        /* underlined */
    clock_advance(rig->clock, 600 * MS);
    second = vga_picture(rig);
    assert_pixel(second, 0, 0, gray(2));        /* the background has no bit 3 then */
    assert_pixel(second, 8, 14, gray(1));
}

static void test_cursor(void)
{
    g_autoptr(Rig) rig = text_rig(8);
    g_autoptr(Surface) shown = NULL;
    g_autoptr(Surface) hidden = NULL;

    put_cell(rig, 5, 0x00, 0x1f);
    vga_cr(rig, CR_CURSOR_LOW, 5);
    vga_cr(rig, CR_CURSOR_START, 13);
    vga_cr(rig, CR_CURSOR_END, 14);
    shown = vga_picture(rig);
    assert_pixel(shown, 8, 16 + 12, gray(1));
    assert_pixel(shown, 8, 16 + 13, gray(15));
    assert_pixel(shown, 15, 16 + 14, gray(15));
    assert_pixel(shown, 8, 16 + 15, gray(1));
    assert_pixel(shown, 16, 16 + 13, gray(0));
    clock_advance(rig->clock, 300 * MS);
    hidden = vga_picture(rig);
    assert_pixel(hidden, 8, 16 + 13, gray(1));
}

static void test_panning(void)
{
    g_autoptr(Rig) rig = text_rig(8);
    g_autoptr(Surface) surface = NULL;

    put_cell(rig, 1, 0x01, 0x2f);
    put_cell(rig, 5, 0x01, 0x2f);
    vga_ar(rig, AR_PANNING, 3);
    vga_cr(rig, CR_PRESET_ROW, 4);
    surface = vga_picture(rig);
    assert_pixel(surface, 4, 0, gray(0));
    assert_pixel(surface, 5, 0, gray(15));
    assert_pixel(surface, 6, 0, gray(2));
    assert_pixel(surface, 5, 11, gray(15));
    assert_pixel(surface, 5, 12, gray(15));     /* of the next character line */
    vga_cr(rig, CR_PRESET_ROW, 0x20);           /* a byte further */
    g_clear_pointer(&surface, surface_free);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(2));
    assert_pixel(surface, 5, 0, gray(0));
}

/* Below the split, the picture begins at address 0, in the middle of a character line too. */
static void test_split(void)
{
    g_autoptr(Rig) rig = text_rig(8);
    g_autoptr(Surface) surface = NULL;

    put_cell(rig, 0, 0x01, 0x3f);
    put_cell(rig, 100, 0x01, 0x2f);
    vga_cr(rig, CR_START_LOW, 100);
    vga_cr(rig, CR_OVERFLOW, 0);
    vga_cr(rig, CR_MAX_SCAN, LINE - 1);
    vga_cr(rig, CR_LINE_COMPARE, 19);
    vga_ar(rig, AR_PANNING, 1);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(2));
    assert_pixel(surface, 0, 19, gray(0));
    assert_pixel(surface, 0, 20, gray(3));
    assert_pixel(surface, 0, 35, gray(3));
    assert_pixel(surface, 0, 36, gray(0));
    vga_ar(rig, AR_MODE, AR_MODE_PAN_TOP);
    g_clear_pointer(&surface, surface_free);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(2));
    assert_pixel(surface, 0, 20, gray(15));
}

static void test_as_text(void)
{
    static const char codes[] = "\x03" "A\x00\x82" "  \xff " "\xb0" " B ";
    g_autoptr(Rig) rig = text_rig(8);
    g_autoptr(GError) error = NULL;
    Console *console = console_find(rig->root, "v", -1, NULL);
    static const char *const lines[] = { "♥A é", "", "░ B" };
    ConsoleText text;

    for (guint i = 0; i < 12; i++) {
        put_cell(rig, i, codes[i], 0x07);
    }
    vga_cr(rig, CR_CURSOR_START, 13);
    vga_cr(rig, CR_CURSOR_END, 14);
    vga_cr(rig, CR_CURSOR_LOW, 6);
    g_assert_true(console_text(console, &text, &error));
    g_assert_cmpuint(text.columns, ==, 4);
    g_assert_cmpuint(text.rows, ==, 3);
    for (guint y = 0; y < 3; y++) {
        g_autofree char *line = console_text_line(&text, y);

        g_assert_cmpstr(line, ==, lines[y]);
    }
    g_assert_true(text.cursor);
    g_assert_cmpuint(text.cursor_column, ==, 2);
    g_assert_cmpuint(text.cursor_row, ==, 1);
    console_text_clear(&text);
    vga_gr(rig, GR_MISC, 0x05);
    g_assert_false(console_text(console, &text, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
}

/* ---- Graphics ---- */

/* Sixteen colours: 32 by 8 pixels. */
static Rig *planar_rig(void)
{
    Rig *rig = text_rig(8);

    vga_gr(rig, GR_MISC, 0x05);
    vga_cr(rig, CR_MAX_SCAN, CR_MAX_SCAN_COMPARE9);
    vga_cr(rig, CR_V_DISPLAY_END, 7);
    vga_cr(rig, CR_MODE, 0xe3);
    for (guint i = 0; i < 256; i++) {
        vga_frame_put(rig, i, 0, 1);
    }
    return rig;
}

static void test_planes(void)
{
    g_autoptr(Rig) rig = planar_rig();
    g_autoptr(Surface) surface = NULL;

    vga_frame_put(rig, 0, 0x80c0e0f0, 4);
    vga_ar(rig, AR_PANNING, 1);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(7));
    assert_pixel(surface, 2, 0, gray(1));
    assert_pixel(surface, 3, 0, gray(0));
    vga_ar(rig, AR_PANNING, 0);
    vga_ar(rig, AR_PLANE_ENABLE, 0x09);
    g_clear_pointer(&surface, surface_free);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(9));
    assert_pixel(surface, 1, 0, gray(1));
}

/* The palette's high bits, and the mask of the DAC. */
static void test_colors(void)
{
    g_autoptr(Rig) rig = planar_rig();
    g_autoptr(Surface) surface = NULL;

    vga_frame_put(rig, 0, 0x00000080, 4);
    vga_ar(rig, AR_COLOR_SELECT, 0x01);
    vga_ar(rig, AR_MODE, AR_MODE_PALETTE_54 | 1);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(0x11));
    rig_out(rig, 0x3c6, 0x10, 1);
    g_clear_pointer(&surface, surface_free);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, gray(0x10));
}

static void test_blank(void)
{
    g_autoptr(Rig) rig = planar_rig();
    g_autoptr(Surface) surface = NULL;

    vga_frame_put(rig, 0, 0x00000080, 4);
    vga_sr(rig, SR_CLOCKING, SR_CLOCKING_OFF);
    surface = vga_picture(rig);
    g_assert_cmpuint(surface_height(surface), ==, 8);
    assert_pixel(surface, 0, 0, 0);
    vga_sr(rig, SR_CLOCKING, SR_CLOCKING_8DOTS);
    rig_out(rig, 0x3c0, 0, 1);
    g_clear_pointer(&surface, surface_free);
    surface = vga_picture(rig);
    assert_pixel(surface, 0, 0, 0);
}

/* ---- Direct colours ---- */

static void test_orders(void)
{
    static const struct {
        guint bpp, bytes;
        guint32 little, big;            /* in memory, of the colour below */
    } formats[] = {
        { 15, 2, 0x7c1f, 0x1f7c }, { 16, 2, 0xf81f, 0x1ff8 }, { 24, 3, 0xff00ff, 0xff00ff },
        { 32, 4, 0x00ff00ff, 0xff00ff00 },
    };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    for (guint i = 0; i < 2 * G_N_ELEMENTS(formats); i++) {
        g_autoptr(Surface) surface = NULL;
        guint format = i / 2;

        address_space_write(rig->memory, VGA_MMIO + 0x604, i % 2 ? 0xbebebebe : 0x1e1e1e1e, 4);
        vga_dispi_mode(rig, 64, 48, formats[format].bpp);
        vga_frame_put(rig, 65 * formats[format].bytes,
                      i % 2 ? formats[format].big : formats[format].little, formats[format].bytes);
        surface = vga_picture(rig);
        g_assert_cmpuint(surface_width(surface), ==, 64);
        assert_pixel(surface, 1, 1, 0xff00ff);
        assert_pixel(surface, 2, 1, 0);
    }
}

/* A picture that is part of a larger one. */
static void test_offsets(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    g_autoptr(Surface) surface = NULL;

    vga_dispi_mode(rig, 64, 48, 32);
    vga_dispi(rig, VBE_VIRT_WIDTH, 128);
    vga_dispi(rig, VBE_X_OFFSET, 3);
    vga_dispi(rig, VBE_Y_OFFSET, 5);
    vga_frame_put(rig, ((5 + 47) * 128 + 3 + 63) * 4, 0x123456, 4);
    surface = vga_picture(rig);
    assert_pixel(surface, 63, 47, 0x123456);
}

/* State from outside that points beyond the memory. */
static void test_foreign_state(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    g_autoptr(Surface) surface = NULL;
    g_autoptr(GByteArray) state = g_byte_array_new();
    Device *dev = to_device(object_resolve_type(rig->root, "v", &qmp_class_device, NULL));
    /* ID, width and height; offsets. */
    static const guint8 before[] = { 0xc5, 0xb0, 0x80, 0x02, 0x90, 0x01 };
    static const guint8 offsets[] = { 0x33, 0x03, 0x44, 0x04 };
    guint found = 0;

    vga_dispi_mode(rig, 640, 400, 32);
    vga_dispi(rig, VBE_VIRT_WIDTH, 640 + 8);
    g_assert_true(device_save(dev, state, NULL));
    for (guint i = 0; i + 20 <= state->len; i++) {
        guint8 *r = state->data + i;

        if (memcmp(r, before, sizeof(before)) == 0) {
            memcpy(r + 2 * VBE_X_OFFSET, offsets, sizeof(offsets));
            memset(r + 2 * VBE_XRES, 0xff, 2);
            found++;
        }
    }
    g_assert_cmpuint(found, ==, 1);
    g_assert_true(device_load(dev, state->data, state->len, NULL));
    surface = vga_picture(rig);
    g_assert_cmpuint(surface_width(surface), ==, VGA_MAX_WIDTH);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_Y_OFFSET), ==, 0);
}

#define CASE(name) { "/vga-picture/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(text), CASE(wide), CASE(attributes), CASE(cursor), CASE(panning), CASE(split),
    CASE(as_text), CASE(planes), CASE(colors), CASE(blank), CASE(orders), CASE(offsets),
    CASE(foreign_state),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
