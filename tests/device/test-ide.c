/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ide-hd on piix3-ide: registers of a channel, commands by PIO and DMA, the bus master, resets; two
 * drives on a channel, and drives on both. CDs are in test-ide-cd.c.
 */
#include "config.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-ide.h"
#include "tests/lib/ide-driver.h"

enum { READY = ATA_DRDY | ATA_DSC, FAILED = READY | ATA_ERR, DATA = READY | ATA_DRQ };
enum { SECTORS = IDE_BENCH_SIZE / 512 };

static guint16 word(const guint8 *page, guint n)
{
    return page[2 * n] | page[2 * n + 1] << 8;
}

static void identify(IdeBench *b, guint channel, guint unit, guint8 page[512])
{
    g_assert_cmphex(ide_command(b, channel, unit, ATA_IDENTIFY, NULL), ==, DATA);
    g_assert_cmpuint(ide_pio_read(b, channel, page, 512), ==, 512);
    g_assert_cmphex(ide_in(b, channel, REG_STATUS), ==, READY);
}

/* One drive on null, another as its slave, a third on the other channel. */
static IdeBench *three_drives(void)
{
    IdeBench *b = ide_bench_new();

    ide_bench_drive(b, "ide-hd", "h0", "drive", "null", "bus", "ide.0", "unit", "0", NULL);
    ide_bench_drive(b, "ide-hd", "h1", "drive", "null2", "bus", "ide.0", "unit", "1", "serial",
                    "second", NULL);
    ide_bench_drive(b, "ide-hd", "h2", "drive", "slow", "bus", "ide.1", NULL);
    return b;
}

/* ide.0 has a drive on a file, or NULL, and the test is to be skipped. */
static IdeBench *file_drive(const char *werror)
{
    IdeBench *b = ide_bench_new();

    if (!b->io) {
        g_test_skip("the host denies io_uring");
        ide_bench_free(b);
        return NULL;
    }
    ide_bench_drive(b, "ide-hd", "h0", "drive", "file", "bus", "ide.0", "werror", werror, NULL);
    ide_bench_drive(b, "ide-hd", "h1", "drive", "null", "bus", "ide.0", NULL);
    return b;
}

/* ---- PCI function and channels ---- */

static void test_function(void)
{
    g_autoptr(IdeBench) b = ide_bench_new();
    guint8 devfn = PCI_DEVFN(1, 1);

    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 0, 4), ==, 0x70108086);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 6, 2), ==, 0x0280);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 8, 4), ==, 0x01018000);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 0x3c, 4), ==, 0);
    rig_pci_write(b->rig, 0, devfn, 4, 0xffff, 2);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 4, 2), ==, 0x0005);
    rig_pci_write(b->rig, 0, devfn, 0x40, 0xffffffff, 4);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 0x40, 4), ==, 0xf3fff3ff);
    rig_pci_write(b->rig, 0, devfn, 0x44, 0xffffffff, 4);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 0x44, 4), ==, 0xff);
    rig_reset(b->rig);
    g_assert_cmphex(rig_pci_read(b->rig, 0, devfn, 0x40, 4), ==, 0);
}

/* Ports are decoded while IDETIM and the command register say so. */
static void test_decoding(void)
{
    g_autoptr(IdeBench) b = three_drives();
    guint8 devfn = PCI_DEVFN(1, 1);

    g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, READY);
    rig_pci_write(b->rig, 0, devfn, 0x40, 0x0000, 2);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, 0xff);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, 0xff);
    g_assert_cmphex(ide_in(b, 1, REG_STATUS), ==, READY);
    rig_pci_write(b->rig, 0, devfn, 0x40, 0x8000, 2);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
    rig_pci_write(b->rig, 0, devfn, 4, PCI_COMMAND_MASTER, 2);
    g_assert_cmphex(ide_in(b, 1, REG_STATUS), ==, 0xff);
}

