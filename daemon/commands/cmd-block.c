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
#include "qmp/qapi-types-block.h"
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

/* Puts down node and what was defined within it, outermost first. */
static void list_nodes(GPtrArray *nodes, BlockNode *node)
{
    g_ptr_array_add(nodes, object_ref(node));
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        BlockNode *below = block_node_below(node, slot);

        if (below && below->definer == node) {
            list_nodes(nodes, below);
        }
    }
}

/* Removes nodes, outermost first, and frees the array of references to them; takes ownership
 * of error. */
static void remove_nodes(Vmd *vmd, QmpRequest *req, GPtrArray *nodes, GError *error)
{
    Removal *removal = g_new(Removal, 1);
    bool flushes = false;

    *removal = (Removal){ .req = req, .error = error, .nodes = nodes };
    for (guint i = 0; i < nodes->len; i++) {
        flushes |= block_node_is_changed(nodes->pdata[i]);
        object_dismantle(nodes->pdata[i]);
    }
    pool_run(vmd->pool, flushes ? POOL_FLUSH : POOL_RELEASE, remove_release, remove_finish,
             removal);
}

void qmp_blockdev_del(QmpRequest *req, BlockdevDelArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *nodes;
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
    nodes = g_ptr_array_new_with_free_func(object_unref);
    list_nodes(nodes, node);
    remove_nodes(vmd, req, nodes, NULL);
}

/* ---- Adding ---- */

/* One of the nodes that a request defines. */
typedef struct {
    BlockdevOptions *options;
    guint outer;                /* index of what it is defined within, and where */
    BlockSlot slot;
    BlockNode *made;            /* NULL: not yet */
} Definition;

/* Definitions, each before those within it; they are made from the last to the first. */
typedef struct {
    Vmd *vmd;
    QmpRequest *req;
    GArray *definitions;
    guint left;                 /* how many have not been made */
    BlockNode *node;            /* being made, held */
    GError *error;
} Addition;

static void clear_definition(gpointer data)
{
    qmp_clear(&qmp_type_BlockdevOptions, &((Definition *)data)->options);
}

static void addition_free(Addition *addition)
{
    g_array_unref(addition->definitions);
    g_free(addition);
}

static Definition *definition_at(const Addition *addition, guint i)
{
    return &g_array_index(addition->definitions, Definition, i);
}

/* The error's path is from the outermost definition. */
static void prefix_definition(Addition *addition)
{
    guint i = addition->left - 1;

    while (i && qmp_error_path(addition->error)) {
        qmp_error_prefix_path(addition->error, block_slot_name(definition_at(addition, i)->slot));
        i = definition_at(addition, i)->outer;
    }
}

/* Removes the nodes made so far. */
static void add_failed(Addition *addition)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func(object_unref);

    prefix_definition(addition);
    for (guint i = addition->left; i < addition->definitions->len; i++) {
        BlockNode *made = definition_at(addition, i)->made;

        made->definer = NULL;
        g_ptr_array_add(nodes, object_ref(made));
    }
    if (nodes->len) {
        remove_nodes(addition->vmd, addition->req, nodes, addition->error);
    } else {
        g_ptr_array_unref(nodes);
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
        pool_run(addition->vmd->pool, POOL_RELEASE, release_work, add_released, addition);
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
    definition_at(addition, --addition->left)->made = addition->node;
    add_next(addition);
}

/* The nodes made so far that stand within the next one. */
static void find_below(const Addition *addition, BlockNode *below[N_BLOCK_SLOTS])
{
    for (guint i = addition->left; i < addition->definitions->len; i++) {
        const Definition *definition = definition_at(addition, i);

        if (definition->outer == addition->left - 1) {
            below[definition->slot] = definition->made;
        }
    }
}

static void add_next(Addition *addition)
{
    BlockNode *below[N_BLOCK_SLOTS] = { NULL };

    if (!addition->left) {
        qmp_request_return(addition->req, NULL);
        addition_free(addition);
        return;
    }
    find_below(addition, below);
    addition->node = block_node_new(addition->vmd->root,
                                    definition_at(addition, addition->left - 1)->options, below,
                                    &addition->error);
    if (!addition->node) {
        add_failed(addition);
        return;
    }
    object_ref(addition->node);
    pool_run(addition->vmd->pool, POOL_REQUEST, add_work, add_finish, addition);
}

/* Takes options over, and copies what is defined within them. */
static void list_definitions(GArray *list, BlockdevOptions *options, guint outer, BlockSlot slot)
{
    const Definition definition = { .options = options, .outer = outer, .slot = slot };
    guint i = list->len;

    g_array_append_val(list, definition);
    for (guint at = 0; at < N_BLOCK_SLOTS; at++) {
        const BlockdevOptions *inner = block_definition(options, at);

        if (inner) {
            list_definitions(list, block_inherit(options, inner, at), i, at);
        }
    }
}

void qmp_blockdev_add(QmpRequest *req, BlockdevOptions *args)
{
    Addition *addition;
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
    addition->definitions = g_array_new(false, true, sizeof(Definition));
    g_array_set_clear_func(addition->definitions, clear_definition);
    qmp_clone(&qmp_type_BlockdevOptions, &options, &args);
    list_definitions(addition->definitions, options, G_MAXUINT, BLOCK_FILE);
    addition->left = addition->definitions->len;
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
