/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/pci-host/: configuration mechanism 1, the registers of the 82441FX, and
 * what is visible through PAM and SMRAM.
 */
#include "config.h"

#include <string.h>

#include "hw/pci-host/i440fx.h"
#include "tests/lib/pc-chips.h"

enum { PAM0 = 0x59, SMRAM = 0x72, TRC = 0x93 };

/* ---- Ports ---- */

static void test_confadd(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, 0);
    rig_out(rig, 0xcf8, 0xffffffff, 4);
    g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, 0xffffffff);
    /* Narrow accesses are none to it. */
    rig_out(rig, 0xcf8, 0x12, 1);
    rig_out(rig, 0xcfa, 0x3456, 2);
    g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, 0xffffffff);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, 0);
}

static void test_confdata(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    rig_out(rig, 0xcf8, 0x80000000, 4);
    g_assert_cmphex(rig_in(rig, 0xcfc, 4), ==, 0x12378086);
    g_assert_cmphex(rig_in(rig, 0xcfe, 2), ==, 0x1237);
    g_assert_cmphex(rig_in(rig, 0xcff, 1), ==, 0x12);
    /* Nobody there, and switched off. */
    rig_out(rig, 0xcf8, 0x8000f800, 4);
    g_assert_cmphex(rig_in(rig, 0xcfc, 4), ==, 0xffffffff);
    rig_out(rig, 0xcf8, 0x80010000, 4);
    g_assert_cmphex(rig_in(rig, 0xcfc, 4), ==, 0xffffffff);
    rig_out(rig, 0xcf8, 0, 4);
    g_assert_cmphex(rig_in(rig, 0xcfc, 4), ==, 0xffffffff);
    rig_out(rig, 0xcf8, SMRAM & ~3, 4);
    rig_out(rig, 0xcfe, 0x4a, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x02);
}

/* The address register's lowest bits count, too.  What QEMU 7.2 answers. */
static void test_confdata_low_bits(void)
{
    static const struct {
        guint32 address;
        guint16 port;
        guint size;
        guint32 value;
    } reads[] = {
        { 0x80000002, 0xcfc, 2, 0x1237 }, { 0x80000002, 0xcfd, 1, 0x12 },
        { 0x80000002, 0xcfe, 1, 0x37 }, { 0x80000002, 0xcfe, 2, 0x1237 },
        { 0x80000001, 0xcfc, 1, 0x80 }, { 0x80000001, 0xcfd, 1, 0x80 },
        { 0x80000001, 0xcfc, 2, 0x3780 }, { 0x80000001, 0xcfd, 2, 0x1280 },
        { 0x80000003, 0xcfc, 1, 0x12 }, { 0x80000003, 0xcff, 1, 0x12 },
        { 0x800000fd, 0xcfc, 4, 0 }, { 0x800000fe, 0xcfc, 4, 0 }, { 0x800000ff, 0xcfe, 2, 0 },
        { 0x00000002, 0xcfc, 2, 0xffff },
    };
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    for (guint i = 0; i < G_N_ELEMENTS(reads); i++) {
        rig_out(rig, 0xcf8, reads[i].address, 4);
        g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, reads[i].address);
        g_assert_cmphex(rig_in(rig, reads[i].port, reads[i].size), ==, reads[i].value);
    }
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x80808080);
    rig_out(rig, 0xcf8, 0x80000861, 4);
    rig_out(rig, 0xcfc, 0x05, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x80800580);
    rig_out(rig, 0xcf8, 0x80000861, 4);
    rig_out(rig, 0xcfc, 0x0706, 2);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x80070680);
    rig_out(rig, 0xcf8, 0x80000862, 4);
    rig_out(rig, 0xcfc, 0x0b0a0908, 4);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x09080680);
    rig_out(rig, 0xcf8, 0x80000861, 4);
    rig_out(rig, 0xcfe, 0x03, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x03080680);
    rig_out(rig, 0xcf8, 0x800008fd, 4);                 /* three bytes are left */
    rig_out(rig, 0xcfc, 0xffffffff, 4);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x60, 4), ==, 0x03080680);
}

/* Accesses that are not to CONFADD go to the fallback. */
typedef struct {
    guint64 offset, value;
    guint size;
} Passed;

static guint64 passed_read(void *opaque, guint64 offset, guint size)
{
    *(Passed *)opaque = (Passed){ .offset = offset, .size = size };
    return 0x5a;
}

