/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes `block-node` and `block-filter`: what all nodes have in common, and
 * their users.  How they are made from options is in block-new.c, how requests
 * pass in block-request.c.
 */
#include "config.h"
#include "hw/block/block.h"

#include "hw/block/block-limits.h"
#include "hw/block/block-types.h"
#include "hw/block/front.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/checks.h"
#include "qom/env.h"
#include "qom/qapi-objects-block.h"

/* ---- Nodes below ---- */

BlockNode *block_node_below(const BlockNode *node, BlockSlot slot)
{
    BlockNode *const below[N_BLOCK_SLOTS] = {
        [BLOCK_FILE] = node->file, [BLOCK_BACKING] = node->backing,
        [BLOCK_DATA_FILE] = node->data_file,
    };

    return below[slot];
}

BlockNode *block_node_lowest(BlockNode *node)
{
    while (node->file && !node->driver->format) {
        node = node->file;
    }
    return node;
}

bool block_node_is_below(const BlockNode *above, const BlockNode *node)
{
    if (above == node) {
        return true;
    }
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        const BlockNode *below = block_node_below(above, slot);

        if (below && block_node_is_below(below, node)) {
            return true;
        }
    }
    return false;
}

/* Whoever begins to use a node that is being reopened might not notice what changes below it. */
static bool check_reopening(const BlockNode *node, const void *own, GError **error)
{
    if (node->reopening && node->reopening != own) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is being reopened",
                      node->object.name);
        return false;
    }
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        const BlockNode *below = block_node_below(node, slot);

        if (below && !check_reopening(below, own, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Users ---- */

static char *describe_user(const BlockUser *user)
{
    return user->object ? object_path(user->object) : g_strdup_printf("job %s", user->job);
}

/* The node above that a user is, or NULL. */
static BlockNode *node_above(const BlockUser *user)
{
    return user->object ? object_dynamic_cast(user->object, &qmp_class_block_node) : NULL;
}

static bool check_users(BlockNode *node, const BlockUser *user, GError **error)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *other = node->users->pdata[i];

        if (!other->share || !user->share) {
            g_autofree char *what = describe_user(other);

            qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is in use by '%s'",
                          node->object.name, what);
            return false;
        }
    }
    return true;
}

bool block_node_use(BlockNode *node, const BlockUser *user, GError **error)
{
    env_lock_assert(&node->object);
    if (!check_reopening(node, user->reopen, error) || !check_users(node, user, error)) {
        return false;
    }
    g_ptr_array_add(node->users, g_memdup2(user, sizeof(*user)));
    return true;
}

void block_node_unuse(BlockNode *node, Object *object)
{
    env_lock_assert(&node->object);
    for (guint i = 0; i < node->users->len; i++) {
        if (((BlockUser *)node->users->pdata[i])->object == object) {
            g_ptr_array_remove_index(node->users, i);
            return;
        }
    }
}

void block_node_unuse_job(BlockNode *node, const char *job)
{
    env_lock_assert(&node->object);
    for (guint i = 0; i < node->users->len; i++) {
        if (!g_strcmp0(((BlockUser *)node->users->pdata[i])->job, job)) {
            g_ptr_array_remove_index(node->users, i);
            return;
        }
    }
}

/* ---- Descriptions ---- */

guint64 block_node_size(const BlockNode *node)
{
    return __atomic_load_n(&node->size, __ATOMIC_RELAXED);
}

bool block_node_is_changed(const BlockNode *node)
{
    return __atomic_load_n(&node->highest_write, __ATOMIC_RELAXED) ||
           __atomic_load_n(&node->resized, __ATOMIC_RELAXED);
}

const char *block_node_name(const BlockNode *node)
{
    return node->object.name;
}

bool block_node_direct(const BlockNode *node)
{
    const BlockdevCacheOptions *cache = node->options->cache;

    return cache && cache->direct;
}

bool block_node_no_flush(const BlockNode *node)
{
    const BlockdevCacheOptions *cache = node->options->cache;

    return cache && cache->no_flush;
}

char *block_node_filename(const BlockNode *node)
{
    const BlockdevOptions *options = node->made_with;

    switch (options->driver) {
    case BLOCKDEV_DRIVER_FILE:
    case BLOCKDEV_DRIVER_HOST_DEVICE:
        return g_strdup(options->u.file.filename);
    case BLOCKDEV_DRIVER_NULL_CO:
        return g_strdup("null-co://");
    default:
        return block_node_filename(node->file);
    }
}

