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
    [BLOCKDEV_DRIVER_QCOW2] = &qmp_class_block_qcow2,
    [BLOCKDEV_DRIVER_RAW] = &qmp_class_block_raw,
    [BLOCKDEV_DRIVER_THROTTLE] = &qmp_class_block_throttle,
};

G_STATIC_ASSERT(G_N_ELEMENTS(classes) == BLOCKDEV_DRIVER__MAX);

/* ---- Nesting ---- */

typedef struct {
    BlockRefFunc f;
    void *data;
} Visit;

static void visit_ref(const QmpType *type, const void *storage, const char *name, void *data)
{
    const Visit *visit = data;

    if (type == &qmp_type_BlockdevRef) {
        const BlockdevRef *ref = *(BlockdevRef *const *)storage;
        bool definition = ref->type == BLOCKDEV_REF_DEFINITION;

        visit->f(name, definition ? ref->u.definition : NULL,
                 definition ? NULL : ref->u.reference, visit->data);
    } else {
        const BlockdevRefOrNull *ref = *(BlockdevRefOrNull *const *)storage;
        bool definition = ref->type == BLOCKDEV_REF_OR_NULL_DEFINITION;

        if (ref->type != BLOCKDEV_REF_OR_NULL_NULL) {
            visit->f(name, definition ? ref->u.definition : NULL,
                     definition ? NULL : ref->u.reference, visit->data);
        }
    }
}

void block_foreach_ref(const QmpType *type, const void *storage, BlockRefFunc f, void *data)
{
    static const QmpType *const refs[] = {
        &qmp_type_BlockdevRef, &qmp_type_BlockdevRefOrNull, NULL,
    };
    Visit visit = { .f = f, .data = data };

    qmp_foreach_value(type, storage, refs, visit_ref, &visit);
}

static const char *const slot_names[N_BLOCK_SLOTS] = {
    [BLOCK_FILE] = "file", [BLOCK_BACKING] = "backing", [BLOCK_DATA_FILE] = "data-file",
};

const char *block_slot_name(BlockSlot slot)
{
    return slot_names[slot];
}

/* The node that options name for a slot. */
typedef struct {
    const char *slot;
    const BlockdevOptions *definition;
    const char *reference;
} Named;

static void take_named(const char *name, const BlockdevOptions *definition, const char *reference,
                       void *data)
{
    Named *named = data;

    if (!g_strcmp0(name, named->slot)) {
        named->definition = definition;
        named->reference = reference;
    }
}

static Named named_for(const BlockdevOptions *options, BlockSlot slot)
{
    Named named = { .slot = slot_names[slot] };

    block_foreach_ref(&qmp_type_BlockdevOptions, &options, take_named, &named);
    return named;
}

const BlockdevOptions *block_definition(const BlockdevOptions *options, BlockSlot slot)
{
    return named_for(options, slot).definition;
}

const char *block_reference(const BlockdevOptions *options, BlockSlot slot)
{
    return named_for(options, slot).reference;
}

static void copy_ref(BlockdevRef **to, BlockdevRef *from)
{
    qmp_clear(&qmp_type_BlockdevRef, to);
    if (from) {
        qmp_clone(&qmp_type_BlockdevRef, to, &from);
    }
}