static void passed_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    *(Passed *)opaque = (Passed){ .offset = offset, .size = size, .value = value };
}

static const RegionOps passed_ops = { .read = passed_read, .write = passed_write };

static void test_passed(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Passed passed = { 0 };

    g_assert_cmphex(rig_in(chips->rig, 0xcf9, 1), ==, 0xff);
    i440fx_pass_ports(chips->host, &passed_ops, &passed);
    g_assert_cmphex(rig_in(chips->rig, 0xcf9, 1), ==, 0x5a);
    g_assert_cmpuint(passed.offset, ==, 1);
    rig_out(chips->rig, 0xcfa, 0x1234, 2);
    g_assert_cmpuint(passed.offset, ==, 2);
    g_assert_cmpuint(passed.size, ==, 2);
    g_assert_cmphex(passed.value, ==, 0x1234);
    i440fx_pass_ports(chips->host, NULL, NULL);
    rig_out(chips->rig, 0xcf9, 6, 1);
    g_assert_cmphex(passed.value, ==, 0x1234);
}

/* ---- Registers ---- */

static void test_header(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x00, 4), ==, 0x12378086);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x04, 4), ==, 0x02800006);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x08, 4), ==, 0x06000002);
    pc_chips_write(chips, PC_CHIPS_HOST, 0x04, 0xffff, 2);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x04, 2), ==, 0x0146);
    pc_chips_write(chips, PC_CHIPS_HOST, 0x0c, 0xffff, 2);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x0c, 2), ==, 0xf800);
    pc_chips_write(chips, PC_CHIPS_HOST, 0x3c, 0xff, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, 0x3c, 1), ==, 0);
}

static void test_masks(void)
{
    static const struct {
        guint8 offset, reset, ones, zeros;
    } cases[] = {
        { 0x50, 0, 0x7f, 0 }, { 0x53, 0x83, 0xff, 0 }, { 0x57, 0x01, 0x7f, 0 },
        { 0x58, 0x10, 0xff, 0 }, { 0x59, 0, 0x70, 0 }, { 0x5a, 0, 0x77, 0 },
        { 0x5f, 0, 0x77, 0 }, { 0x60, 0x01, 0xff, 0 }, { 0x67, 0x01, 0xff, 0 },
        { 0x68, 0, 0xc0, 0 }, { 0x69, 0, 0, 0 }, { 0x70, 0, 0xff, 0 }, { 0x71, 0x10, 0xff, 0 },
        { 0x90, 0, 0xff, 0 }, { 0x91, 0, 0, 0 }, { 0xff, 0, 0, 0 },
    };
    g_autoptr(PcChips) chips = pc_chips_new();

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint offset = cases[i].offset;

        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, offset, 1), ==, cases[i].reset);
        pc_chips_write(chips, PC_CHIPS_HOST, offset, 0xff, 1);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, offset, 1), ==, cases[i].ones);
        pc_chips_write(chips, PC_CHIPS_HOST, offset, 0, 1);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, offset, 1), ==, cases[i].zeros);
        pc_chips_write(chips, PC_CHIPS_HOST, offset, 0x55, 1);
        rig_reset(chips->rig);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, offset, 1), ==, cases[i].reset);
    }
}

static void test_trc(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    pc_chips_write(chips, PC_CHIPS_HOST, TRC, 0x02, 1);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->resets, ==, 0);
    pc_chips_write(chips, PC_CHIPS_HOST, TRC, 0x06, 1);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->resets, ==, 1);
    g_assert_cmpint(chips->rig->cause, ==, SHUTDOWN_CAUSE_GUEST_RESET);
    /* Only a rise resets. */
    pc_chips_write(chips, PC_CHIPS_HOST, TRC, 0x06, 1);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->resets, ==, 1);
}

/* ---- PAM ---- */

/* ROM on PCI under all segments, as firmware lies there. */
static MemoryRegion *add_rom(PcChips *chips, guint8 *rom)
{
    MemoryRegion *region = region_new_rom(&chips->rig->machine->object, "rom", rom, 0x40000);

    memset(rom, 0xcc, 0x40000);
    region_add(i440fx_pci_memory(chips->host), 0xc0000, region, 0);
    return region;
}

