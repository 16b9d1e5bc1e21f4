/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ide-cd: the protocol of packets by PIO and DMA, and the commands of a CD drive, on a CD of 2048
 * sectors; an empty drive; media and trays; two drives.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "hw/block/disk.h"
#include "qmp/error.h"
#include "qom/qapi-objects-disk.h"
#include "tests/lib/ide-driver.h"

enum { READY = ATA_DRDY | ATA_DSC, FAILED = READY | ATA_ERR, DATA = READY | ATA_DRQ };
enum { SECTORS = IDE_BENCH_SIZE / 2048 };
enum { NO_MEDIUM = 0x23a, CHANGED = 0x628, INVALID_FIELD = 0x524, OUT_OF_RANGE = 0x521,
       PREVENTED = 0x553, UNKNOWN = 0x520 };

typedef struct {
    IdeBench *b;
    guint8 data[65536];
    guint8 error;
} Cd;

static Disk *disk_of(IdeBench *b, const char *id)
{
    g_autofree char *path = g_strdup_printf("/machine/peripheral/%s", id);

    return to_disk(object_resolve(b->rig->root, path, NULL));
}

static BlockNode *node_of(IdeBench *b, const char *name)
{
    BlockNode *node = block_node_find(b->rig->root, name, NULL);

    g_assert_nonnull(node);
    return node;
}

/* Drive 0 of ide.0 with a CD (its contents if the host has io_uring), drive 1 empty. */
static void cd_init(Cd *cd, gconstpointer unused)
{
    cd->b = ide_bench_new();
    ide_bench_drive(cd->b, "ide-cd", "c0", "drive", cd->b->io ? "file" : "null", "bus", "ide.0", NULL);
    ide_bench_drive(cd->b, "ide-cd", "c1", "bus", "ide.0", NULL);
    ide_bench_drive(cd->b, "ide-hd", "h0", "drive", "null2", "bus", "ide.1", NULL);
}

static void cd_clear(Cd *cd, gconstpointer unused)
{
    ide_bench_free(cd->b);
}

/* The number of bytes of a reply by PIO to a command of these bytes. */
#define PACKET(cd, unit, ...) \
    ide_packet((cd)->b, 0, unit, (const guint8[12]){ __VA_ARGS__ }, (cd)->data, 65536, 65534, \
               &(cd)->error)

static void assert_fails(Cd *cd, guint unit, gsize reply, guint16 sense)
{
    g_assert_cmpuint(reply, ==, 0);
    g_assert_cmphex(cd->error, ==, sense >> 8 << 4);
    g_assert_cmphex(ide_sense(cd->b, 0, unit), ==, sense);
}

#define assert_ready(cd, unit) \
    do { \
        PACKET(cd, unit, 0); \
        g_assert_cmphex((cd)->error, ==, 0); \
    } while (0)

static void assert_sector(const guint8 *data, guint32 lba)
{
    for (guint i = 0; i < 4; i++) {
        guint32 head;

        memcpy(&head, data + i * 512, 4);
        g_assert_cmpuint(head, ==, lba * 4 + i);
    }
}

/* ---- ATA ---- */

static void test_signature(Cd *cd, gconstpointer unused)
{
    IdeBench *b = cd->b;
    guint8 page[512];

    for (guint i = 0; i < 3; i++) {
        if (i == 1) {
            ide_out(b, 0, REG_CONTROL, ATA_SRST);
            ide_out(b, 0, REG_CONTROL, 0);
        } else if (i == 2) {
            ide_command(b, 0, 0, ATA_DEVICE_RESET, NULL);
        }
        g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, 0);
        g_assert_cmphex(ide_in(b, 0, REG_ERROR), ==, 1);
        g_assert_cmphex(ide_in(b, 0, REG_MID), ==, 0x14);
        g_assert_cmphex(ide_in(b, 0, REG_HIGH), ==, 0xeb);
        g_assert_false(b->level[0]);
    }
    /* IDENTIFY DEVICE and READ SECTORS are refused, with the signature. */
    g_assert_cmphex(ide_command(b, 0, 0, ATA_IDENTIFY, NULL), ==, FAILED);
    g_assert_cmphex(ide_in(b, 0, REG_MID), ==, 0x14);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_SECTORS, NULL), ==, FAILED);
    g_assert_cmphex(ide_in(b, 0, REG_HIGH), ==, 0xeb);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_IDENTIFY_PACKET, NULL), ==, DATA);
    ide_pio_read(b, 0, page, 512);
    g_assert_cmphex(page[0] | page[1] << 8, ==, 0x85c0);
    g_assert_cmpmem(page + 54, 12, "EQUMD DVR-MO", 12);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_CHECK_POWER, NULL), ==, READY);
    g_assert_cmphex(ide_command(b, 0, 0, ATA_READ_DMA, NULL), ==, FAILED);
    g_assert_cmphex(ide_command(b, 1, 0, ATA_PACKET, NULL), ==, FAILED);
}

