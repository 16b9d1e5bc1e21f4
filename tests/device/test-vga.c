/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/vga-*.c: registers, the window, DISPI, EDID, where the beam is.
 * Pictures are tests/device/test-vga-picture.c's.
 */
#include "config.h"

#include "hw/display/edid.h"
#include "qmp/error.h"
#include "qom/qapi-objects-display.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/vga-driver.h"

#define MS G_GINT64_CONSTANT(1000000)

/* ---- Ports ---- */

static void test_masks(void)
{
    static const struct {
        guint16 port;
        guint8 index, reads;
    } registers[] = {
        { 0x3c4, 0, 0x03 }, { 0x3c4, 1, 0x3d }, { 0x3c4, 2, 0x0f }, { 0x3c4, 3, 0x3f },
        { 0x3c4, 4, 0x0e }, { 0x3c4, 7, 0 }, { 0x3ce, 0, 0x0f }, { 0x3ce, 3, 0x1f },
        { 0x3ce, 4, 0x03 }, { 0x3ce, 5, 0x7b }, { 0x3ce, 8, 0xff }, { 0x3ce, 15, 0 },
        { 0x3d4, 0, 0xff }, { 0x3d4, 24, 0xff }, { 0x3d4, 25, 0 }, { 0x3d4, 255, 0 },
    };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    for (guint i = 0; i < G_N_ELEMENTS(registers); i++) {
        rig_out(rig, registers[i].port, 0xff00 | registers[i].index, 2);
        g_assert_cmphex(rig_in(rig, registers[i].port + 1, 1), ==, registers[i].reads);
    }
}

/* Index and data share a port; a read of the status begins with the index again. */
static void test_attributes(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    rig_in(rig, 0x3da, 1);
    rig_out(rig, 0x3c0, 0xf1, 1);
    rig_out(rig, 0x3c0, 0xaa, 1);
    g_assert_cmphex(rig_in(rig, 0x3c0, 1), ==, 0x31);
    g_assert_cmphex(rig_in(rig, 0x3c1, 1), ==, 0xaa);
    rig_out(rig, 0x3c0, 0x13, 1);
    rig_in(rig, 0x3da, 1);
    rig_out(rig, 0x3c0, 0x12, 1);
    rig_out(rig, 0x3c0, 0xff, 1);
    g_assert_cmphex(rig_in(rig, 0x3c1, 1), ==, 0x3f);
    rig_out(rig, 0x3c0, 0x1f, 1);
    rig_out(rig, 0x3c0, 0xff, 1);
    g_assert_cmphex(rig_in(rig, 0x3c1, 1), ==, 0);
}

static void test_dac(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    rig_out(rig, 0x3c8, 255, 1);
    for (guint i = 1; i <= 6; i++) {
        rig_out(rig, 0x3c9, 0xc0 | i, 1);
    }
    g_assert_cmphex(rig_in(rig, 0x3c7, 1), ==, 0);
    g_assert_cmphex(rig_in(rig, 0x3c8, 1), ==, 1);
    rig_out(rig, 0x3c7, 255, 1);
    for (guint i = 1; i <= 6; i++) {
        g_assert_cmphex(rig_in(rig, 0x3c9, 1), ==, i);
    }
    g_assert_cmphex(rig_in(rig, 0x3c7, 1), ==, 3);
    vga_dispi(rig, VBE_ENABLE, VBE_8BIT_DAC);
    rig_out(rig, 0x3c8, 9, 1);
    rig_out(rig, 0x3c9, 0xc1, 1);
    rig_out(rig, 0x3c9, 0xc2, 1);
    rig_out(rig, 0x3c9, 0xc3, 1);
    rig_out(rig, 0x3c7, 9, 1);
    g_assert_cmphex(rig_in(rig, 0x3c9, 1), ==, 0xc1);
}

