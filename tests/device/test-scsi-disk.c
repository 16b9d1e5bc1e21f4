/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scsi-hd: its commands, by the paragraphs of SPC-4 and SBC-3; always two disks.
 */
#include "config.h"
#include "hw/scsi/scsi.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/machine/machine-aio.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "tests/lib/scsi-driver.h"

enum { SIZE = 1 << 20, BLOCKS = SIZE / 512, CHECK = 2 };

enum {
    INVALID_OPCODE = 0x052000, OUT_OF_RANGE = 0x052100, INVALID_FIELD = 0x052400,
    LIST_LENGTH = 0x051a00, INVALID_PARAMETER = 0x052600, PROTECTED = 0x072700,
    MISCOMPARE = 0x0e1d00, POWER_ON = 0x062900, CAPACITY_CHANGED = 0x062a09,
};

typedef struct {
    Rig *rig;
    VirtioDriver *virtio;
    Device *hba;
    ScsiDriver disk[2];         /* on a file, and on nothing */
    char *path;
    bool io;
} Bench;

static BlockNode *make_node(Bench *b, const BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(b->rig->root, options, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error));
    g_assert_true(object_complete(&node->object, &error));
    return node;
}

static void make_file(Bench *b)
{
    BlockdevOptions file = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file",
        .has_discard = true, .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
    };
    int fd;

    b->path = g_strdup("/tmp/test-scsi-disk-XXXXXX");
    fd = g_mkstemp(b->path);
    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    close(fd);
    file.u.file.filename = b->path;
    make_node(b, &file);
}

static void add_disk(Bench *b, guint target, const char *drive)
{
    g_autofree char *id = g_strdup_printf("sd%u", target);
    g_autoptr(GError) error = NULL;

    rig_device(b->rig, "scsi-hd", id, &error, "drive", drive, "serial", "S123", "wwn",
               "0x5000c50015ea71ac", "port_index", "1", "rotation_rate", "1", NULL);
    g_assert_no_error(error);
    b->disk[target] = (ScsiDriver){
        .virtio = b->virtio, .aio = machine_aio(b->rig->machine, NULL, NULL), .target = target,
    };
}

static void bench_init(Bench *b, gconstpointer data)
{
    BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"null",
        .u.null_co = { .size = SIZE, .read_zeroes = true }, .read_only = true,
    };
    AioContext *aio = aio_context_new(NULL, NULL);

    b->io = aio_enable_io(aio, NULL);
    aio_context_free(aio);
    b->rig = rig_new();
    b->virtio = virtio_driver_new(b->rig, 0);
    b->hba = rig_device(b->rig, "virtio-scsi-device", "hba", NULL, NULL);
    g_assert_nonnull(b->hba);
    make_file(b);
    make_node(b, &null);
    add_disk(b, 0, b->io ? "file" : "null");
    add_disk(b, 1, b->io ? "null" : "file");
    scsi_driver_start(&b->disk[0], 1);
}

static void bench_clear(Bench *b, gconstpointer data)
{
    device_unmake(b->hba);
    virtio_driver_free(b->virtio);
    rig_free(b->rig);
    unlink(b->path);
    g_free(b->path);
}

/* The disk on the file, ready; or the test is skipped. */
static ScsiDriver *disk(Bench *b)
{
    if (!b->io) {
        g_test_skip("the host denies io_uring");
        return NULL;
    }
    scsi_driver_clear(&b->disk[0]);
    scsi_driver_clear(&b->disk[1]);
    return &b->disk[0];
}

static void assert_good(ScsiAnswer answer, guint32 residual)
{
    g_assert_cmpuint(answer.response, ==, 0);
    g_assert_cmphex(answer.sense, ==, 0);
    g_assert_cmpuint(answer.status, ==, 0);
    g_assert_cmpuint(answer.residual, ==, residual);
}

static void assert_sense(ScsiAnswer answer, guint32 sense)
{
    g_assert_cmpuint(answer.response, ==, 0);
    g_assert_cmpuint(answer.status, ==, CHECK);
    g_assert_cmphex(answer.sense, ==, sense);
}