/* Both drives see registers; the one that is selected answers. */
static void test_registers(void)
{
    g_autoptr(IdeBench) b = three_drives();

    for (guint reg = REG_COUNT; reg <= REG_HIGH; reg++) {
        ide_out(b, 0, reg, 0x11 * reg);
        ide_out(b, 0, reg, 0x80 + reg);
    }
    for (guint unit = 0; unit < 2; unit++) {
        ide_out(b, 0, REG_DEVICE, 0xe5 | unit << 4);
        g_assert_cmphex(ide_in(b, 0, REG_DEVICE), ==, 0xe5 | unit << 4);
        for (guint reg = REG_COUNT; reg <= REG_HIGH; reg++) {
            ide_out(b, 0, REG_CONTROL, 0);
            g_assert_cmphex(ide_in(b, 0, reg), ==, 0x80 + reg);
            ide_out(b, 0, REG_CONTROL, ATA_HOB);
            g_assert_cmphex(ide_in(b, 0, reg), ==, 0x11 * reg);
        }
    }
    /* Any write of the command block clears HOB. */
    ide_out(b, 0, REG_COUNT, 3);
    g_assert_cmphex(ide_in(b, 0, REG_COUNT), ==, 3);
    g_assert_cmphex(ide_in(b, 1, REG_COUNT), ==, 1);
    g_assert_cmphex(rig_in(b->rig, 0x1f2, 2), ==, 0x8303);
}

/* Device 0 answers for an absent device 1, but has no status to tell. */
static void test_absent(void)
{
    g_autoptr(IdeBench) b = three_drives();
    g_autoptr(IdeBench) empty = ide_bench_new();
    g_autoptr(IdeBench) slave = ide_bench_new();

    ide_out(b, 1, REG_DEVICE, 0x10);
    ide_out(b, 1, REG_COUNT, 0x55);
    g_assert_cmphex(ide_in(b, 1, REG_COUNT), ==, 0x55);
    g_assert_cmphex(ide_in(b, 1, REG_STATUS), ==, 0);
    g_assert_cmphex(ide_in(b, 1, REG_CONTROL), ==, 0);
    ide_out(b, 1, REG_STATUS, ATA_IDENTIFY);
    ide_bench_poll_once(b);
    g_assert_false(b->level[1]);
    g_assert_cmphex(ide_in_data(b, 1), ==, 0);
    for (guint unit = 0; unit < 2; unit++) {
        ide_out(empty, 0, REG_DEVICE, unit << 4);
        ide_out(empty, 0, REG_COUNT, 0x55);
        for (guint reg = REG_DATA; reg <= REG_CONTROL; reg++) {
            g_assert_cmphex(ide_in(empty, 0, reg), ==, 0);
        }
    }
    ide_bench_drive(slave, "ide-hd", "h1", "drive", "null", "bus", "ide.0", "unit", "1", NULL);
    g_assert_cmphex(ide_in(slave, 0, REG_STATUS), ==, 0);
    ide_out(slave, 0, REG_DEVICE, 0x10);
    g_assert_cmphex(ide_in(slave, 0, REG_STATUS), ==, READY);
}

/* The line is the selected drive's, unless nIEN; reading Status answers, Alternate Status does not. */
static void test_interrupt(void)
{
    g_autoptr(IdeBench) b = three_drives();

    ide_command(b, 0, 1, ATA_CHECK_POWER, NULL);
    g_assert_true(b->level[0]);
    g_assert_false(b->level[1]);
    ide_in(b, 0, REG_CONTROL);
    g_assert_true(b->level[0]);
    ide_out(b, 0, REG_DEVICE, 0x00);
    g_assert_false(b->level[0]);
    ide_out(b, 0, REG_DEVICE, 0x10);
    g_assert_true(b->level[0]);
    ide_out(b, 0, REG_CONTROL, ATA_NIEN);
    g_assert_false(b->level[0]);
    ide_out(b, 0, REG_CONTROL, 0);
    g_assert_true(b->level[0]);
    ide_in(b, 0, REG_STATUS);
    g_assert_false(b->level[0]);
    g_assert_cmpuint(b->edges[0], ==, 3);
}

/* ---- Signature and resets ---- */

static void assert_signature(IdeBench *b, guint channel, guint unit)
{
    ide_out(b, channel, REG_DEVICE, unit << 4);
    g_assert_cmphex(ide_in(b, channel, REG_STATUS), ==, READY);
    g_assert_cmphex(ide_in(b, channel, REG_ERROR), ==, 1);
    g_assert_cmphex(ide_in(b, channel, REG_COUNT), ==, 1);
    g_assert_cmphex(ide_in(b, channel, REG_LOW), ==, 1);
    g_assert_cmphex(ide_in(b, channel, REG_MID), ==, 0);
    g_assert_cmphex(ide_in(b, channel, REG_HIGH), ==, 0);
}