gint64 block_node_actual_size(BlockNode *node)
{
    if (node->driver->actual_size) {
        return node->driver->actual_size(node);
    }
    return node->file ? block_node_actual_size(node->file) : -1;
}

bool block_node_needs_io(BlockNode *node)
{
    if (node->driver->needs_io) {
        return node->driver->needs_io(node);
    }
    return node->file && block_node_needs_io(node->file);
}

/* ---- Size ---- */

/* Nodes above update their size; users are notified if requested. */
static void size_changed(BlockNode *node, bool tell)
{
    if (node->file && !node->driver->format) {
        node->driver->open(node, NULL);
    }
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        BlockNode *above = node_above(user);

        if (above) {
            if (!above->driver->format) {
                size_changed(above, tell);
            }
        } else if (tell && user->resized) {
            user->resized(user->opaque);
        }
    }
}

/* The file of an image has the size that the image gives it. */
static bool check_above(BlockNode *node, GError **error)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        BlockNode *above = node_above(user);

        if (above && above->driver->format) {
            qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' belongs to the image '%s'",
                          node->object.name, above->object.name);
            return false;
        }
        if (above && !check_above(above, error)) {
            return false;
        }
    }
    return true;
}

BlockNode *block_resize_begin(BlockNode *node, guint64 size, GError **error)
{
    main_thread_assert();
    env_lock_assert(&node->object);
    while (!node->driver->can_resize || node->driver->can_resize(node, error)) {
        if (node->file && !node->driver->format) {
            node = node->file;
            continue;
        }
        if (!node->driver->resize) {
            qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                          "a block node of driver '%s' cannot be resized",
                          qmp_enum_name(&qmp_type_BlockdevDriver, node->options->driver));
            return NULL;
        }
        if (!check_above(node, error)) {
            return NULL;
        }
        if (node->resizing) {
            qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is being resized",
                          node->object.name);
            return NULL;
        }
        if (!check_reopening(node, NULL, error)) {
            return NULL;
        }
        node->resizing = true;
        if (size < block_node_size(node) &&
            node->options->driver != BLOCKDEV_DRIVER_HOST_DEVICE) {
            __atomic_store_n(&node->size, size, __ATOMIC_RELAXED);
            size_changed(node, false);
        }
        return node;
    }
    return NULL;
}

bool block_resize(BlockNode *lowest, guint64 size, GError **error)
{
    return lowest->driver->resize(lowest, size, error);
}

void block_resize_end(BlockNode *lowest)
{
    lowest->resizing = false;
    if (lowest->data_file) {
        size_changed(block_node_lowest(lowest->data_file), false);
    }
    size_changed(lowest, true);
}

/* ---- Options ---- */

static void clear_options(const BlockdevOptions *options)
{
    qmp_clear(&qmp_type_BlockdevOptions, &options);
}

static void take_options(BlockNode *node, const BlockdevOptions *options)
{
    node->options = options;
    g_atomic_int_set(&node->detect_zeroes, options->detect_zeroes);
    g_atomic_int_set(&node->discards, options->has_discard &&
                     options->discard == BLOCKDEV_DISCARD_OPTIONS_UNMAP);
}

void block_node_set_options(BlockNode *node, BlockdevOptions *options)
{
    BlockNodeProps *props = block_node_props(node);

    if (props->options != node->made_with) {
        clear_options(props->options);
    }
    props->options = options;
    take_options(node, options);
}

/* ---- Creation and end ---- */

static void node_init(Object *obj)
{
    BlockNode *node = to_block_node(obj);

    node->driver = object_kind(obj);
    node->alignment = node->memory_alignment = 1;
    node->users = g_ptr_array_new_with_free_func(g_free);
    throttle_point_init(&node->limits);
}

/* The nodes below are released only now: a format needs them until it is closed, and so do nodes
 * between it and its file. */
static void node_finalize(Object *obj)
{
    BlockNode *node = to_block_node(obj);

    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        BlockNode *below = block_node_below(node, slot);

        if (below) {
            block_node_unuse(below, obj);
            object_unref(below);
        }
    }
    g_ptr_array_unref(node->users);
    throttle_point_clear(&node->limits);
    if (node->made_with != node->options) {
        clear_options(node->made_with);
    }
}

static bool node_prepare(Object *obj, GError **error)
{
    BlockNode *node = to_block_node(obj);

    node->made_with = block_node_props(obj)->options;
    take_options(node, node->made_with);
    if (qmp_class_is_a(object_class(obj), &qmp_class_block_filter)) {
        return true;
    }
    return !node->driver->open || node->driver->open(node, error);
}