/* The CRT controller is in one of two places; its first registers can be locked. */
static void test_crtc(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_cr(rig, 0, 0x5f);
    vga_cr(rig, CR_OVERFLOW, 0x1f);
    vga_cr(rig, CR_V_RETRACE_END, CR_V_RETRACE_LOCK);
    vga_cr(rig, 0, 0x11);
    vga_cr(rig, CR_OVERFLOW, 0);
    g_assert_cmphex(rig_in(rig, 0x3d5, 1), ==, 0x0f);
    rig_out(rig, 0x3d4, 0, 1);
    g_assert_cmphex(rig_in(rig, 0x3d5, 1), ==, 0x5f);
    g_assert_cmphex(rig_in(rig, 0x3b5, 1), ==, 0xff);
    rig_out(rig, 0x3c2, 0, 1);
    g_assert_cmphex(rig_in(rig, 0x3d5, 1), ==, 0xff);
    g_assert_cmphex(rig_in(rig, 0x3b5, 1), ==, 0x5f);
    rig_out(rig, 0x3ba, 0xff, 1);
    g_assert_cmphex(rig_in(rig, 0x3ca, 1), ==, 0x10);
    g_assert_cmphex(rig_in(rig, 0x3cc, 1), ==, 0);
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_sr(rig, 2, 0x0f);
    rig_out(rig, 0x3c6, 0, 1);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0x3c4, 1), ==, 0xff);   /* it does not decode ports */
    rig_pci_write(rig, 0, PCI_DEVFN(2, 0), PCI_COMMAND, PCI_COMMAND_IO, 2);
    rig_out(rig, 0x3c4, 2, 1);
    g_assert_cmphex(rig_in(rig, 0x3c5, 1), ==, 0);
    g_assert_cmphex(rig_in(rig, 0x3c6, 1), ==, 0xff);
    g_assert_cmphex(vga_dispi_get(rig, VBE_ID), ==, VBE_ID_LAST);
}

/* ---- The window ---- */

static void set_planar(Rig *rig)
{
    vga_sr(rig, SR_MAP_MASK, 0x0f);
    vga_sr(rig, SR_MEMORY_MODE, 0x06);
    vga_gr(rig, GR_MISC, 0x05);
    vga_gr(rig, GR_BIT_MASK, 0xff);
}

static void assert_planes(Rig *rig, guint32 offset, guint32 expected)
{
    guint32 seen = 0;

    for (guint i = 4; i-- > 0;) {
        seen = seen << 8 | vga_frame_get(rig, offset * 4 + i);
    }
    g_assert_cmphex(seen, ==, expected);
}

static void test_write_modes(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    set_planar(rig);
    vga_gr(rig, GR_SET_RESET, 0x05);
    vga_gr(rig, GR_ENABLE_SET_RESET, 0x03);
    vga_gr(rig, GR_DATA_ROTATE, 4);
    vga_poke(rig, 10, 0x12);
    assert_planes(rig, 10, 0x212100ff);
    vga_peek(rig, 10);
    vga_gr(rig, GR_MODE, 1);
    vga_sr(rig, SR_MAP_MASK, 0x0d);
    vga_poke(rig, 11, 0x99);
    assert_planes(rig, 11, 0x212100ff);
    vga_sr(rig, SR_MAP_MASK, 0x0f);
    vga_gr(rig, GR_MODE, 2);
    vga_gr(rig, GR_BIT_MASK, 0xf0);
    vga_poke(rig, 12, 0x0a);
    assert_planes(rig, 12, 0xf101f00f);
}

/* Write mode 3: data are a bit mask, and planes get the colour of set/reset. */
static void test_write_mode_3(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    set_planar(rig);
    vga_frame_put(rig, 0, 0x11223344, 4);
    vga_peek(rig, 0);
    vga_gr(rig, GR_MODE, 3);
    vga_gr(rig, GR_SET_RESET, 0x03);
    vga_gr(rig, GR_BIT_MASK, 0x3c);
    vga_poke(rig, 0, 0xf0);
    assert_planes(rig, 0, 0x01023374);
}

static void test_functions(void)
{
    static const guint32 expected[] = { 0x0f0f0f0f, 0x01020304, 0x1f2f3f4f, 0x1e2d3c4b };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    set_planar(rig);
    for (guint i = 0; i < 4; i++) {
        vga_frame_put(rig, 0, 0x11223344, 4);
        vga_peek(rig, 0);
        vga_gr(rig, GR_DATA_ROTATE, i << 3);
        vga_poke(rig, 0, 0x0f);
        assert_planes(rig, 0, expected[i]);
    }
}

