/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ide-hd by DMA: the bus master with its tables, stopping and going on, errors; trim, flush, SET
 * FEATURES, SMART; what the host's errors become.
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hw/block/front.h"
#include "qom/qapi-objects-disk.h"
#include "tests/lib/ide-driver.h"

enum { READY = ATA_DRDY | ATA_DSC, FAILED = READY | ATA_ERR, DATA = READY | ATA_DRQ };
enum { SECTORS = IDE_BENCH_SIZE / 512 };
enum { BM_ACTIVE = 1, BM_ERROR = 2, BM_INTERRUPT = 4 };

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
    ide_bench_drive(b, "ide-hd", "h2", "drive", "null2", "bus", "ide.1", NULL);
    return b;
}

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

/* ---- Registers of the bus master ---- */

static void test_registers(void)
{
    g_autoptr(IdeBench) b = ide_bench_new();

    for (guint channel = 0; channel < 2; channel++) {
        g_assert_cmphex(ide_bm_in(b, channel, BM_COMMAND, 4), ==, 0);
        ide_bm_out(b, channel, BM_COMMAND, 0xff, 1);
        g_assert_cmphex(ide_bm_in(b, channel, BM_COMMAND, 1), ==, 9);
        g_assert_cmphex(ide_bm_in(b, channel, BM_STATUS, 1), ==, BM_ACTIVE);
        ide_bm_out(b, channel, BM_COMMAND, 0, 1);
        g_assert_cmphex(ide_bm_in(b, channel, BM_STATUS, 1), ==, 0);
        ide_bm_out(b, channel, BM_STATUS, 0xff, 1);
        g_assert_cmphex(ide_bm_in(b, channel, BM_STATUS, 1), ==, 0x60);
        ide_bm_out(b, channel, BM_TABLE, 0x12345677, 4);
        g_assert_cmphex(ide_bm_in(b, channel, BM_TABLE, 4), ==, 0x12345674);
        ide_bm_out(b, channel, BM_TABLE + 2, 0xab, 1);
        g_assert_cmphex(ide_bm_in(b, channel, BM_TABLE, 4), ==, 0x12ab5674);
        ide_bm_out(b, channel, BM_TABLE, 0, 2);
        g_assert_cmphex(ide_bm_in(b, channel, BM_TABLE, 4), ==, 0x12ab0000);
        ide_bm_out(b, channel, 1, 0xff, 1);
        g_assert_cmphex(ide_bm_in(b, channel, 1, 1), ==, 0);
        g_assert_cmphex(ide_bm_in(b, channel, 3, 1), ==, 0);
    }
}

/* ---- Reading and writing ---- */

/* Pieces of any even size; very small ones make sectors that are bounced. */
static void test_read(void)
{
    static const guint8 commands[] = { ATA_READ_DMA, ATA_READ_DMA + 1, ATA_READ_DMA_EXT };
    static const guint pieces[] = { 65536, 4096, 512, 1022, 510, 100, 2 };
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 200 * 512, 2);
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        guint n = pieces[i] > 2 ? 200 : 10;
        guint8 command = commands[i % G_N_ELEMENTS(commands)];

        g_test_message("pieces of %u", pieces[i]);
        memset(ide_bench_ptr(b, memory), 0xee, 200 * 512);
        g_assert_cmphex(ide_dma(b, 0, 0, command, &(IdeArguments){ .lba = 3000 + i, .count = n },
                                ide_table(b, memory, n * 512, pieces[i]), true), ==, BM_INTERRUPT);
        assert_sectors(ide_bench_ptr(b, memory), 3000 + i, n);
        g_assert_true(b->level[0]);
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
    }
}

static void test_write(void)
{
    static const guint8 commands[] = { ATA_WRITE_DMA, ATA_WRITE_DMA + 1, ATA_WRITE_DMA_EXT,
                                       ATA_WRITE_DMA_FUA_EXT };
    static const guint pieces[] = { 65536, 1022, 2 };
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory, back;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 150 * 512, 512);
    back = ide_bench_alloc(b, 150 * 512, 512);
    for (guint i = 0; i < G_N_ELEMENTS(commands) * G_N_ELEMENTS(pieces); i++) {
        guint piece = pieces[i % G_N_ELEMENTS(pieces)], n = piece > 2 ? 150 : 3;
        IdeArguments a = { .lba = 77, .count = n };

        memset(ide_bench_ptr(b, memory), i + 1, 150 * 512);
        g_assert_cmphex(ide_dma(b, 0, 0, commands[i % G_N_ELEMENTS(commands)], &a,
                                ide_table(b, memory, n * 512, piece), false), ==, BM_INTERRUPT);
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
        ide_dma(b, 0, 0, ATA_READ_DMA, &a, ide_table(b, back, n * 512, 65536), true);
        g_assert_cmpmem(ide_bench_ptr(b, back), n * 512, ide_bench_ptr(b, memory), n * 512);
    }
}