static void node_release(Object *obj)
{
    BlockNode *node = to_block_node(obj);

    if ((!node->file || node->driver->format) && node->driver->close) {
        node->driver->close(node);
    }
}

/* A user that is being closed, or a job; users that link to the node are checked elsewhere.  What
 * it is defined in goes with it. */
static bool check_unused(const BlockNode *node, GError **error)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        const BlockNode *above = node_above(user);
        g_autofree char *what = NULL;

        if (!above || above != node->definer) {
            what = describe_user(user);
            qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is in use by '%s'",
                          node->object.name, what);
            return false;
        }
    }
    return true;
}

/* What is defined within a node goes with it, and may have no other holder. */
static bool inner_may_delete(BlockNode *node, GError **error)
{
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        BlockNode *below = block_node_below(node, slot);

        if (below && below->definer == node &&
            !object_may_delete_with(&below->object, &node->object, error)) {
            return false;
        }
    }
    return true;
}

static bool node_may_delete(Object *obj, GError **error)
{
    BlockNode *node = to_block_node(obj);

    if (!check_unused(node, error) || !inner_may_delete(node, error)) {
        return false;
    }
    if (node->reopening) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is being reopened",
                      node->object.name);
        return false;
    }
    while (node->file && !node->driver->format) {
        node = node->file;
    }
    if (node->resizing) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is being resized",
                      node->object.name);
    }
    return !node->resizing;
}

/* ---- Limits ---- */

static void set_limits(BlockNode *node)
{
    throttle_point_set(&node->limits, block_node_props(node)->io_limits.target);
}

static bool node_complete(Object *obj, GError **error)
{
    set_limits(to_block_node(obj));
    return true;
}

static bool node_changed(Object *obj, const QmpMember *member, GError **error)
{
    BlockNodeProps *props = block_node_props(obj);

    if (member == qmp_class_member(object_class(obj), "io-limits")) {
        g_free(props->options->io_limits.path);
        props->options->io_limits.path = g_strdup(props->io_limits.path);
        set_limits(to_block_node(obj));
    }
    return true;
}

static void node_dismantle(Object *obj)
{
    block_limits_end(to_block_node(obj));
}

static void node_refresh(Object *obj, const QmpMember *member)
{
    const BlockNode *node = to_block_node(obj);
    BlockNodeProps *props = block_node_props(obj);

    props->size = block_node_size(node);
    props->ro = node->read_only;
}

static bool node_may_link(Object *obj, const Object *holder, GError **error)
{
    const BlockNode *node = to_block_node(obj);

    return (node->definer && holder == &node->definer->object) ||
           block_node_check_claim(node, error);
}

const TypeInfo block_node_type = {
    .schema = &qmp_class_block_node,
    .size = sizeof(BlockNode),
    .object = &(const ObjectOps){
        .init = node_init,
        .prepare = node_prepare,
        .complete = node_complete,
        .changed = node_changed,
        .dismantle = node_dismantle,
        .release = node_release,
        .may_delete = node_may_delete,
        .may_link = node_may_link,
        .refresh = node_refresh,
        .finalize = node_finalize,
    },
};

/* ---- Filters ---- */

/* Opens here, since the node below may be accessed only with the machine lock. */
static bool filter_complete(Object *obj, GError **error)
{
    BlockNode *node = to_block_node(obj);
    BlockNode *below = block_filter_props(obj)->file.target;
    const BlockUser user = { .object = obj };

    if (!block_node_use(below, &user, error)) {
        return false;
    }
    node->file = below;
    node->alignment = below->alignment;
    node->memory_alignment = below->memory_alignment;
    node->read_only = below->read_only || node->options->read_only;
    if (!node->driver->open(node, error)) {
        node->file = NULL;
        block_node_unuse(below, obj);
        return false;
    }
    if (below->read_only && !node->options->read_only && !node->options->auto_read_only) {
        qmp_error_set_at(error, "read-only", ERROR_REASON_INVALID_VALUE,
                         "block node '%s' is read-only: say "
                         "'read-only' or 'auto-read-only' here, too", below->object.name);
        node->file = NULL;
        block_node_unuse(below, obj);
        return false;
    }
    object_ref(below);
    return true;
}

const TypeInfo block_filter_type = {
    .schema = &qmp_class_block_filter,
    .object = &(const ObjectOps){
        .complete = filter_complete,
    },
};