/* ---- Blocks ---- */

/* The host's limit divides a reply; an odd one is rounded down, except at the end. */
static void test_blocks(Cd *cd, gconstpointer unused)
{
    static const guint16 limits[] = { 36, 35, 8, 9, 2, 65535 };
    static const guint8 inquiry[12] = { 0x12, [4] = 36 };

    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        guint edges = cd->b->edges[0], block = MIN(limits[i] & ~1u, 36);

        memset(cd->data, 0, 64);
        g_assert_cmpuint(ide_packet(cd->b, 0, 0, inquiry, cd->data, 36, limits[i], &cd->error), ==,
                         36);
        g_assert_cmpmem(cd->data + 8, 24, "QEMU    QEMU DVD-ROM    ", 24);
        g_assert_cmpuint(cd->b->edges[0] - edges, ==, (36 + block - 1) / block + 1);
    }
    /* An odd number of bytes at the end. */
    g_assert_cmpuint(PACKET(cd, 0, 0x12, 0, 0, 0, 5), ==, 5);
    /* By DMA. */
    memset(cd->data, 0, 64);
    g_assert_cmpuint(ide_packet(cd->b, 0, 0, inquiry, cd->data, 36, 0, &cd->error), ==, 36);
    g_assert_cmpmem(cd->data + 8, 8, "QEMU    ", 8);
    /* A limit of 0 is for commands without data. */
    ide_packet(cd->b, 0, 0, inquiry, NULL, 0, 0, &cd->error);
    g_assert_cmphex(cd->error, ==, ATA_ABRT);
    ide_packet(cd->b, 0, 0, inquiry, NULL, 0, 1, &cd->error);
    g_assert_cmphex(cd->error, ==, ATA_ABRT);
    ide_packet(cd->b, 0, 0, (const guint8[12]){ 0 }, NULL, 0, 0, &cd->error);
    g_assert_cmphex(cd->error, ==, 0);
}

/* ---- Reading ---- */

static void test_read(Cd *cd, gconstpointer unused)
{
    static const guint8 read_10[12] = { 0x28, 0, 0, 0, 0, 20, 0, 0, 31 };
    static const guint8 read_12[12] = { 0xa8, 0, 0, 0, 0, 20, 0, 0, 0, 31 };
    static const guint8 read_cd[12] = { 0xbe, 0, 0, 0, 0, 20, 0, 0, 31, 0x10 };
    static const guint8 *const packets[] = { read_10, read_12, read_cd };
    static const guint16 limits[] = { 2048, 0, 10000, 65535 };

    if (!cd->b->io) {
        g_test_skip("the host denies io_uring");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(packets) * G_N_ELEMENTS(limits); i++) {
        memset(cd->data, 0, sizeof(cd->data));
        g_assert_cmpuint(ide_packet(cd->b, 0, 0, packets[i / 4], cd->data, 31 * 2048, limits[i % 4],
                                    &cd->error), ==, 31 * 2048);
        g_assert_cmphex(cd->error, ==, 0);
        for (guint j = 0; j < 31; j++) {
            assert_sector(cd->data + j * 2048, 20 + j);
        }
    }
    assert_fails(cd, 0, PACKET(cd, 0, 0x28, 0, 0, 0, SECTORS >> 8, 0, 0, 0, 1), OUT_OF_RANGE);
    assert_fails(cd, 0, PACKET(cd, 0, 0xa8, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff), OUT_OF_RANGE);
    g_assert_cmpuint(PACKET(cd, 0, 0x28), ==, 0);
    g_assert_cmphex(cd->error, ==, 0);
    assert_fails(cd, 0, PACKET(cd, 0, 0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0x20), INVALID_FIELD);
    g_assert_cmpuint(PACKET(cd, 0, 0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0), ==, 0);
}

