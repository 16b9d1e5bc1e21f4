/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands for trays and media of drives.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/disk.h"
#include "qmp/error.h"
#include "qmp/qapi-types-disk.h"

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

static void removed(void *opaque)
{
    qmp_request_return(opaque, NULL);
}

void qmp_blockdev_remove_medium(QmpRequest *req, BlockdevRemoveMediumArgs *args)
{
    const Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Disk *disk = disk_find(vmd->root, NULL, args->id, &error);

    if (!disk || !disk_remove(disk, removed, req, &error)) {
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
        qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "Device '%s' is locked by its guest, which "
                      "was asked to open the tray; try again, or give 'force'",
                      args->id ? args->id : args->device);
    }
    if (!disk || asked || !disk_remove(disk, removed, req, &error)) {
        qmp_request_fail(req, error);
    }
}