static void test_software_reset(void)
{
    g_autoptr(IdeBench) b = three_drives();

    assert_signature(b, 0, 0);
    ide_command(b, 0, 1, ATA_IDENTIFY, NULL);
    ide_out(b, 0, REG_CONTROL, ATA_SRST);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, ATA_BSY);
    g_assert_false(b->level[0]);
    ide_out(b, 0, REG_CONTROL, 0);
    g_assert_cmphex(ide_in(b, 0, REG_DEVICE) & ATA_DEV_UNIT, ==, 0);
    assert_signature(b, 0, 0);
    assert_signature(b, 0, 1);
    g_assert_cmphex(ide_in_data(b, 0), ==, 0);
}

/* What is in flight keeps the drive busy; then the reset is complete, and nothing is written to
 * memory any more. */
static void test_reset_in_flight(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;
    guint32 *first;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 65536, 65536);
    first = ide_bench_ptr(b, memory);
    ide_command(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 7, .count = 128 });
    ide_bm_start(b, 0, ide_table(b, memory, 65536, 65536), true);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL) & ATA_BSY, ==, ATA_BSY);
    ide_out(b, 0, REG_CONTROL, ATA_SRST);
    ide_out(b, 0, REG_CONTROL, 0);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, ATA_BSY);
    /* Nor does it take a command, or the choice of another drive. */
    ide_out(b, 0, REG_DEVICE, 0x10);
    ide_out(b, 0, REG_STATUS, ATA_CHECK_POWER);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, ATA_BSY);
    ide_bench_poll(b);
    assert_signature(b, 0, 0);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1) & 1, ==, 0);
    *first = 0;
    ide_bench_poll(b);
    g_assert_cmpuint(*first, ==, 0);
    g_assert_false(b->level[0]);
    /* And it obeys. */
    g_assert_cmphex(ide_command(b, 0, 0, ATA_CHECK_POWER, NULL), ==, READY);
}

/* While SRST is set, nothing is left of a command: no block that can be moved, no DMA that can be
 * started. */
static void test_reset_ends_command(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    IdeArguments one = { .lba = 9, .count = 1 };
    guint32 sector[128];
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 512, 512);
    memset(ide_bench_ptr(b, memory), 0xcd, 512);
    for (guint i = 0; i < 3; i++) {
        static const guint8 commands[] = { ATA_WRITE_SECTORS, ATA_READ_SECTORS, ATA_WRITE_DMA };

        ide_command(b, 0, 0, commands[i], &one);
        ide_out(b, 0, REG_CONTROL, ATA_SRST);
        for (guint word = 0; word < 256; word++) {
            rig_out(b->rig, 0x1f0, 0xabab, 2);
            g_assert_cmphex(ide_in_data(b, 0), ==, 0);
        }
        ide_bm_start(b, 0, ide_table(b, memory, 512, 512), false);
        ide_bench_poll(b);
        g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, ATA_BSY);
        ide_out(b, 0, REG_CONTROL, 0);
        assert_signature(b, 0, 0);
        g_assert_false(b->level[0]);
        ide_command(b, 0, 0, ATA_READ_SECTORS, &one);
        g_assert_cmpuint(ide_pio_read(b, 0, sector, 512), ==, 512);
        g_assert_cmpuint(sector[0], ==, 9);
    }
}

/* A reset of the machine: nothing is left of a command. */
static void test_machine_reset(void)
{
    g_autoptr(IdeBench) b = three_drives();

    ide_command(b, 0, 0, ATA_SET_MULTIPLE, &(IdeArguments){ .count = 4 });
    ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){ .count = 4 });
    g_assert_true(b->level[0]);
    rig_reset(b->rig);
    g_assert_false(b->level[0]);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, 0xff);
}

static void test_diagnostic(void)
{
    g_autoptr(IdeBench) b = three_drives();

    g_assert_cmphex(ide_command(b, 0, 1, ATA_DIAGNOSTIC, NULL), ==, READY);
    g_assert_true(b->level[0]);
    assert_signature(b, 0, 0);
    assert_signature(b, 0, 1);
}

/* ---- IDENTIFY ---- */

