/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing options of nodes in use: what is changed, and whether that is possible.
 */
#include "config.h"
#include "hw/block/block-reopen.h"

#include "qmp/error.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/qapi-objects-block.h"

BlockChange *block_reopen_find(GArray *changes, const BlockNode *node)
{
    for (guint i = 0; i < changes->len; i++) {
        BlockChange *change = &g_array_index(changes, BlockChange, i);

        if (change->node == node) {
            return change;
        }
    }
    return NULL;
}

/* ---- Members ---- */

/* Members that may change; children are compared by name. */
static bool may_change(const char *key)
{
    static const char *const keys[] = {
        "aio", "auto-read-only", "backing", "cache", "data-file", "detect-zeroes", "discard",
        "file", "io-limits", "lazy-refcounts", "pass-discard-request", "read-only",
        "throttle-group", NULL,
    };

    return g_strv_contains(keys, key);
}

/* The first member of a that b has with another value, or not. */
static const char *other_member(const QmpValue *a, const QmpValue *b)
{
    for (guint i = 0; i < a->dict.keys->len; i++) {
        const char *key = a->dict.keys->pdata[i];
        const QmpValue *other = qmp_value_get(b, key);

        if (!may_change(key) && (!other || !qmp_value_equal(a->dict.values->pdata[i], other))) {
            return key;
        }
    }
    return NULL;
}

static bool check_members(const BlockNode *node, const BlockdevOptions *options, GError **error)
{
    g_autoptr(QmpValue) old = qmp_to_value(&qmp_type_BlockdevOptions, &node->options);
    g_autoptr(QmpValue) new = qmp_to_value(&qmp_type_BlockdevOptions, &options);
    const char *key = other_member(old, new);

    key = key ? key : other_member(new, old);
    if (key) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "'%s' of block node '%s' cannot be changed", key, node->object.name);
    }
    /* It may be one that was left out. */
    return !key || (qmp_value_get(new, key) && qmp_error_blame(error, key));
}

/* ---- Groups ---- */

static bool check_group(BlockNode *node, const char *key, const char *name, GError **error)
{
    Object *group = name && *name ? place_child(object_root(&node->object),
                                                &qmp_class_throttle_group, name) : NULL;

    if (name && *name && (!group || !object_is_a(group, &qmp_class_throttle_group))) {
        qmp_error_set_at(error, key, ERROR_REASON_OBJECT_NOT_FOUND,
                         "throttle-group '%s' not found", name);
        return false;
    }
    return true;
}

static bool check_groups(BlockNode *node, const BlockdevOptions *options, GError **error)
{
    return check_group(node, "io-limits", options->io_limits.path, error) &&
           (options->driver != BLOCKDEV_DRIVER_THROTTLE ||
            check_group(node, "throttle-group", options->u.throttle.throttle_group.path, error));
}

/* ---- Nodes below ---- */

static bool refuse_child(const BlockNode *node, BlockSlot slot, GError **error)
{
    qmp_error_set_at(error, block_slot_name(slot), ERROR_REASON_NOT_SUPPORTED,
                     "'%s' of block node '%s' cannot be changed", block_slot_name(slot),
                     node->object.name);
    return false;
}

/* A definition is that of the node which was defined there. */
static bool plan_definition(GArray *changes, BlockNode *node, BlockSlot slot,
                            const BlockdevOptions *outer, const BlockdevOptions *inner,
                            GError **error)
{
    BlockNode *below = block_node_below(node, slot);
    BlockdevOptions *options;

    if (!below || below->definer != node || inner->driver != below->options->driver ||
        (inner->node_name && !g_str_equal(inner->node_name, below->object.name))) {
        return refuse_child(node, slot, error);
    }
    options = block_inherit(outer, inner, slot);
    g_free(options->node_name);
    options->node_name = g_strdup(below->object.name);
    if (!block_reopen_plan(changes, below, options, error)) {
        qmp_error_prefix_path(error ? *error : NULL, block_slot_name(slot));
        return false;
    }
    return true;
}