/* The bus master may be started before the command; and both channels work at once. */
static void test_order(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory, other;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 512, 512);
    other = ide_bench_alloc(b, 512, 512);
    memset(ide_bench_ptr(b, other), 1, 512);
    ide_bm_start(b, 0, ide_table(b, memory, 512, 512), true);
    ide_bm_start(b, 1, ide_table(b, other, 512, 512), true);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 9, .count = 1 }), ==,
                    READY);
    g_assert_cmphex(ide_command(b, 1, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 9, .count = 1 }), ==,
                    READY);
    assert_sectors(ide_bench_ptr(b, memory), 9, 1);
    g_assert_cmpuint(*(guint8 *)ide_bench_ptr(b, other), ==, 0);
    g_assert_true(b->level[0] && b->level[1]);
}

/* ---- Tables that do not fit ---- */

static void test_table_size(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 8192, 512);
    /* More memory than data: it stays active. */
    g_assert_cmphex(ide_dma(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 1, .count = 1 },
                            ide_table(b, memory, 8192, 4096), true), ==, BM_INTERRUPT | BM_ACTIVE);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1) & BM_ACTIVE, ==, 0);
    ide_in(b, 0, REG_STATUS);
    /* Less: the drive waits for the rest, without an interrupt, until it is reset. */
    for (guint size = 1024; size <= 1030; size += 6) {
        g_assert_cmphex(ide_dma(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 1, .count = 8 },
                                ide_table(b, memory, size, 4096), true), ==, 0);
        g_assert_false(b->level[0]);
        g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, DATA);
        assert_sectors(ide_bench_ptr(b, memory), 1, 2);
        ide_out(b, 0, REG_CONTROL, ATA_SRST);
        ide_out(b, 0, REG_CONTROL, 0);
        g_assert_cmphex(ide_in(b, 0, REG_CONTROL), ==, READY);
    }
    /* Or the host gives it another table for the rest. */
    ide_dma(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 1, .count = 4 },
            ide_table(b, memory, 1024, 512), true);
    ide_bm_start(b, 0, ide_table(b, memory + 1024, 1024, 512), true);
    ide_bench_poll(b);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, BM_INTERRUPT);
    assert_sectors(ide_bench_ptr(b, memory), 1, 4);
}

/* Memory that is no RAM, a table that is none, and a function that is no bus master. */
static void test_bad_memory(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory, tables[3];

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 4096, 512);
    tables[0] = ide_table(b, 0x80000000, 4096, 4096);
    tables[1] = 0x90000000;
    tables[2] = ide_table(b, IDE_BENCH_RAM + IDE_BENCH_RAM_SIZE - 512, 4096, 4096);
    for (guint i = 0; i < 3; i++) {
        guint8 status = ide_dma(b, 0, 0, ATA_WRITE_DMA, &(IdeArguments){ .lba = 1, .count = 8 },
                                tables[i], false);

        g_assert_cmphex(status, ==, BM_ERROR | BM_INTERRUPT);
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, FAILED);
        g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_ABRT);
    }
    rig_pci_write(b->rig, 0, PCI_DEVFN(1, 1), PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_cmphex(ide_dma(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 1, .count = 8 },
                            ide_table(b, memory, 4096, 4096), true), ==, BM_ERROR | BM_INTERRUPT);
    g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory), ==, 0);
}

/* ---- Stopping ---- */

/* A table of n pieces of a sector, with gaps as large: a request takes 128 of them. */
static guint64 scattered(IdeBench *b, guint64 memory, guint n)
{
    guint64 table = ide_table(b, memory, n * 512, 512);

    for (guint i = 0; i < n; i++) {
        pci_set_long(ide_bench_ptr(b, table + 8 * i), memory + 1024 * i);
    }
    return table;
}

