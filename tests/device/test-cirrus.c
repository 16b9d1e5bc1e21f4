/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/cirrus*.c: bounds of the blitter, what it does otherwise than QEMU, sources from the
 * processor, the cursor, registers.  tests/conformance/cirrus.py compares all kinds of blits and
 * pictures with QEMU's.
 */
#include "config.h"

#include <string.h>

#include "hw/display/cirrus.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-display.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/cirrus-driver.h"
#include "tests/lib/state-bytes.h"

static Device *card(Rig *rig)
{
    return to_device(object_resolve_type(rig->root, "v", &qmp_class_cirrus_vga, NULL));
}

static guint64 errors_of(Rig *rig)
{
    g_autofree char *last = NULL;

    return device_guest_errors(card(rig), &last);
}

/* The whole video memory. */
static GByteArray *memory(Rig *rig)
{
    GByteArray *bytes = g_byte_array_sized_new(CIRRUS_END);

    g_byte_array_set_size(bytes, CIRRUS_END);
    g_assert_true(memory_read(rig->memory, VGA_FRAMES, bytes->data, bytes->len));
    return bytes;
}

static void fill(Rig *rig)
{
    g_autoptr(GByteArray) bytes = memory(rig);

    for (guint i = 0; i < bytes->len; i++) {
        bytes->data[i] = i * 7 + (i >> 8) * 13;
    }
    g_assert_true(memory_write(rig->memory, VGA_FRAMES, bytes->data, bytes->len));
}

/* ---- Bounds ---- */

static void assert_refused(Rig *rig, CirrusCommand command, const char *why)
{
    g_autoptr(GByteArray) before = memory(rig), after = NULL;
    guint64 errors = errors_of(rig);

    cirrus_blit(rig, command);
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    address_space_write(rig->memory, CIRRUS_SOURCE, 0x11223344, 4);
    after = memory(rig);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
    g_assert_cmpuint(errors_of(rig), ==, errors + 1);
    rig_assert_guest_error(card(rig), why);
}

/* CVE-2014-8106: regions that leave the memory, at each end, of each kind of blit. */
static void test_leaves_memory(void)
{
    static const CirrusCommand commands[] = {
        { .mode = 0x00, .width = 8192, .height = 8192, .pitch = 8191, .source_pitch = 8191 },
        { .mode = 0x00, .width = 64, .height = 2, .pitch = 64, .to = CIRRUS_END - 127 },
        { .mode = 0x80, .width = 64, .height = 2, .pitch = 64, .to = CIRRUS_END - 127 },
        { .mode = 0x40, .width = 64, .height = 2, .pitch = 64, .to = CIRRUS_END - 127 },
        { .mode = 0xc0, .width = 64, .height = 2, .pitch = 64, .to = CIRRUS_END - 127 },
        { .mode = 0xc0, .width = 64, .height = 2, .pitch = 64, .to = CIRRUS_END - 127,
          .extended = 4 },
        { .mode = 0x01, .width = 8192, .height = 512, .pitch = 8191, .to = CIRRUS_END - 1 },
    };
    g_autoptr(Rig) rig = cirrus_rig_new();

    fill(rig);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        assert_refused(rig, commands[i], "draws outside");
    }
}

/* CVE-2017-2615: a backward copy that ends one byte before the memory, and one that does not. */
static void test_backward(void)
{
    CirrusCommand command = {
        .mode = 0x01, .width = 100, .height = 3, .pitch = 1000, .source_pitch = 200,
        .to = 2098, .source = 0x10000,
    };
    g_autoptr(Rig) rig = cirrus_rig_new();

    fill(rig);
    assert_refused(rig, command, "draws outside");
    command.source = 498;
    command.to = 0x10000;
    assert_refused(rig, command, "reads outside");
    command.source = 0x10000;
    command.to = 2099;
    cirrus_blit(rig, command);
    g_assert_cmphex(vga_frame_get(rig, 0), ==, vga_frame_get(rig, 0x10000 - 499));
    g_assert_cmphex(vga_frame_get(rig, 2099), ==, vga_frame_get(rig, 0x10000));
}