static bool check_backing(BlockNode *node, BlockNode *backing, GError **error)
{
    if (block_node_is_below(backing, node)) {
        qmp_error_set_at(error, "backing", ERROR_REASON_INVALID_VALUE,
                         "block node '%s' would be its own backing node", node->object.name);
        return false;
    }
    if (backing->alignment > node->alignment) {
        qmp_error_set_at(error, "backing", ERROR_REASON_INVALID_VALUE,
                         "block node '%s' needs requests aligned to %u bytes",
                         backing->object.name, backing->alignment);
        return false;
    }
    return true;
}

/* Another backing node, or none. */
static bool plan_backing(BlockChange *change, const char *name, GError **error)
{
    BlockNode *node = change->node;

    change->sets_backing = true;
    change->backing = name ? block_node_find(object_root(&node->object), name, error) : NULL;
    if (name && !change->backing) {
        return qmp_error_blame(error, "backing");
    }
    return !name || check_backing(node, change->backing, error);
}

/* A reference to the node that is there is none to another one; if that node was defined there, it
 * remains so for query-config. */
static bool plan_reference(BlockChange *change, BlockSlot slot, const char *name, GError **error)
{
    const BlockNode *below = block_node_below(change->node, slot);

    if (below && name && g_str_equal(name, below->object.name)) {
        if (below->definer == change->node) {
            block_copy_ref(change->options, change->node->options, slot);
        }
        return true;
    }
    if (!below && !name) {
        return true;
    }
    if (slot != BLOCK_BACKING || (below && below->definer == change->node)) {
        return refuse_child(change->node, slot, error);
    }
    return plan_backing(change, name, error);
}

static bool plan_slot(GArray *changes, BlockChange *change, BlockSlot slot, GError **error)
{
    const BlockdevOptions *inner = block_definition(change->options, slot);
    const char *name = block_reference(change->options, slot);

    if (inner) {
        return plan_definition(changes, change->node, slot, change->options, inner, error);
    }
    if (slot == BLOCK_BACKING && change->node->backing && !name &&
        !change->options->u.qcow2.backing) {
        qmp_error_set_at(error, "backing", ERROR_REASON_PROPERTY_MISSING,
                         "'backing' is missing: block node '%s' has a backing node",
                         change->node->object.name);
        return false;
    }
    return plan_reference(change, slot, name, error);
}

static bool plan_slots(GArray *changes, BlockChange *change, GError **error)
{
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        if (!plan_slot(changes, change, slot, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Access ---- */

static bool will_be_read_only(GArray *changes, const BlockNode *node)
{
    const BlockChange *change = block_reopen_find(changes, node);

    return change ? change->read_only : node->read_only;
}

static bool plan_access(GArray *changes, BlockChange *change, GError **error)
{
    const BlockdevOptions *options = change->options;
    const BlockNode *node = change->node, *below = NULL;

    if (node->file && will_be_read_only(changes, node->file)) {
        below = node->file;
    } else if (node->data_file && will_be_read_only(changes, node->data_file)) {
        below = node->data_file;
    }
    if (below && !options->read_only && !options->auto_read_only) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "block node '%s' is read-only: say 'read-only' or 'auto-read-only' here, "
                      "too", below->object.name);
        return false;
    }
    /* A file that could not be opened for writing stays as it is. */
    change->read_only = options->read_only || below ||
                        (!node->file && options->auto_read_only && node->read_only);
    return true;
}

bool block_reopen_plan(GArray *changes, BlockNode *node, BlockdevOptions *options, GError **error)
{
    BlockChange change = {
        .node = node, .options = options, .was_read_only = node->read_only, .old_fd = -1,
    };

    if (node->reopening || block_reopen_find(changes, node)) {
        qmp_error_set_at(error, "node-name", ERROR_REASON_IN_USE,
                         "block node '%s' is being reopened", node->object.name);
    } else if (block_check_options(options, error) && check_members(node, options, error) &&
               check_groups(node, options, error) && plan_slots(changes, &change, error) &&
               plan_access(changes, &change, error)) {
        node->reopening = changes;
        g_array_append_val(changes, change);
        return true;
    }
    qmp_clear(&qmp_type_BlockdevOptions, &options);
    return false;
}