static void assert_scattered(IdeBench *b, guint64 memory, guint32 first, guint n)
{
    for (guint i = 0; i < n; i++) {
        assert_sectors(ide_bench_ptr(b, memory + 1024 * i), first + i, 1);
        g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory + 1024 * i + 512), ==, 0);
    }
}

static void start_long_read(IdeBench *b, guint64 memory)
{
    ide_command(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 20, .count = 0 });
    ide_bm_start(b, 0, scattered(b, memory, 256), true);
    ide_bm_out(b, 0, BM_COMMAND, 8, 1);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, BM_ACTIVE);
}

/* It is active until what is in flight has ended; then the drive waits, and goes on with another
 * table. */
static void test_stop(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 512 * 512, 512);
    start_long_read(b, memory);
    ide_bench_poll(b);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, 0);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL) & ATA_BSY, ==, ATA_BSY);
    assert_scattered(b, memory, 20, 128);
    g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory + 128 * 1024), ==, 0);
    ide_bm_start(b, 0, scattered(b, memory + 128 * 1024, 128), true);
    ide_bench_poll(b);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, BM_INTERRUPT);
    assert_scattered(b, memory, 20, 256);
}

/* Started again before that: with the new table, after the end of the old one. */
static void test_restart(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 512 * 512, 512);
    start_long_read(b, memory);
    ide_bm_start(b, 0, scattered(b, memory + 128 * 1024, 128), true);
    ide_bench_poll(b);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, BM_INTERRUPT);
    assert_scattered(b, memory, 20, 256);
}

/* A drive that is removed while the host does not answer; and one that is reset with the machine. */
static void test_removed(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 65536, 512);
    for (guint i = 0; i < 2; i++) {
        ide_command(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .lba = 20, .count = 128 });
        ide_bm_start(b, 0, ide_table(b, memory, 65536, 65536), true);
        if (i == 0) {
            block_fronts_wait(&b->rig->machine->object, G_MAXINT64);
            rig_reset(b->rig);
            ide_bench_setup(b);
            g_assert_false(b->level[0]);
            g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
        }
    }
    device_unmake(device_in_use(object_resolve(b->rig->root, "/machine/peripheral/h0", NULL)));
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, 0);
    ide_bench_poll(b);
    g_assert_false(b->level[0]);
}

/* ---- Trim, flush, verify ---- */

static void set_range(guint8 *ranges, guint i, guint64 sector, guint64 n)
{
    guint64 range = GUINT64_TO_LE(sector | n << 48);

    memcpy(ranges + 8 * i, &range, 8);
}

static void test_trim(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    IdeArguments trim = { .feature = 1, .count = 1 };
    guint64 memory, back;
    guint8 *ranges;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 512, 512);
    back = ide_bench_alloc(b, 64 * 512, 512);
    ranges = ide_bench_ptr(b, memory);
    set_range(ranges, 0, 8, 8);
    set_range(ranges, 3, 16, 8);
    set_range(ranges, 63, 40, 16);
    g_assert_cmphex(ide_dma(b, 0, 0, ATA_DATA_SET_MANAGEMENT, &trim,
                            ide_table(b, memory, 512, 512), false), ==, BM_INTERRUPT);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
    ide_dma(b, 0, 0, ATA_READ_DMA, &(IdeArguments){ .count = 64 },
            ide_table(b, back, 64 * 512, 65536), true);
    for (guint i = 0; i < 64; i++) {
        bool gone = (i >= 8 && i < 24) || (i >= 40 && i < 56);
        guint32 tail = *(guint32 *)ide_bench_ptr(b, back + i * 512 + 508);

        g_assert_cmphex(tail, ==, gone ? 0 : ~i);
    }
    /* Beyond the end; no such function; no ranges; too many. */
    set_range(ranges, 0, SECTORS - 1, 2);
    ide_dma(b, 0, 0, ATA_DATA_SET_MANAGEMENT, &trim, ide_table(b, memory, 512, 512), false);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, FAILED);
    for (guint i = 0; i < 3; i++) {
        static const IdeArguments bad[] = { { .feature = 0, .count = 1 }, { .feature = 1 },
                                            { .feature = 1, .count = 9 } };

        g_assert_cmphex(ide_command(b, 0, 0, ATA_DATA_SET_MANAGEMENT, &bad[i]), ==, FAILED);
    }
}