static guint8 load(PcChips *chips, guint64 addr)
{
    return address_space_read(chips->rig->memory, addr, 1);
}

static void store(PcChips *chips, guint64 addr, guint8 value)
{
    address_space_write(chips->rig->memory, addr, value, 1);
}

typedef struct {
    guint64 first, last;
    guint8 offset, shift;
} PamCase;

static const PamCase segments[] = {
    { 0xf0000, 0xfffff, 0x59, 4 },
    { 0xc0000, 0xc3fff, 0x5a, 0 }, { 0xc4000, 0xc7fff, 0x5a, 4 },
    { 0xc8000, 0xcbfff, 0x5b, 0 }, { 0xcc000, 0xcffff, 0x5b, 4 },
    { 0xd0000, 0xd3fff, 0x5c, 0 }, { 0xd4000, 0xd7fff, 0x5c, 4 },
    { 0xd8000, 0xdbfff, 0x5d, 0 }, { 0xdc000, 0xdffff, 0x5d, 4 },
    { 0xe0000, 0xe3fff, 0x5e, 0 }, { 0xe4000, 0xe7fff, 0x5e, 4 },
    { 0xe8000, 0xebfff, 0x5f, 0 }, { 0xec000, 0xeffff, 0x5f, 4 },
};

static void check_segment(PcChips *chips, const PamCase *pam, guint64 addr)
{
    chips->ram[addr] = 0x11;
    pc_chips_write(chips, PC_CHIPS_HOST, pam->offset, 0, 1);
    g_assert_cmphex(load(chips, addr), ==, 0xcc);       /* PCI */
    store(chips, addr, 0x22);
    g_assert_cmphex(chips->ram[addr], ==, 0x11);

    pc_chips_write(chips, PC_CHIPS_HOST, pam->offset, 2 << pam->shift, 1);
    g_assert_cmphex(load(chips, addr), ==, 0xcc);       /* reads PCI, writes RAM */
    store(chips, addr, 0x33);
    g_assert_cmphex(chips->ram[addr], ==, 0x33);
    g_assert_cmphex(load(chips, addr), ==, 0xcc);

    pc_chips_write(chips, PC_CHIPS_HOST, pam->offset, 1 << pam->shift, 1);
    g_assert_cmphex(load(chips, addr), ==, 0x33);       /* RAM, protected */
    store(chips, addr, 0x44);
    g_assert_cmphex(chips->ram[addr], ==, 0x33);

    pc_chips_write(chips, PC_CHIPS_HOST, pam->offset, 3 << pam->shift, 1);
    store(chips, addr, 0x55);
    g_assert_cmphex(load(chips, addr), ==, 0x55);       /* RAM */
    g_assert_cmphex(chips->ram[addr], ==, 0x55);
}

static void test_pam(void)
{
    g_autofree guint8 *space = g_malloc(0x41000);
    guint8 *rom = (guint8 *)(((gsize)space + 0xfff) & ~(gsize)0xfff);
    PcChips *chips = pc_chips_new();
    MemoryRegion *region = add_rom(chips, rom);

    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        check_segment(chips, &segments[i], segments[i].first);
        check_segment(chips, &segments[i], segments[i].last);
        /* The others stay what they were. */
        for (guint j = 0; j < G_N_ELEMENTS(segments); j++) {
            if (j != i) {
                g_assert_cmphex(load(chips, segments[j].first), ==, 0xcc);
            }
        }
        rig_reset(chips->rig);
        g_assert_cmphex(load(chips, segments[i].first), ==, 0xcc);
    }
    region_remove(i440fx_pci_memory(chips->host), region);
    pc_chips_free(chips);
}

/* Nothing is on PCI where firmware is not. */
static void test_pam_empty(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    g_assert_cmphex(load(chips, 0xf0000), ==, 0xff);
    pc_chips_write(chips, PC_CHIPS_HOST, 0x59, 0x20, 1);
    address_space_write(chips->rig->memory, 0xffff8, G_GUINT64_CONSTANT(0x8877665544332211), 8);
    g_assert_cmphex(load(chips, 0xffff8), ==, 0xff);
    g_assert_cmphex(chips->ram[0xffff8], ==, 0x11);
    g_assert_cmphex(chips->ram[0xfffff], ==, 0x88);
    g_assert_cmphex(chips->ram[0x100000], ==, 0);
}