/* CVE-2017-2620: a source from the processor for a place outside the memory. */
static void test_from_processor_outside(void)
{
    CirrusCommand command = { .width = 8192, .height = 2, .pitch = 8191, .to = CIRRUS_END - 8192 };
    g_autoptr(Rig) rig = cirrus_rig_new();

    fill(rig);
    for (guint kind = 0; kind < 4; kind++) {
        command.mode = kind << 6 | 0x04;
        assert_refused(rig, command, "draws outside");
    }
}

/* What would keep the machine busy: 64 Mi pixels over one another. */
static void test_overlapping_lines(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    CirrusCommand command = { .mode = 0xc0, .extended = 4, .width = 8192, .height = 8192 };

    fill(rig);
    for (command.pitch = 0; command.pitch < 2; command.pitch++) {
        assert_refused(rig, command, "lines over lines");
    }
    command.height = 1;
    vga_gr(rig, 0x01, 0x77);
    cirrus_blit(rig, command);
    g_assert_cmphex(vga_frame_get(rig, 8191), ==, 0x77);
}

static void test_reads_outside(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    CirrusCommand command = {
        .width = 64, .height = 2, .pitch = 64, .source_pitch = 64, .source = CIRRUS_END - 127,
    };

    fill(rig);
    assert_refused(rig, command, "reads outside");
    command.mode = 0x80;
    command.source = CIRRUS_END - 15;
    assert_refused(rig, command, "reads outside");
    command.source--;
    cirrus_blit(rig, command);
    g_assert_cmpuint(errors_of(rig), ==, 2);
}

static void test_impossible(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    CirrusCommand command = { .width = 64, .height = 2, .pitch = 64, .source_pitch = 64 };

    command.mode = 0x02;
    assert_refused(rig, command, "system memory");
    command.mode = 0x06;
    assert_refused(rig, command, "system memory");
    command.mode = 0x28;
    assert_refused(rig, command, "transparent");
    command.mode = 0x05;
    assert_refused(rig, command, "backward");
}

/* ---- Otherwise than QEMU ---- */

/* The low bits of a pattern's address are its first line, and its alignment is by its pixels. */
static void test_pattern_lines(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    CirrusCommand command = { .width = 8, .height = 8, .pitch = 8, .to = 0x8000 };

    for (guint i = 0; i < 8; i++) {
        vga_frame_put(rig, 0x1008 + i, 1 << i, 1);
        vga_frame_put(rig, 0x2040 + 8 * i, 0x10 + i, 1);
    }
    vga_gr(rig, 0x00, 0xaa);
    vga_gr(rig, 0x01, 0x55);
    command.mode = 0xc0;
    command.source = 0x1008 + 3;
    cirrus_blit(rig, command);
    g_assert_cmphex(vga_frame_get(rig, 0x8004), ==, 0x55);      /* line 3: bit 3 */
    g_assert_cmphex(vga_frame_get(rig, 0x8005), ==, 0xaa);
    g_assert_cmphex(vga_frame_get(rig, 0x8008 + 3), ==, 0x55);
    command.mode = 0x40;
    command.source = 0x2040 + 5;
    cirrus_blit(rig, command);
    g_assert_cmphex(vga_frame_get(rig, 0x8000), ==, 0x15);
    g_assert_cmphex(vga_frame_get(rig, 0x8000 + 3 * 8), ==, 0x10);
}

static void feed(Rig *rig, const guint8 *bytes, guint n)
{
    for (guint i = 0; i < n; i++) {
        address_space_write(rig->memory, CIRRUS_SOURCE + i, bytes[i], 1);
    }
}

/* GR33[0]: a line of nine bits takes four bytes. */
static void test_doublewords(void)
{
    static const guint8 bits[] = { 0x80, 0x80, 0xff, 0xff, 0x01, 0x00, 0xff, 0xff };
    g_autoptr(Rig) rig = cirrus_rig_new();

    vga_gr(rig, 0x01, 0x55);
    cirrus_blit(rig, (CirrusCommand){ .mode = 0x84, .extended = 1, .width = 9, .height = 2,
                                      .pitch = 16, .to = 0x100 });
    feed(rig, bits, sizeof(bits) - 1);
    g_assert_cmphex(cirrus_status(rig), ==, 0x03);
    feed(rig, bits, 1);
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    g_assert_cmphex(vga_frame_get(rig, 0x100), ==, 0x55);
    g_assert_cmphex(vga_frame_get(rig, 0x101), ==, 0);
    g_assert_cmphex(vga_frame_get(rig, 0x108), ==, 0x55);
    g_assert_cmphex(vga_frame_get(rig, 0x117), ==, 0x55);
    g_assert_cmphex(vga_frame_get(rig, 0x118), ==, 0);
}