static BlockFront *front_of(Bus *bus, guint i)
{
    return &to_disk(g_list_nth_data(bus->devices.head, i))->front;
}

static BlockStatistics statistics_of(const BlockFront *front)
{
    BlockStatistics stats;

    block_front_statistics(front, &stats);
    return stats;
}

static void test_flush(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    BlockFront *front;

    if (!b) {
        return;
    }
    front = front_of(b->ide->buses->pdata[0], 0);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_FLUSH, NULL), ==, READY);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_FLUSH_EXT, NULL), ==, READY);
    g_assert_cmpuint(statistics_of(front).of[BLOCK_STAT_FLUSH].operations, ==, 2);
    /* Switching the cache off flushes it. */
    g_assert_cmphex(ide_command(b, 0, 0, ATA_SET_FEATURES, &(IdeArguments){ .feature = 0x82 }), ==,
                    READY);
    g_assert_cmpuint(statistics_of(front).of[BLOCK_STAT_FLUSH].operations, ==, 3);
    g_assert_cmpint(front->write_cache, ==, 0);
    ide_command(b, 0, 0, ATA_SET_FEATURES, &(IdeArguments){ .feature = 0x02 });
    g_assert_cmpint(front->write_cache, ==, 1);
    /* VERIFY reads. */
    ide_command(b, 0, 0, ATA_READ_VERIFY_EXT, &(IdeArguments){ .count = 300 });
    g_assert_cmpuint(statistics_of(front).of[BLOCK_STAT_READ].bytes, ==, 300 * 512);
    g_assert_cmpuint(statistics_of(front_of(b->ide->buses->pdata[0], 1)).of[BLOCK_STAT_READ].bytes,
                     ==, 0);
}

/* ---- Settings ---- */

static void test_features(void)
{
    static const struct {
        guint8 feature, count;
        bool ok;
        guint8 word, bits;      /* of IDENTIFY, high half */
    } cases[] = {
        { 0x03, 0x00, true, 88, 0x20 }, { 0x03, 0x0c, true, 88, 0x20 }, { 0x03, 0x0d, false, 88, 0x20 },
        { 0x03, 0x22, true, 63, 0x04 }, { 0x03, 0x23, false, 63, 0x04 }, { 0x03, 0x42, true, 88, 0x04 },
        { 0x03, 0x46, false, 88, 0x04 }, { 0x03, 0x10, false, 63, 0 }, { 0x55, 0, true, 85, 0x40 },
        { 0xaa, 0, true, 85, 0x40 }, { 0x66, 0, true, 85, 0x40 }, { 0xcc, 0, true, 85, 0x40 },
        { 0x05, 0, true, 85, 0x40 }, { 0x77, 0, false, 85, 0x40 },
    };
    g_autoptr(IdeBench) b = file_drive("auto");
    guint8 page[512];

    for (guint i = 0; b && i < G_N_ELEMENTS(cases); i++) {
        g_test_message("feature %02x, %02x", cases[i].feature, cases[i].count);
        g_assert_cmphex(ide_command(b, 0, 1, ATA_SET_FEATURES, &(IdeArguments){
            .feature = cases[i].feature, .count = cases[i].count }), ==,
            cases[i].ok ? READY : FAILED);
        ide_command(b, 0, 1, ATA_IDENTIFY, NULL);
        ide_pio_read(b, 0, page, 512);
        g_assert_cmphex(page[2 * cases[i].word + 1], ==, cases[i].bits);
    }
}

/* A software reset reverts settings, unless the host has said that they are to stay. */
static void test_keep(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint8 page[512];

    for (guint keep = 0; b && keep < 2; keep++) {
        ide_command(b, 0, 0, ATA_SET_FEATURES, &(IdeArguments){ .feature = keep ? 0x66 : 0xcc });
        ide_command(b, 0, 0, ATA_SET_MULTIPLE, &(IdeArguments){ .count = 2 });
        ide_out(b, 0, REG_CONTROL, ATA_SRST);
        ide_out(b, 0, REG_CONTROL, 0);
        ide_command(b, 0, 0, ATA_IDENTIFY, NULL);
        ide_pio_read(b, 0, page, 512);
        g_assert_cmpuint(page[2 * 59], ==, keep ? 2 : 16);
    }
}

