/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The io-limits of block nodes: see block-limits.h.
 */
#include "config.h"
#include "hw/block/block-limits.h"

#include "hw/block/throttle-group.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-block.h"

static Object *group_of(const BlockNode *node)
{
    return block_node_props(node)->io_limits.target;
}

bool block_limits_set(BlockNode *node, const char *group, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) value = qmp_value_str(group ? group : "");
    g_autoptr(Object) old = group_of(node) ? object_ref(group_of(node)) : NULL;

    if (!object_property_set(&node->object, "io-limits", &input, value, error)) {
        return false;
    }
    if (old) {
        throttle_group_leave(to_throttle_group(old));
    }
    return true;
}

void block_limits_keep(BlockNode *node, const BlockNode *from)
{
    const Object *group = group_of(from);
    g_autoptr(GError) error = NULL;

    if (group && !group_of(node) && !block_limits_set(node, group->name, &error)) {
        g_warning("block node '%s' has no limits: %s", node->object.name, error->message);
    }
}

void block_limits_end(BlockNode *node)
{
    g_autoptr(Object) old = group_of(node) ? object_ref(group_of(node)) : NULL;

    throttle_point_set(&node->limits, NULL);
    if (old) {
        object_property_set_link(&node->object, "io-limits", NULL);
        throttle_group_leave(to_throttle_group(old));
    }
}
