/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing options of nodes in use: see block-reopen.h.
 */
#include "config.h"
#include "hw/block/block-reopen.h"

#include "hw/block/block-limits.h"
#include "hw/block/file.h"
#include "hw/block/front.h"
#include "hw/block/qcow2.h"
#include "qmp/error.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-block.h"

struct BlockReopen {
    Object *root;
    GArray *changes;            /* of BlockChange, inner nodes first */
    guint n_past;               /* whose former backing nodes are not used any more */
    void (*done)(void *data);   /* after the commit */
    void *data;
};

static BlockChange *change_at(const BlockReopen *reopen, guint i)
{
    return &g_array_index(reopen->changes, BlockChange, i);
}

static bool is_file(const BlockNode *node)
{
    return node->options->driver == BLOCKDEV_DRIVER_FILE ||
           node->options->driver == BLOCKDEV_DRIVER_HOST_DEVICE;
}

static bool is_direct(const BlockdevOptions *options)
{
    return options->cache && options->cache->direct;
}

/* ---- Checks ---- */

static bool refuse_use(const BlockNode *node, const char *what, const BlockUser *user,
                       GError **error)
{
    g_autofree char *path = user->object ? object_path(user->object)
                                         : g_strdup_printf("job %s", user->job);

    qmp_error_set_at(error, "options", ERROR_REASON_IN_USE,
                     "%s of block node '%s' cannot change: '%s' uses it", what,
                     node->object.name, path);
    return false;
}

static BlockNode *node_of(const BlockUser *user)
{
    return user->object ? object_dynamic_cast(user->object, &qmp_class_block_node) : NULL;
}

/* Whoever writes to a node is asked first; no others may read what begins to be written. */
static bool check_access(const BlockReopen *reopen, const BlockChange *change, GError **error)
{
    for (guint i = 0; i < change->node->users->len; i++) {
        const BlockUser *user = change->node->users->pdata[i];
        const BlockNode *above = node_of(user);
        const BlockChange *other = above ? block_reopen_find(reopen->changes, above) : NULL;
        bool writes = !above || (above->backing != change->node &&
                                 !(other ? other->read_only : above->read_only));

        if (change->read_only ? writes : user->share) {
            return refuse_use(change->node, "'read-only'", user, error);
        }
    }
    return true;
}

/* Requests are made as the page cache, or its absence, needs them. */
static bool check_direct(const BlockNode *node, GError **error)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        const BlockNode *above = node_of(user);

        if (!above || above->driver->format) {
            return refuse_use(node, "'cache.direct'", user, error);
        }
        if (!check_direct(above, error)) {
            return false;
        }
    }
    return true;
}

/* Only requests of disks are waited for: an image above may read its own tables at any time, and
 * reads its backing node while it is resized. */
static bool check_backing_users(const BlockNode *node, GError **error)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        const BlockNode *above = node_of(user);
        bool tables = above && above->driver->format && above->backing != node;

        if (!user->object || tables || (above && above->resizing)) {
            return refuse_use(node, "'backing'", user, error);
        }
        if (above && !check_backing_users(above, error)) {
            return false;
        }
    }
    return true;
}

static bool check_change(const BlockReopen *reopen, const BlockChange *change, GError **error)
{
    const BlockNode *node = change->node;

    if (node->resizing) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "block node '%s' is being resized",
                      node->object.name);
        return false;
    }
    if (change->read_only != node->read_only && !check_access(reopen, change, error)) {
        return false;
    }
    if (is_file(node) && is_direct(change->options) != is_direct(node->options) &&
        !check_direct(node, error)) {
        return false;
    }
    return !change->sets_backing || check_backing_users(node, error);
}