static void test_reads(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    set_planar(rig);
    vga_frame_put(rig, 0, 0x0f33550f, 4);
    for (guint i = 0; i < 4; i++) {
        vga_gr(rig, GR_READ_MAP, i);
        g_assert_cmphex(vga_peek(rig, 0), ==, 0x0f33550fu >> 8 * i & 0xff);
    }
    vga_gr(rig, GR_MODE, GR_MODE_READ);
    vga_gr(rig, GR_COLOR_COMPARE, 0x0f);
    vga_gr(rig, GR_COLOR_DONT_CARE, 0x0f);
    g_assert_cmphex(vga_peek(rig, 0), ==, 0x01);
    vga_gr(rig, GR_COLOR_DONT_CARE, 0x03);
    g_assert_cmphex(vga_peek(rig, 0), ==, 0x05);
    vga_gr(rig, GR_COLOR_DONT_CARE, 0);
    g_assert_cmphex(vga_peek(rig, 0), ==, 0xff);
}

static void test_chained(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_sr(rig, SR_MAP_MASK, 0x0b);
    vga_sr(rig, SR_MEMORY_MODE, SR_MEMORY_CHAIN4);
    vga_gr(rig, GR_MISC, 0x05);
    address_space_write(rig->memory, VGA_WINDOW + 4, 0x44332211, 4);
    g_assert_cmphex(vga_frame_get(rig, 4), ==, 0x11);
    g_assert_cmphex(vga_frame_get(rig, 6), ==, 0);      /* masked */
    g_assert_cmphex(vga_peek(rig, 7), ==, 0x44);
    vga_sr(rig, SR_MEMORY_MODE, 0x02);
    vga_sr(rig, SR_MAP_MASK, 0x03);
    vga_gr(rig, GR_MODE, GR_MODE_ODD_EVEN);
    vga_gr(rig, GR_MISC, 0x0e);
    vga_poke(rig, 0x18002, 'A');
    vga_poke(rig, 0x18003, 0x07);
    g_assert_cmphex(vga_frame_get(rig, 4), ==, 'A');
    g_assert_cmphex(vga_frame_get(rig, 5), ==, 0x07);
    g_assert_cmphex(vga_peek(rig, 0x18003), ==, 0x07);
    vga_gr(rig, GR_READ_MAP, 2);
    g_assert_cmphex(vga_peek(rig, 0x18002), ==, 0);
}

/* Which parts of the window respond. */
static void test_maps(void)
{
    static const struct {
        guint32 first, last;
    } maps[] = { { 0, 0x1ffff }, { 0, 0xffff }, { 0x10000, 0x17fff }, { 0x18000, 0x1ffff } };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    set_planar(rig);
    for (guint i = 0; i < 4; i++) {
        vga_gr(rig, GR_MISC, i << 2 | 1);
        g_assert_cmphex(vga_peek(rig, maps[i].first), ==, 0);
        g_assert_cmphex(vga_peek(rig, maps[i].last), ==, 0);
        if (maps[i].first) {
            g_assert_cmphex(vga_peek(rig, maps[i].first - 1), ==, 0xff);
        }
        if (maps[i].last < 0x1ffff) {
            vga_poke(rig, maps[i].last + 1, 0x55);
            g_assert_cmphex(vga_peek(rig, maps[i].last + 1), ==, 0xff);
        }
    }
}

/* CVE-2016-3710 and 2016-3712: a bank, or planes, beyond the memory. */
static void test_bounds(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_dispi_mode(rig, 640, 480, 8);
    vga_dispi(rig, VBE_BANK, 0xffff);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_BANK), ==, 15);
    vga_poke(rig, 0xffff, 0x77);
    g_assert_cmphex(vga_frame_get(rig, 0xfffff), ==, 0x77);
    vga_sr(rig, SR_MEMORY_MODE, 0x06);                  /* planes, with the last bank */
    vga_gr(rig, GR_BIT_MASK, 0xff);
    vga_poke(rig, 0xffff, 0x78);
    g_assert_cmphex(vga_frame_get(rig, 0xfffff), ==, 0x78);
    vga_gr(rig, GR_MODE, GR_MODE_ODD_EVEN);
    vga_poke(rig, 0xffff, 0x79);
    g_assert_cmphex(vga_frame_get(rig, 0xffffd), ==, 0x79);
    vga_dispi(rig, VBE_BPP, 4);
    vga_dispi(rig, VBE_BANK, 0xffff);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_BANK), ==, 3);
}

/* ---- DISPI ---- */

/* The window shows what the bank register said last, or the first bank since ENABLE was written:
 * the register stays. */
