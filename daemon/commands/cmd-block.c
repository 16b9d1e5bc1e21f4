/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev-add, blockdev-del and block_resize, for block nodes below
 * /block-nodes and the nodes defined within them; and the queries about them.
 */
#include "config.h"

#include "daemon/machine/block-addition.h"
#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block-query.h"
#include "hw/block/block.h"
#include "hw/block/front.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"

/* ---- Adding and removing ---- */

static void deleted(void *data)
{
    qmp_request_return(data, NULL);
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
    block_removal_run(vmd, node, deleted, req);
}

static bool add_cancelled(void *data, GError **error)
{
    return qmp_request_is_cancelled(data, error);
}

static void added(BlockNode *node, GError *error, void *data)
{
    if (node) {
        qmp_request_return(data, NULL);
    } else {
        qmp_request_fail(data, error);
    }
}

void qmp_blockdev_add(QmpRequest *req, BlockdevOptions *args)
{
    const BlockAdditionUser user = { .cancelled = add_cancelled, .done = added, .data = req };
    GError *error = NULL;

    if (!creation_check_room(qmp_request_context(req), &error) ||
        !block_check_options(args, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    block_addition_run(qmp_request_context(req), args, &user);
}

/* ---- block_resize ---- */

typedef struct {
    QmpRequest *req;
    Vmd *vmd;
    BlockNode *lowest;          /* kept while it is being resized */
    guint64 size;
    GError *error;
    bool ran;                   /* not if the daemon ends */
} Resize;

static void resize_work(void *data)
{
    Resize *resize = data;

    if (!block_resize(resize->lowest, resize->size, &resize->error)) {
        qmp_error_blame(&resize->error, "size");
    }
    resize->ran = true;
}

static void resize_finish(void *data)
{
    Resize *resize = data;

    block_resize_end(resize->lowest);
    if (!resize->ran) {
        qmp_error_set(&resize->error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    }
    if (resize->error) {
        qmp_request_fail(resize->req, resize->error);
    } else {
        qmp_request_return(resize->req, NULL);
    }
    g_free(resize);
}

static void resize_start(void *opaque)
{
    Resize *resize = opaque;

    pool_run(resize->vmd->pool, POOL_REQUEST, resize_work, resize_finish, resize);
}

/* QEMU's clients pass the id of a -drive as `device`, which is the name of its node here. */
static BlockNode *find_node(Vmd *vmd, const BlockResizeArgs *args, GError **error)
{
    BlockNode *node;

    if (!args->device == !args->node_name) {
        qmp_error_set_at(error, "device", ERROR_REASON_PROPERTY_MISSING,
                         "one of 'device' and 'node-name' is needed");
        return NULL;
    }
    if (args->node_name) {
        node = block_node_find(vmd->root, args->node_name, error);
        if (!node) {
            qmp_error_blame(error, "node-name");
        }
        return node;
    }
    if (block_front_find(vmd->root, args->device, NULL, NULL)) {
        return block_front_find_medium(vmd->root, args->device, NULL, error);
    }
    node = block_node_find(vmd->root, args->device, NULL);
    if (!node) {
        qmp_error_set_at(error, "device", ERROR_REASON_DEVICE_NOT_FOUND,
                         "there is no drive and no disk '%s'", args->device);
    }
    return node;
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
    resize = g_new(Resize, 1);
    *resize = (Resize){ .req = req, .vmd = vmd, .lowest = lowest, .size = args->size };
    /* Requests that were checked against the old size must not run after an image has shrunk: they
     * would extend it again. */
    block_fronts_when_past(lowest, resize_start, resize);
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
