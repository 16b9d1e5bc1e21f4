/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a SCSI adapter with a disk and a CD drive, and a hostile driver.  After any
 * action, the adapter is either broken or still works, and after a reset it works.
 *
 * First byte: on which node the disk is; then commands of a byte with their arguments: a SCSI
 * command, task management, a chain of any buffers, the configuration, media, a reset.
 */
#include "config.h"

#include <event2/thread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/block/disk.h"
#include "hw/machine/machine-aio.h"
#include "qmp/qapi-types-block.h"
#include "qom/qapi-objects-disk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scsi-driver.h"

enum { MAX_COMMANDS = 64, DISK = 1 << 16, N_QUEUES = 4 };

/* ---- Commands ---- */

/* The unit, the command, how much data it comes with, and what is in it. */
static void send_command(ScsiDriver *s, FuzzInput *in)
{
    guint8 where = fuzz_take(in, 1), cdb[16];
    guint32 size = fuzz_take(in, 2);
    guint64 data = virtio_driver_alloc(s->virtio, MAX(size, 64), 512);

    s->target = where & 3;
    s->lun = where >> 4 & 1;
    for (guint i = 0; i < sizeof(cdb); i++) {
        cdb[i] = fuzz_take(in, 1);
    }
    for (guint i = 0; i < 64 && where & 4; i++) {
        ((guint8 *)virtio_driver_ptr(s->virtio, data))[i] = fuzz_take(in, 1);
    }
    scsi_send(s, SCSI_QUEUE + (where >> 5 & 1), cdb, sizeof(cdb), data, size, where & 8);
}

static void send_chain(VirtioDriver *d, FuzzInput *in)
{
    enum { MAX_BUFFERS = 8 };
    guint n = 1 + fuzz_take(in, 1) % MAX_BUFFERS, queue = fuzz_take(in, 1) % N_QUEUES;
    VirtioBuffer buffers[MAX_BUFFERS];

    for (guint i = 0; i < n; i++) {
        guint kind = fuzz_take(in, 1);

        buffers[i].write = kind & 1;
        buffers[i].len = fuzz_take(in, kind & 2 ? 4 : 1);
        buffers[i].addr = kind & 4 ? fuzz_take(in, 8) : d->ram_base + fuzz_take(in, 2);
    }
    if (fuzz_take(in, 1) & 1) {
        virtio_driver_add_indirect(d, queue, buffers, n);
    } else {
        virtio_driver_add(d, queue, buffers, n);
    }
    virtio_driver_kick(d, queue);
}

static void nothing(void *opaque)
{
}

/* The host changes the medium of the CD drive. */
static void change_medium(Rig *rig, Disk *disk, guint8 how)
{
    bool asked;

    if (how & 1) {
        disk_open_tray(disk, how & 2, &asked);
    }
    if (how & 4) {
        disk_remove(disk, nothing, NULL, NULL);
    }
    if (how & 8) {
        disk_insert(disk, block_node_find(rig->root, "disc", NULL), NULL);
    }
    if (how & 16) {
        disk_close_tray(disk);
    }
}

static void start(ScsiDriver *s)
{
    scsi_driver_start(s, N_QUEUES - SCSI_QUEUE);
}

static void run_commands(Rig *rig, ScsiDriver *s, Disk *cd, FuzzInput *in)
{
    VirtioDriver *d = s->virtio;

    for (guint i = 0; i < MAX_COMMANDS && in->left; i++) {
        switch (fuzz_take(in, 1) % 8) {
        case 0:
        case 1:
        case 2:
            send_command(s, in);
            break;
        case 3:
            scsi_manage(s, fuzz_take(in, 1), fuzz_take(in, 1));
            break;
        case 4:
            send_chain(d, in);
            break;
        case 5:
            virtio_driver_set_config(d, fuzz_take(in, 1) & ~7, fuzz_take(in, 8),
                                     1 << fuzz_take(in, 1) % 4);
            break;
        case 6:
            change_medium(rig, cd, fuzz_take(in, 1));
            break;
        default:
            start(s);
            break;
        }
        scsi_poll(s);
        /* Rings and buffers come from 4 MiB that are never given back. */
        if (d->next > d->ram_base + VIRTIO_DRIVER_RAM / 2) {
            break;
        }
    }
}

/* ---- Devices ---- */

static void make_node(Rig *rig, const BlockdevOptions *options)
{
    BlockNode *node = block_node_new(rig->root, options, NULL, NULL);

    fuzz_check(node && object_prepare(&node->object, NULL) && object_complete(&node->object, NULL));
}

static void make_null(Rig *rig, const char *name)
{
    const BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)name,
        .u.null_co = { .size = DISK, .read_zeroes = true },
    };

    make_node(rig, &options);
}

static void make_file(Rig *rig, char *path)
{
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"disk", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
    };
    int fd = g_mkstemp(path);

    fuzz_check(fd >= 0 && ftruncate(fd, DISK) == 0);
    close(fd);
    options.u.file.filename = path;
    make_node(rig, &options);
}

static bool has_io(void)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool ok = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    return ok;
}

/* After a reset it answers. */
static void check_works(ScsiDriver *s)
{
    guint8 data[36];

    start(s);
    s->target = s->lun = 0;
    fuzz_check(scsi_command(s, CDB(0x12, 0, 0, 0, 36, 0), data, sizeof(data), true).response == 0);
    fuzz_check(data[4] == 31);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    char path[] = "/tmp/fuzz-virtio-scsi-XXXXXX";
    FuzzInput in = { data, size };
    bool file = fuzz_take(&in, 1) & 1 && has_io();
    g_autoptr(Rig) rig = NULL;
    ScsiDriver s = { .target = 0 };
    Device *hba, *cd;

    evthread_use_pthreads();
    rig = rig_new();
    s.virtio = virtio_driver_new(rig, 0);
    s.aio = machine_aio(rig->machine, NULL, NULL);
    make_null(rig, "disc");
    if (file) {
        make_file(rig, path);
    } else {
        make_null(rig, "disk");
    }
    hba = rig_device(rig, "virtio-scsi-device", "hba", NULL, "num_queues", "2", NULL);
    cd = rig_device(rig, "scsi-cd", "cd", NULL, "scsi-id", "1", NULL);
    fuzz_check(hba && cd && rig_device(rig, "scsi-hd", "sd", NULL, "drive", "disk", "scsi-id", "0",
                                  NULL));
    start(&s);
    run_commands(rig, &s, to_disk(cd), &in);
    check_works(&s);
    device_unmake(hba);
    virtio_driver_free(s.virtio);
    if (file) {
        unlink(path);
    }
    return 0;
}