static void test_identify(void)
{
    g_autoptr(IdeBench) b = three_drives();
    guint8 page[512], sum = 0;

    identify(b, 0, 0, page);
    g_assert_cmphex(word(page, 0), ==, 0x0040);
    g_assert_cmpuint(word(page, 1), ==, SECTORS / (16 * 63));
    g_assert_cmpuint(word(page, 3), ==, 16);
    g_assert_cmpuint(word(page, 6), ==, 63);
    g_assert_cmpmem(page + 20, 8, "MQ0000 1", 8);
    g_assert_cmpmem(page + 46, 4, ".2+5", 4);
    g_assert_cmpmem(page + 54, 14, "EQUMH RADDSI K", 14);
    g_assert_cmphex(word(page, 47), ==, 0x8010);
    g_assert_cmphex(word(page, 49), ==, 0x0b00);
    g_assert_cmphex(word(page, 59), ==, 0x0110);
    g_assert_cmpuint(word(page, 60) | word(page, 61) << 16, ==, SECTORS);
    g_assert_cmpuint(word(page, 100), ==, SECTORS);
    g_assert_cmphex(word(page, 63), ==, 0x0007);
    g_assert_cmphex(word(page, 88), ==, 0x203f);
    g_assert_cmphex(word(page, 83) & 0xc400, ==, 0x4400);
    g_assert_cmphex(word(page, 85) & 0x0061, ==, 0x0060);
    g_assert_cmphex(word(page, 75), ==, 0);
    g_assert_cmphex(word(page, 76), ==, 0);
    g_assert_cmphex(word(page, 169), ==, 1);
    for (guint i = 0; i < 512; i++) {
        sum += page[i];
    }
    g_assert_cmpuint(sum, ==, 0);
    identify(b, 0, 1, page);
    g_assert_cmpmem(page + 20, 8, "esocdn  ", 8);
    identify(b, 1, 0, page);
    g_assert_cmpmem(page + 20, 8, "MQ0000 2", 8);
}