void block_copy_ref(BlockdevOptions *options, const BlockdevOptions *from, BlockSlot slot)
{
    switch (options->driver) {
    case BLOCKDEV_DRIVER_RAW:
        copy_ref(&options->u.raw.file, from->u.raw.file);
        break;
    case BLOCKDEV_DRIVER_THROTTLE:
        copy_ref(&options->u.throttle.file, from->u.throttle.file);
        break;
    default:
        if (slot == BLOCK_BACKING) {
            qmp_clear(&qmp_type_BlockdevRefOrNull, &options->u.qcow2.backing);
            qmp_clone(&qmp_type_BlockdevRefOrNull, &options->u.qcow2.backing,
                      &from->u.qcow2.backing);
        } else if (slot == BLOCK_FILE) {
            copy_ref(&options->u.qcow2.file, from->u.qcow2.file);
        } else {
            copy_ref(&options->u.qcow2.data_file, from->u.qcow2.data_file);
        }
        break;
    }
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

static void inherit_access(BlockdevOptions *inner, const BlockdevOptions *outer)
{
    if (!inner->has_read_only) {
        inner->has_read_only = outer->has_read_only;
        inner->read_only = outer->read_only;
        inner->auto_read_only |= outer->auto_read_only;
    }
    if (!inner->has_force_share) {
        inner->has_force_share = outer->has_force_share;
        inner->force_share = outer->force_share;
    }
}

BlockdevOptions *block_inherit(const BlockdevOptions *outer, const BlockdevOptions *inner,
                               BlockSlot slot)
{
    BlockdevOptions *options = NULL;

    qmp_clone(&qmp_type_BlockdevOptions, &options, &inner);
    inherit_cache(options, outer->cache);
    if (!options->has_discard) {
        options->has_discard = true;
        options->discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP;
    }
    if (slot != BLOCK_BACKING) {
        inherit_access(options, outer);
    } else if (!options->has_read_only) {
        /* Nothing is written to a backing node. */
        options->has_read_only = options->read_only = true;
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

/* ---- Links ---- */

/* An unused name, in QEMU's form, which clients cannot give. */
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

char *block_node_new_name(Object *root, const char *user, const char *suffix)
{
    Object *parent = place_folder(root, &qmp_class_block_node);

    env_lock_assert(root);
    for (guint i = 1;; i++) {
        g_autofree char *end = i == 1 ? g_strdup(suffix) : g_strdup_printf("%s%u", suffix, i);
        char *name = g_strdup_printf("%.*s%s", (int)(NAME_MAX_LENGTH - strlen(end)), user, end);

        if (!object_child(parent, name)) {
            return name;
        }
        g_free(name);
    }
}

/* The link of a slot in a class's properties, which has the slot's name; or NULL. */
static QmpLink *link_of(const QmpClass *klass, void *props, BlockSlot slot)
{
    const QmpMember *row = qmp_class_member(klass, slot_names[slot]);

    return row ? (QmpLink *)(void *)((guint8 *)props + row->offset) : NULL;
}

/* Puts the names of nodes in the options into the properties of the links. */
static void set_links(const QmpClass *klass, void *props, const BlockdevOptions *options,
                      BlockNode *const *below)
{
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        Named named = named_for(options, slot);
        QmpLink *link = link_of(klass, props, slot);

        if (named.definition && below && below[slot]) {
            link->path = object_path(&below[slot]->object);
        } else if (named.reference) {
            link->path = g_strdup(named.reference);
        }
    }
    ((BlockNodeProps *)props)->io_limits.path = g_strdup(options->io_limits.path);
    if (klass == &qmp_class_block_throttle) {
        BlockThrottleProps *throttle = props;

        throttle->throttle_group.path = g_strdup(options->u.throttle.throttle_group.path);
    }
}

/* ---- Formats ---- */

/* Backing nodes that are never written may have several users. */
static bool use_below(BlockNode *node, BlockSlot slot, BlockNode *below, GError **error)
{
    const BlockUser user = {
        .object = &node->object, .share = slot == BLOCK_BACKING && below->read_only,
    };

    if (slot != BLOCK_BACKING && below->read_only && !node->options->read_only &&
        !node->options->auto_read_only) {
        qmp_error_set_at(error, "read-only", ERROR_REASON_INVALID_VALUE,
                         "block node '%s' is read-only: say 'read-only' or 'auto-read-only' "
                         "here, too", below->object.name);
        return false;
    }
    if (!block_node_use(below, &user, error)) {
        return qmp_error_blame(error, slot_names[slot]);
    }
    object_ref(below);
    if (slot == BLOCK_FILE) {
        node->file = below;
    } else if (slot == BLOCK_BACKING) {
        node->backing = below;
    } else {
        node->data_file = below;
    }
    return true;
}

/* The nodes below a format are in use before it opens; block-node.c releases them. */
static bool use_all_below(BlockNode *node, GError **error)
{
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        QmpLink *link = link_of(object_class(node), node->object.props, slot);

        if (link && link->target && !use_below(node, slot, link->target, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Creation ---- */

static void define(BlockNode *const *below, BlockNode *node)
{
    for (guint slot = 0; below && slot < N_BLOCK_SLOTS; slot++) {
        if (below[slot]) {
            below[slot]->definer = node;
        }
    }
}

/* Links node, and what is below a format; what the driver needs of the client. */
static bool begin(BlockNode *node, GError **error)
{
    return object_link(&node->object, error) &&
           (!node->driver->format || use_all_below(node, error)) &&
           (!node->driver->begin || node->driver->begin(node, error));
}

BlockNode *block_node_new(Object *root, const BlockdevOptions *options,
                          BlockNode *const below[N_BLOCK_SLOTS], GError **error)
{
    Object *parent = place_folder(root, &qmp_class_block_node);
    const QmpClass *klass = classes[options->driver];
    g_autofree char *name = NULL;
    g_autoptr(Object) obj = NULL;
    BlockNodeProps *props;
    BlockNode *node;

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
    node = to_block_node(obj);
    node->made_with = node->options = props->options;
    if (!object_add_child(parent, name, obj, error)) {
        qmp_error_blame(error, "node-name");
        return NULL;
    }
    define(below, node);
    if (!begin(node, error)) {
        define(below, NULL);
        object_destroy(obj);
        return NULL;
    }
    return node;
}

bool block_node_check_claim(const BlockNode *node, GError **error)
{
    if (node->claimed) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is in use by the command that "
                      "made it", block_node_name(node));
    }
    return !node->claimed;
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
    return block_node_check_claim(to_block_node(obj), error) ? to_block_node(obj) : NULL;
}
