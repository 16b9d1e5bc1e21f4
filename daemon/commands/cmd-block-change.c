/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that change nodes in use: block_set_io_throttle, block-set-write-threshold.
 */
#include "config.h"

#include <string.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block-limits.h"
#include "hw/block/block.h"
#include "hw/block/front.h"
#include "hw/block/throttle-group.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block-change.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/property.h"
#include "qom/qapi-objects-block.h"

/* ---- Limits ---- */

static gint64 length(bool given, gint64 value)
{
    return given ? value : 1;
}

static ThrottleLimits limits_of(const BlockIOThrottle *a)
{
    return (ThrottleLimits){
        .bps_total = a->bps, .bps_read = a->bps_rd, .bps_write = a->bps_wr,
        .iops_total = a->iops, .iops_read = a->iops_rd, .iops_write = a->iops_wr,
        .bps_total_max = a->bps_max, .bps_read_max = a->bps_rd_max,
        .bps_write_max = a->bps_wr_max,
        .iops_total_max = a->iops_max, .iops_read_max = a->iops_rd_max,
        .iops_write_max = a->iops_wr_max,
        .bps_total_max_length = length(a->has_bps_max_length, a->bps_max_length),
        .bps_read_max_length = length(a->has_bps_rd_max_length, a->bps_rd_max_length),
        .bps_write_max_length = length(a->has_bps_wr_max_length, a->bps_wr_max_length),
        .iops_total_max_length = length(a->has_iops_max_length, a->iops_max_length),
        .iops_read_max_length = length(a->has_iops_rd_max_length, a->iops_rd_max_length),
        .iops_write_max_length = length(a->has_iops_wr_max_length, a->iops_wr_max_length),
        .iops_size = a->iops_size,
    };
}

static bool is_limited(const BlockIOThrottle *a)
{
    return a->bps || a->bps_rd || a->bps_wr || a->iops || a->iops_rd || a->iops_wr;
}

/* Takes ownership of value. */
static bool set_property(Object *obj, const char *name, QmpValue *value, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input };
    bool ok = object_property_set(obj, name, &input, value, error);

    qmp_value_free(value);
    return ok;
}

/* ---- Groups ---- */

/* The group gets the limits, whether it exists or not; NULL: it cannot. */
static ThrottleGroup *limit_group(Vmd *vmd, const char *name, const ThrottleLimits *limits,
                                  GError **error)
{
    Object *obj = place_child(vmd->root, &qmp_class_throttle_group, name);

    if (!obj) {
        return throttle_group_make(vmd->root, name, limits, error);
    }
    if (!object_is_a(obj, &qmp_class_throttle_group)) {
        qmp_error_set(error, ERROR_REASON_ID_IN_USE, "object '%s' is not a throttle-group", name);
        return NULL;
    }
    return set_property(obj, "limits", qmp_to_value(&qmp_type_ThrottleLimits, &limits), error)
           ? to_throttle_group(obj) : NULL;
}

/* The request has other names for the limits than the group. */
static void blame_limit(GError *error)
{
    static const char *const names[][2] = {
        { "iops-total", "iops" }, { "iops-read", "iops_rd" }, { "iops-write", "iops_wr" },
        { "bps-total", "bps" }, { "bps-read", "bps_rd" }, { "bps-write", "bps_wr" },
    };
    const char *path = qmp_error_path(error);

    for (guint i = 0; path && i < G_N_ELEMENTS(names); i++) {
        const char *at = strstr(path, names[i][0]);

        if (at) {
            const char *rest = at + strlen(names[i][0]);
            g_autofree char *name = g_strconcat(names[i][1], rest, NULL);

            qmp_error_replace_path(error, g_strdelimit(name, "-", '_'));
            return;
        }
    }
}

/* A node that has a group keeps it, unless the request names another one.  A path is no name for
 * a group. */
static const char *choose_group(const BlockNode *node, const BlockIOThrottle *args)
{
    const Object *group = block_node_props(node)->io_limits.target;

    if (args->group || group) {
        return args->group ? args->group : group->name;
    }
    return args->device ? args->device : args->id[0] == '/' ? block_node_name(node) : args->id;
}

bool qmp_block_set_io_throttle(QmpRequest *req, BlockIOThrottle *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    BlockNode *node = block_front_find_medium(vmd->root, args->device, args->id, error);
    const ThrottleLimits limits = limits_of(args);
    ThrottleGroup *group;

    if (!node) {
        return false;
    }
    if (!is_limited(args)) {
        return block_limits_set(node, NULL, error);
    }
    group = limit_group(vmd, choose_group(node, args), &limits, error);
    if (!group) {
        blame_limit(error ? *error : NULL);
        return qmp_error_blame(error, args->group ? "group" : args->id ? "id" : "device");
    }
    return block_limits_set(node, choose_group(node, args), error);
}

/* ---- The threshold ---- */

bool qmp_block_set_write_threshold(QmpRequest *req, BlockSetWriteThresholdArgs *args,
                                   GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    BlockNode *node = block_node_find(vmd->root, args->node_name, error);

    if (!node) {
        return qmp_error_blame(error, "node-name");
    }
    __atomic_store_n(&node->write_threshold, args->write_threshold, __ATOMIC_RELAXED);
    return true;
}