static void test_properties(void)
{
    g_autoptr(IdeBench) b = ide_bench_new();
    g_autoptr(GError) error = NULL;
    guint8 page[512];

    ide_bench_drive(b, "ide-hd", "h0", "drive", "null", "bus", "ide.0", "cyls", "20", "heads", "4",
                    "secs", "17", "model", "M", "ver", "V", NULL);
    ide_bench_drive(b, "ide-hd", "h1", "drive", "null2", "bus", "ide.0", "wwn",
                    "0x5000c50012345678", "rotation_rate", "1", "physical_block_size", "4096", NULL);
    identify(b, 0, 0, page);
    g_assert_cmpuint(word(page, 1), ==, 20);
    g_assert_cmpuint(word(page, 3), ==, 4);
    g_assert_cmpuint(word(page, 6), ==, 17);
    g_assert_cmpmem(page + 46, 4, " V  ", 4);
    g_assert_cmpmem(page + 54, 4, " M  ", 4);
    identify(b, 0, 1, page);
    g_assert_cmphex(word(page, 108), ==, 0x5000);
    g_assert_cmphex(word(page, 111), ==, 0x5678);
    g_assert_cmphex(word(page, 87) & 0x0100, ==, 0x0100);
    g_assert_cmphex(word(page, 217), ==, 1);
    g_assert_cmphex(word(page, 106), ==, 0x6003);

    g_assert_null(rig_device(b->rig, "ide-hd", "x", &error, "drive", "slow", "bus", "ide.0", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_BUS_FULL);
    g_clear_error(&error);
    g_assert_null(rig_device(b->rig, "ide-hd", "x", &error, "drive", "slow", "bus", "ide.0", "unit",
                             "1", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_ADDRESS_IN_USE);
    g_clear_error(&error);
    g_assert_null(rig_device(b->rig, "ide-hd", "x", &error, "drive", "slow", "bus", "ide.1",
                             "heads", "3", "secs", "2", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
    g_clear_error(&error);
    g_assert_null(rig_device(b->rig, "ide-hd", "x", &error, "drive", "slow", "bus", "ide.1",
                             "logical_block_size", "4096", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
}

/* ---- PIO ---- */

static void assert_sectors(const guint8 *data, guint32 first, guint32 n)
{
    for (guint32 i = 0; i < n; i++) {
        guint32 head, tail;

        memcpy(&head, data + i * 512, 4);
        memcpy(&tail, data + i * 512 + 508, 4);
        g_assert_cmpuint(head, ==, first + i);
        g_assert_cmpuint(tail, ==, ~(first + i));
    }
}

/* 300 sectors are more than the drive's buffer. */
static void test_pio_read(void)
{
    static const struct {
        guint8 command;
        guint32 count, interrupts;
    } cases[] = {
        { ATA_READ_SECTORS, 1, 1 }, { ATA_READ_SECTORS + 1, 3, 3 }, { ATA_READ_SECTORS_EXT, 300, 300 },
        { ATA_READ_MULTIPLE, 32, 2 }, { ATA_READ_MULTIPLE_EXT, 300, 19 },
    };
    g_autoptr(IdeBench) b = file_drive("auto");
    g_autofree guint8 *data = g_malloc(300 * 512);

    for (guint i = 0; b && i < G_N_ELEMENTS(cases); i++) {
        guint edges = b->edges[0], size = cases[i].count * 512;

        g_test_message("command %02x", cases[i].command);
        g_assert_cmphex(ide_command(b, 0, 0, cases[i].command, &(IdeArguments){
            .lba = 1000, .count = cases[i].count }), ==, DATA);
        for (guint at = 0; at < size; at += 512) {
            ide_in(b, 0, REG_STATUS);
            g_assert_cmpuint(ide_pio_read(b, 0, data + at, 512), ==, 512);
            ide_bench_poll(b);
        }
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
        assert_sectors(data, 1000, cases[i].count);
        g_assert_cmpuint(b->edges[0] - edges, ==, cases[i].interrupts);
    }
}

static void test_pio_write(void)
{
    static const struct {
        guint8 command;
        guint32 count;
    } cases[] = {
        { ATA_WRITE_SECTORS, 1 }, { ATA_WRITE_SECTORS_EXT, 260 }, { ATA_WRITE_MULTIPLE, 33 },
        { ATA_WRITE_MULTIPLE_EXT, 130 }, { ATA_WRITE_MULTIPLE_FUA_EXT, 2 }, { ATA_WRITE_VERIFY, 2 },
    };
    g_autoptr(IdeBench) b = file_drive("auto");
    g_autofree guint8 *data = g_malloc(300 * 512), *back = g_malloc(300 * 512);

    for (guint i = 0; b && i < G_N_ELEMENTS(cases); i++) {
        guint size = cases[i].count * 512;
        IdeArguments a = { .lba = 50, .count = cases[i].count };

        memset(data, i + 1, size);
        g_assert_cmphex(ide_command(b, 0, 0, cases[i].command, &a), ==, DATA);
        g_assert_false(b->level[0]);
        g_assert_cmpuint(ide_pio_write(b, 0, data, size), ==, size);
        g_assert_true(b->level[0]);
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
        ide_command(b, 0, 0, ATA_READ_SECTORS_EXT, &a);
        g_assert_cmpuint(ide_pio_read(b, 0, back, size), ==, size);
        g_assert_cmpmem(back, size, data, size);
        /* What follows is as before. */
        ide_command(b, 0, 0, ATA_READ_SECTORS_EXT, &(IdeArguments){ .lba = 310, .count = 1 });
        ide_pio_read(b, 0, back, 512);
        assert_sectors(back, 310, 1);
    }
}

/* The data port is 16 or 32 bits wide. */
static void test_data_port(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");

    if (!b) {
        return;
    }
    ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){ .lba = 0x1234, .count = 1 });
    g_assert_cmphex(rig_in(b->rig, 0x1f0, 2), ==, 0x1234);
    g_assert_cmphex(rig_in(b->rig, 0x1f0, 2), ==, 0);
    for (guint i = 4; i < 508; i += 4) {
        g_assert_cmphex(rig_in(b->rig, 0x1f0, 4), ==, 0);
    }
    g_assert_cmphex(rig_in(b->rig, 0x1f0, 4), ==, ~0x1234u);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
    /* Writing where the host is to read has no effect. */
    ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){ .lba = 5, .count = 1 });
    rig_out(b->rig, 0x1f0, 0, 4);
    g_assert_cmphex(rig_in(b->rig, 0x1f0, 4), ==, 5);
}

/* ---- Addresses ---- */

static void test_range(void)
{
    g_autoptr(IdeBench) b = three_drives();

    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){
        .lba = SECTORS - 1, .count = 2 }), ==, FAILED);
    g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_IDNF);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_SECTORS_EXT, &(IdeArguments){
        .lba = G_GUINT64_CONSTANT(0xffffffffffff), .count = 1 }), ==, FAILED);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_WRITE_DMA, &(IdeArguments){
        .lba = SECTORS, .count = 1 }), ==, FAILED);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_VERIFY, &(IdeArguments){
        .lba = SECTORS - 256, .count = 0 }), ==, READY);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_VERIFY_EXT, &(IdeArguments){
        .lba = 0, .count = 0 }), ==, FAILED);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_SEEK, &(IdeArguments){ .lba = SECTORS }), ==, FAILED);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_SEEK, &(IdeArguments){ .lba = 5 }), ==, READY);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_RECALIBRATE + 3, NULL), ==, READY);
}

