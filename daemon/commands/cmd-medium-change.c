/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev-change-medium: a node is opened first, on the pool; then the media are exchanged.  What
 * can fail after the former medium was taken out puts it back.
 */
#include "config.h"

#include "daemon/commands/medium-node.h"
#include "daemon/machine/block-addition.h"
#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block-limits.h"
#include "hw/block/disk.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-medium.h"

typedef struct {
    QmpRequest *req;
    Vmd *vmd;
    Disk *disk;                 /* held */
    BlockNode *node;            /* the new medium, claimed until it is in the drive */
    BlockNode *former;          /* held; NULL: there was none */
    char *name;                 /* of the drive, as the client gave it */
    GError *error;              /* why it failed, while the new node is being removed */
    bool force;
    bool close;                 /* the tray was closed before */
} Change;

/* ---- The end ---- */

static void change_free(Change *change)
{
    if (change->former) {
        object_unref(change->former);
    }
    object_unref(change->disk);
    g_free(change->name);
    g_free(change);
}

static void failed(void *data)
{
    Change *change = data;

    qmp_request_fail(change->req, change->error);
    change_free(change);
}

/* Takes error; the new node, which nothing else uses, goes away again. */
static void fail(Change *change, GError *error)
{
    change->error = error;
    block_removal_run(change->vmd, change->node, failed, change);
}

static void succeeded(void *data)
{
    Change *change = data;

    qmp_request_return(change->req, NULL);
    change_free(change);
}

static void finish(Change *change)
{
    disk_close_tray(change->disk);
    block_addition_unclaim(change->node);
    change->node->of_drive = true;
    medium_node_release(change->vmd, change->former, succeeded, change);
}

/* ---- The exchange ---- */

static void restore_tray(const Change *change)
{
    if (change->close) {
        disk_close_tray(change->disk);
    }
}

/* The drive is empty.  Its tray was open, but the guest or a client may have closed it since. */
static bool insert(const Change *change, BlockNode *node, GError **error)
{
    bool asked;

    disk_open_tray(change->disk, true, &asked);
    return disk_insert(change->disk, node, error);
}

static void exchange(void *data)
{
    Change *change = data;
    GError *error = NULL;

    if (!change->disk->front.attached) {
        qmp_error_set(&error, ERROR_REASON_DEVICE_NOT_FOUND,
                      "Device '%s' was removed meanwhile", change->name);
        fail(change, error);
        return;
    }
    if (change->former) {
        block_limits_keep(change->node, change->former);
    }
    if (insert(change, change->node, &error)) {
        finish(change);
        return;
    }
    /* It was in use by nobody since it was taken out. */
    if (change->former) {
        insert(change, change->former, NULL);
    }
    restore_tray(change);
    qmp_error_replace_path(error, "filename");
    fail(change, error);
}

static bool take_out(Change *change, GError **error)
{
    Disk *disk = change->disk;
    BlockNode *former = disk_medium(disk);
    bool asked;

    if (!disk->front.attached) {
        qmp_error_set(error, ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' was removed meanwhile",
                      change->name);
        return false;
    }
    change->former = former ? object_ref(former) : NULL;
    change->close = disk->ops->has_tray && !disk_tray_open(disk);
    disk_open_tray(disk, change->force, &asked);
    if (asked) {
        medium_locked_error(change->name, error);
        return false;
    }
    if (!disk_remove(disk, exchange, change, error)) {
        restore_tray(change);
        return false;
    }
    return true;
}

/* ---- The new medium ---- */

static bool is_cancelled(void *data, GError **error)
{
    return qmp_request_is_cancelled(((Change *)data)->req, error);
}

/* Requests may give it: query-config shows the node. */
static char *new_name(void *data)
{
    const Change *change = data;
    const char *id = device_id(&change->disk->device);
    const char *name = id ? id : block_front_name(&change->disk->front);

    return block_node_new_name(change->vmd->root, object_check_id(name, NULL) ? name : "drive",
                               "-medium");
}

static void opened(BlockNode *node, GError *error, void *data)
{
    Change *change = data;

    change->node = node;
    if (!node) {
        if (qmp_error_path(error) || qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE)) {
            qmp_error_replace_path(error, "filename");
        }
        qmp_request_fail(change->req, error);
        change_free(change);
        return;
    }
    if (!take_out(change, &error)) {
        fail(change, error);
    }
}

/* The node's options: a format on a file. */
typedef struct {
    BlockdevOptions format, file;
    BlockdevRef ref;
} Medium;

/* What an empty drive retains is what it is: no guest writes to a CD. */
static void set_read_only(BlockdevOptions *options, BlockdevChangeReadOnlyMode mode,
                          const Disk *disk)
{
    const BlockNode *former = disk_medium(disk);
    bool retain = mode == BLOCKDEV_CHANGE_READ_ONLY_MODE_RETAIN;

    options->has_read_only = true;
    options->read_only = mode == BLOCKDEV_CHANGE_READ_ONLY_MODE_READ_ONLY ||
                         (retain && (former ? former->read_only : disk->ops->has_tray));
    options->auto_read_only = retain && !former;
}

static void fill_medium(Medium *medium, const BlockdevChangeMediumArgs *args,
                        const Disk *disk)
{
    BlockdevDriver format = args->has_format ? args->format : BLOCKDEV_DRIVER_RAW;

    *medium = (Medium){
        .format = { .driver = format }, .file = { .driver = BLOCKDEV_DRIVER_FILE },
        .ref = { .type = BLOCKDEV_REF_DEFINITION, .u.definition = &medium->file },
    };
    medium->file.u.file.filename = args->filename;
    if (format == BLOCKDEV_DRIVER_RAW) {
        medium->format.u.raw.file = &medium->ref;
        medium->format.u.raw.probed = !args->has_format;
    } else {
        medium->format.u.qcow2.file = &medium->ref;
    }
    set_read_only(&medium->format, args->read_only_mode, disk);
}

void qmp_blockdev_change_medium(QmpRequest *req, BlockdevChangeMediumArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Disk *disk = disk_find(vmd->root, args->device, args->id, &error);
    BlockAdditionUser user = { .cancelled = is_cancelled, .done = opened, .claims = true,
                               .new_name = new_name };
    Medium medium;
    Change *change;

    if (!disk || !creation_check_room(vmd, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    fill_medium(&medium, args, disk);
    change = g_new(Change, 1);
    *change = (Change){
        .req = req, .vmd = vmd, .disk = object_ref(disk), .force = args->force,
        .name = g_strdup(args->id ? args->id : args->device),
    };
    user.data = change;
    block_addition_run(vmd, &medium.format, &user);
}
