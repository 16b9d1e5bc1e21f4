/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scsi-cd: its commands, by the paragraphs of MMC-5, media that change; always two drives.
 */
#include "config.h"
#include "hw/block/disk.h"

#include <event2/thread.h>

#include "hw/block/block.h"
#include "hw/machine/machine-aio.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qom/qapi-objects-disk.h"
#include "tests/lib/scsi-driver.h"

enum {
    NO_MEDIUM = 0x023a00, TRAY_OPEN = 0x023a02, INVALID_OPCODE = 0x052000, INVALID_FIELD = 0x052400,
    INCOMPATIBLE = 0x053000, PREVENTED = 0x055302, PREVENTED_NO_MEDIUM = 0x025302,
    MEDIUM_CHANGED = 0x062800, POWER_ON = 0x062900, OUT_OF_RANGE = 0x052100,
};

enum { CD_BLOCKS = 1000, DVD_BLOCKS = 400000, CHECK = 2 };

typedef struct {
    Rig *rig;
    VirtioDriver *virtio;
    Device *hba, *dev[2];
    ScsiDriver drive[2];        /* with a CD, and empty */
} Bench;

static BlockNode *make_node(Bench *b, const char *name, guint64 size)
{
    BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)name,
        .u.null_co = { .size = size, .read_zeroes = true }, .read_only = true,
    };
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(b->rig->root, &null, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error));
    g_assert_true(object_complete(&node->object, &error));
    return node;
}

static void bench_init(Bench *b, gconstpointer data)
{
    b->rig = rig_new();
    b->virtio = virtio_driver_new(b->rig, 0);
    b->hba = rig_device(b->rig, "virtio-scsi-device", "hba", NULL, NULL);
    make_node(b, "cd", CD_BLOCKS * 2048);
    make_node(b, "dvd", DVD_BLOCKS * G_GUINT64_CONSTANT(2048));
    make_node(b, "small", 2047);
    b->dev[0] = rig_device(b->rig, "scsi-cd", "cd0", NULL, "drive", "cd", NULL);
    b->dev[1] = rig_device(b->rig, "scsi-cd", "cd1", NULL, "serial", "EMPTY", NULL);
    g_assert_true(b->hba && b->dev[0] && b->dev[1]);
    for (guint i = 0; i < 2; i++) {
        b->drive[i] = (ScsiDriver){
            .virtio = b->virtio, .aio = machine_aio(b->rig->machine, NULL, NULL), .target = i,
        };
    }
    scsi_driver_start(&b->drive[0], 1);
    scsi_driver_clear(&b->drive[0]);
    scsi_driver_clear(&b->drive[1]);
}

