/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From blockdev-add's options to a node in the tree: its class, its name, what
 * it inherits, and what is checked before anything is opened.
 */
#include "config.h"
#include "hw/block/block.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/hint.h"
#include "qom/place.h"
#include "qom/qapi-objects-block.h"

#define NAME_MAX_LENGTH 31      /* QEMU's */

static const QmpClass *const classes[] = {
    [BLOCKDEV_DRIVER_FILE] = &qmp_class_block_file,
    [BLOCKDEV_DRIVER_HOST_DEVICE] = &qmp_class_block_host_device,
    [BLOCKDEV_DRIVER_NULL_CO] = &qmp_class_block_null,
    [BLOCKDEV_DRIVER_RAW] = &qmp_class_block_raw,
    [BLOCKDEV_DRIVER_THROTTLE] = &qmp_class_block_throttle,
};

G_STATIC_ASSERT(G_N_ELEMENTS(classes) == BLOCKDEV_DRIVER__MAX);

/* ---- Nesting ---- */

static void take_file(const void *storage, const char *name, void *data)
{
    const BlockdevRef **file = data;

    if (!g_strcmp0(name, "file")) {
        *file = *(BlockdevRef *const *)storage;
    }
}

/* The node below that options of a filter have. */
static const BlockdevRef *file_of(const BlockdevOptions *options)
{
    const BlockdevRef *file = NULL;

    qmp_foreach_value(&qmp_type_BlockdevOptions, &options, &qmp_type_BlockdevRef, take_file,
                      &file);
    return file;
}

const BlockdevOptions *block_definition(const BlockdevOptions *options)
{
    const BlockdevRef *file = file_of(options);

    return file && file->type == BLOCKDEV_REF_DEFINITION ? file->u.definition : NULL;
}

static void inherit_cache(BlockdevOptions *inner, const BlockdevCacheOptions *outer)
{
    BlockdevCacheOptions *cache;

    if (!outer) {
        return;
    }
    if (!inner->cache) {
        inner->cache = g_new0(BlockdevCacheOptions, 1);
    }
    cache = inner->cache;
    if (!cache->has_direct) {
        cache->has_direct = outer->has_direct;
        cache->direct = outer->direct;
    }
    if (!cache->has_no_flush) {
        cache->has_no_flush = outer->has_no_flush;
        cache->no_flush = outer->no_flush;
    }
}

BlockdevOptions *block_inherit(const BlockdevOptions *outer, const BlockdevOptions *inner)
{
    BlockdevOptions *options = NULL;

    qmp_clone(&qmp_type_BlockdevOptions, &options, &inner);
    inherit_cache(options, outer->cache);
    if (!options->has_discard) {
        options->has_discard = true;
        options->discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP;
    }
    if (!options->has_read_only) {
        options->has_read_only = outer->has_read_only;
        options->read_only = outer->read_only;
        options->auto_read_only |= outer->auto_read_only;
    }
    if (!options->has_force_share) {
        options->has_force_share = outer->has_force_share;
        options->force_share = outer->force_share;
    }
    return options;
}

/* ---- Checks ---- */

bool block_check_options(const BlockdevOptions *options, GError **error)
{
    bool unmaps = options->has_discard && options->discard == BLOCKDEV_DISCARD_OPTIONS_UNMAP;

    if (options->detect_zeroes == BLOCKDEV_DETECT_ZEROES_OPTIONS_UNMAP && !unmaps) {
        qmp_error_set_at(error, "detect-zeroes", ERROR_REASON_INVALID_VALUE,
                         "'detect-zeroes' 'unmap' needs 'discard' 'unmap'");
        return false;
    }
    if (options->force_share && !options->read_only) {
        qmp_error_set_at(error, "force-share", ERROR_REASON_INVALID_VALUE,
                         "'force-share' needs 'read-only'");
        return false;
    }
    return true;
}

static bool check_name(const char *name, GError **error)
{
    if (!object_check_id(name, error)) {
        return qmp_error_blame(error, "node-name");
    }
    if (strlen(name) > NAME_MAX_LENGTH) {
        qmp_error_set_at(error, "node-name", ERROR_REASON_ID_INVALID,
                         "'%s' is longer than %u characters", name, NAME_MAX_LENGTH);
        return false;
    }
    return true;
}

/* ---- Making ---- */

/* A name that no node has: QEMU's form, which a client cannot give. */
static char *choose_name(Object *parent)
{
    for (guint i = 0;; i++) {
        char *name = g_strdup_printf("#block%03u", i);

        if (!object_child(parent, name)) {
            return name;
        }
        g_free(name);
    }
}

/* Names in the links' properties what the options name. */
static void set_links(const QmpClass *klass, void *props, const BlockdevOptions *options,
                      const BlockNode *below)
{
    const BlockdevRef *file = file_of(options);

    if (file) {
        BlockFilterProps *filter = props;

        filter->file.path = below ? object_path(&below->object) : g_strdup(file->u.reference);
    }
    if (klass == &qmp_class_block_throttle) {
        BlockThrottleProps *throttle = props;

        throttle->throttle_group.path = g_strdup(options->u.throttle.throttle_group.path);
    }
}

BlockNode *block_node_new(Object *root, const BlockdevOptions *options, BlockNode *below,
                          GError **error)
{
    Object *parent = place_folder(root, &qmp_class_block_node);
    const QmpClass *klass = classes[options->driver];
    g_autofree char *name = NULL;
    g_autoptr(Object) obj = NULL;
    BlockNodeProps *props;

    env_lock_assert(root);
    if (!block_check_options(options, error) ||
        (options->node_name && !check_name(options->node_name, error))) {
        return NULL;
    }
    name = options->node_name ? g_strdup(options->node_name) : choose_name(parent);
    props = qmp_new_props(klass);
    qmp_clone(&qmp_type_BlockdevOptions, &props->options, &options);
    g_free(props->options->node_name);
    props->options->node_name = g_strdup(name);
    set_links(klass, props, options, below);
    obj = object_new_with_props(klass, props, NULL);
    to_block_node(obj)->options = props->options;
    if (!object_add_child(parent, name, obj, error)) {
        qmp_error_blame(error, "node-name");
        return NULL;
    }
    if (!object_link(obj, error)) {
        object_destroy(obj);
        return NULL;
    }
    if (below) {
        below->definer = to_block_node(obj);
    }
    return to_block_node(obj);
}

BlockNode *block_node_find(Object *root, const char *name, GError **error)
{
    Object *obj = object_child(place_folder(root, &qmp_class_block_node), name);

    env_lock_assert(root);
    if (!obj || object_life(obj) != OBJECT_COMPLETE) {
        g_autofree char *hint = hint_child(place_folder(root, &qmp_class_block_node), name);

        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "block node '%s' not found%s", name,
                      hint);
        return NULL;
    }
    return to_block_node(obj);
}