static void test_bank(void)
{
    static const guint writes[] = { 0x41, 0x01, 0 };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_dispi_mode(rig, 640, 480, 8);
    vga_frame_put(rig, 5, 0x11, 1);
    vga_frame_put(rig, 0x20005, 0x22, 1);
    for (guint i = 0; i < G_N_ELEMENTS(writes); i++) {
        vga_dispi(rig, VBE_BANK, 2);
        g_assert_cmphex(vga_peek(rig, 5), ==, 0x22);
        vga_dispi(rig, VBE_ENABLE, writes[i]);
        g_assert_cmphex(vga_peek(rig, 5), ==, 0x11);
        g_assert_cmpuint(vga_dispi_get(rig, VBE_BANK), ==, 2);
    }
    vga_dispi(rig, VBE_BANK, 2);
    vga_dispi(rig, VBE_ENABLE, 0xc1);
    g_assert_cmphex(vga_peek(rig, 5), ==, 0x22);
}

static void test_dispi(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    vga_dispi(rig, VBE_ID, 0xb0c1);
    g_assert_cmphex(vga_dispi_get(rig, VBE_ID), ==, 0xb0c1);
    vga_dispi(rig, VBE_ID, 0xb0c6);
    g_assert_cmphex(vga_dispi_get(rig, VBE_ID), ==, 0xb0c1);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_MEMORY_64K), ==, 16);
    g_assert_cmpuint(vga_dispi_get(rig, 0x55), ==, 0);
    vga_dispi(rig, VBE_ENABLE, VBE_GETCAPS);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_XRES), ==, VGA_MAX_WIDTH);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_YRES), ==, VGA_MAX_HEIGHT);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_BPP), ==, 32);
    vga_frame_put(rig, 99, 0x5a, 1);
    vga_dispi_mode(rig, 640, 400, 32);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_VIRT_WIDTH), ==, 640);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_VIRT_HEIGHT), ==, 409);
    g_assert_cmphex(vga_frame_get(rig, 99), ==, 0);
    vga_frame_put(rig, 99, 0x5a, 1);
    vga_dispi(rig, VBE_ENABLE, 0);
    vga_dispi(rig, VBE_ENABLE, VBE_ENABLED | VBE_NOCLEARMEM);
    g_assert_cmphex(vga_frame_get(rig, 99), ==, 0x5a);
}

/* A value that does not fit becomes one that does. */
static void test_dispi_fits(void)
{
    static const struct {
        guint width, height, bpp, expected[3];
    } modes[] = {
        { 641, 400, 32, { 640, 400, 32 } }, { 0, 0, 0, { 8, 1, 8 } },
        { 0xffff, 0xffff, 24, { VGA_MAX_WIDTH, 68, 24 } }, { 800, 600, 17, { 800, 600, 8 } },
        { 1024, 768, 32, { 1024, 256, 32 } }, { 64, 0xffff, 4, { 64, VGA_MAX_HEIGHT, 4 } },
    };
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        vga_dispi_mode(rig, modes[i].width, modes[i].height, modes[i].bpp);
        for (guint j = 0; j < 3; j++) {
            g_assert_cmpuint(vga_dispi_get(rig, VBE_XRES + j), ==, modes[i].expected[j]);
        }
    }
    vga_dispi_mode(rig, 640, 400, 16);
    vga_dispi(rig, VBE_VIRT_WIDTH, 100);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_VIRT_WIDTH), ==, 640);
    vga_dispi(rig, VBE_VIRT_WIDTH, 804);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_VIRT_WIDTH), ==, 800);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_VIRT_HEIGHT), ==, 655);
    vga_dispi(rig, VBE_Y_OFFSET, 255);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_Y_OFFSET), ==, 255);
    vga_dispi(rig, VBE_Y_OFFSET, 256);
    g_assert_cmpuint(vga_dispi_get(rig, VBE_Y_OFFSET), ==, 0);
}

static guint mmio(Rig *rig, guint offset, guint size)
{
    return address_space_read(rig->memory, VGA_MMIO + offset, size);
}

