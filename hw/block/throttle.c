/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `throttle`: a node whose requests wait until the limits of a
 * throttle-group admit them.  Flushes are not counted.
 */
#include "config.h"
#include "hw/block/block.h"

#include "hw/block/block-types.h"
#include "hw/block/throttle-group.h"
#include "qom/qapi-objects-block.h"

static ThrottleGroup *group_of(BlockNode *node)
{
    return block_throttle_props(node)->throttle_group.target;
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
    if (throttle_group_enter(group_of(node), request, request->now_op, turn_came)) {
        block_pass(node->file, request);
    }
}

static const BlockDriver throttle_driver = {
    .open = throttle_open,
    .submit = throttle_submit,
};

const TypeInfo block_throttle_type = {
    .schema = &qmp_class_block_throttle,
    .kind = &throttle_driver,
};