static void test_multiple(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");

    if (!b) {
        return;
    }
    for (guint n = 0; n <= 33; n++) {
        bool ok = n <= 16 && (n & (n - 1)) == 0;

        g_assert_cmphex(ide_command(b, 0, 0, ATA_SET_MULTIPLE, &(IdeArguments){ .count = n }), ==,
                        ok ? READY : FAILED);
    }
    ide_command(b, 0, 0, ATA_SET_MULTIPLE, NULL);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_MULTIPLE, &(IdeArguments){ .count = 1 }), ==,
                    FAILED);
    g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_ABRT);
}

static void test_power(void)
{
    static const guint8 sleepers[] = { ATA_STANDBY, ATA_STANDBY_IMMEDIATE, ATA_OLD_STANDBY,
                                       ATA_OLD_STANDBY_IMMEDIATE, ATA_SLEEP, ATA_OLD_SLEEP };
    static const guint8 wakers[] = { ATA_IDLE, ATA_IDLE_IMMEDIATE, ATA_OLD_IDLE,
                                     ATA_OLD_IDLE_IMMEDIATE, ATA_SEEK, ATA_READ_VERIFY };
    g_autoptr(IdeBench) b = file_drive("auto");

    for (guint i = 0; b && i < G_N_ELEMENTS(sleepers); i++) {
        g_assert_cmphex(ide_command(b, 0, 0, sleepers[i], NULL), ==, READY);
        ide_command(b, 0, 0, ATA_CHECK_POWER, NULL);
        g_assert_cmphex(ide_in(b, 0, REG_COUNT), ==, 0x00);
        ide_command(b, 0, 0, wakers[i], NULL);
        ide_command(b, 0, 0, ATA_OLD_CHECK_POWER, NULL);
        g_assert_cmphex(ide_in(b, 0, REG_COUNT), ==, 0xff);
    }
}

/* No such command; NOP, which always fails; those of packet devices and of queues. */
static void test_unknown(void)
{
    static const guint8 codes[] = { 0x00, 0x01, 0x08, 0xa0, 0xa1, 0x60, 0x61, 0x2f, 0xf5, 0xff };
    g_autoptr(IdeBench) b = file_drive("auto");

    for (guint i = 0; b && i < G_N_ELEMENTS(codes); i++) {
        g_assert_cmphex(ide_command(b, 0, 0, codes[i], NULL), ==, FAILED);
        g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_ABRT);
        g_assert_true(b->level[0]);
    }
}

/* ---- SMART ---- */

static guint8 smart(IdeBench *b, guint8 feature, guint8 count, guint8 low)
{
    return ide_command(b, 0, 0, ATA_SMART, &(IdeArguments){
        .feature = feature, .count = count, .lba = 0xc24f00 | low });
}

static void read_smart(IdeBench *b, guint8 feature, guint8 low, guint8 page[512])
{
    guint8 sum = 0;

    g_assert_cmphex(smart(b, feature, 1, low), ==, DATA);
    g_assert_cmpuint(ide_pio_read(b, 0, page, 512), ==, 512);
    for (guint i = 0; i < 512; i++) {
        sum += page[i];
    }
    g_assert_cmpuint(sum, ==, 0);
}

static void test_smart(void)
{
    g_autoptr(IdeBench) b = file_drive("auto");
    guint8 page[512];

    if (!b) {
        return;
    }
    g_assert_cmphex(smart(b, 0xd9, 0, 0), ==, FAILED);
    g_assert_cmphex(smart(b, 0xd8, 0, 0), ==, READY);
    g_assert_cmphex(smart(b, 0xda, 0, 0), ==, READY);
    g_assert_cmphex(ide_in(b, 0, REG_MID), ==, 0x4f);
    g_assert_cmphex(ide_in(b, 0, REG_HIGH), ==, 0xc2);
    g_assert_cmphex(smart(b, 0xd2, 0xf1, 0), ==, READY);
    read_smart(b, 0xd0, 0, page);
    g_assert_cmphex(page[362], ==, 0x82);
    read_smart(b, 0xd1, 0, page);
    g_assert_cmpuint(page[2], ==, 1);
    g_assert_cmpuint(page[3], ==, 6);
    read_smart(b, 0xd5, 0, page);
    g_assert_cmpuint(page[2 * 6], ==, 1);
    read_smart(b, 0xd5, 1, page);
    g_assert_cmpuint(page[1], ==, 0);
    read_smart(b, 0xd5, 6, page);
    g_assert_cmpuint(page[508], ==, 0);
    for (guint i = 1; i <= 22; i++) {
        g_assert_cmphex(smart(b, 0xd4, 0, 2), ==, READY);
        read_smart(b, 0xd5, 6, page);
        g_assert_cmpuint(page[508], ==, (i - 1) % 21 + 1);
        g_assert_cmpuint(page[2 + (i - 1) % 21 * 24], ==, 2);
    }
    g_assert_cmphex(smart(b, 0xd4, 0, 0), ==, READY);
    g_assert_cmphex(smart(b, 0xd4, 0, 3), ==, FAILED);
    g_assert_cmphex(smart(b, 0xd5, 1, 9), ==, FAILED);
    g_assert_cmphex(smart(b, 0xd2, 7, 0), ==, FAILED);
    g_assert_cmphex(smart(b, 0xd7, 0, 0), ==, FAILED);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_SMART, &(IdeArguments){ .feature = 0xda }), ==, FAILED);
    g_assert_cmphex(smart(b, 0xd9, 0, 0), ==, READY);
    g_assert_cmphex(smart(b, 0xda, 0, 0), ==, FAILED);
}

