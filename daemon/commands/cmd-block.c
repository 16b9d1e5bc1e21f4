/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev-add, blockdev-del and block_resize, for block nodes below
 * /block-nodes and the nodes defined within them; and the queries about them.
 */
#include "config.h"

#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block-query.h"
#include "hw/block/block.h"
#include "hw/block/front.h"
#include "qmp/error.h"
#include "qmp/visit.h"

/* ---- Removing ---- */

/* Nodes of one definition, outermost first. */
typedef struct {
    QmpRequest *req;
    GPtrArray *nodes;           /* of BlockNode, held */
    GError *error;              /* result of the request, or NULL */
} Removal;

static void remove_release(void *data)
{
    const Removal *removal = data;

    for (guint i = 0; i < removal->nodes->len; i++) {
        object_release(removal->nodes->pdata[i]);
    }
}

static void remove_finish(void *data)
{
    Removal *removal = data;

    for (guint i = 0; i < removal->nodes->len; i++) {
        object_destroy(removal->nodes->pdata[i]);
    }
    if (removal->error) {
        qmp_request_fail(removal->req, removal->error);
    } else {
        qmp_request_return(removal->req, NULL);
    }
    g_ptr_array_unref(removal->nodes);
    g_free(removal);
}

/* The node below, if it was defined within this one. */
static BlockNode *defined_below(BlockNode *node)
{
    return node->file && node->file->definer == node ? node->file : NULL;
}

/* Removes node and the nodes defined within it; takes ownership of error. */
static void remove_nodes(Vmd *vmd, QmpRequest *req, BlockNode *node, GError *error)
{
    Removal *removal = g_new(Removal, 1);

    *removal = (Removal){ .req = req, .error = error,
                          .nodes = g_ptr_array_new_with_free_func(object_unref) };
    while (node) {
        BlockNode *below = defined_below(node);

        g_ptr_array_add(removal->nodes, object_ref(node));
        object_dismantle(&node->object);
        node = below;
    }
    pool_run(vmd->pool, POOL_FLUSH, remove_release, remove_finish, removal);
}

void qmp_blockdev_del(QmpRequest *req, BlockdevDelArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    BlockNode *node = block_node_find(vmd->root, args->node_name, &error);

    if (node && node->definer) {
        qmp_error_set_at(&error, "node-name", ERROR_REASON_IN_USE,
                         "block node '%s' is removed with '%s', in which it was defined",
                         args->node_name, block_node_name(node->definer));
        node = NULL;
    }
    if (!node || !object_may_delete(&node->object, &error)) {
        qmp_error_blame(&error, "node-name");
        qmp_request_fail(req, error);
        return;
    }
    remove_nodes(vmd, req, node, NULL);
}

/* ---- Adding ---- */

/* A chain of definitions, made innermost first. */
typedef struct {
    Vmd *vmd;
    QmpRequest *req;
    GPtrArray *options;         /* of BlockdevOptions, outermost first */
    BlockNode *node;            /* being made, held */
    BlockNode *below;           /* made last; NULL: none yet */
    GError *error;
} Addition;

static void free_options(gpointer data)
{
    qmp_clear(&qmp_type_BlockdevOptions, &data);
}

static void addition_free(Addition *addition)
{
    g_ptr_array_unref(addition->options);
    g_free(addition);
}

/* The definition within the outermost one is its `file`, and so on. */
static void prefix_definition(Addition *addition)
{
    for (guint i = 1; i < addition->options->len && qmp_error_path(addition->error); i++) {
        qmp_error_prefix_path(addition->error, "file");
    }
}

/* Removes the nodes made so far. */
static void add_failed(Addition *addition)
{
    prefix_definition(addition);
    if (addition->below) {
        addition->below->definer = NULL;
        remove_nodes(addition->vmd, addition->req, addition->below, addition->error);
    } else {
        qmp_request_fail(addition->req, addition->error);
    }
    addition_free(addition);
}

static void add_next(Addition *addition);

static void add_work(void *data)
{
    Addition *addition = data;

    object_prepare(&addition->node->object, &addition->error);
}

static void release_work(void *data)
{
    object_release(&((Addition *)data)->node->object);
}

static void add_released(void *data)
{
    Addition *addition = data;

    object_destroy(&addition->node->object);
    object_unref(addition->node);
    add_failed(addition);
}

/* Closes the opened files where that may block. */
static void add_release(Addition *addition)
{
    Object *obj = &addition->node->object;

    object_dismantle(obj);
    if (object_life(obj) == OBJECT_PREPARED) {
        pool_run(addition->vmd->pool, POOL_REQUEST, release_work, add_released, addition);
    } else {
        add_released(addition);
    }
}

static void add_finish(void *data)
{
    Addition *addition = data;

    if (addition->error || qmp_request_is_cancelled(addition->req, &addition->error) ||
        !object_complete(&addition->node->object, &addition->error)) {
        add_release(addition);
        return;
    }
    object_unref(addition->node);
    addition->below = addition->node;
    g_ptr_array_remove_index(addition->options, addition->options->len - 1);
    add_next(addition);
}

