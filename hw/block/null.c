/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `null-co`: a disk without storage, to measure the layers above it.
 */
#include "config.h"
#include "hw/block/block.h"

#include <time.h>

#include "hw/block/block-types.h"
#include "qmp/qapi-types-block.h"

static bool null_open(BlockNode *node, GError **error)
{
    node->size = node->options->u.null_co.size;
    node->read_only = node->options->read_only;
    return true;
}

static void finish(BlockRequest *request)
{
    if (request->now_op == BLOCK_OP_READ && request->node->made_with->u.null_co.read_zeroes) {
        block_iov_fill_zero(request->iov, request->n_iov);
    }
    block_done(request, 0);
}

static void delay_over(AioRequest *io, int result)
{
    finish((BlockRequest *)((char *)io - G_STRUCT_OFFSET(BlockRequest, io)));
}

static void null_submit(BlockNode *node, BlockRequest *request)
{
    guint64 latency = node->made_with->u.null_co.latency_ns;
    struct timespec now;

    if (!latency) {
        finish(request);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    request->io.done = delay_over;
    aio_delay(request->aio, &request->io,
              now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec + latency);
}

static gint64 null_actual_size(BlockNode *node)
{
    return 0;
}

static const BlockDriver null_driver = {
    .open = null_open,
    .submit = null_submit,
    .actual_size = null_actual_size,
};

const TypeInfo block_null_type = {
    .schema = &qmp_class_block_null,
    .kind = &null_driver,
};