/* All of a sector: 60 of them are more than the buffer has room for. */
static void test_read_raw(Cd *cd, gconstpointer unused)
{
    static const guint8 packet[12] = { 0xbe, 0, 0, 0, 0, 150, 0, 0, 60, 0xf8 };
    static const guint8 header[16] = { 0, [1 ... 10] = 0xff, [12] = 0, 0x04, 0x00, 1 };
    g_autofree guint8 *data = g_malloc0(60 * 2352);

    for (guint i = 0; cd->b->io && i < 2; i++) {
        g_assert_cmpuint(ide_packet(cd->b, 0, 0, packet, data, 60 * 2352, i ? 0 : 2352, &cd->error),
                         ==, 60 * 2352);
        g_assert_cmphex(cd->error, ==, 0);
        g_assert_cmpmem(data, 16, header, 16);
        for (guint j = 0; j < 60; j++) {
            assert_sector(data + j * 2352 + 16, 150 + j);
            g_assert_cmphex(data[j * 2352 + 14], ==, j / 10 % 10 << 4 | j % 10);
        }
        memset(data, 0, 60 * 2352);
    }
}

/* A DMA that is larger than a request, and one whose table is too short. */
static void test_dma(Cd *cd, gconstpointer unused)
{
    IdeBench *b = cd->b;
    guint64 memory = ide_bench_alloc(b, 2 << 20, 512);
    IdeArguments a = { .feature = ATAPI_DMA };

    if (!b->io) {
        return;
    }
    for (guint size = 2048; size <= 1 << 20; size *= 512) {
        ide_command(b, 0, 0, ATA_PACKET, &a);
        for (guint i = 0; i < 6; i++) {
            static const guint16 words[6] = { 0x0028, 0, 0x0100, 0x0200, 0, 0 };

            rig_out(b->rig, 0x1f0, words[i], 2);
        }
        ide_bm_start(b, 0, ide_table(b, memory, size, 1024), true);
        ide_bench_poll(b);
        g_assert_cmphex(ide_bm_in(b, 0, BM_STATUS, 1), ==, (size == 2048 ? 0 : 4));
        assert_sector(ide_bench_ptr(b, memory), 1);
        ide_out(b, 0, REG_CONTROL, ATA_SRST);
        ide_out(b, 0, REG_CONTROL, 0);
    }
    assert_sector(ide_bench_ptr(b, memory + 511 * 2048), 512);
}

/* ---- What the drive is ---- */

static void test_drive(Cd *cd, gconstpointer unused)
{
    g_assert_cmpuint(PACKET(cd, 0, 0x12, 0, 0, 0, 255), ==, 36);
    g_assert_cmphex(cd->data[0], ==, 5);
    g_assert_cmphex(cd->data[1], ==, 0x80);
    g_assert_cmpuint(PACKET(cd, 0, 0x12, 1, 0, 0, 255), ==, 6);
    g_assert_cmphex(cd->data[5], ==, 0x83);
    g_assert_cmpuint(PACKET(cd, 0, 0x12, 1, 0x83, 0, 255), ==, 4 + 4 + 7 + 4 + 48);
    g_assert_cmpmem(cd->data + 8, 7, "QM00001", 7);
    assert_fails(cd, 0, PACKET(cd, 0, 0x12, 1, 0x80, 0, 255), INVALID_FIELD);
    assert_fails(cd, 0, PACKET(cd, 0, 0x12, 0, 0x83, 0, 255), INVALID_FIELD);

    g_assert_cmpuint(PACKET(cd, 0, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255), ==, 30);
    g_assert_cmphex(cd->data[8], ==, 0x2a);
    g_assert_cmphex(cd->data[12], ==, 0x70);
    g_assert_cmphex(cd->data[14], ==, 0x29);
    g_assert_cmpuint(PACKET(cd, 0, 0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255), ==, 8 + 8 + 16 + 22);
    g_assert_cmpuint(PACKET(cd, 0, 0x5a, 0, 0x01, 0, 0, 0, 0, 0, 255), ==, 16);
    g_assert_cmpuint(cd->data[11], ==, 5);
    g_assert_cmpuint(PACKET(cd, 0, 0x5a, 0, 0x41, 0, 0, 0, 0, 0, 255), ==, 16);
    g_assert_cmpuint(cd->data[11], ==, 0);
    assert_fails(cd, 0, PACKET(cd, 0, 0x5a, 0, 0xc1, 0, 0, 0, 0, 0, 255), 0x539);
    assert_fails(cd, 0, PACKET(cd, 0, 0x5a, 0, 0x08, 0, 0, 0, 0, 0, 255), INVALID_FIELD);

    g_assert_cmpuint(PACKET(cd, 0, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 255), ==, 8);
    g_assert_cmpuint(PACKET(cd, 0, 0xbb), ==, 0);
    g_assert_cmphex(cd->error, ==, 0);
    assert_fails(cd, 0, PACKET(cd, 0, 0x2a), UNKNOWN);
    assert_fails(cd, 0, PACKET(cd, 0, 0xff), UNKNOWN);
}

