/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `disk`: properties and life.  Media and trays are in disk-medium.c.
 */
#include "config.h"
#include "hw/block/disk.h"

#include "hw/block/block-sizes.h"
#include "hw/block/disk-internal.h"
#include "hw/machine/machine-aio.h"
#include "qmp/error.h"
#include "qom/checks.h"
#include "qom/qapi-objects-disk.h"

/* ---- Life ---- */

static void node_resized(void *opaque)
{
    Disk *disk = opaque;

    if (disk->ops->resized) {
        disk->ops->resized(disk);
    }
}

static void push(void *opaque)
{
    disk_queue_push(opaque);
}

/* Requests that were kept are tried again, but not on a medium that is to go when none is in
 * flight; and results are delivered. */
static void machine_state_changed(void *opaque, bool running)
{
    Disk *disk = opaque;

    if (running) {
        if (!disk->changing) {
            block_front_resume(&disk->front);
        }
        if (disk->ops->registers) {
            disk_queue_resume(disk);
        }
    }
}

static bool attach_front(Disk *disk, GError **error)
{
    const DiskProps *props = disk_props(disk);
    Machine *machine = machine_of(disk);
    const BlockFrontConfig config = {
        .aio = disk->ops->aio ? disk->ops->aio(disk, error) : machine_aio(machine, NULL, error),
        .rerror = props->rerror, .werror = props->werror, .share = props->share_rw,
        .io_status = true, .resized = node_resized, .opaque = disk,
        .removable = disk->ops->removable, .has_tray = disk->ops->has_tray,
        .push = disk->ops->registers ? push : NULL,
    };

    return config.aio && block_front_attach(&disk->front, &disk->device, &config, error);
}

static bool disk_realize(Device *device, GError **error)
{
    Disk *disk = to_disk(device);
    DiskProps *props = disk_props(disk);
    const BlockSizes sizes = BLOCK_SIZES(props);
    BlockNode *node;

    disk->ops = object_kind(device);
    node = disk->ops->drive(disk)->target;
    block_sizes_choose(&sizes, node);
    if (!block_sizes_check(&sizes, error) || !attach_front(disk, error)) {
        return false;
    }
    if (disk->ops->registers && !disk_queue_init(disk, error)) {
        block_front_detach(&disk->front);
        return false;
    }
    disk->block_size = props->logical_block_size;
    g_atomic_int_set(&disk->front.write_cache, props->write_cache != ON_OFF_AUTO_OFF);
    if (node && !disk_use_medium(disk, node, error)) {
        disk_queue_clear(disk);
        block_front_detach(&disk->front);
        return false;
    }
    disk->listener = machine_add_listener(disk->front.machine, machine_state_changed, disk);
    return true;
}

/* The drive's class has stopped sending requests. */
static void disk_unrealize(Device *device)
{
    Disk *disk = to_disk(device);

    machine_remove_listener(disk->front.machine, g_steal_pointer(&disk->listener));
    if (disk->ops->registers) {
        disk_queue_push(disk);
    }
    block_front_drain(&disk->front);
    if (disk->ops->registers) {
        disk_drop(disk);
        disk_queue_clear(disk);
    }
    __atomic_store_n(&disk->medium, NULL, __ATOMIC_RELEASE);
    block_front_detach(&disk->front);
}

static const StateRow disk_state[] = {
    STATE_FIELD_KEEP(BOOL, Disk, write_cache),
    STATE_FIELD_KEEP(BOOL, Disk, tray_open),
    STATE_FIELD_KEEP(BOOL, Disk, locked),
    STATE_ROWS_END
};

static void disk_state_saving(Device *device)
{
    Disk *disk = to_disk(device);

    disk->write_cache = g_atomic_int_get(&disk->front.write_cache);
    disk->tray_open = disk_tray_open(disk);
    disk->locked = disk_locked(disk);
}

/* Requests that were kept or not delivered are those of the drive's state before; its class
 * starts those of the new one. */
static bool disk_state_loaded(Device *device, GError **error)
{
    Disk *disk = to_disk(device);

    if (disk->ops->registers) {
        disk_drop(disk);
    } else {
        block_front_forget(&disk->front);
    }
    g_atomic_int_set(&disk->front.write_cache, disk->write_cache);
    g_atomic_int_set(&disk->front.tray_open, disk->tray_open && disk->ops->has_tray);
    g_atomic_int_set(&disk->front.locked, disk->locked && disk->ops->has_tray);
    return true;
}

static void disk_init(Object *obj)
{
    to_disk(obj)->queue.eventfd = -1;
}

const TypeInfo disk_type = {
    .schema = &qmp_class_disk,
    .size = sizeof(Disk),
    .object = &(const ObjectOps){
        .init = disk_init,
    },
    .device = &(const DeviceOps){
        .state = disk_state,
        .state_saving = disk_state_saving,
        .state_loaded = disk_state_loaded,
        .realize = disk_realize,
        .unrealize = disk_unrealize,
    },
};