/* With 24 bits, GR2F counts bytes; lines of patterns take 32 bytes. */
static void test_24_bits(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    guint8 pattern[256] = { 0 };

    vga_gr(rig, 0x01, 0x11);
    vga_gr(rig, 0x11, 0x22);
    vga_gr(rig, 0x13, 0x33);
    vga_frame_put(rig, 0x1000, 0xff, 1);
    cirrus_blit(rig, (CirrusCommand){ .mode = 0xa0, .width = 24, .height = 1, .pitch = 24,
                                      .to = 0x100, .source = 0x1000, .skip = 6 });
    g_assert_cmphex(vga_frame_get(rig, 0x105), ==, 0);
    g_assert_cmphex(vga_frame_get(rig, 0x106), ==, 0x11);
    g_assert_cmphex(vga_frame_get(rig, 0x117), ==, 0x33);
    pattern[32] = 0x77;
    cirrus_blit(rig, (CirrusCommand){ .mode = 0x64, .width = 24, .height = 2, .pitch = 24,
                                      .to = 0x200 });
    feed(rig, pattern, sizeof(pattern));
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    g_assert_cmphex(vga_frame_get(rig, 0x200 + 24), ==, 0x77);
}

/* ---- Sources from the processor ---- */

/* Through each way to the memory, which is memory again afterwards; a line ends at 4 bytes. */
static void test_ways(void)
{
    static const guint64 ways[] = { CIRRUS_SOURCE + 0x1234, VGA_FRAMES + 0x5678, VGA_WINDOW + 0x9abc };
    g_autoptr(Rig) rig = cirrus_rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        cirrus_blit(rig, (CirrusCommand){ .mode = 0x04, .width = 3, .height = 2, .pitch = 5,
                                          .to = 0x100 + 0x10 * i });
        address_space_write(rig->memory, ways[i], 0x99030201, 4);
        g_assert_cmphex(cirrus_status(rig), ==, 0x03);
        address_space_write(rig->memory, ways[i], 0x99060504, 4);
        g_assert_cmphex(cirrus_status(rig), ==, 0);
        g_assert_cmphex(address_space_read(rig->memory, VGA_FRAMES + 0x100 + 0x10 * i, 8), ==,
                        G_GUINT64_CONSTANT(0x0605040000030201));
        address_space_write(rig->memory, VGA_FRAMES + 0x5678, 0x42, 1);
        g_assert_cmphex(vga_frame_get(rig, 0x5678), ==, 0x42);
    }
}

/* A reset, or another blit, ends one that waits. */
static void test_reset_blit(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    CirrusCommand command = { .mode = 0x04, .width = 8, .height = 2, .pitch = 8, .to = 0x100 };

    cirrus_blit(rig, command);
    feed(rig, (const guint8 *)"ABCDEFG", 7);
    vga_gr(rig, 0x31, 0x04);
    g_assert_cmphex(cirrus_status(rig), ==, 0x05);
    vga_gr(rig, 0x31, 0x00);
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    feed(rig, (const guint8 *)"H", 1);
    g_assert_cmphex(vga_frame_get(rig, 0x100), ==, 0);
    cirrus_blit(rig, command);
    feed(rig, (const guint8 *)"ABC", 3);
    command.height = 1;
    vga_gr(rig, 0x31, 0);
    cirrus_blit(rig, command);
    feed(rig, (const guint8 *)"12345678", 8);
    g_assert_cmphex(vga_frame_get(rig, 0x100), ==, '1');
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    cirrus_blit(rig, command);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0x3cf, 1), ==, 0xff);   /* it does not decode ports */
}

static void test_autostart(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();

    vga_frame_put(rig, 0x200, 0x5a, 1);
    cirrus_blit(rig, (CirrusCommand){ .width = 1, .height = 1, .pitch = 8, .source_pitch = 8,
                                      .to = 0x300, .source = 0x200 });
    vga_gr(rig, 0x31, 0x80);
    vga_gr(rig, 0x28, 0x08);
    g_assert_cmphex(vga_frame_get(rig, 0x308), ==, 0);
    vga_gr(rig, 0x2a, 0x00);
    g_assert_cmphex(vga_frame_get(rig, 0x308), ==, 0x5a);
    g_assert_cmphex(cirrus_status(rig), ==, 0x80);
}