static void test_configuration(Cd *cd, gconstpointer unused)
{
    g_assert_cmpuint(PACKET(cd, 0, 0x46, 0, 0, 0, 0, 0, 0, 0, 255), ==, 8 + 12 + 12 + 8 + 12);
    g_assert_cmphex(cd->data[7], ==, 0x08);
    g_assert_cmphex(cd->data[12 + 6], ==, 1);           /* CD is current */
    g_assert_cmphex(cd->data[12 + 2], ==, 0);
    g_assert_cmpuint(cd->data[20 + 7], ==, 2);          /* ATAPI */
    g_assert_cmpuint(PACKET(cd, 0, 0x46, 0, 0, 3, 0, 0, 0, 0, 255), ==, 8 + 8 + 12);
    g_assert_cmpuint(PACKET(cd, 0, 0x46, 2, 0, 1, 0, 0, 0, 0, 255), ==, 8 + 12);
    g_assert_cmpuint(PACKET(cd, 0, 0x46, 2, 0, 2, 0, 0, 0, 0, 255), ==, 8);
    g_assert_cmpuint(PACKET(cd, 0, 0x46, 2, 0, 0x10, 0, 0, 0, 0, 255), ==, 8 + 12);
    g_assert_cmpuint(PACKET(cd, 1, 0x46, 1, 0, 0, 0, 0, 0, 0, 255), ==, 8 + 12 + 12 + 8);
    g_assert_cmphex(cd->data[7], ==, 0);
    assert_fails(cd, 0, PACKET(cd, 0, 0x46, 3, 0, 0, 0, 0, 0, 0, 255), INVALID_FIELD);
}

/* ---- What the medium is ---- */

static void test_medium(Cd *cd, gconstpointer unused)
{
    static const guint8 toc_lba[] = { 0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0,
                                      0, 0x16, 0xaa, 0, 0, 0, SECTORS >> 8, 0 };
    static const guint8 toc_msf[] = { 0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 2, 0,
                                      0, 0x16, 0xaa, 0, 0, 0, 29, 23 };

    g_assert_cmpuint(PACKET(cd, 0, 0x25), ==, 8);
    g_assert_cmphex(cd->data[2] << 8 | cd->data[3], ==, SECTORS - 1);
    g_assert_cmphex(cd->data[6], ==, 8);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 0, 0, 0, 0, 0, 0, 0, 255), ==, 20);
    g_assert_cmpmem(cd->data, 20, toc_lba, 20);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 2, 0, 0, 0, 0, 0, 0, 255), ==, 20);
    g_assert_cmpmem(cd->data, 20, toc_msf, 20);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 0, 0, 0, 0, 0, 0xaa, 0, 255), ==, 12);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 0, 1, 0, 0, 0, 0, 0, 255), ==, 12);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 0, 2, 0, 0, 0, 0, 0, 255), ==, 4 + 44);
    g_assert_cmpuint(PACKET(cd, 0, 0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0x40), ==, 12);
    assert_fails(cd, 0, PACKET(cd, 0, 0x43, 0, 0, 0, 0, 0, 2, 0, 255), INVALID_FIELD);
    assert_fails(cd, 0, PACKET(cd, 0, 0x43, 0, 5, 0, 0, 0, 0, 0, 255), INVALID_FIELD);
    g_assert_cmpuint(PACKET(cd, 0, 0x51, 0, 0, 0, 0, 0, 0, 0, 255), ==, 34);
    assert_fails(cd, 0, PACKET(cd, 0, 0x51, 1, 0, 0, 0, 0, 0, 0, 255), INVALID_FIELD);
    g_assert_cmpuint(PACKET(cd, 0, 0x2b), ==, 0);
    assert_fails(cd, 0, PACKET(cd, 0, 0x2b, 0, 0, 0, SECTORS >> 8), OUT_OF_RANGE);
    /* A CD has no structure of a DVD, except for the list of what there is. */
    assert_fails(cd, 0, PACKET(cd, 0, 0xad, 0, 0, 0, 0, 0, 0, 0, 0, 255), 0x530);
    g_assert_cmpuint(PACKET(cd, 0, 0xad, 0, 0, 0, 0, 0, 0, 0xff, 0, 255), ==, 16);
    assert_fails(cd, 0, PACKET(cd, 0, 0xad, 1, 0, 0, 0, 0, 0, 0xff, 0, 255), INVALID_FIELD);
}