static void add_next(Addition *addition)
{
    guint n = addition->options->len;

    if (!n) {
        qmp_request_return(addition->req, NULL);
        addition_free(addition);
        return;
    }
    addition->node = block_node_new(addition->vmd->root, addition->options->pdata[n - 1],
                                    addition->below, &addition->error);
    if (!addition->node) {
        add_failed(addition);
        return;
    }
    object_ref(addition->node);
    pool_run(addition->vmd->pool, POOL_REQUEST, add_work, add_finish, addition);
}

void qmp_blockdev_add(QmpRequest *req, BlockdevOptions *args)
{
    Addition *addition;
    const BlockdevOptions *inner;
    BlockdevOptions *options = NULL;
    GError *error = NULL;

    if (!creation_check_room(qmp_request_context(req), &error) ||
        !block_check_options(args, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    addition = g_new0(Addition, 1);
    addition->vmd = qmp_request_context(req);
    addition->req = req;
    addition->options = g_ptr_array_new_with_free_func(free_options);
    qmp_clone(&qmp_type_BlockdevOptions, &options, &args);
    g_ptr_array_add(addition->options, options);
    while ((inner = block_definition(options))) {
        options = block_inherit(options, inner);
        g_ptr_array_add(addition->options, options);
    }
    add_next(addition);
}

/* ---- block_resize ---- */

typedef struct {
    QmpRequest *req;
    BlockNode *lowest;          /* kept while it is being resized */
    guint64 size;
    GError *error;
} Resize;

static void resize_work(void *data)
{
    Resize *resize = data;

    block_resize(resize->lowest, resize->size, &resize->error);
}

static void resize_finish(void *data)
{
    Resize *resize = data;

    block_resize_end(resize->lowest);
    if (resize->error) {
        qmp_error_blame(&resize->error, "size");
        qmp_request_fail(resize->req, resize->error);
    } else {
        qmp_request_return(resize->req, NULL);
    }
    g_free(resize);
}

typedef struct {
    const char *device;
    BlockNode *node;
} Search;

static void match_device(BlockFront *front, void *data)
{
    Search *search = data;

    if (g_strcmp0(device_id(device_whole(front->dev)), search->device) == 0) {
        search->node = front->config.node;
    }
}

/* QEMU's clients pass the id of a -drive as `device`, which is the name of its node here. */
static BlockNode *find_node(Vmd *vmd, const BlockResizeArgs *args, GError **error)
{
    Search search = { .device = args->device };

    if (!args->device == !args->node_name) {
        qmp_error_set_at(error, "device", ERROR_REASON_PROPERTY_MISSING,
                         "one of 'device' and 'node-name' is needed");
        return NULL;
    }
    if (args->node_name) {
        BlockNode *node = block_node_find(vmd->root, args->node_name, error);

        if (!node) {
            qmp_error_blame(error, "node-name");
        }
        return node;
    }
    search.node = block_node_find(vmd->root, args->device, NULL);
    if (!search.node) {
        block_front_foreach(vmd->root, match_device, &search);
    }
    if (!search.node) {
        qmp_error_set_at(error, "device", ERROR_REASON_DEVICE_NOT_FOUND,
                         "there is no drive and no disk '%s'", args->device);
    }
    return search.node;
}

/* Requests that were checked against the old size must not run after an image
 * has shrunk: they would extend it again. */
static void drain_front(BlockFront *front, void *data)
{
    block_front_drain(front);
}

void qmp_block_resize(QmpRequest *req, BlockResizeArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    BlockNode *node = find_node(vmd, args, &error);
    BlockNode *lowest = node ? block_resize_begin(node, args->size, &error) : NULL;
    Resize *resize;

    if (!lowest) {
        qmp_error_blame(&error, args->node_name ? "node-name" : "device");
        qmp_request_fail(req, error);
        return;
    }
    block_front_foreach(vmd->root, drain_front, NULL);
    resize = g_new(Resize, 1);
    *resize = (Resize){ .req = req, .lowest = lowest, .size = args->size };
    pool_run(vmd->pool, POOL_REQUEST, resize_work, resize_finish, resize);
}

/* ---- Queries ---- */

bool qmp_query_named_block_nodes(QmpRequest *req, QueryNamedBlockNodesArgs *args,
                                 BlockDeviceInfoList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    block_query_nodes(vmd->root, ret);
    return true;
}

bool qmp_query_block(QmpRequest *req, BlockInfoList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    block_query_disks(vmd->root, ret);
    return true;
}

bool qmp_query_blockstats(QmpRequest *req, QueryBlockstatsArgs *args, BlockStatsList *ret,
                          GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    block_query_statistics(vmd->root, args->has_query_nodes && args->query_nodes, ret);
    return true;
}
