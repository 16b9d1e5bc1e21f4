/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to a block node that a thread waits for: see block-wait.h.
 */
#include "config.h"
#include "hw/block/block-wait.h"

#include <stdlib.h>

enum { BUFFER_ALIGNMENT = 4096 };

typedef struct {
    BlockRequest block;
    bool done;
    int error;
} Waiting;

static void waiting_done(BlockRequest *block, int error)
{
    Waiting *waiting = (Waiting *)block;

    waiting->done = true;
    waiting->error = error;
}

int block_wait(BlockNode *node, AioContext *aio, BlockOp op, guint flags, guint64 offset,
               void *data, guint64 size)
{
    struct iovec iov = { data, size };
    Waiting waiting = {
        .block = { .op = op, .flags = flags, .offset = offset, .bytes = size, .iov = &iov,
                   .n_iov = !!data, .done = waiting_done },
    };

    block_begin(node, aio, &waiting.block);
    while (!waiting.done) {
        aio_poll(aio, true);
    }
    return waiting.error;
}

void *block_buffer(gsize size)
{
    void *buffer;

    return posix_memalign(&buffer, BUFFER_ALIGNMENT, size) == 0 ? buffer : NULL;
}
