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

/* A device that a client added to one of the buses that dev carries, or NULL. */
static Device *carried(const Device *dev)
{
    for (guint i = 0; dev->buses && i < dev->buses->len; i++) {
        const Bus *bus = dev->buses->pdata[i];

        for (const GList *link = bus->devices.tail; link; link = link->prev) {
            Object *obj = link->data;

            if (g_str_has_prefix(obj->parent->name, "peripheral")) {
                return link->data;
            }
        }
    }
    return NULL;
}

/* Adds the paths of the devices that dev is made of, inner ones first. */
static bool add_part_paths(Object *obj, void *data)
{
    object_foreach_child(obj, add_part_paths, data);
    if (object_is_a(obj, &qmp_class_device)) {
        g_ptr_array_add(data, object_path(obj));
    }
    return true;
}

void removal_unmake(Vmd *vmd, Device *dev)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *id = g_strdup(device_id(dev));
    g_autofree char *path = object_path((Object *)dev);
    Device *first;

    while ((first = carried(dev))) {
        removal_unmake(vmd, first);
    }
    object_foreach_child((Object *)dev, add_part_paths, parts);
    device_unmake(dev);
    for (guint i = 0; i < parts->len; i++) {
        qmp_event_device_deleted(vmd->events,
                                 &(EventDeviceDeleted){ .path = parts->pdata[i] });
    }
    qmp_event_device_deleted(vmd->events, &(EventDeviceDeleted){ .device = id, .path = path });
    status_tell(&vmd->status);
}

/* ---- Those that the guest has let go ---- */

/* A host may keep a disk busy for ever: the innermost one goes first, when it is idle. */
typedef struct {
    Vmd *vmd;
    Device *dev, *next;         /* held */
} Removal;

static void remove_next(Removal *removal);

/* A device may have gone by another way meanwhile. */
static void next_idle(void *opaque)
{
    Removal *removal = opaque;
    bool last = removal->next == removal->dev;

    if (removal->next->object.parent) {
        removal_unmake(removal->vmd, removal->next);
    }
    g_clear_pointer(&removal->next, object_unref);
    if (!last) {
        remove_next(removal);
        return;
    }
    object_unref(removal->dev);
    g_free(removal);
}

static Device *innermost(Device *dev)
{
    Device *on = carried(dev);

    return on ? innermost(on) : dev;
}

static void remove_next(Removal *removal)
{
    removal->next = object_ref(innermost(removal->dev));
    block_fronts_when_idle(&removal->next->object, next_idle, removal);
}

void removal_when_idle(Vmd *vmd, Device *dev)
{
    Removal *removal = g_new0(Removal, 1);

    *removal = (Removal){ .vmd = vmd, .dev = object_ref(dev) };
    device_quiesce(dev);
    remove_next(removal);
}
