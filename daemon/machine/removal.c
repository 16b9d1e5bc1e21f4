/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removal of devices: see removal.h.
 */
#include "config.h"
#include "daemon/machine/removal.h"

#include "daemon/vmd.h"
#include "hw/block/front.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-types-object.h"
#include "qom/place.h"
#include "qom/qapi-objects-cpu.h"

/* A device that a client added to one of the buses that dev, or a part of it, carries; or
 * NULL. */
static Device *carried(const Device *dev)
{
    for (guint i = 0; dev->buses && i < dev->buses->len; i++) {
        const Bus *bus = dev->buses->pdata[i];

        for (const GList *link = bus->devices.tail; link; link = link->prev) {
            Device *one = link->data;
            Device *found = place_has(&qmp_class_device, &one->object) ? one : carried(one);

            if (found) {
                return found;
            }
        }
    }
    return NULL;
}

/* Adds the paths of the parts of dev, inner ones first. */
static bool add_part_paths(Object *obj, void *data)
{
    object_foreach_child(obj, add_part_paths, data);
    if (object_is_a(obj, &qmp_class_device)) {
        g_ptr_array_add(data, object_path(obj));
    }
    return true;
}

/* No CPU executes while another one is taken out of all lists. */
static void unmake(Vmd *vmd, Device *dev)
{
    bool is_cpu = object_is_a(dev, &qmp_class_cpu);

    if (is_cpu) {
        machine_hold(vmd_machine(vmd));
    }
    device_unmake(dev);
    if (is_cpu) {
        machine_release(vmd_machine(vmd));
    }
}

void removal_unmake(Vmd *vmd, Device *dev)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *id = g_strdup(device_id(dev));
    g_autofree char *path = object_path(&dev->object);
    Device *first;

    while ((first = carried(dev))) {
        removal_unmake(vmd, first);
    }
    object_foreach_child(&dev->object, add_part_paths, parts);
    unmake(vmd, dev);
    for (guint i = 0; i < parts->len; i++) {
        qmp_event_device_deleted(vmd->events,
                                 &(EventDeviceDeleted){ .path = parts->pdata[i] });
    }
    qmp_event_device_deleted(vmd->events, &(EventDeviceDeleted){ .device = id, .path = path });
    status_tell(&vmd->status);
}

/* ---- Devices that the guest has released ---- */

typedef struct {
    Vmd *vmd;
    Device *dev;                /* held */
} Removal;

/* It may have been removed in another way meanwhile. */
static void removal_idle(void *opaque)
{
    g_autofree Removal *removal = opaque;

    if (removal->dev->object.parent) {
        removal_unmake(removal->vmd, removal->dev);
    }
    object_unref(removal->dev);
}

void removal_when_idle(Vmd *vmd, Device *dev)
{
    Removal *removal = g_new(Removal, 1);

    *removal = (Removal){ .vmd = vmd, .dev = object_ref(dev) };
    device_quiesce_tree(&dev->object);
    block_fronts_when_idle(&dev->object, removal_idle, removal);
}