static void test_dvd(Cd *cd, gconstpointer unused)
{
    IdeBench *b = cd->b;

    ide_bench_node(b, "dvd", G_GUINT64_CONSTANT(2) << 30, 0);
    ide_bench_drive(b, "ide-cd", "c2", "drive", "dvd", "bus", "ide.1", NULL);
    cd->b = b;
    g_assert_cmpuint(ide_packet(b, 1, 1, (const guint8[12]){ 0x46, 0, 0, 0, 0, 0, 0, 0, 255 }, cd->data,
                                255, 65534, &cd->error), ==, 8 + 12 + 12 + 8 + 12);
    g_assert_cmphex(cd->data[7], ==, 0x10);
    g_assert_cmpuint(ide_packet(b, 1, 1, (const guint8[12]){ 0xad, [8] = 0x10 }, cd->data, 4096, 65534,
                                &cd->error), ==, 2052);
    g_assert_cmphex(cd->data[4], ==, 0x01);
    g_assert_cmphex(cd->data[9], ==, 0x03);
    g_assert_cmpuint(ide_packet(b, 1, 1, (const guint8[12]){ 0xad, [7] = 1, [8] = 0x10 }, cd->data,
                                4096, 65534, &cd->error), ==, 8);
    ide_packet(b, 1, 1, (const guint8[12]){ 0xad, [7] = 3, [8] = 0x10 }, cd->data, 4096, 65534,
               &cd->error);
    g_assert_cmphex(ide_sense(b, 1, 1), ==, INVALID_FIELD);
}

static void test_empty(Cd *cd, gconstpointer unused)
{
    static const guint8 codes[] = { 0x00, 0x25, 0x28, 0x2b, 0x43, 0x51, 0xa8, 0xbe };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        assert_fails(cd, 1, PACKET(cd, 1, codes[i], 0, 0, 0, 0, 0, 0, 0, 1), NO_MEDIUM);
    }
    g_assert_cmpuint(PACKET(cd, 1, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), ==, 8);
    g_assert_cmphex(cd->data[5], ==, 0);
    g_assert_cmpuint(PACKET(cd, 1, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255), ==, 30);
    g_assert_cmphex(cd->data[2], ==, 0x70);
    /* Sense data are read once. */
    g_assert_cmphex(ide_sense(cd->b, 0, 1), ==, 0);
}

/* ---- Trays and media ---- */

static guint16 event(Cd *cd, guint unit)
{
    g_assert_cmpuint(PACKET(cd, unit, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), ==, 8);
    g_assert_cmphex(cd->data[2], ==, 4);
    return cd->data[4] << 8 | cd->data[5];
}

static void test_events(Cd *cd, gconstpointer unused)
{
    g_assert_cmphex(event(cd, 0), ==, 0x002);
    g_assert_cmpuint(PACKET(cd, 0, 0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8), ==, 4);
    g_assert_cmphex(cd->data[2], ==, 0x80);
    g_assert_cmpuint(PACKET(cd, 0, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 4), ==, 4);
    assert_fails(cd, 0, PACKET(cd, 0, 0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8), INVALID_FIELD);
}