/* A blit in a state from outside that no guest can cause: it would write outside its buffer, or the
 * memory. */
static void test_bad_state(void)
{
    static const struct {
        const char *field;
        guint at;
        guint8 value;
    } bad[] = {
        { "blit/wanted", 1, 0x7f }, { "blit/wanted", 0, 1 }, { "blit/width", 2, 1 },
        { "blit/width", 3, 0xff }, { "blit/height", 3, 0xff }, { "blit/height", 0, 0 },
        { "blit/pitch", 3, 0xff }, { "blit/address", 3, 0xff }, { "blit/address", 2, 0x40 },
        { "blit/mode", 0, 0x02 }, { "blit/mode", 0, 0x00 },
    };
    g_autoptr(Rig) rig = cirrus_rig_new();
    g_autoptr(GError) error = NULL;

    cirrus_blit(rig, (CirrusCommand){ .mode = 0x04, .width = 8, .height = 2, .pitch = 8,
                                      .to = 0x100 });
    feed(rig, (const guint8 *)"abc", 3);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = g_byte_array_new();

        g_assert_true(device_save(card(rig), state, NULL));
        state_bytes(state, bad[i].field)[bad[i].at] = bad[i].value;
        g_assert_false(device_load(card(rig), state->data, state->len, &error));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
        g_clear_error(&error);
    }
    feed(rig, (const guint8 *)"defgh12345678", 13);
    g_assert_cmphex(cirrus_status(rig), ==, 0);
    g_assert_cmphex(vga_frame_get(rig, 0x100), ==, 'a');
    g_assert_cmphex(vga_frame_get(rig, 0x10f), ==, '8');
}

/* ---- Registers ---- */

static void test_registers(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();

    rig_out(rig, 0x3d4, 0x27, 1);
    g_assert_cmphex(rig_in(rig, 0x3d5, 1), ==, 0xb8);
    vga_sr(rig, 0x06, 0x12);
    g_assert_cmphex(rig_in(rig, 0x3c5, 1), ==, 0x12);
    vga_sr(rig, 0x06, 0x00);
    g_assert_cmphex(rig_in(rig, 0x3c5, 1), ==, 0x0f);
    vga_gr(rig, 0x00, 0xa5);
    g_assert_cmphex(rig_in(rig, 0x3cf, 1), ==, 0xa5);
    vga_sr(rig, 0xf0, 0x12);
    rig_out(rig, 0x3c4, 0x10, 1);
    g_assert_cmphex(rig_in(rig, 0x3c5, 1), ==, 0x12);
    /* The extensions move with the CRT controller. */
    vga_cr(rig, 0x1b, 0x22);
    rig_out(rig, 0x3c2, 0, 1);
    rig_out(rig, 0x3b4, 0x1b, 1);
    g_assert_cmphex(rig_in(rig, 0x3b5, 1), ==, 0x22);
    g_assert_cmphex(rig_in(rig, 0x3d5, 1), ==, 0xff);
    /* In memory there are ports, and the blitter's registers. */
    address_space_write(rig->memory, VGA_MMIO + 0x104, 0x44332211, 4);
    g_assert_cmphex(cirrus_gr(rig, 0x13), ==, 0x33);
    g_assert_cmphex(address_space_read(rig->memory, VGA_MMIO + 0x104, 4), ==, 0x44332211);
    g_assert_cmphex(address_space_read(rig->memory, VGA_MMIO + 0x0e, 1), ==, 0x13);
}

static void test_hidden_dac(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();

    rig_out(rig, 0x3c6, 0x3f, 1);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmphex(rig_in(rig, 0x3c6, 1), ==, 0x3f);
    }
    rig_out(rig, 0x3c6, 0xe1, 1);
    g_assert_cmphex(rig_in(rig, 0x3c6, 1), ==, 0x3f);
    rig_in(rig, 0x3c8, 1);
    for (guint i = 0; i < 4; i++) {
        rig_in(rig, 0x3c6, 1);
    }
    g_assert_cmphex(rig_in(rig, 0x3c6, 1), ==, 0xe1);
    g_assert_cmphex(rig_in(rig, 0x3c6, 1), ==, 0x3f);
}