/* ---- The host's errors ---- */

/* A file that cannot grow, because the process may write no further: each write fails. */
static void limit_files(bool limit)
{
    struct rlimit rlimit = { limit ? 4096 : RLIM_INFINITY, RLIM_INFINITY };

    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &rlimit), ==, 0);
}

static void test_report(void)
{
    g_autoptr(IdeBench) b = file_drive("report");
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 4096, 512);
    limit_files(true);
    for (guint by_dma = 0; by_dma < 2; by_dma++) {
        IdeArguments a = { .lba = 100, .count = 2 };

        if (by_dma) {
            ide_dma(b, 0, 0, ATA_WRITE_DMA, &a, ide_table(b, memory, 1024, 1024), false);
        } else {
            ide_command(b, 0, 0, ATA_WRITE_SECTORS, &a);
            ide_pio_write(b, 0, ide_bench_ptr(b, memory), 1024);
        }
        g_assert_true(b->level[0]);
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, FAILED);
        g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, ATA_UNC);
        g_assert_cmphex(ide_in(b, 0, REG_LOW), ==, 100);
    }
    limit_files(false);
    g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1) & BM_ERROR, ==, 0);
}

/* It is tried again when the machine goes on. */
static void test_stopped(void)
{
    g_autoptr(IdeBench) b = file_drive("stop");
    g_autoptr(GError) error = NULL;
    guint64 memory;

    if (!b) {
        return;
    }
    memory = ide_bench_alloc(b, 4096, 512);
    limit_files(true);
    ide_dma(b, 0, 0, ATA_WRITE_DMA, &(IdeArguments){ .lba = 100, .count = 2 },
            ide_table(b, memory, 1024, 1024), false);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->stops, ==, 1);
    g_assert_cmphex(ide_in(b, 0, REG_CONTROL) & ATA_BSY, ==, ATA_BSY);
    limit_files(false);
    machine_pause(b->rig->machine);
    g_assert_true(machine_run(b->rig->machine, &error));
    ide_bench_poll(b);
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, READY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ide-dma/registers", test_registers);
    g_test_add_func("/ide-dma/read", test_read);
    g_test_add_func("/ide-dma/write", test_write);
    g_test_add_func("/ide-dma/order", test_order);
    g_test_add_func("/ide-dma/table-size", test_table_size);
    g_test_add_func("/ide-dma/bad-memory", test_bad_memory);
    g_test_add_func("/ide-dma/stop", test_stop);
    g_test_add_func("/ide-dma/restart", test_restart);
    g_test_add_func("/ide-dma/removed", test_removed);
    g_test_add_func("/ide-dma/trim", test_trim);
    g_test_add_func("/ide-dma/flush", test_flush);
    g_test_add_func("/ide-dma/features", test_features);
    g_test_add_func("/ide-dma/keep", test_keep);
    g_test_add_func("/ide-dma/multiple", test_multiple);
    g_test_add_func("/ide-dma/power", test_power);
    g_test_add_func("/ide-dma/unknown", test_unknown);
    g_test_add_func("/ide-dma/smart", test_smart);
    g_test_add_func("/ide-dma/report", test_report);
    g_test_add_func("/ide-dma/stopped", test_stopped);
    return g_test_run();
}