/* The guest opens and closes, and locks. */
static void test_tray(Cd *cd, gconstpointer unused)
{
    Disk *disk = disk_of(cd->b, "c0");

    PACKET(cd, 0, 0x1b, 0, 0, 0, 2);
    g_assert_true(disk_tray_open(disk));
    g_assert_cmphex(event(cd, 0), ==, 0x301);
    assert_fails(cd, 0, PACKET(cd, 0, 0), NO_MEDIUM);
    /* The sense data have the qualifier: the tray is open. */
    PACKET(cd, 0, 0);
    g_assert_cmpuint(PACKET(cd, 0, 0x03, 0, 0, 0, 18), ==, 18);
    g_assert_cmphex(cd->data[13], ==, 2);
    PACKET(cd, 0, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8);
    g_assert_cmphex(cd->data[1], ==, 0x10);
    PACKET(cd, 0, 0x1b, 0, 0, 0, 3);
    g_assert_false(disk_tray_open(disk));
    g_assert_cmphex(event(cd, 0), ==, 0x202);
    assert_fails(cd, 0, PACKET(cd, 0, 0), CHANGED);
    assert_ready(cd, 0);
    PACKET(cd, 0, 0x1e, 0, 0, 0, 1);
    g_assert_true(disk_locked(disk));
    assert_fails(cd, 0, PACKET(cd, 0, 0x1b, 0, 0, 0, 2), PREVENTED);
    g_assert_cmpuint(PACKET(cd, 0, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255), ==, 30);
    g_assert_cmphex(cd->data[14] & 2, ==, 2);
    PACKET(cd, 0, 0x1e, 0, 0, 0, 0);
    g_assert_false(disk_locked(disk));
    /* START and a change of power move nothing. */
    PACKET(cd, 0, 0x1b, 0, 0, 0, 1);
    PACKET(cd, 0, 0x1b, 0, 0, 0, 0x22);
    g_assert_false(disk_tray_open(disk));
    /* The empty drive's tray is its own. */
    g_assert_false(disk_tray_open(disk_of(cd->b, "c1")));
    PACKET(cd, 0, 0x1e, 0, 0, 0, 1);
    rig_reset(cd->b->rig);
    g_assert_false(disk_locked(disk));
}

static void note_done(void *opaque)
{
    ++*(guint *)opaque;
}

/* A client changes the medium: the guest learns that it went, and that there is another. */
static void test_change(Cd *cd, gconstpointer unused)
{
    Disk *disk = disk_of(cd->b, "c0");
    g_autoptr(GError) error = NULL;
    guint done = 0;
    bool asked;

    disk_open_tray(disk, false, &asked);
    g_assert_cmphex(event(cd, 0), ==, 0x301);
    g_assert_true(disk_remove(disk, note_done, &done, &error));
    ide_bench_poll(cd->b);
    g_assert_cmpuint(done, ==, 1);
    assert_fails(cd, 0, PACKET(cd, 0, 0), NO_MEDIUM);
    g_assert_true(disk_insert(disk, node_of(cd->b, "null"), &error));
    g_assert_no_error(error);
    assert_fails(cd, 0, PACKET(cd, 0, 0), NO_MEDIUM);
    disk_close_tray(disk);
    assert_fails(cd, 0, PACKET(cd, 0, 0), NO_MEDIUM);
    /* REQUEST SENSE and INQUIRY do not take what is to be told. */
    g_assert_cmpuint(PACKET(cd, 0, 0x12, 0, 0, 0, 36), ==, 36);
    assert_fails(cd, 0, PACKET(cd, 0, 0), CHANGED);
    assert_ready(cd, 0);
    /* A host that asks for events learns from them that the old one went. */
    disk_open_tray(disk, false, &asked);
    disk_close_tray(disk);
    g_assert_cmphex(event(cd, 0), ==, 0x202);
    g_assert_cmphex(event(cd, 0), ==, 0x002);
    assert_fails(cd, 0, PACKET(cd, 0, 0), CHANGED);
    assert_ready(cd, 0);
    /* A locked one: the guest is asked. */
    PACKET(cd, 0, 0x1e, 0, 0, 0, 1);
    disk_open_tray(disk, false, &asked);
    g_assert_true(asked);
    g_assert_false(disk_tray_open(disk));
    g_assert_cmphex(event(cd, 0), ==, 0x102);
    disk_open_tray(disk, true, &asked);
    g_assert_true(disk_tray_open(disk));
}