static void test_mmio(void)
{
    g_autoptr(Rig) rig = vga_rig_new("secondary-vga");

    g_assert_cmphex(rig_in(rig, 0x3c4, 1), ==, 0xff);   /* it has no ports */
    address_space_write(rig->memory, VGA_MMIO + 0x504, 480, 2);
    g_assert_cmpuint(mmio(rig, 0x504, 2), ==, 480);
    address_space_write(rig->memory, VGA_MMIO + 0x404, 0x0f02, 2);
    g_assert_cmphex(mmio(rig, 0x405, 1), ==, 0x0f);
    g_assert_cmphex(mmio(rig, 0x600, 4), ==, 8);
    g_assert_cmphex(mmio(rig, 0x604, 4), ==, 0x1e1e1e1e);
    address_space_write(rig->memory, VGA_MMIO + 0x604, 0xbebebebe, 4);
    g_assert_cmphex(mmio(rig, 0x604, 4), ==, 0xbebebebe);
    address_space_write(rig->memory, VGA_MMIO + 0x604, 0x12345678, 4);
    g_assert_cmphex(mmio(rig, 0x604, 4), ==, 0xbebebebe);
    rig_assert_guest_error(to_device(object_resolve_type(rig->root, "v", &qmp_class_pci_vga, NULL)),
                           "0x12345678");
}

/* Revision 2 stands for the registers of the byte order, and drivers look at nothing else. */
static void test_revisions(void)
{
    static const struct {
        const char *driver, *property;
        guint8 revision;
    } cards[] = {
        { "VGA", "edid", 2 }, { "VGA", "qemu-extended-regs", 0 }, { "VGA", "mmio", 0 },
        { "secondary-vga", "edid", 2 }, { "secondary-vga", "qemu-extended-regs", 0 },
        { "bochs-display", "edid", 2 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cards); i++) {
        g_autoptr(Rig) rig = rig_new();
        g_autoptr(GError) error = NULL;

        rig_device(rig, cards[i].driver, "v", &error, "addr", "2", "romfile", "",
                   cards[i].property, "off", NULL);
        g_assert_no_error(error);
        rig_reset(rig);
        g_assert_cmphex(rig_pci_read(rig, 0, PCI_DEVFN(2, 0), PCI_REVISION_ID, 1), ==,
                        cards[i].revision);
    }
}