#define GOOD(residual, ...) assert_good(scsi_command(__VA_ARGS__), residual)
#define FAILS(sense, ...) assert_sense(scsi_command(__VA_ARGS__), sense)

/* ---- Who it is ---- */

/* INQUIRY and REPORT LUNS leave news alone, REQUEST SENSE takes it, other commands fail. */
static void test_news(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[1];
    guint8 data[36];

    GOOD(0, s, CDB(0x12, 0, 0, 0, 36, 0), data, 36, true);
    GOOD(20, s, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0), data, 36, true);
    FAILS(POWER_ON, s, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, &b->disk[0], CDB(0x03, 0, 0, 0, 18, 0), data, 18, true);
    g_assert_cmphex(data[0], ==, 0x70);
    g_assert_cmphex(data[2] << 16 | data[12] << 8 | data[13], ==, POWER_ON);
    GOOD(10, &b->disk[0], CDB(0x03, 1, 0, 0, 18, 0), data, 18, true);
    g_assert_cmphex(data[0] << 8 | data[1], ==, 0x7200);
    GOOD(0, &b->disk[0], CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false);
}

static void test_inquiry(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[0];
    guint8 data[64];

    GOOD(28, s, CDB(0x12, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmphex(data[1], ==, 0);
    g_assert_cmphex(data[2], ==, 5);
    g_assert_cmphex(data[3], ==, 0x12);
    g_assert_cmphex(data[4], ==, 31);
    g_assert_cmphex(data[7], ==, 2);
    g_assert_cmpint(memcmp(data + 8, "QEMU    QEMU HARDDISK   2.5+", 28), ==, 0);
    GOOD(59, s, CDB(0x12, 0, 0, 0, 5, 0), data, 64, true);
    g_assert_cmphex(data[5], ==, 0xee);
    FAILS(INVALID_FIELD, s, CDB(0x12, 0, 0x80, 0, 64, 0), data, 64, true);
    FAILS(INVALID_FIELD, s, CDB(0x12, 2, 0, 0, 64, 0), data, 64, true);
}

/* Each page's header and length. */
static guint page(ScsiDriver *s, guint8 code, guint8 data[256])
{
    ScsiAnswer a = scsi_command(s, CDB(0x12, 1, code, 1, 0, 0), data, 256, true);

    g_assert_cmphex(a.sense, ==, 0);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmphex(data[1], ==, code);
    g_assert_cmpuint(a.residual, ==, 256 - 4 - get_be16(data + 2));
    return get_be16(data + 2);
}

static void test_pages(Bench *b, gconstpointer unused)
{
    static const guint8 all[] = { 0, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
    static const guint8 ids[] = {
        2, 0, 0, 4, 'S', '1', '2', '3', 1, 3, 0, 8, 0x50, 0, 0xc5, 0, 0x15, 0xea, 0x71, 0xac,
        1, 0x94, 0, 4, 0, 0, 0, 1,
    };
    ScsiDriver *s = &b->disk[0];
    guint8 data[256];

    g_assert_cmpuint(page(s, 0, data), ==, sizeof(all));
    g_assert_cmpint(memcmp(data + 4, all, sizeof(all)), ==, 0);
    g_assert_cmpuint(page(s, 0x80, data), ==, 4);
    g_assert_cmpint(memcmp(data + 4, "S123", 4), ==, 0);
    g_assert_cmpuint(page(s, 0x83, data), ==, sizeof(ids));
    g_assert_cmpint(memcmp(data + 4, ids, sizeof(ids)), ==, 0);
    g_assert_cmpuint(page(s, 0xb0, data), ==, 0x3c);
    g_assert_cmphex(data[4], ==, 1);
    g_assert_cmphex(get_be32(data + 8), ==, 0x7fffffff / 512);
    g_assert_cmphex(get_be32(data + 20), ==, (1 << 30) / 512);
    g_assert_cmphex(get_be32(data + 24), ==, 255);
    g_assert_cmphex(get_be32(data + 28), ==, 1);
    g_assert_cmphex(get_be64(data + 36), ==, (1 << 30) / 512);
    g_assert_cmpuint(page(s, 0xb1, data), ==, 0x3c);
    g_assert_cmphex(get_be16(data + 4), ==, 1);
    g_assert_cmpuint(page(s, 0xb2, data), ==, 4);
    g_assert_cmphex(get_be32(data + 4), ==, 0x00e00200);
    FAILS(INVALID_FIELD, s, CDB(0x12, 1, 0xc0, 1, 0, 0), data, 256, true);
}

static void test_luns(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[0];
    ScsiDriver other = *s;
    guint8 data[32];

    g_assert_nonnull(rig_device(b->rig, "scsi-cd", "cd", NULL, "scsi-id", "0", "lun", "300",
                                NULL));
    GOOD(8, s, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(16) << 32);
    g_assert_cmphex(get_be64(data + 8), ==, 0);
    g_assert_cmphex(get_be64(data + 16), ==, G_GUINT64_CONSTANT(0x412c) << 48);
    GOOD(24, s, CDB(0xa0, 0, 1, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    g_assert_cmphex(get_be64(data), ==, 0);
    FAILS(INVALID_FIELD, s, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0), data, 32, true);
    FAILS(INVALID_FIELD, s, CDB(0xa0, 0, 3, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    /* Units that are not there, of a target that is. */
    other.lun = 7;
    GOOD(0, &other, CDB(0x12, 0, 0, 0, 32, 0), data, 32, true);
    g_assert_cmphex(data[0], ==, 0x7f);
    GOOD(8, &other, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    GOOD(14, &other, CDB(0x03, 0, 0, 0, 32, 0), data, 32, true);
    g_assert_cmphex(data[12], ==, 0x25);
    FAILS(0x052500, &other, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, &other, CDB(0x12, 1, 0, 0, 32, 0), data, 32, true);
    /* And a target that is not there. */
    other.target = 9;
    g_assert_cmpuint(scsi_command(&other, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false).response, ==, 3);
}

/* ---- Blocks ---- */

static void test_capacity(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[0];
    guint8 data[32];

    scsi_driver_clear(s);
    GOOD(0, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, BLOCKS - 1);
    g_assert_cmphex(get_be32(data + 4), ==, 512);
    FAILS(INVALID_FIELD, s, CDB(0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0), data, 8, true);
    GOOD(0, s, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    g_assert_cmphex(get_be64(data), ==, BLOCKS - 1);
    g_assert_cmphex(get_be32(data + 8), ==, 512);
    g_assert_cmphex(get_be32(data + 12), ==, 0x00008000);
    FAILS(INVALID_FIELD, s, CDB(0x9e, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32,
          true);
}

/* Each size of WRITE writes a block, which each size of READ reads. */
static void test_read_write(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[512], back[512];

    if (!s) {
        return;
    }
    memset(data, 1, 512);
    GOOD(0, s, CDB(0x0a, 0, 0, 10, 1, 0), data, 512, false);
    GOOD(0, s, CDB(0x28, 0, 0, 0, 0, 10, 0, 0, 1, 0), back, 512, true);
    g_assert_cmpint(memcmp(data, back, 512), ==, 0);
    memset(data, 2, 512);
    GOOD(0, s, CDB(0x2a, 0, 0, 0, 0, 11, 0, 0, 1, 0), data, 512, false);
    GOOD(0, s, CDB(0xa8, 0, 0, 0, 0, 11, 0, 0, 0, 1, 0, 0), back, 512, true);
    g_assert_cmpint(memcmp(data, back, 512), ==, 0);
    memset(data, 3, 512);
    GOOD(0, s, CDB(0xaa, 0x08, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0), data, 512, false);
    GOOD(0, s, CDB(0x88, 0x08, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0), back, 512, true);
    g_assert_cmpint(memcmp(data, back, 512), ==, 0);
    memset(data, 4, 512);
    GOOD(0, s, CDB(0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 1, 0, 0), data, 512, false);
    GOOD(0, s, CDB(0x08, 0, 0, 13, 1, 0), back, 512, true);
    g_assert_cmpint(memcmp(data, back, 512), ==, 0);
    GOOD(0, s, CDB(0x2e, 0, 0, 0, 0, 14, 0, 0, 1, 0), data, 512, false);
    GOOD(0, s, CDB(0xae, 0, 0, 0, 0, 15, 0, 0, 0, 1, 0, 0), data, 512, false);
    GOOD(0, s, CDB(0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0), data, 512, false);
    GOOD(0, s, CDB(0x08, 0, 0, 16, 1, 0), back, 512, true);
    g_assert_cmpint(memcmp(data, back, 512), ==, 0);
}

/* The data buffer is longer or shorter than what the command transfers. */
static void test_residuals(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[1024];

    if (!s) {
        return;
    }
    memset(data, 7, sizeof(data));
    GOOD(512, s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 1024, false);
    GOOD(512, s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 1024, true);
    g_assert_cmphex(data[511], ==, 7);
    g_assert_cmphex(data[512], ==, 0xee);
    GOOD(512, s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 512, true);
    GOOD(0, s, CDB(0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0), data, 512, true);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmpuint(scsi_command(s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), data, 512,
                                  true).response, ==, 1);
    g_assert_cmpuint(scsi_command(s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0), data, 512,
                                  false).response, ==, 1);
    /* The wrong direction. */
    g_assert_cmpuint(scsi_command(s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 512,
                                  true).response, ==, 1);
    g_assert_cmpuint(scsi_command(s, CDB(0x08, 0, 0, 0, 0, 0), data, 512, true).response, ==, 1);
}

static void test_ranges(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[0];
    guint8 data[1024];

    scsi_driver_clear(s);
    FAILS(OUT_OF_RANGE, s, CDB(0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0), data, 512, true);
    FAILS(OUT_OF_RANGE, s, CDB(0x28, 0, 0, 0, 7, 0xff, 0, 0, 2, 0), data, 1024, true);
    FAILS(OUT_OF_RANGE, s, CDB(0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1,
                               0, 0), data, 512, true);
    FAILS(OUT_OF_RANGE, s, CDB(0x0b, 0, 8, 0, 0, 0), NULL, 0, false);
    FAILS(OUT_OF_RANGE, s, CDB(0x2b, 0, 0, 0, 8, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x2b, 0, 0, 0, 7, 0xff, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, s, CDB(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0), data, 512, true);
}

static void test_verify(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    static guint8 data[200 * 512];

    if (!s) {
        return;
    }
    for (guint i = 0; i < sizeof(data); i++) {
        data[i] = i / 512 ^ i;
    }
    GOOD(0, s, CDB(0x2a, 0, 0, 0, 0, 20, 0, 0, 200, 0), data, sizeof(data), false);
    GOOD(0, s, CDB(0x2f, 0, 0, 0, 0, 20, 0, 0, 200, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x2f, 2, 0, 0, 0, 20, 0, 0, 200, 0), data, sizeof(data), false);
    data[199 * 512]++;
    FAILS(MISCOMPARE, s, CDB(0x2f, 2, 0, 0, 0, 20, 0, 0, 200, 0), data, sizeof(data), false);
    GOOD(512, s, CDB(0xaf, 2, 0, 0, 0, 20, 0, 0, 0, 199, 0, 0), data, sizeof(data), false);
    GOOD(0, s, CDB(0x8f, 2, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0), data, 512, false);
    FAILS(INVALID_FIELD, s, CDB(0x2f, 4, 0, 0, 0, 20, 0, 0, 1, 0), data, 512, false);
    FAILS(OUT_OF_RANGE, s, CDB(0x2f, 0, 0, 0, 8, 0, 0, 0, 1, 0), NULL, 0, false);
    /* More than a command may transfer. */
    FAILS(INVALID_FIELD, s, CDB(0xaf, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0), NULL, 0, false);
}

/* What the host's file has; -1: a hole, as far as it tells. */
static int file_byte(Bench *b, gsize offset)
{
    int fd = open(b->path, O_RDONLY);
    guint8 byte;
    bool ok = pread(fd, &byte, 1, offset) == 1;

    close(fd);
    g_assert_true(ok);
    return byte;
}

static void fill(ScsiDriver *s)
{
    guint8 data[8 * 512];

    memset(data, 0x55, sizeof(data));
    GOOD(0, s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0), data, sizeof(data), false);
}

static void test_unmap(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 list[8 + 32] = { 0 };

    if (!s) {
        return;
    }
    fill(s);
    put_be(list, 38, 2);
    put_be(list + 2, 32, 2);
    put_be(list + 8 + 4, 1, 4);
    put_be(list + 8 + 8, 1, 4);
    put_be(list + 24 + 4, 3, 4);
    put_be(list + 24 + 8, 2, 4);
    GOOD(0, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, false);
    GOOD(0, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    g_assert_cmphex(file_byte(b, 512), ==, 0);
    g_assert_cmphex(file_byte(b, 2 * 512), ==, 0x55);
    g_assert_cmphex(file_byte(b, 4 * 512), ==, 0);
    g_assert_cmphex(file_byte(b, 5 * 512), ==, 0x55);
    FAILS(INVALID_FIELD, s, CDB(0x42, 1, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, false);
    FAILS(LIST_LENGTH, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 39, 0), list, 40, false);
    FAILS(LIST_LENGTH, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0), list, 40, false);
    /* Nothing is unmapped if one of the ranges is wrong. */
    put_be(list + 8 + 4, 0, 4);
    put_be(list + 24 + 4, BLOCKS - 1, 4);
    FAILS(OUT_OF_RANGE, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), list, 40, false);
    g_assert_cmphex(file_byte(b, 0), ==, 0x55);
}

static void test_write_same(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[512] = { 0x77 };

    if (!s) {
        return;
    }
    fill(s);
    GOOD(0, s, CDB(0x41, 0, 0, 0, 0, 2, 0, 4, 1, 0), data, 512, false);
    g_assert_cmphex(file_byte(b, 512), ==, 0x55);
    g_assert_cmphex(file_byte(b, 2 * 512), ==, 0x77);
    g_assert_cmphex(file_byte(b, 1026 * 512), ==, 0x77);
    g_assert_cmphex(file_byte(b, 1027 * 512), ==, 0);
    g_assert_cmphex(file_byte(b, 1026 * 512 + 1), ==, 0);
    data[0] = 0;
    GOOD(0, s, CDB(0x93, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0), data, 512, false);
    g_assert_cmphex(file_byte(b, 3 * 512), ==, 0);
    g_assert_cmphex(file_byte(b, 4 * 512), ==, 0x77);
    GOOD(0, s, CDB(0x93, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0), NULL, 0, false);
    g_assert_cmphex(file_byte(b, 4 * 512), ==, 0);
    FAILS(INVALID_FIELD, s, CDB(0x41, 1, 0, 0, 0, 2, 0, 0, 1, 0), data, 512, false);
    FAILS(INVALID_FIELD, s, CDB(0x41, 0x10, 0, 0, 0, 2, 0, 0, 1, 0), data, 512, false);
    FAILS(INVALID_FIELD, s, CDB(0x41, 0, 0, 0, 0, 2, 0, 0, 0, 0), data, 512, false);
    FAILS(OUT_OF_RANGE, s, CDB(0x41, 0, 0, 0, 7, 0xff, 0, 0, 2, 0), data, 512, false);
}

static void test_flush(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);

    if (!s) {
        return;
    }
    GOOD(0, s, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x1b, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x1b, 0, 0, 0, 1, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, s, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
}

/* Each command that would change the medium. */
static void test_protected(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->disk[1];
    guint8 data[512] = { 0 };

    if (!disk(b)) {
        return;
    }
    FAILS(PROTECTED, s, CDB(0x0a, 0, 0, 0, 1, 0), data, 512, false);
    FAILS(PROTECTED, s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 512, false);
    FAILS(PROTECTED, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), data, 512, false);
    FAILS(PROTECTED, s, CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 512, false);
    GOOD(0, s, CDB(0x08, 0, 0, 0, 1, 0), data, 512, true);
    GOOD(0, s, CDB(0x1a, 0, 8, 0, 32, 0), data, 32, true);
    g_assert_cmphex(data[2], ==, 0x80);
}

/* ---- Mode ---- */

static void test_mode_sense(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[255];

    if (!s) {
        return;
    }
    GOOD(255 - 32, s, CDB(0x1a, 0, 0x08, 0, 255, 0), data, 255, true);
    g_assert_cmphex(get_be32(data), ==, 31u << 24 | 8);
    g_assert_cmphex(get_be32(data + 4), ==, BLOCKS);
    g_assert_cmphex(get_be32(data + 8), ==, 512);
    g_assert_cmphex(get_be16(data + 12), ==, 0x0812);
    g_assert_cmphex(data[14], ==, 4);
    GOOD(255 - 28, s, CDB(0x5a, 8, 0x48, 0, 0, 0, 0, 0, 255, 0), data, 255, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(26) << 48);
    g_assert_cmphex(data[10], ==, 4);
    g_assert_cmphex(data[11], ==, 0);
    GOOD(255 - 4 - 12 - 20 - 12, s, CDB(0x1a, 8, 0x3f, 0, 255, 0), data, 255, true);
    g_assert_cmphex(data[4], ==, 1);
    g_assert_cmphex(data[16], ==, 8);
    g_assert_cmphex(data[36], ==, 0x0a);
    GOOD(255 - 4 - 12 - 20 - 12, s, CDB(0x1a, 8, 0x3f, 0xff, 255, 0), data, 255, true);
    FAILS(0x053900, s, CDB(0x1a, 0, 0xc8, 0, 255, 0), data, 255, true);
    FAILS(INVALID_FIELD, s, CDB(0x1a, 0, 0x2a, 0, 255, 0), data, 255, true);
    FAILS(INVALID_FIELD, s, CDB(0x1a, 0, 0x08, 1, 255, 0), data, 255, true);
}

static guint8 cache(ScsiDriver *s)
{
    guint8 data[24];

    GOOD(0, s, CDB(0x1a, 8, 8, 0, 24, 0), data, 24, true);
    return data[6];
}

/* The write cache is switched off and on, which is all that can be changed. */
static void test_mode_select(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 list[24] = { 0, 0, 0, 0, 8, 18 };
    guint8 described[32] = { 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 8, 18, 4 };

    if (!s) {
        return;
    }
    g_assert_cmphex(cache(s), ==, 4);
    GOOD(0, s, CDB(0x15, 0x10, 0, 0, 24, 0), list, 24, false);
    g_assert_cmphex(cache(s), ==, 0);
    GOOD(0, s, CDB(0x15, 0x10, 0, 0, 32, 0), described, 32, false);
    g_assert_cmphex(cache(s), ==, 4);
    described[10] = 16;
    FAILS(INVALID_PARAMETER, s, CDB(0x15, 0x10, 0, 0, 32, 0), described, 32, false);
    GOOD(0, s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, s, CDB(0x15, 0x11, 0, 0, 24, 0), list, 24, false);
    FAILS(INVALID_FIELD, s, CDB(0x15, 0, 0, 0, 24, 0), list, 24, false);
    FAILS(LIST_LENGTH, s, CDB(0x15, 0x10, 0, 0, 3, 0), list, 24, false);
    list[7] = 1;
    FAILS(INVALID_PARAMETER, s, CDB(0x15, 0x10, 0, 0, 24, 0), list, 24, false);
    list[7] = 0;
    list[5] = 17;
    FAILS(INVALID_PARAMETER, s, CDB(0x15, 0x10, 0, 0, 24, 0), list, 24, false);
    list[5] = 18;
    FAILS(INVALID_PARAMETER, s, CDB(0x15, 0x10, 0, 0, 23, 0), list, 24, false);
    list[3] = 200;
    FAILS(LIST_LENGTH, s, CDB(0x15, 0x10, 0, 0, 24, 0), list, 24, false);
    /* A reset restores what the properties say. */
    list[3] = 0;
    GOOD(0, s, CDB(0x15, 0x10, 0, 0, 24, 0), list, 24, false);
    rig_reset(b->rig);
    scsi_driver_start(s, 1);
    FAILS(POWER_ON, s, CDB(0x1a, 8, 8, 0, 24, 0), list, 24, true);
    g_assert_cmphex(cache(s), ==, 4);
}

/* ---- Other commands ---- */

static void test_others(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[24];

    if (!s) {
        return;
    }
    GOOD(0, s, CDB(0x16, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x17, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, s, CDB(0x16, 1, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x1e, 0, 0, 0, 1, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x1d, 4, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_FIELD, s, CDB(0x1d, 0x20, 0, 0, 0, 0), NULL, 0, false);
    /* FORMAT UNIT, READ TOC (of CD drives), PERSISTENT RESERVE IN, of variable length. */
    FAILS(INVALID_OPCODE, s, CDB(0x04, 0, 0, 0, 0, 0), NULL, 0, false);
    FAILS(INVALID_OPCODE, s, CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 24, 0), data, 24, true);
    FAILS(INVALID_OPCODE, s, CDB(0x5e, 0, 0, 0, 0, 0, 0, 0, 24, 0), data, 24, true);
    FAILS(INVALID_OPCODE, s, CDB(0x7f, 0, 0, 0, 0, 0, 0, 24), data, 24, true);
    FAILS(INVALID_OPCODE, s, CDB(0xc0, 0, 0, 0, 0, 0, 0, 24), data, 24, true);
    /* NACA */
    FAILS(INVALID_FIELD, s, CDB(0x00, 0, 0, 0, 0, 4), NULL, 0, false);
}

static void test_resize(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = disk(b);
    guint8 data[8];
    guint32 event, reason;
    guint target;
    BlockNode *node;

    if (!s) {
        return;
    }
    node = block_node_find(b->rig->root, "file", NULL);
    g_assert_true(block_resize_begin(node, SIZE / 2, NULL) == node);
    g_assert_true(block_resize(node, SIZE / 2, NULL));
    block_resize_end(node);
    scsi_poll(s);
    g_assert_true(scsi_event(s, &event, &target, &reason));
    g_assert_cmphex(event, ==, 3);
    g_assert_cmphex(target, ==, 0);
    g_assert_cmphex(reason, ==, 0x092a);
    FAILS(CAPACITY_CHANGED, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    GOOD(0, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, BLOCKS / 2 - 1);
    GOOD(0, &b->disk[1], CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, BLOCKS - 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *, gconstpointer);
    } tests[] = {
        { "/scsi-disk/news", test_news },
        { "/scsi-disk/inquiry", test_inquiry },
        { "/scsi-disk/pages", test_pages },
        { "/scsi-disk/luns", test_luns },
        { "/scsi-disk/capacity", test_capacity },
        { "/scsi-disk/read-write", test_read_write },
        { "/scsi-disk/residuals", test_residuals },
        { "/scsi-disk/ranges", test_ranges },
        { "/scsi-disk/verify", test_verify },
        { "/scsi-disk/unmap", test_unmap },
        { "/scsi-disk/write-same", test_write_same },
        { "/scsi-disk/flush", test_flush },
        { "/scsi-disk/protected", test_protected },
        { "/scsi-disk/mode-sense", test_mode_sense },
        { "/scsi-disk/mode-select", test_mode_select },
        { "/scsi-disk/others", test_others },
        { "/scsi-disk/resize", test_resize },
    };

    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init, tests[i].f, bench_clear);
    }
    return g_test_run();
}
