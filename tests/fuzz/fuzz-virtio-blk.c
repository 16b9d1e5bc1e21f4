/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a disk with a hostile driver.  After any action, the device is
 * either broken or still works, and after a reset it works.
 *
 * First byte: on which node; then commands of a byte with their arguments: a
 * request, a chain of any buffers, the configuration, a reset.
 */
#include "config.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/machine/machine-aio.h"
#include "qmp/qapi-types-block.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/virtio-driver.h"

enum { QUEUE_SIZE = 8, MAX_COMMANDS = 64, DISK = 1 << 16 };

/* ---- Commands ---- */

static void send_request(VirtioDriver *d, FuzzInput *in)
{
    struct {
        guint32 type, reserved;
        guint64 sector;
    } header = { fuzz_take(in, 1), 0, fuzz_take(in, 1) };
    guint32 size = fuzz_take(in, 2);
    bool write = fuzz_take(in, 1) & 1;
    guint64 data = virtio_driver_alloc(d, MAX(size, 16), 1);

    if (fuzz_take(in, 1) & 1) {
        header.sector = fuzz_take(in, 8);
    }
    for (guint i = 0; i < 16; i++) {
        ((guint8 *)virtio_driver_ptr(d, data))[i] = fuzz_take(in, 1);
    }
    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, &header, sizeof(header)), sizeof(header), false },
        { data, MAX(size, 1), write },
        { virtio_driver_alloc(d, 1, 1), 1, true } }, 3);
}

static void send_chain(VirtioDriver *d, FuzzInput *in)
{
    guint n = 1 + fuzz_take(in, 1) % QUEUE_SIZE;
    VirtioBuffer buffers[QUEUE_SIZE];

    for (guint i = 0; i < n; i++) {
        guint kind = fuzz_take(in, 1);

        buffers[i].write = kind & 1;
        buffers[i].len = fuzz_take(in, kind & 2 ? 4 : 1);
        buffers[i].addr = kind & 4 ? fuzz_take(in, 8) : d->ram_base + fuzz_take(in, 2);
    }
    if (fuzz_take(in, 1) & 1) {
        virtio_driver_add_indirect(d, 0, buffers, n);
    } else {
        virtio_driver_add(d, 0, buffers, n);
    }
}

static void poll_loop(AioContext *aio)
{
    while (aio_poll(aio, true)) {
        continue;
    }
}

static void run_commands(Rig *rig, VirtioDriver *d, FuzzInput *in)
{
    for (guint i = 0; i < MAX_COMMANDS && in->left; i++) {
        switch (fuzz_take(in, 1) % 5) {
        case 0:
        case 1:
            send_request(d, in);
            break;
        case 2:
            send_chain(d, in);
            break;
        case 3:
            virtio_driver_set_config(d, fuzz_take(in, 1) & ~7, fuzz_take(in, 8),
                                     1 << fuzz_take(in, 1) % 4);
            break;
        default:
            virtio_driver_start(d, fuzz_take(in, 5) | G_GUINT64_CONSTANT(1) << 32, 1, QUEUE_SIZE);
            break;
        }
        virtio_driver_kick(d, 0);
        poll_loop(machine_aio(rig->machine, NULL, NULL));
        /* Rings and buffers come from 4 MiB that are never given back. */
        if (d->next > d->ram_base + VIRTIO_DRIVER_RAM / 2) {
            break;
        }
    }
}

/* ---- Device ---- */

static void make_node(Rig *rig, const BlockdevOptions *options)
{
    BlockNode *node = block_node_new(rig->root, options, NULL, NULL);

    fuzz_check(node && object_prepare(&node->object, NULL) && object_complete(&node->object, NULL));
}

static void make_nodes(Rig *rig, bool file, char *path)
{
    BlockdevOptions options = {
        .driver = file ? BLOCKDEV_DRIVER_FILE : BLOCKDEV_DRIVER_NULL_CO,
        .node_name = (char *)"disk", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
        .detect_zeroes = BLOCKDEV_DETECT_ZEROES_OPTIONS_ON,
    };

    if (file) {
        int fd = g_mkstemp(path);

        fuzz_check(fd >= 0 && ftruncate(fd, DISK) == 0);
        close(fd);
        options.u.file.filename = path;
    } else {
        options.u.null_co.size = DISK;
        options.u.null_co.read_zeroes = true;
    }
    make_node(rig, &options);
}

static bool has_io(void)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool ok = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    return ok;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    char path[] = "/tmp/fuzz-virtio-blk-XXXXXX";
    FuzzInput in = { data, size };
    g_autoptr(Rig) rig = NULL;
    VirtioDriver *d;
    Device *dev;
    bool file = fuzz_take(&in, 1) & 1 && has_io();

    evthread_use_pthreads();
    rig = rig_new();
    d = virtio_driver_new(rig, 0);
    make_nodes(rig, file, path);
    dev = rig_device(rig, "virtio-blk-device", "vd0", NULL, "drive", "disk", "serial", "fuzz",
                     NULL);
    fuzz_check(dev != NULL);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, QUEUE_SIZE);
    run_commands(rig, d, &in);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, QUEUE_SIZE);
    send_request(d, &(FuzzInput){ (const guint8 *)"\4", 1 });
    virtio_driver_kick(d, 0);
    poll_loop(machine_aio(rig->machine, NULL, NULL));
    fuzz_check(virtio_driver_used(d, 0, NULL, NULL));
    device_unmake(dev);
    virtio_driver_free(d);
    if (file) {
        unlink(path);
    }
    return 0;
}
