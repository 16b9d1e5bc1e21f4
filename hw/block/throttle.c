/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `throttle`: a node whose requests wait until the limits of a
 * throttle-group let them go.  Flushes are not counted.
 */
#include "config.h"
#include "hw/block/block.h"

#include <time.h>

#include "hw/block/block-types.h"
#include "hw/block/throttle-group.h"
#include "qmp/qapi-types-block.h"

static ThrottleGroup *group_of(BlockNode *node)
{
    return ((const BlockThrottleProps *)object_props(node))->throttle_group.target;
}

static bool throttle_open(BlockNode *node, GError **error)
{
    __atomic_store_n(&node->size, block_node_size(node->file), __ATOMIC_RELAXED);
    return true;
}

static void turn_came(AioRequest *io, int result)
{
    BlockRequest *request = (BlockRequest *)((char *)io - G_STRUCT_OFFSET(BlockRequest, io));

    block_pass(request->node->file, request);
}

static void throttle_submit(BlockNode *node, BlockRequest *request)
{
    struct timespec time;
    gint64 now, when;

    if (request->now_op == BLOCK_OP_FLUSH) {
        block_pass(node->file, request);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &time);
    now = time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
    when = throttle_group_admit(group_of(node), request->now_op != BLOCK_OP_READ, request->bytes,
                                now);
    if (when <= now) {
        block_pass(node->file, request);
        return;
    }
    request->io.done = turn_came;
    aio_delay(request->aio, &request->io, when);
}

static const BlockDriver throttle_driver = {
    .open = throttle_open,
    .submit = throttle_submit,
};

const TypeInfo block_throttle_type = {
    .schema = &qmp_class_block_throttle,
    .kind = &throttle_driver,
};
