/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `throttle`: a node whose requests wait until the limits of a
 * throttle-group admit them.  Flushes are not counted.
 */
#include "config.h"
#include "hw/block/block.h"

#include "hw/block/block-types.h"
#include "hw/block/throttle-point.h"
#include "qom/qapi-objects-block.h"

typedef struct BlockThrottle {
    BlockNode node;
    ThrottlePoint point;
} BlockThrottle;

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
    if (request->now_op == BLOCK_OP_FLUSH ||
        throttle_point_enter(&to_block_throttle(node)->point, request,
                             request->now_op != BLOCK_OP_READ, turn_came)) {
        block_pass(node->file, request);
    }
}

static const BlockDriver throttle_driver = {
    .open = throttle_open,
    .submit = throttle_submit,
};

/* ---- Life ---- */

static void set_group(BlockThrottle *s)
{
    throttle_point_set(&s->point, block_throttle_props(s)->throttle_group.target);
}

static void throttle_init(Object *obj)
{
    throttle_point_init(&to_block_throttle(obj)->point);
}

static void throttle_finalize(Object *obj)
{
    throttle_point_clear(&to_block_throttle(obj)->point);
}

static bool throttle_complete(Object *obj, GError **error)
{
    set_group(to_block_throttle(obj));
    return true;
}

/* An image above may still write what is left. */
static void throttle_dismantle(Object *obj)
{
    throttle_point_set(&to_block_throttle(obj)->point, NULL);
}

static bool throttle_changed(Object *obj, const QmpMember *member, GError **error)
{
    if (member == qmp_class_member(object_class(obj), "throttle-group")) {
        set_group(to_block_throttle(obj));
    }
    return true;
}

const TypeInfo block_throttle_type = {
    .schema = &qmp_class_block_throttle,
    .size = sizeof(BlockThrottle),
    .object = &(const ObjectOps){
        .init = throttle_init,
        .complete = throttle_complete,
        .changed = throttle_changed,
        .dismantle = throttle_dismantle,
        .finalize = throttle_finalize,
    },
    .kind = &throttle_driver,
};