/* A bank behind the end of the memory shows nothing. */
static void test_banks(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();

    vga_gr(rig, 0x0b, 0x21);
    vga_gr(rig, 0x09, 0xff);
    vga_gr(rig, 0x0a, 0x01);
    vga_poke(rig, 0x0123, 0x11);
    vga_poke(rig, 0x8123, 0x22);
    vga_poke(rig, 0x4000, 0x33);
    g_assert_cmphex(vga_frame_get(rig, CIRRUS_END - 0x4000 + 0x123), ==, 0x11);
    g_assert_cmphex(vga_frame_get(rig, 0x4123), ==, 0x22);
    g_assert_cmphex(vga_peek(rig, 0x4000), ==, 0xff);
    g_assert_cmphex(vga_peek(rig, 0x18000), ==, 0xff);
    vga_gr(rig, 0x0b, 0x20);
    g_assert_cmphex(vga_peek(rig, 0x8123), ==, 0xff);
    vga_gr(rig, 0x09, 0x01);
    g_assert_cmphex(vga_peek(rig, 0x0123), ==, 0x22);
}

/* Write modes 4 and 5 at the end of the memory go on at its beginning. */
static void test_write_modes(void)
{
    g_autoptr(Rig) rig = cirrus_rig_new();

    vga_gr(rig, 0x00, 0xb0);
    vga_gr(rig, 0x01, 0xf1);
    vga_gr(rig, 0x0b, 0x04);
    vga_gr(rig, GR_MODE, 0x45);
    vga_frame_put(rig, CIRRUS_END - 4, 0xa5, 1);
    vga_gr(rig, GR_MODE, 0x44);
    vga_frame_put(rig, 0x100, 0x81, 1);
    vga_gr(rig, GR_MODE, 0x40);
    g_assert_cmphex(address_space_read(rig->memory, VGA_FRAMES + CIRRUS_END - 4, 4), ==, 0xb0f1b0f1);
    g_assert_cmphex(address_space_read(rig->memory, VGA_FRAMES, 4), ==, 0xf1b0f1b0);
    g_assert_cmphex(address_space_read(rig->memory, VGA_FRAMES + 0x100, 8), ==,
                    G_GUINT64_CONSTANT(0xf1000000000000f1));
}

/* ---- Pictures ---- */

enum { CURSOR = CIRRUS_END - 16384 + 0x100 };

/* 64x48 pixels, all black, and a cursor at 13, 10, whose first pixel is purple and whose second
 * inverts. */
static Rig *cursor_rig(void)
{
    static const guint8 crt[][2] = {
        { CR_H_DISPLAY_END, 7 }, { CR_V_DISPLAY_END, 47 }, { CR_OFFSET, 8 }, { CR_MODE, 0xe3 },
        { CR_LINE_COMPARE, 0xff }, { CR_MAX_SCAN, CR_MAX_SCAN_COMPARE9 },
        { CR_OVERFLOW, CR_OVERFLOW_COMPARE8 },
    };
    Rig *rig = cirrus_rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(crt); i++) {
        vga_cr(rig, crt[i][0], crt[i][1]);
    }
    vga_ar(rig, AR_MODE, 0x41);
    vga_sr(rig, SR_CLOCKING, SR_CLOCKING_8DOTS | SR_CLOCKING_OFF);      /* as its BIOS does it */
    vga_sr(rig, 0x12, 0x02);
    rig_out(rig, 0x3c8, 15, 1);
    rig_out(rig, 0x3c9, 0x3f, 1);
    rig_out(rig, 0x3c9, 0, 1);
    rig_out(rig, 0x3c9, 1, 1);
    vga_frame_put(rig, CURSOR, 0x00c0, 2);
    vga_frame_put(rig, CURSOR + 128, 0x0080, 2);
    vga_sr(rig, 0x13, 1);
    vga_sr(rig, 0x10 | 5 << 5, 1);
    vga_sr(rig, 0x11 | 2 << 5, 1);
    vga_sr(rig, 0x12, 0x01);
    return rig;
}

static void assert_pixel(Surface *surface, guint x, guint y, guint32 color)
{
    g_assert_cmphex(surface_row(surface, y)[x] & 0xffffff, ==, color);
}