/* By cylinder, head and sector, in a geometry that the host sets. */
static void test_chs(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint8 data[512], page[512];

    if (!b) {
        return;
    }
    ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){ .lba = 0x03000102, .count = 1, .chs = true });
    ide_pio_read(b, 0, data, 512);
    assert_sectors(data, (1 * 16 + 3) * 63 + 1, 1);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_INITIALIZE_PARAMETERS, &(IdeArguments){
        .lba = 0x03000000, .count = 10, .chs = true }), ==, READY);
    ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){ .lba = 0x03000102, .count = 1, .chs = true });
    ide_pio_read(b, 0, data, 512);
    assert_sectors(data, (1 * 4 + 3) * 10 + 1, 1);
    identify(b, 0, 0, page);
    g_assert_cmpuint(word(page, 55), ==, 4);
    g_assert_cmpuint(word(page, 56), ==, 10);
    /* Sector 0, a sector too many, a head too many. */
    for (guint i = 0; i < 3; i++) {
        static const guint32 bad[] = { 0x00000000, 0x0000000b, 0x04000001 };

        g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_SECTORS, &(IdeArguments){
            .lba = bad[i], .count = 1, .chs = true }), ==, FAILED);
        g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_IDNF);
    }
    g_assert_cmphex(ide_command(b, 0, 0, ATA_INITIALIZE_PARAMETERS, NULL), ==, FAILED);
}

static void test_native_max(void)
{
    g_autoptr(IdeBench) b = three_drives();

    ide_command(b, 0, 0, ATA_READ_NATIVE_MAX, NULL);
    g_assert_cmphex(ide_in(b, 0, REG_LOW), ==, (SECTORS - 1) & 0xff);
    g_assert_cmphex(ide_in(b, 0, REG_MID), ==, (SECTORS - 1) >> 8);
    ide_command(b, 0, 0, ATA_READ_NATIVE_MAX_EXT, NULL);
    g_assert_cmphex(ide_in(b, 0, REG_MID), ==, (SECTORS - 1) >> 8);
    ide_out(b, 0, REG_CONTROL, ATA_HOB);
    g_assert_cmphex(ide_in(b, 0, REG_LOW), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ide/function", test_function);
    g_test_add_func("/ide/decoding", test_decoding);
    g_test_add_func("/ide/registers", test_registers);
    g_test_add_func("/ide/absent", test_absent);
    g_test_add_func("/ide/interrupt", test_interrupt);
    g_test_add_func("/ide/software-reset", test_software_reset);
    g_test_add_func("/ide/reset-in-flight", test_reset_in_flight);
    g_test_add_func("/ide/reset-ends-command", test_reset_ends_command);
    g_test_add_func("/ide/machine-reset", test_machine_reset);
    g_test_add_func("/ide/diagnostic", test_diagnostic);
    g_test_add_func("/ide/identify", test_identify);
    g_test_add_func("/ide/properties", test_properties);
    g_test_add_func("/ide/pio-read", test_pio_read);
    g_test_add_func("/ide/pio-write", test_pio_write);
    g_test_add_func("/ide/data-port", test_data_port);
    g_test_add_func("/ide/range", test_range);
    g_test_add_func("/ide/chs", test_chs);
    g_test_add_func("/ide/native-max", test_native_max);
    return g_test_run();
}
