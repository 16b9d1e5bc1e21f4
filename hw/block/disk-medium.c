/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media and trays of class `disk`: see disk.h.
 */
#include "config.h"
#include "hw/block/disk.h"

#include "hw/block/block-sizes.h"
#include "hw/block/disk-internal.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-types-medium.h"
#include "qom/env.h"
#include "qom/property.h"
#include "qom/qapi-objects-disk.h"

/* ---- What the guest does ---- */

bool disk_tray_open(const Disk *disk)
{
    return g_atomic_int_get(&disk->front.tray_open);
}

bool disk_locked(const Disk *disk)
{
    return g_atomic_int_get(&disk->front.locked);
}

void disk_set_locked(Disk *disk, bool locked)
{
    g_atomic_int_set(&disk->front.locked, locked);
}

void disk_move_tray(Disk *disk, bool open)
{
    const Env *env = object_env(&disk->device.object);
    g_autofree char *path = NULL;
    EventDeviceTrayMoved event = {
        .device = (char *)block_front_name(&disk->front), .tray_open = open,
    };

    if (!g_atomic_int_compare_and_exchange(&disk->front.tray_open, !open, open)) {
        return;
    }
    path = block_front_device(&disk->front);
    event.id = path;
    if (env && env->events) {
        qmp_event_device_tray_moved(env->events, &event);
    }
}

static void medium_changed(Disk *disk)
{
    if (disk->ops->medium_changed) {
        disk->ops->medium_changed(disk);
    }
}

/* ---- Finding a disk ---- */

typedef struct {
    const char *device;
    const Device *dev;
    BlockFront *found;
} Search;

static void match(BlockFront *front, void *data)
{
    Search *search = data;
    Device *whole = device_whole(front->dev);   /* of which it may be a part: virtio-blk-pci */

    if (search->dev ? front->dev == search->dev || whole == search->dev
                    : block_front_is_called(front, search->device) ||
                      g_strcmp0(device_id(whole), search->device) == 0) {
        search->found = front;
    }
}

/* The front of a client's disk. */
static BlockFront *find_front(Object *root, const char *device, const char *id, GError **error)
{
    const char *name = id ? id : device;
    Search search = { .device = device };

    if (!name || (device && id)) {
        qmp_error_set_at(error, "device", ERROR_REASON_PROPERTY_MISSING,
                         "exactly one of 'device' and 'id' must be given");
        return NULL;
    }
    if (id) {
        search.dev = device_resolve(root, id, NULL);
    }
    if (search.dev || !id) {
        block_front_foreach(root, match, &search);
    }
    if (!search.found) {
        qmp_error_set_at(error, id ? "id" : "device", ERROR_REASON_DEVICE_NOT_FOUND,
                         "Device '%s' not found", name);
    }
    return search.found;
}

Disk *disk_find(Object *root, const char *device, const char *id, GError **error)
{
    BlockFront *front = find_front(root, device, id, error);
    Disk *disk = front ? object_dynamic_cast(front->dev, &qmp_class_disk) : NULL;

    if (front && (!disk || !disk->ops->removable)) {
        qmp_error_set_at(error, id ? "id" : "device", ERROR_REASON_NOT_SUPPORTED,
                         "Device '%s' is not removable", id ? id : device);
        return NULL;
    }
    return disk;
}

/* ---- Trays ---- */

void disk_open_tray(Disk *disk, bool force, bool *ret_asked)
{
    *ret_asked = false;
    if (!disk->ops->has_tray || disk_tray_open(disk)) {
        return;
    }
    if (disk_locked(disk) && disk->ops->eject_requested) {
        disk->ops->eject_requested(disk);
    }
    if (disk_locked(disk) && !force) {
        *ret_asked = true;
        return;
    }
    disk_move_tray(disk, true);
    medium_changed(disk);
}

void disk_close_tray(Disk *disk)
{
    if (disk->ops->has_tray && disk_tray_open(disk)) {
        disk_move_tray(disk, false);
        medium_changed(disk);
    }
}

/* ---- Taking the medium out ---- */

static bool fail_state(const Disk *disk, const char *what, GError **error)
{
    g_autofree char *device = block_front_device(&disk->front);

    qmp_error_set(error, ERROR_REASON_WRONG_STATE, "%s of device '%s' %s",
                  disk->ops->has_tray ? "Tray" : "Drive", device, what);
    return false;
}

typedef struct {
    Disk *disk;                 /* held */
    void (*done)(void *opaque);
    void *opaque;
} Removal;

/* Nothing is in flight. */
static void removal_idle(void *opaque)
{
    g_autofree Removal *removal = opaque;
    Disk *disk = removal->disk;

    /* The device may be gone by now. */
    if (disk->front.attached) {
        disk->changing = false;
        block_front_remove(&disk->front);
        object_property_set_link(&disk->device.object, "drive", NULL);
    }
    removal->done(removal->opaque);
    object_unref(disk);
}

static void hide_medium(void *opaque)
{
    Disk *disk = opaque;

    __atomic_store_n(&disk->medium, NULL, __ATOMIC_RELEASE);
}

bool disk_remove(Disk *disk, void (*done)(void *opaque), void *opaque, GError **error)
{
    Removal *removal;

    if (disk->ops->has_tray && !disk_tray_open(disk)) {
        return fail_state(disk, "is not open", error);
    }
    if (disk->changing) {
        return fail_state(disk, "is being emptied", error);
    }
    if (!disk_medium(disk)) {
        done(opaque);
        return true;
    }
    removal = g_new(Removal, 1);
    *removal = (Removal){ .disk = object_ref(disk), .done = done, .opaque = opaque };
    disk->changing = true;
    aio_run_wait(disk->front.config.aio, hide_medium, disk);
    medium_changed(disk);
    block_fronts_when_idle(&disk->device.object, removal_idle, removal);
    return true;
}

/* ---- Putting one in ---- */

bool disk_use_medium(Disk *disk, BlockNode *node, GError **error)
{
    if (node->read_only && disk->ops->writable) {
        qmp_error_set_at(error, "drive", ERROR_REASON_INVALID_VALUE,
                         "block node '%s' is read-only, and such a drive has no way to tell its "
                         "guest", block_node_name(node));
        return false;
    }
    if (!block_sizes_check_node(disk->block_size, node, error) ||
        !block_front_insert(&disk->front, node, error)) {
        return false;
    }
    __atomic_store_n(&disk->medium, node, __ATOMIC_RELEASE);
    return true;
}

bool disk_insert(Disk *disk, BlockNode *node, GError **error)
{
    if (disk->changing) {
        return fail_state(disk, "is being emptied", error);
    }
    if (disk_medium(disk)) {
        return fail_state(disk, "has a medium already", error);
    }
    if (disk->ops->has_tray && !disk_tray_open(disk)) {
        return fail_state(disk, "is not open", error);
    }
    if (!disk_use_medium(disk, node, error)) {
        return false;
    }
    object_property_set_link(&disk->device.object, "drive", &node->object);
    if (!disk->ops->has_tray) {
        medium_changed(disk);
    }
    return true;
}