/* A backing node is in use from now on. */
static bool use_backing(const BlockReopen *reopen, BlockChange *change, GError **error)
{
    const BlockChange *other = change->backing
        ? block_reopen_find(reopen->changes, change->backing) : NULL;
    const BlockUser user = {
        .object = &change->node->object,
        .share = other ? other->read_only : change->backing && change->backing->read_only,
        .reopen = reopen->changes,
    };

    if (change->backing && !block_node_use(change->backing, &user, error)) {
        return qmp_error_blame(error, "backing");
    }
    change->uses_backing = change->backing != NULL;
    return true;
}

/* ---- Planning ---- */

static bool plan_one(BlockReopen *reopen, const BlockdevOptions *options, GError **error)
{
    BlockdevOptions *copy = NULL;
    BlockNode *node;

    if (!options->node_name) {
        qmp_error_set_at(error, "node-name", ERROR_REASON_PROPERTY_MISSING,
                         "'node-name' is missing");
        return false;
    }
    node = block_node_find(reopen->root, options->node_name, error);
    if (!node) {
        return qmp_error_blame(error, "node-name");
    }
    qmp_clone(&qmp_type_BlockdevOptions, &copy, &options);
    return block_reopen_plan(reopen->changes, node, copy, error);
}

static bool check_all(const BlockReopen *reopen, GError **error)
{
    for (guint i = 0; i < reopen->changes->len; i++) {
        if (!check_change(reopen, change_at(reopen, i), error) ||
            !use_backing(reopen, change_at(reopen, i), error)) {
            return false;
        }
    }
    return true;
}

BlockReopen *block_reopen_new(Object *root, const BlockdevOptionsList *options, GError **error)
{
    BlockReopen *reopen = g_new0(BlockReopen, 1);

    reopen->root = root;
    reopen->changes = g_array_new(false, true, sizeof(BlockChange));
    for (gsize i = 0; i < options->n; i++) {
        if (!plan_one(reopen, options->items[i], error)) {
            g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

            qmp_error_blame(error, "node-name");
            qmp_error_prefix_path(error ? *error : NULL, index);
            qmp_error_prefix_path(error ? *error : NULL, "options");
            block_reopen_free(reopen);
            return NULL;
        }
    }
    if (!check_all(reopen, error)) {
        qmp_error_blame(error, "options");
        block_reopen_free(reopen);
        return NULL;
    }
    return reopen;
}

void block_reopen_free(BlockReopen *reopen)
{
    for (guint i = 0; i < reopen->changes->len; i++) {
        BlockChange *change = change_at(reopen, i);

        change->node->reopening = NULL;
        if (change->uses_backing) {
            block_node_unuse(change->backing, &change->node->object);
        }
        qmp_clear(&qmp_type_BlockdevOptions, &change->options);
    }
    g_array_unref(reopen->changes);
    g_free(reopen);
}

/* ---- Files and images ---- */

/* What a step does: images stop writing, files change, images begin to write. */
typedef enum { STOP_WRITING, CHANGE_FILE, BEGIN_WRITING, N_STEPS } Step;

static bool run_step(BlockChange *change, Step step, GError **error)
{
    BlockNode *node = change->node;

    if (step == CHANGE_FILE && is_file(node)) {
        change->done = true;
        return block_file_reopen(node, change->options, change->read_only, &change->old_fd, error);
    }
    if (!node->driver->format || step == CHANGE_FILE ||
        change->read_only != (step == STOP_WRITING)) {
        return true;
    }
    change->done = true;
    return qcow2_reopen(node, change->options, change->read_only, error);
}

/* Puts back what was changed, last first. */
static void undo(BlockReopen *reopen)
{
    for (guint i = reopen->changes->len; i-- > 0;) {
        if (is_file(change_at(reopen, i)->node)) {
            block_file_reopen_undo(change_at(reopen, i)->node, &change_at(reopen, i)->old_fd);
        }
    }
    for (guint i = 0; i < reopen->changes->len; i++) {
        BlockChange *change = change_at(reopen, i);

        if (change->done && change->node->driver->format) {
            qcow2_reopen(change->node, change->node->options, change->was_read_only, NULL);
        }
    }
}

