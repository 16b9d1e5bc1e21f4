/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of virtio-scsi with its disks and drives, carried into a new process:
 * tests/lib/carry.h.
 */
#include "config.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/machine/machine-aio.h"
#include "qmp/bytes.h"
#include "qmp/qapi-types-block.h"
#include "tests/lib/carry.h"
#include "tests/lib/scsi-driver.h"

enum { DISK_SIZE = 1 << 20 };

/* The second process has the same disk. */
#define DISK_VARIABLE "VMD_TEST_DISK"

static void make_node(Carry *c, const BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(c->rig->root, options, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error) && object_complete(&node->object, &error));
}

static void make_null(Carry *c, const char *name)
{
    const BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)name,
        .u.null_co = { .size = DISK_SIZE, .read_zeroes = true },
    };

    make_node(c, &null);
}

static ScsiDriver driver(Carry *c, guint target)
{
    return (ScsiDriver){
        .virtio = c->opaque, .aio = machine_aio(c->rig->machine, NULL, NULL), .target = target,
    };
}

static void note_answer(Carry *c, const char *what, ScsiAnswer a)
{
    carry_note(c, "%s: response %u, status %u, sense %06x, residual %u", what, a.response, a.status,
               a.sense, a.residual);
}

static void note_data(Carry *c, guint target, const char *what, const guint8 *cdb, gsize n)
{
    ScsiDriver s = driver(c, target);
    guint8 data[64];

    note_answer(c, what, scsi_command(&s, cdb, n, data, sizeof(data), true));
    for (guint i = 0; i < sizeof(data); i += 8) {
        carry_note(c, "%016" G_GINT64_MODIFIER "x", get_be64(data + i));
    }
}

/* ---- What the guest has set, and news that it has not taken ---- */

static void scsi_make(Carry *c)
{
    c->opaque = carry_driver(c);
    make_null(c, "disk");
    make_null(c, "disc");
    c->dev = carry_device(c, "virtio-scsi-device", "hba");
    carry_device(c, "scsi-hd", "sd", "drive", "disk");
    carry_device(c, "scsi-cd", "cd0", "drive", "disc");
    carry_device(c, "scsi-cd", "cd1");
}

static void scsi_busy(Carry *c)
{
    ScsiDriver s = driver(c, 0), cd = driver(c, 1);
    guint8 no_cache[24] = { 0, 0, 0, 0, 8, 18 };

    scsi_driver_start(&s, 1);
    scsi_driver_clear(&s);
    scsi_command(&s, CDB(0x15, 0x10, 0, 0, 24, 0), no_cache, 24, false);
    scsi_driver_clear(&cd);
    scsi_command(&cd, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false);
    scsi_command(&cd, CDB(0x1e, 0, 0, 0, 1, 0), NULL, 0, false);
    virtio_driver_set_config(c->opaque, 20, 48, 4);
    virtio_driver_set_config(c->opaque, 20, 96, 4);
}

static void scsi_go_on(Carry *c)
{
    ScsiDriver cd = driver(c, 1), other = driver(c, 2);

    carry_note(c, "sizes %u %u", (guint)virtio_driver_config(c->opaque, 20, 4),
               (guint)virtio_driver_config(c->opaque, 24, 4));
    note_data(c, 0, "caching", CDB(0x1a, 8, 8, 0, 64, 0));
    note_data(c, 1, "capabilities", CDB(0x1a, 8, 0x2a, 0, 64, 0));
    note_data(c, 1, "event", CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 64, 0));
    note_answer(c, "tray", scsi_command(&cd, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false));
    note_answer(c, "close", scsi_command(&cd, CDB(0x1b, 0, 0, 0, 3, 0), NULL, 0, false));
    note_answer(c, "changed", scsi_command(&cd, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false));
    note_answer(c, "locked", scsi_command(&cd, CDB(0x1b, 0, 0, 0, 2, 0), NULL, 0, false));
    note_answer(c, "news", scsi_command(&other, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false));
    note_answer(c, "empty", scsi_command(&other, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false));
}

/* ---- Commands that failed and are kept ---- */

static void make_disk(void)
{
    g_autofree char *path = NULL;
    int fd;

    if (!g_test_subprocess()) {
        fd = g_file_open_tmp("vmd-carry-disk-XXXXXX", &path, NULL);
        g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
        close(fd);
        g_setenv(DISK_VARIABLE, path, TRUE);
    }
}

static void kept_make(Carry *c)
{
    BlockdevOptions file = { .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file" };

    c->opaque = carry_driver(c);
    make_disk();
    file.u.file.filename = (char *)g_getenv(DISK_VARIABLE);
    make_node(c, &file);
    make_null(c, "disk");
    c->dev = carry_device(c, "virtio-scsi-device", "hba");
    carry_device(c, "scsi-hd", "sd0", "drive", "file", "werror", "stop");
    carry_device(c, "scsi-hd", "sd1", "drive", "disk");
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = MIN(size, limit.rlim_max);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void kept_busy(Carry *c)
{
    ScsiDriver s = driver(c, 0);
    guint8 data[512];

    memset(data, 0x42, sizeof(data));
    scsi_driver_start(&s, 1);
    scsi_driver_clear(&s);
    limit_files(4096);
    for (guint i = 0; i < 2; i++) {
        scsi_send(&s, SCSI_QUEUE, CDB(0x0a, 0, 1, i, 1, 0),
                  virtio_driver_data(s.virtio, data, sizeof(data)), sizeof(data), false);
    }
    scsi_poll(&s);
    rig_deliver(c->rig);
    limit_files(RLIM_INFINITY);
}

static void kept_go_on(Carry *c)
{
    ScsiDriver s = driver(c, 0);
    guint n = 0;

    scsi_poll(&s);
    while (virtio_driver_used(c->opaque, SCSI_QUEUE, NULL, NULL)) {
        n++;
    }
    carry_note(c, "%u commands are done", n);
    note_data(c, 1, "the other disk", CDB(0x00, 0, 0, 0, 0, 0));
    for (guint i = 0; i < 3; i++) {
        guint8 data[512];

        note_answer(c, "read", scsi_command(&s, CDB(0x08, 0, 1, i, 1, 0), data, 512, true));
        carry_note(c, "block %u: %02x", i, data[0]);
    }
}

static void kept_clear(Carry *c)
{
    if (g_test_subprocess()) {
        unlink(g_getenv(DISK_VARIABLE));
    }
}

static const CarryCase set_case = { "scsi", scsi_make, scsi_busy, scsi_go_on, NULL };
static const CarryCase kept_case = { "scsi-kept", kept_make, kept_busy, kept_go_on, kept_clear };

static void skip_kept(void)
{
    g_test_skip("the host denies io_uring");
}

int main(int argc, char **argv)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool io = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    g_test_init(&argc, &argv, NULL);
    carry_add(&set_case, 1);
    if (io) {
        carry_add(&kept_case, 1);
    } else {
        g_test_add_func("/state/scsi-kept", skip_kept);
    }
    return g_test_run();
}