/* What firmware leaves for a kernel that is started without it. */
static void test_show_ram(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    i440fx_show_ram(chips->host);
    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        store(chips, segments[i].last, 0x5a);
        g_assert_cmphex(chips->ram[segments[i].last], ==, 0x5a);
        g_assert_cmphex(load(chips, segments[i].last), ==, 0x5a);
    }
    rig_reset(chips->rig);
    g_assert_cmphex(load(chips, 0xf0000), ==, 0xff);
}

/* ---- SMRAM ---- */

static void test_smram(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x02);
    chips->ram[0xa0000] = chips->ram[0xbffff] = 0x77;
    g_assert_cmphex(load(chips, 0xa0000), ==, 0xff);    /* PCI, and nothing there */
    g_assert_cmphex(load(chips, 0x9ffff), ==, 0);
    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x4a, 1);
    g_assert_cmphex(load(chips, 0xa0000), ==, 0x77);
    g_assert_cmphex(load(chips, 0xbffff), ==, 0x77);
    /* Open counts only while SMRAM is enabled. */
    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x42, 1);
    g_assert_cmphex(load(chips, 0xa0000), ==, 0xff);
}

static void test_smram_lock(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x4a, 1);
    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x5a, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x1a);
    g_assert_cmphex(load(chips, 0xa0000), ==, 0xff);
    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x4a, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x1a);
    rig_reset(chips->rig);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x02);
    pc_chips_write(chips, PC_CHIPS_HOST, SMRAM, 0x4a, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_HOST, SMRAM, 1), ==, 0x4a);
}

/* ---- State, holes, two of them ---- */

static void test_state(void)
{
    g_autoptr(PcChips) a = pc_chips_new();
    g_autoptr(PcChips) b = pc_chips_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    a->ram[0xf0000] = b->ram[0xf0000] = 0x66;
    pc_chips_write(a, PC_CHIPS_HOST, PAM0, 0x30, 1);
    g_assert_cmphex(load(a, 0xf0000), ==, 0x66);
    g_assert_cmphex(load(b, 0xf0000), ==, 0xff);
    device_save(&pci_function_at(a->pci, PC_CHIPS_HOST)->device, state, NULL);
    g_assert_true(device_load(&pci_function_at(b->pci, PC_CHIPS_HOST)->device, state->data,
                              state->len, &error));
    g_assert_no_error(error);
    g_assert_cmphex(load(b, 0xf0000), ==, 0x66);
}

static void test_windows(void)
{
    static const struct {
        guint64 low, base;
    } cases[] = {
        { 0x6000000, 0x80000000 }, { 0x80000000, 0x80000000 }, { 0xa0000000, 0xc0000000 },
        { 0xc0000000, 0xc0000000 }, { 0xdac00000, 0xe0000000 },
    };
    g_autoptr(PcChips) chips = pc_chips_new();
    PciWindows windows;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        i440fx_set_ram(chips->host, cases[i].low, G_GUINT64_CONSTANT(0x140000000));
        i440fx_windows(chips->host, &windows);
        g_assert_cmphex(windows.mem_base, ==, cases[i].base);
        g_assert_cmphex(windows.mem_end, ==, 0xfebfffff);
        g_assert_cmphex(windows.mem64_base, ==, G_GUINT64_CONSTANT(0x140000000));
        g_assert_cmphex(windows.mem64_end, ==, G_GUINT64_CONSTANT(0x1bfffffff));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i440fx/confadd", test_confadd);
    g_test_add_func("/i440fx/confdata-low-bits", test_confdata_low_bits);
    g_test_add_func("/i440fx/confdata", test_confdata);
    g_test_add_func("/i440fx/passed", test_passed);
    g_test_add_func("/i440fx/header", test_header);
    g_test_add_func("/i440fx/masks", test_masks);
    g_test_add_func("/i440fx/trc", test_trc);
    g_test_add_func("/i440fx/pam", test_pam);
    g_test_add_func("/i440fx/pam-empty", test_pam_empty);
    g_test_add_func("/i440fx/show-ram", test_show_ram);
    g_test_add_func("/i440fx/smram", test_smram);
    g_test_add_func("/i440fx/smram-lock", test_smram_lock);
    g_test_add_func("/i440fx/state", test_state);
    g_test_add_func("/i440fx/windows", test_windows);
    return g_test_run();
}