static void bench_clear(Bench *b, gconstpointer data)
{
    device_unmake(b->hba);
    virtio_driver_free(b->virtio);
    rig_free(b->rig);
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
#define READY(s) CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false

static void nothing(void *opaque)
{
}

static void change(Bench *b, guint i, const char *node)
{
    Disk *disk = to_disk(b->dev[i]);
    g_autoptr(GError) error = NULL;
    bool asked;

    disk_open_tray(disk, true, &asked);
    g_assert_true(disk_remove(disk, nothing, NULL, &error));
    if (node) {
        g_assert_true(disk_insert(disk, block_node_find(b->rig->root, node, NULL), &error));
    }
    disk_close_tray(disk);
    g_assert_no_error(error);
}

/* ---- The drive ---- */

static void test_inquiry(Bench *b, gconstpointer unused)
{
    guint8 data[64];

    GOOD(28, &b->drive[0], CDB(0x12, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be32(data), ==, 0x05800512);
    g_assert_cmpint(memcmp(data + 8, "QEMU    QEMU CD-ROM     2.5+", 28), ==, 0);
    GOOD(58, &b->drive[0], CDB(0x12, 1, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be32(data), ==, 0x05000002);
    g_assert_cmphex(get_be16(data + 4), ==, 0x0083);
    GOOD(55, &b->drive[1], CDB(0x12, 1, 0x80, 0, 64, 0), data, 64, true);
    g_assert_cmpint(memcmp(data + 4, "EMPTY", 5), ==, 0);
    FAILS(INVALID_FIELD, &b->drive[0], CDB(0x12, 1, 0xb0, 0, 64, 0), data, 64, true);
}

static void test_read(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[0];
    guint8 data[2048];

    GOOD(0, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmphex(get_be64(data), ==, (guint64)(CD_BLOCKS - 1) << 32 | 2048);
    GOOD(0, s, CDB(0x28, 0, 0, 0, 3, 231, 0, 0, 1, 0), data, 2048, true);
    g_assert_cmphex(data[2047], ==, 0);
    FAILS(OUT_OF_RANGE, s, CDB(0x28, 0, 0, 0, 3, 232, 0, 0, 1, 0), data, 2048, true);
    FAILS(INVALID_OPCODE, s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 2048, false);
    FAILS(INVALID_OPCODE, s, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), data, 24, false);
    FAILS(NO_MEDIUM, &b->drive[1], CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), data, 2048, true);
    FAILS(NO_MEDIUM, &b->drive[1], CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    FAILS(NO_MEDIUM, &b->drive[1], READY());
}

static void test_mode(Bench *b, gconstpointer unused)
{
    guint8 data[255];

    GOOD(255 - 26, &b->drive[0], CDB(0x1a, 0, 0x2a, 0, 255, 0), data, 255, true);
    g_assert_cmphex(get_be32(data), ==, 25u << 24);
    g_assert_cmphex(get_be32(data + 4), ==, 0x2a143b00);
    g_assert_cmphex(data[10], ==, 0x29);
    GOOD(0, &b->drive[0], CDB(0x1e, 0, 0, 0, 1, 0), NULL, 0, false);
    GOOD(255 - 30, &b->drive[0], CDB(0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255, 0), data, 255, true);
    g_assert_cmphex(data[14], ==, 0x2b);
    GOOD(255 - 26, &b->drive[1], CDB(0x1a, 0, 0x2a, 0, 255, 0), data, 255, true);
    g_assert_cmphex(data[10], ==, 0x29);
}

static void test_configuration(Bench *b, gconstpointer unused)
{
    guint8 data[64];

    GOOD(12, &b->drive[0], CDB(0x46, 0, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(48) << 32 | 8);
    g_assert_cmphex(get_be64(data + 8), ==, G_GUINT64_CONSTANT(0x0000030800100000));
    g_assert_cmphex(get_be64(data + 16), ==, G_GUINT64_CONSTANT(0x0008010000010b08));
    g_assert_cmphex(get_be32(data + 24), ==, 1);        /* SCSI */
    g_assert_cmphex(get_be64(data + 32), ==, G_GUINT64_CONSTANT(0x00030b0439000000));
    g_assert_cmphex(get_be64(data + 40), ==, G_GUINT64_CONSTANT(0x0010010800000800));
    /* From one on; of those that are current; one alone. */
    GOOD(36, &b->drive[1], CDB(0x46, 0, 0, 2, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(24) << 32);
    GOOD(48, &b->drive[1], CDB(0x46, 1, 0, 2, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(12) << 32);
    GOOD(48, &b->drive[0], CDB(0x46, 2, 0, 3, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be16(data + 8), ==, 3);
    change(b, 0, "dvd");
    GOOD(12, &b->drive[0], CDB(0x46, 0, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be16(data + 6), ==, 0x10);
    g_assert_cmphex(get_be64(data + 8), ==, G_GUINT64_CONSTANT(0x0000030800100100));
}

/* ---- The disc ---- */

static void test_toc(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[0];
    guint8 data[64];

    GOOD(44, s, CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be32(data), ==, 0x00120101);
    g_assert_cmphex(get_be64(data + 4), ==, G_GUINT64_CONSTANT(0x0014010000000000));
    g_assert_cmphex(get_be64(data + 12), ==, G_GUINT64_CONSTANT(0x0016aa0000000000) | CD_BLOCKS);
    /* In minutes, seconds and frames: 1000 + 150 frames are 15 s and 25 frames. */
    GOOD(52, s, CDB(0x43, 2, 0, 0, 0, 0, 0xaa, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data + 4), ==, G_GUINT64_CONSTANT(0x0016aa0000000f19));
    GOOD(52, s, CDB(0x43, 0, 1, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data + 4), ==, G_GUINT64_CONSTANT(0x0014010000000000));
    GOOD(16, s, CDB(0x43, 2, 2, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be16(data), ==, 46);
    g_assert_cmphex(data[7], ==, 0xa0);
    g_assert_cmphex(data[4 + 22 + 3], ==, 0xa2);
    g_assert_cmphex(data[4 + 22 + 9], ==, 0x0f);
    FAILS(INVALID_FIELD, s, CDB(0x43, 0, 0, 0, 0, 0, 2, 0, 64, 0), data, 64, true);
    FAILS(INVALID_FIELD, s, CDB(0x43, 0, 5, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    FAILS(NO_MEDIUM, &b->drive[1], CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
}

static void test_disc(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[0];
    static guint8 data[2052];

    GOOD(30, s, CDB(0x51, 0, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(0x00200e0101010120));
    FAILS(INVALID_FIELD, s, CDB(0x51, 1, 0, 0, 0, 0, 0, 0, 64, 0), data, 64, true);
    GOOD(48, s, CDB(0xad, 0, 0, 0, 0, 0, 0, 0xff, 0, 64, 0, 0), data, 64, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(0x000e000000400804));
    FAILS(INCOMPATIBLE, s, CDB(0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0), data, 2052, true);
    FAILS(NO_MEDIUM, &b->drive[1], CDB(0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0), data, 2052, true);
    change(b, 0, "dvd");
    scsi_driver_clear(s);
    GOOD(0, s, CDB(0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0), data, 2052, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(0x08020000010f0100));
    g_assert_cmphex(get_be32(data + 8), ==, 0x30000);
    g_assert_cmphex(get_be32(data + 12), ==, 0x30000 + DVD_BLOCKS - 1);
    FAILS(INVALID_FIELD, s, CDB(0xad, 0, 0, 0, 0, 0, 1, 0, 8, 4, 0, 0), data, 2052, true);
    FAILS(INVALID_FIELD, s, CDB(0xad, 0, 0, 0, 0, 0, 0, 3, 8, 4, 0, 0), data, 2052, true);
}

/* ---- Tray and media ---- */

static guint16 media_event(ScsiDriver *s)
{
    guint8 data[8];

    GOOD(0, s, CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, 0x00060410);
    return get_be16(data + 4);
}

/* The guest opens and closes the tray. */
static void test_tray(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[0];
    Disk *disk = to_disk(b->dev[0]);
    guint8 data[8];

    GOOD(0, s, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
    g_assert_true(disk_tray_open(disk));
    g_assert_false(disk_tray_open(to_disk(b->dev[1])));
    FAILS(TRAY_OPEN, s, READY());
    /* The header alone says that there may be events, and takes none. */
    GOOD(0, s, CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 4, 0), data, 4, true);
    g_assert_cmphex(get_be32(data), ==, 0x00060410);
    g_assert_cmphex(media_event(s), ==, 0x0301);
    g_assert_cmphex(media_event(s), ==, 0x0001);
    GOOD(0, s, CDB(0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), data, 8, true);
    g_assert_cmphex(get_be64(data), ==, G_GUINT64_CONSTANT(0x0010000000010000));
    GOOD(0, s, CDB(0x1b, 0, 0, 0, 3, 0), NULL, 0, false);
    g_assert_false(disk_tray_open(disk));
    g_assert_cmphex(media_event(s), ==, 0x0202);
    FAILS(MEDIUM_CHANGED, s, READY());
    GOOD(0, s, READY());
    FAILS(INVALID_FIELD, s, CDB(0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8, 0), data, 8, true);
    GOOD(4, s, CDB(0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, 0x00028010);
}

/* A tray that the guest has locked: it stays closed, and the guest is asked. */
static void test_lock(Bench *b, gconstpointer unused)
{
    Disk *disk = to_disk(b->dev[0]);
    ScsiDriver *s = &b->drive[0];
    bool asked;

    GOOD(0, s, CDB(0x1e, 0, 0, 0, 1, 0), NULL, 0, false);
    GOOD(0, &b->drive[1], CDB(0x1e, 0, 0, 0, 1, 0), NULL, 0, false);
    FAILS(PREVENTED, s, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
    FAILS(PREVENTED_NO_MEDIUM, &b->drive[1], CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
    disk_open_tray(disk, false, &asked);
    g_assert_true(asked && !disk_tray_open(disk));
    g_assert_cmphex(media_event(s), ==, 0x0102);
    GOOD(0, s, CDB(0x1e, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(0, s, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
    g_assert_true(disk_tray_open(disk));
    /* A reset unlocks. */
    g_assert_true(disk_locked(to_disk(b->dev[1])));
    rig_reset(b->rig);
    g_assert_false(disk_locked(to_disk(b->dev[1])));
    g_assert_true(disk_tray_open(disk));
}

static void test_change(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[0];
    guint8 data[8];

    change(b, 0, "dvd");
    g_assert_cmphex(media_event(s), ==, 0x0202);
    FAILS(MEDIUM_CHANGED, s, READY());
    GOOD(0, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmphex(get_be32(data), ==, DVD_BLOCKS - 1);
    change(b, 0, NULL);
    g_assert_cmphex(media_event(s), ==, 0x0300);
    FAILS(NO_MEDIUM, s, READY());
    g_assert_cmphex(media_event(&b->drive[1]), ==, 0);
    FAILS(NO_MEDIUM, &b->drive[1], READY());
}

/* A medium without a block is none. */
static void test_small(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->drive[1];
    guint8 data[32];

    change(b, 1, "small");
    scsi_driver_clear(s);
    FAILS(NO_MEDIUM, s, READY());
    FAILS(NO_MEDIUM, s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    FAILS(NO_MEDIUM, s, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), data, 32, true);
    FAILS(NO_MEDIUM, s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0), NULL, 0, false);
    GOOD(4, s, CDB(0x46, 0, 0, 2, 0, 0, 0, 0, 32, 0), data, 32, true);
    g_assert_cmphex(get_be16(data + 6), ==, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *, gconstpointer);
    } tests[] = {
        { "/scsi-cd/inquiry", test_inquiry },
        { "/scsi-cd/read", test_read },
        { "/scsi-cd/mode", test_mode },
        { "/scsi-cd/configuration", test_configuration },
        { "/scsi-cd/toc", test_toc },
        { "/scsi-cd/disc", test_disc },
        { "/scsi-cd/tray", test_tray },
        { "/scsi-cd/lock", test_lock },
        { "/scsi-cd/change", test_change },
        { "/scsi-cd/small", test_small },
    };

    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init, tests[i].f, bench_clear);
    }
    return g_test_run();
}