static void test_cursor(void)
{
    g_autoptr(Rig) rig = cursor_rig();
    g_autoptr(Surface) surface = vga_picture(rig);

    g_assert_cmpuint(surface_width(surface), ==, 64);
    assert_pixel(surface, 13, 10, 0xff0007);
    assert_pixel(surface, 14, 10, 0xffffff);
    assert_pixel(surface, 15, 10, 0);
    assert_pixel(surface, 13, 9, 0);
}

/* ---- Watchers ---- */

typedef struct {
    Surface *picture;
    guint8 rows[48];            /* that have changed */
} Watcher;

static void note_resized(void *opaque, Surface *picture)
{
    ((Watcher *)opaque)->picture = picture;
}

static void note_changed(void *opaque, guint first, guint n)
{
    memset(((Watcher *)opaque)->rows + first, 1, n);
}

static void note_gone(void *opaque)
{
}

/* Looks: only these two rows have changed. */
static void assert_changed(Rig *rig, Watcher *w, guint first, guint second)
{
    memset(w->rows, 0, sizeof(w->rows));
    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + CONSOLE_PERIOD + 1);
    for (guint y = 0; y < sizeof(w->rows); y++) {
        g_assert_cmpuint(w->rows[y], ==, y == first || y == second);
    }
}

/* The cursor moves, changes its shape, and vanishes; a blit draws behind it. */
static void test_watched_cursor(void)
{
    static const ConsoleWatchOps ops = {
        .resized = note_resized, .changed = note_changed, .gone = note_gone,
    };
    g_autoptr(Rig) rig = cursor_rig();
    Watcher w = { 0 };
    ConsoleWatch *watch;

    g_assert_true(surface_load(NULL));
    watch = console_watch(console_find(rig->root, "v", -1, NULL), &ops, &w);
    clock_advance(rig->clock, CONSOLE_PERIOD);
    assert_pixel(w.picture, 13, 10, 0xff0007);
    vga_sr(rig, 0x11 | 4 << 5, 1);
    assert_changed(rig, &w, 10, 12);
    assert_pixel(w.picture, 13, 12, 0xff0007);
    vga_frame_put(rig, CURSOR + 4 * 3, 0x80, 1);
    assert_changed(rig, &w, 15, 15);
    vga_gr(rig, 0x01, 1);       /* white */
    rig_out(rig, 0x3c8, 1, 1);
    for (guint i = 0; i < 3; i++) {
        rig_out(rig, 0x3c9, 0x3f, 1);
    }
    assert_changed(rig, &w, 99, 99);
    cirrus_blit(rig, (CirrusCommand){ .mode = 0xc0, .extended = 4, .width = 64, .height = 1,
                                      .pitch = 64, .to = 12 * 64 });
    assert_changed(rig, &w, 12, 12);
    assert_pixel(w.picture, 13, 12, 0xff0007);
    assert_pixel(w.picture, 14, 12, 0);
    assert_pixel(w.picture, 15, 12, 0xffffff);
    vga_sr(rig, 0x12, 0);
    assert_changed(rig, &w, 12, 15);
    console_unwatch(watch);
}

static void test_sizes(void)
{
    static const char *const bad[] = { "5", "12", "3", "32" };
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(rig, "cirrus-vga", "v", &error, "vgamem_mb", bad[i], "romfile", "",
                                 NULL));
        g_assert_true(qmp_error_is(error, i < 2 ? ERROR_REASON_INVALID_VALUE
                                               : ERROR_REASON_OUT_OF_RANGE));
    }
    g_assert_nonnull(rig_device(rig, "cirrus-vga", "v", NULL, "vgamem_mb", "16", "romfile", "",
                                NULL));
}

#define CASE(name) { "/cirrus/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(leaves_memory), CASE(backward), CASE(from_processor_outside), CASE(overlapping_lines),
    CASE(reads_outside), CASE(impossible), CASE(pattern_lines), CASE(doublewords), CASE(24_bits),
    CASE(ways), CASE(reset_blit), CASE(autostart), CASE(bad_state), CASE(registers), CASE(hidden_dac), CASE(banks),
    CASE(write_modes), CASE(cursor), CASE(watched_cursor),
    CASE(sizes),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