bool block_reopen_prepare(BlockReopen *reopen, GError **error)
{
    for (guint step = 0; step < N_STEPS; step++) {
        for (guint i = 0; i < reopen->changes->len; i++) {
            if (!run_step(change_at(reopen, i), step, error)) {
                /* What it names is not an argument of this request. */
                qmp_error_replace_path(error ? *error : NULL, "options");
                undo(reopen);
                return false;
            }
        }
    }
    for (guint i = 0; i < reopen->changes->len; i++) {
        BlockChange *change = change_at(reopen, i);

        block_file_reopen_done(change->node, &change->old_fd);
        if (change->sets_backing) {
            qcow2_set_backing(change->node, change->backing);
        }
    }
    return true;
}

/* ---- The rest ---- */

static void warn_of(const BlockNode *node, GError *error)
{
    g_warning("block node '%s': %s", node->object.name, error->message);
    g_error_free(error);
}

static void set_link(BlockNode *node, const char *name, const char *path)
{
    const QmpInput input = { .ops = &qmp_value_input, .allow_internal = true };
    g_autoptr(QmpValue) value = qmp_value_str(path ? path : "");
    GError *error = NULL;

    if (!object_property_set(&node->object, name, &input, value, &error)) {
        warn_of(node, error);
    }
}

/* Takes options.  Limits that are not mentioned stay: QEMU's clients do not know that they are the
 * node's. */
static void set_options(BlockNode *node, BlockdevOptions *options)
{
    g_autofree char *limits = g_strdup(options->io_limits.path);
    GError *error = NULL;

    if (!limits) {
        options->io_limits.path = g_strdup(block_node_props(node)->io_limits.path);
    }
    block_node_set_options(node, options);
    if (limits && !block_limits_set(node, limits, &error)) {
        warn_of(node, error);
    }
}

/* No request is on its way to the old node. */
static void set_backing(BlockChange *change)
{
    BlockNode *node = change->node, *old = node->backing;

    change->uses_backing = false;
    if (change->backing) {
        object_ref(change->backing);
    }
    node->backing = change->backing;
    set_link(node, "backing", change->backing ? change->backing->object.name : NULL);
    if (old) {
        block_node_unuse(old, &node->object);
        object_unref(old);
    }
}

/* Filters above a file need what it needs. */
static void pass_alignment(BlockNode *node)
{
    for (guint i = 0; i < node->users->len; i++) {
        BlockNode *above = node_of(node->users->pdata[i]);

        if (above && !above->driver->format) {
            above->alignment = node->alignment;
            above->memory_alignment = node->memory_alignment;
            pass_alignment(above);
        }
    }
}

static void commit_all(BlockReopen *reopen)
{
    for (guint i = 0; i < reopen->changes->len; i++) {
        BlockChange *change = change_at(reopen, i);
        BlockNode *node = change->node;
        g_autofree char *group = node->options->driver == BLOCKDEV_DRIVER_THROTTLE
            ? g_strdup(change->options->u.throttle.throttle_group.path) : NULL;

        node->read_only = change->read_only;
        set_options(node, g_steal_pointer(&change->options));
        if (group) {
            set_link(node, "throttle-group", group);
        }
        if (change->sets_backing) {
            set_backing(change);
        }
        if (is_file(node)) {
            block_file_options_changed(node);
            pass_alignment(node);
        }
    }
}

/* The images send no more requests to their former backing nodes. */
static void commit_when_past(void *opaque)
{
    BlockReopen *reopen = opaque;

    while (reopen->n_past < reopen->changes->len) {
        BlockChange *change = change_at(reopen, reopen->n_past++);

        if (change->sets_backing) {
            block_fronts_when_past(change->node, commit_when_past, reopen);
            return;
        }
    }
    commit_all(reopen);
    reopen->done(reopen->data);
}

void block_reopen_commit(BlockReopen *reopen, void (*done)(void *data), void *data)
{
    reopen->done = done;
    reopen->data = data;
    commit_when_past(reopen);
}
