/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a qcow2 image that means no good: its header, L1 and L2 tables, counts,
 * snapshots and compressed clusters.  Whatever it says, requests end.
 *
 * First byte: bit 0 opens it for reading only, bit 1 with lazy counts, bits 2 to 7 choose
 * where on the disk the requests go.  The rest is the file.
 */
#include "config.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "qmp/qapi-types-block.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

enum { PIECE = 2048, IMAGE_MAX = 1 << 20 };

typedef struct {
    BlockRequest block;
    bool done;
} Request;

/* ---- Nodes ---- */

static BlockNode *make(Rig *rig, const BlockdevOptions *options, BlockNode *const *below)
{
    BlockNode *node = block_node_new(rig->root, options, below, NULL);

    if (!node) {
        return NULL;
    }
    if (!object_prepare(&node->object, NULL) || !object_complete(&node->object, NULL)) {
        object_destroy(&node->object);
        return NULL;
    }
    return node;
}

static BlockNode *make_image(Rig *rig, char *path, guint flags)
{
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"file" };
    BlockdevRefOrNull none = { .type = BLOCKDEV_REF_OR_NULL_NULL };
    BlockdevOptions file = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
        .cache = &(BlockdevCacheOptions){ .has_no_flush = true, .no_flush = true },
        .u.file = { .filename = path, .locking = ON_OFF_AUTO_OFF },
    };
    BlockdevOptions image = {
        .driver = BLOCKDEV_DRIVER_QCOW2, .node_name = (char *)"image", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP, .has_read_only = true, .read_only = flags & 1,
        .u.qcow2 = { .file = &ref, .backing = &none, .has_lazy_refcounts = flags & 2,
                     .lazy_refcounts = true },
    };

    fuzz_check(make(rig, &file, NULL) != NULL);
    return make(rig, &image, NULL);
}

/* ---- Requests ---- */

static void request_done(BlockRequest *block, int error)
{
    fuzz_check(error >= 0);
    ((Request *)block)->done = true;
}

static void run(AioContext *aio, BlockNode *node, BlockOp op, guint64 offset)
{
    char data[PIECE];
    struct iovec iov = { data, sizeof(data) };
    Request request = {
        .block = { .op = op, .flags = op == BLOCK_OP_WRITE_ZEROES ? BLOCK_MAY_UNMAP : 0,
                   .offset = offset, .bytes = sizeof(data), .iov = &iov, .n_iov = 1,
                   .done = request_done },
    };

    memset(data, 0x5a, sizeof(data));
    block_submit(node, aio, &request.block);
    while (!request.done) {
        aio_poll(aio, true);
    }
}

static void use(AioContext *aio, BlockNode *node, guint flags)
{
    static const BlockOp ops[] = {
        BLOCK_OP_READ, BLOCK_OP_WRITE, BLOCK_OP_FLUSH, BLOCK_OP_READ, BLOCK_OP_WRITE_ZEROES,
        BLOCK_OP_WRITE, BLOCK_OP_DISCARD, BLOCK_OP_FLUSH, BLOCK_OP_WRITE, BLOCK_OP_READ,
    };
    guint64 size = block_node_size(node);
    const guint64 places[] = {
        0, (guint64)(flags >> 2) * BLOCK_SECTOR_SIZE, size / 2 / PIECE * PIECE,
        size - MIN(size, PIECE),
    };

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(ops); j++) {
            run(aio, node, ops[j], places[i]);
        }
    }
}

static void resize(BlockNode *node, guint64 size)
{
    BlockNode *lowest = block_resize_begin(node, size, NULL);

    if (lowest) {
        block_resize(lowest, size, NULL);
        block_resize_end(lowest);
    }
}

/* That an image is malformed is no surprise here. */
static void quiet(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    char path[] = "/tmp/fuzz-qcow2-XXXXXX";
    AioContext *aio;
    BlockNode *node;
    Rig *rig;
    int fd;

    if (size < 1 || size > IMAGE_MAX) {
        return 0;
    }
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_log_set_handler("vmd-hw", G_LOG_LEVEL_WARNING, quiet, NULL);
    evthread_use_pthreads();
    aio = aio_context_new(NULL, NULL);
    if (!aio_enable_io(aio, NULL)) {
        aio_context_free(aio);
        return 0;
    }
    fd = g_mkstemp(path);
    fuzz_check(fd >= 0 && write(fd, data + 1, size - 1) == (gssize)size - 1);
    close(fd);
    rig = rig_new();
    object_container(rig->root, "block-nodes");
    node = make_image(rig, path, data[0]);
    if (node) {
        use(aio, node, data[0]);
        resize(node, 1 << 20);
        resize(node, 1 << 10);
        use(aio, node, data[0]);
    }
    rig_free(rig);
    aio_context_free(aio);
    unlink(path);
    return 0;
}
