/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: the worker's own requests to nodes below, which it waits for.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/block/block-wait.h"

static int run(Qcow2 *s, BlockNode *node, BlockOp op, guint64 offset, void *data, guint64 size)
{
    return block_wait(node, s->aio, op, 0, offset, data, size);
}

int qcow2_read(Qcow2 *s, BlockNode *node, guint64 offset, void *data, gsize size)
{
    guint64 mask = node->alignment - 1;
    guint64 start = offset & ~mask, end = (offset + size + mask) & ~mask;
    void *buffer;
    int error;

    if (start == offset && end == offset + size) {
        return run(s, node, BLOCK_OP_READ, offset, data, size);
    }
    buffer = block_buffer(end - start);
    if (!buffer) {
        return ENOMEM;
    }
    error = run(s, node, BLOCK_OP_READ, start, buffer, end - start);
    if (!error) {
        memcpy(data, (guint8 *)buffer + (offset - start), size);
    }
    free(buffer);
    return error;
}

int qcow2_write(Qcow2 *s, BlockNode *node, guint64 offset, const void *data, gsize size)
{
    guint64 mask = node->alignment - 1;
    guint64 start = offset & ~mask, end = (offset + size + mask) & ~mask;
    void *buffer;
    int error;

    if (start == offset && end == offset + size) {
        return run(s, node, BLOCK_OP_WRITE, offset, (void *)data, size);
    }
    buffer = block_buffer(end - start);
    if (!buffer) {
        return ENOMEM;
    }
    error = run(s, node, BLOCK_OP_READ, start, buffer, end - start);
    if (!error) {
        memcpy((guint8 *)buffer + (offset - start), data, size);
        error = run(s, node, BLOCK_OP_WRITE, start, buffer, end - start);
    }
    free(buffer);
    return error;
}

int qcow2_sync(Qcow2 *s, BlockNode *node)
{
    return run(s, node, BLOCK_OP_FLUSH, 0, NULL, 0);
}

void qcow2_discard(Qcow2 *s, guint64 offset, guint64 bytes)
{
    run(s, s->node.file, BLOCK_OP_DISCARD, offset, NULL, bytes);
}