/* A card with DISPI only: dark until a mode of direct colours is set. */
static void test_bochs(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    const guint8 devfn = PCI_DEVFN(2, 0);

    Device *odd = rig_device(rig, "bochs-display", "odd", &error, "addr", "3", "vgamem", "5000000",
                             NULL);

    g_assert_no_error(error);
    g_assert_cmpuint(bochs_display_props(odd)->vgamem, ==, 8 << 20);
    device_unmake(odd);
    rig_device(rig, "bochs-display", "v", &error, "addr", "2", "romfile", "", "edid", "off", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(rig, 0, devfn, PCI_BASE_ADDRESS_0 + 8, VGA_MMIO, 4);
    rig_pci_write(rig, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(rig_in(rig, 0x3c4, 1), ==, 0xff);
    g_assert_cmphex(mmio(rig, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(mmio(rig, 0x400, 1), ==, 0xff);
    g_assert_cmphex(mmio(rig, 0x500, 2), ==, VBE_ID_LAST);
    g_assert_cmpuint(mmio(rig, 0x514, 2), ==, 256);
    for (guint bpp = 8; bpp <= 32; bpp += 8) {
        g_autoptr(Surface) surface = NULL;
        const guint16 values[] = { 64, 48, bpp, VBE_ENABLED };

        for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
            address_space_write(rig->memory, VGA_MMIO + 0x502 + 2 * i, values[i], 2);
        }
        vga_frame_put(rig, 0, 0xffffffff, 4);
        surface = vga_picture(rig);
        g_assert_cmpuint(surface_width(surface), ==, 64);
        g_assert_cmphex(surface_row(surface, 0)[0] & 0xffffff, ==, bpp == 8 ? 0 : 0xffffff);
        address_space_write(rig->memory, VGA_MMIO + 0x508, 0, 2);
    }
}

/* ---- EDID ---- */

static void test_edid(void)
{
    static const EdidInfo infos[] = {
        { 0 }, { 1920, 1080, 1920, 1080, 60000 }, { 4095, 4095, 0, 0, 400000 }, { 1, 1, 1, 1, 1 },
    };
    guint8 edid[EDID_SIZE], sum;

    for (guint i = 0; i < G_N_ELEMENTS(infos); i++) {
        edid_fill(edid, &infos[i]);
        for (guint block = 0; block < 2; block++) {
            sum = 0;
            for (guint j = 0; j < 128; j++) {
                sum += edid[block * 128 + j];
            }
            g_assert_cmpuint(sum, ==, 0);
        }
    }
    edid_fill(edid, &infos[1]);
    g_assert_cmphex(edid[0x38] | (edid[0x3a] & 0xf0) << 4, ==, 1920);
    g_assert_cmphex(edid[0x26], ==, 0xd1);      /* 1920x1080; 2048x1152 is not offered */
    g_assert_cmphex(edid[0x27], ==, 0xc0);
}

static void test_edid_mapped(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");

    g_assert_cmphex(mmio(rig, 0, 4), ==, 0xffffff00);
    g_assert_cmphex(mmio(rig, 0x36, 2), ==, 0x29ea);
    address_space_write(rig->memory, VGA_MMIO, 0, 4);
    g_assert_cmphex(mmio(rig, 0, 4), ==, 0xffffff00);
    g_assert_cmphex(mmio(rig, 0x180, 4), ==, 0xffffffff);
}

/* ---- The beam ---- */

static guint8 status_at(Rig *rig, gint64 ns)
{
    clock_advance(rig->clock, ns);
    return rig_in(rig, 0x3da, 1);
}

/* 80 columns: lines of 900 dots at 28.322 MHz; 449 of them, 400 of which are shown. */
static void test_beam(void)
{
    static const guint8 crt[] = {
        0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x0e,
        0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
    };
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    const gint64 line = 31777;

    rig_out(rig, 0x3c2, 0x67, 1);
    for (guint i = 0; i < sizeof(crt); i++) {
        vga_cr(rig, i, crt[i]);
    }
    g_assert_cmphex(status_at(rig, 0), ==, 0);
    g_assert_cmphex(status_at(rig, line * 9 / 10), ==, STATUS_DISPLAY_OFF);
    g_assert_cmphex(status_at(rig, line * 399), ==, 0);
    g_assert_cmphex(status_at(rig, line * 405), ==, STATUS_DISPLAY_OFF);
    g_assert_cmphex(status_at(rig, line * 413), ==, STATUS_DISPLAY_OFF | STATUS_RETRACE);
    g_assert_cmphex(status_at(rig, line * 415), ==, STATUS_DISPLAY_OFF);
    g_assert_cmphex(status_at(rig, line * 450), ==, 0);
}

/* Whatever the registers say, software that waits for a retrace sees one. */
static void test_beam_always(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    guint8 values[] = { 0, 0xff, 0x55 };
    gint64 now = 0;

    for (guint i = 0; i < sizeof(values); i++) {
        guint8 seen = 0;

        for (guint j = 0; j < VGA_N_CR; j++) {
            vga_cr(rig, j, j == CR_V_RETRACE_END ? 0 : values[i]);
        }
        for (guint j = 0; j < 1000; j++) {
            now += MS / 20;
            seen |= status_at(rig, now);
        }
        g_assert_cmphex(seen, ==, STATUS_DISPLAY_OFF | STATUS_RETRACE);
    }
}

/* ---- Two cards; errors ---- */

static void test_two(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    g_autoptr(GError) error = NULL;
    Device *second = rig_device(rig, "secondary-vga", "w", &error, "addr", "3", "vgamem_mb", "3",
                                NULL);

    g_assert_no_error(error);
    g_assert_cmpuint(pci_vga_props(second)->vgamem_mb, ==, 4);
    g_assert_true(console_find(rig->root, NULL, -1, NULL) ==
                  console_find(rig->root, "v", 0, NULL));
    g_assert_true(console_find(rig->root, "w", -1, NULL) != console_find(rig->root, "v", -1, NULL));
    g_assert_null(console_find(rig->root, "w", 1, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_clear_error(&error);
    g_assert_null(console_find(rig->root, "nobody", -1, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_DEVICE_NOT_FOUND));
    g_clear_error(&error);
    device_unmake(second);
    g_assert_null(console_find(rig->root, "w", -1, NULL));
    g_assert_nonnull(console_find(rig->root, NULL, -1, NULL));
}

#define CASE(name) { "/vga/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(masks), CASE(attributes), CASE(dac), CASE(crtc), CASE(reset), CASE(write_modes),
    CASE(write_mode_3), CASE(functions), CASE(reads), CASE(chained), CASE(maps), CASE(bounds),
    CASE(bank), CASE(dispi), CASE(dispi_fits), CASE(mmio), CASE(revisions), CASE(bochs), CASE(edid),
    CASE(edid_mapped), CASE(beam), CASE(beam_always), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