/* It goes while the guest reads: what is in the buffer can be read, and then the command fails. */
static void test_remove_while_read(Cd *cd, gconstpointer unused)
{
    IdeBench *b = cd->b;
    Disk *disk = disk_of(b, "c0");
    g_autoptr(GError) error = NULL;
    guint done = 0;
    bool asked;

    if (!b->io) {
        return;
    }
    ide_command(b, 0, 0, ATA_PACKET, &(IdeArguments){ .lba = 0x080000 });
    for (guint i = 0; i < 6; i++) {
        static const guint16 words[6] = { 0x0028, 0, 0, 0x0100, 0, 0 };

        rig_out(b->rig, 0x1f0, words[i], 2);
    }
    ide_bench_poll(b);
    disk_open_tray(disk, false, &asked);
    g_assert_true(disk_remove(disk, note_done, &done, &error));
    g_assert_cmpuint(done, ==, 1);
    for (guint i = 0; ide_in(b, 0, REG_STATUS) & ATA_DRQ; i++) {
        g_assert_cmpuint(i, <, 32768);
        ide_in_data(b, 0);
        ide_bench_poll(b);
    }
    g_assert_cmphex(ide_in(b, 0, REG_STATUS), ==, FAILED);
    g_assert_cmphex(ide_sense(b, 0, 0), ==, NO_MEDIUM);
}

/* ---- A medium that is slow to go ---- */

typedef struct {
    BlockFrontRequest front;
    guint done;
    int error;
} Read;

static void read_done(BlockFrontRequest *front, int error)
{
    Read *read = container_of(front, Read, front);

    read->done++;
    read->error = error;
}

static void begin_read(Disk *disk, Read *read, guint64 offset, struct iovec *iov)
{
    *read = (Read){ .front = {
        .block = { .op = BLOCK_OP_READ, .offset = offset, .bytes = iov->iov_len, .iov = iov,
                   .n_iov = 1 },
        .done = read_done,
    } };
    block_front_submit(&disk->front, &read->front);
}

/* A request that was kept for the next start of the machine is not sent to a medium that is being
 * removed: it ends without one. */
static void test_start_while_removed(Cd *cd, gconstpointer unused)
{
    IdeBench *b = cd->b;
    struct iovec iov = { cd->data, 512 };
    BlockStatistics stats;
    Read slow, kept;
    Disk *disk;
    guint done = 0;
    bool asked;

    ide_bench_node(b, "medium", IDE_BENCH_SIZE, 200 * 1000 * 1000);
    ide_bench_drive(b, "ide-cd", "c2", "drive", "medium", "bus", "ide.1", "rerror", "stop", NULL);
    disk = disk_of(b, "c2");
    begin_read(disk, &slow, 0, &iov);
    begin_read(disk, &kept, IDE_BENCH_SIZE, &iov);
    disk_open_tray(disk, false, &asked);
    g_assert_true(disk_remove(disk, note_done, &done, NULL));
    g_assert_cmpuint(done + slow.done + kept.done, ==, 0);
    machine_pause(b->rig->machine);
    g_assert_true(machine_run(b->rig->machine, NULL));
    while (!done) {
        ide_bench_poll_once(b);
        g_usleep(1000);
    }
    g_assert_cmpuint(slow.done, ==, 1);
    g_assert_cmpint(slow.error, ==, 0);
    g_assert_cmpuint(kept.done, ==, 1);
    g_assert_cmpint(kept.error, ==, ENOMEDIUM);
    block_front_statistics(&disk->front, &stats);
    g_assert_cmpuint(stats.of[BLOCK_STAT_READ].failed, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/ide-cd/" name, Cd, NULL, cd_init, function, cd_clear)
    TEST("signature", test_signature);
    TEST("blocks", test_blocks);
    TEST("read", test_read);
    TEST("read-raw", test_read_raw);
    TEST("dma", test_dma);
    TEST("drive", test_drive);
    TEST("configuration", test_configuration);
    TEST("medium", test_medium);
    TEST("dvd", test_dvd);
    TEST("empty", test_empty);
    TEST("events", test_events);
    TEST("tray", test_tray);
    TEST("change", test_change);
    TEST("remove-while-read", test_remove_while_read);
    TEST("start-while-removed", test_start_while_removed);
    return g_test_run();
}
