/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands for trays and media of drives.
 */
#include "config.h"

#include "daemon/commands/medium-node.h"
#include "daemon/machine/block-addition.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/disk.h"
#include "qmp/error.h"
#include "qmp/qapi-types-medium.h"

bool qmp_blockdev_open_tray(QmpRequest *req, BlockdevOpenTrayArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    Disk *disk = disk_find(vmd->root, args->device, args->id, error);
    bool asked;

    if (disk) {
        disk_open_tray(disk, args->has_force && args->force, &asked);
    }
    return disk != NULL;
}

bool qmp_blockdev_close_tray(QmpRequest *req, BlockdevCloseTrayArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    Disk *disk = disk_find(vmd->root, args->device, args->id, error);

    if (disk) {
        disk_close_tray(disk);
    }
    return disk != NULL;
}

/* ---- Taking media out ---- */

void medium_locked_error(const char *name, GError **error)
{
    qmp_error_set(error, ERROR_REASON_WRONG_STATE, "Device '%s' is locked by its guest, which was "
                  "asked to open the tray; try again, or give 'force'", name);
}

void medium_node_release(Vmd *vmd, BlockNode *node, void (*done)(void *data), void *data)
{
    if (node && node->of_drive && object_may_delete(&node->object, NULL)) {
        block_removal_run(vmd, node, done, data);
    } else {
        done(data);
    }
}

typedef struct {
    QmpRequest *req;
    BlockNode *node;            /* held; NULL: the drive was empty */
} Removal;

static void released(void *data)
{
    Removal *removal = data;

    qmp_request_return(removal->req, NULL);
    if (removal->node) {
        object_unref(removal->node);
    }
    g_free(removal);
}

static void removed(void *opaque)
{
    Removal *removal = opaque;

    medium_node_release(qmp_request_context(removal->req), removal->node, released, removal);
}

/* Takes the medium out and ends the request. */
static void remove_medium(QmpRequest *req, Disk *disk)
{
    BlockNode *node = disk_medium(disk);
    Removal *removal = g_new(Removal, 1);
    GError *error = NULL;

    *removal = (Removal){ .req = req, .node = node ? object_ref(node) : NULL };
    if (!disk_remove(disk, removed, removal, &error)) {
        qmp_request_fail(req, error);
        if (node) {
            object_unref(node);
        }
        g_free(removal);
    }
}

void qmp_blockdev_remove_medium(QmpRequest *req, BlockdevRemoveMediumArgs *args)
{
    const Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Disk *disk = disk_find(vmd->root, NULL, args->id, &error);

    if (disk) {
        remove_medium(req, disk);
    } else {
        qmp_request_fail(req, error);
    }
}

bool qmp_blockdev_insert_medium(QmpRequest *req, BlockdevInsertMediumArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    Disk *disk = disk_find(vmd->root, NULL, args->id, error);
    BlockNode *node = disk ? block_node_find(vmd->root, args->node_name, error) : NULL;

    if (disk && !node) {
        qmp_error_blame(error, "node-name");
    }
    return node && disk_insert(disk, node, error);
}

void qmp_eject(QmpRequest *req, EjectArgs *args)
{
    const Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Disk *disk = disk_find(vmd->root, args->device, args->id, &error);
    bool asked = false;

    if (disk) {
        disk_open_tray(disk, args->has_force && args->force, &asked);
    }
    if (asked) {
        medium_locked_error(args->id ? args->id : args->device, &error);
    }
    if (!disk || asked) {
        qmp_request_fail(req, error);
    } else {
        remove_medium(req, disk);
    }
}
