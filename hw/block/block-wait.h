/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to a block node that a thread waits for: a format's worker, or a job.
 */
#ifndef HW_BLOCK_BLOCK_WAIT_H
#define HW_BLOCK_BLOCK_WAIT_H

#include "hw/block/block.h"

/* Sends a request as block_begin() does, and waits; 0 or a positive errno.  aio is a context
 * without base, of the calling thread; other requests of it are completed meanwhile.  flags:
 * BLOCK_FUA, BLOCK_MAY_UNMAP.  data: size bytes, or NULL for requests without buffer. */
int block_wait(BlockNode *node, AioContext *aio, BlockOp op, guint flags, guint64 offset,
               void *data, guint64 size);
/* A buffer that direct I/O takes, of at least size bytes; free with free().  NULL: no memory. */
void *block_buffer(gsize size);

#endif
