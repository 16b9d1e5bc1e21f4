/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses: making them, finding them by what clients write after `bus=`, and
 * putting devices on them.
 *
 * A device on a bus holds it as a link does, so that a bus, or the device that
 * carries it, cannot be deleted while devices sit on it.  The root lists all
 * buses of its tree in the order of their creation (tree.c keeps that list): a
 * search by name or class costs the number of buses, not that of objects.
 */
#include "config.h"
#include "qom/device-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/class.h"
#include "qom/link.h"
#include "qom/place.h"
#include "qom/qapi-objects-object.h"
#include "qom/root.h"
#include "qom/tree.h"
#include "qom/types.h"

/* The name in messages of a device's hold on its bus. */
static const QmpMember *bus_row(void)
{
    return qmp_class_member(&qmp_class_device, "parent_bus");
}

static const BusOps *bus_ops(const Bus *bus)
{
    return object_kind(bus);
}

/* ---- Making ---- */

static bool name_is_taken(Root *root, const char *name)
{
    for (const GList *link = root ? root->buses.head : NULL; link; link = link->next) {
        if (g_str_equal(to_bus(link->data)->object.name, name)) {
            return true;
        }
    }
    return false;
}

static char *automatic_name(Device *owner, const QmpClass *klass)
{
    const char *id = device_id(device_whole(owner));
    g_autofree char *lower = g_ascii_strdown(klass->name, -1);
    Root *root = root_of(&owner->object);

    if (id) {
        return g_strdup_printf("%s.%u", id, owner->buses ? owner->buses->len : 0);
    }
    for (guint n = 0;; n++) {
        g_autofree char *name = g_strdup_printf("%s.%u", lower, n);

        if (!name_is_taken(root, name) && !object_child(&owner->object, name)) {
            return g_steal_pointer(&name);
        }
    }
}

Bus *bus_new(Device *owner, const QmpClass *klass, const char *name)
{
    Bus *bus = to_bus(object_new(klass));
    g_autofree char *automatic = NULL;

    if (!owner) {
        return bus;
    }
    if (!name) {
        name = automatic = automatic_name(owner, klass);
    }
    if (!object_add_child(&owner->object, name, &bus->object, NULL)) {
        g_autofree char *numbered = g_strconcat(name, "[*]", NULL);

        /* The class chooses the names, so this is a bug in its code. */
        g_critical("bus name '%s' is used twice in class '%s'", name, object_class_name(owner));
        object_add_child(&owner->object, numbered, &bus->object, NULL);
    }
    object_unref(bus);
    bus->owner = owner;
    if (!owner->buses) {
        owner->buses = g_ptr_array_new();
    }
    g_ptr_array_add(owner->buses, bus);
    return bus;
}

/* ---- Finding ---- */

static bool takes(const Bus *bus, const QmpClass *klass)
{
    return !klass || (klass->bus && object_is_a(bus, klass->bus));
}

static bool is_full(Bus *bus, const QmpClass *klass)
{
    const BusOps *ops = bus_ops(bus);

    return ops && ops->full && ops->full(bus, klass);
}

Bus *bus_among(const GPtrArray *buses, const char *name, const QmpClass *klass)
{
    for (guint i = 0; buses && i < buses->len; i++) {
        Bus *bus = buses->pdata[i];

        if (name ? g_str_equal(bus->object.name, name)
                 : takes(bus, klass) && !is_full(bus, klass)) {
            return bus;
        }
    }
    return NULL;
}

/* The first bus of the kind that klass sits on; *ret_full says whether there are only full ones. */
static Bus *first_of_kind(Root *root, const QmpClass *klass, bool *ret_full)
{
    *ret_full = false;
    for (const GList *link = root ? root->buses.head : NULL; link; link = link->next) {
        Bus *bus = link->data;

        if (!takes(bus, klass)) {
            continue;
        }
        if (!is_full(bus, klass)) {
            return bus;
        }
        *ret_full = true;
    }
    return NULL;
}

static Bus *find_default(Root *root, const QmpClass *klass, GError **error)
{
    bool full = false;
    Bus *bus = klass->bus ? first_of_kind(root, klass, &full) : NULL;

    if (bus) {
        return bus;
    }
    if (!klass->bus) {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_FOUND, "class '%s' sits on no bus", klass->name);
    } else if (full) {
        qmp_error_set(error, ERROR_REASON_BUS_FULL, "no '%s' bus has room for a '%s'",
                      klass->bus->name, klass->name);
    } else {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_FOUND, "there is no '%s' bus for a '%s'",
                      klass->bus->name, klass->name);
    }
    return NULL;
}

/* The bus that an object stands for: itself, or the one that it carries (of the
 * kind that klass sits on, if given). */
static Bus *bus_of(Object *obj, const QmpClass *klass)
{
    Device *owner;
    Bus *bus;

    if (!obj || object_is_a(obj, &qmp_class_bus)) {
        return to_bus(obj);
    }
    owner = object_dynamic_cast(obj, &qmp_class_device);
    if (!owner || !owner->buses || !owner->buses->len) {
        return NULL;
    }
    bus = bus_among(owner->buses, NULL, klass);
    return bus ?: owner->buses->pdata[0];
}

static bool find_name(Root *root, const char *name, Bus **ret_bus, GError **error)
{
    Bus *found = NULL;

    for (const GList *link = root ? root->buses.head : NULL; link; link = link->next) {
        Bus *bus = link->data;

        if (!g_str_equal(bus->object.name, name)) {
            continue;
        }
        if (found) {
            g_autofree char *a = object_path(&found->object);
            g_autofree char *b = object_path(&bus->object);

            qmp_error_set(error, ERROR_REASON_PATH_AMBIGUOUS,
                          "bus '%s' is ambiguous: '%s' or '%s'", name, a, b);
            return false;
        }
        found = bus;
    }
    *ret_bus = found;
    return true;
}

static bool find_named(Object *root, const char *name, const QmpClass *klass, Bus **ret_bus,
                       GError **error)
{
    Object *dev = place_child(root, &qmp_class_device, name);

    if (strchr(name, '/')) {
        g_autoptr(GError) local = NULL;
        Object *obj = object_resolve(root, name, &local);

        if (!obj && qmp_error_is(local, ERROR_REASON_PATH_AMBIGUOUS)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        *ret_bus = bus_of(obj, klass);
        return true;
    }
    if (!find_name(root_of(root), name, ret_bus, error)) {
        return false;
    }
    *ret_bus = *ret_bus ?: bus_of(dev, klass);
    return true;
}

Bus *bus_find(Object *root, const char *name, const QmpClass *klass, GError **error)
{
    Bus *bus = NULL;

    if (!name) {
        return find_default(root_of(root), klass, error);
    }
    if (!find_named(root, name, klass, &bus, error)) {
        return NULL;
    }
    if (!bus) {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_FOUND, "bus '%s' not found", name);
        return NULL;
    }
    return !klass || bus_check(bus, klass, error) ? bus : NULL;
}

bool bus_check(const Bus *bus, const QmpClass *klass, GError **error)
{
    if (!bus && klass->bus) {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_FOUND, "a '%s' needs a '%s' bus", klass->name,
                      klass->bus->name);
        return false;
    }
    if (bus && !klass->bus) {
        qmp_error_set(error, ERROR_REASON_BUS_TYPE_MISMATCH,
                      "a '%s' sits on no bus, so not on bus '%s'", klass->name, bus->object.name);
        return false;
    }
    if (bus && !object_is_a(bus, klass->bus)) {
        qmp_error_set(error, ERROR_REASON_BUS_TYPE_MISMATCH,
                      "bus '%s' is of class '%s', but a '%s' sits on '%s'", bus->object.name,
                      object_class_name(bus), klass->name, klass->bus->name);
        return false;
    }
    return true;
}

/* ---- Devices on it ---- */

bool bus_attach(Device *dev, GError **error)
{
    Bus *bus = dev->bus;
    const BusOps *ops;

    if (!bus) {
        return true;
    }
    ops = bus_ops(bus);
    if (ops && ops->attach && !ops->attach(bus, dev, error)) {
        return false;
    }
    dev->bus_link.data = dev;
    g_queue_push_tail_link(&bus->devices, &dev->bus_link);
    link_hold(&dev->object, bus_row(), &bus->object);
    dev->attached = true;
    return true;
}

void bus_detach(Device *dev)
{
    Bus *bus = dev->bus;
    const BusOps *ops;

    if (!dev->attached) {
        return;
    }
    ops = bus_ops(bus);
    dev->attached = false;
    g_queue_unlink(&bus->devices, &dev->bus_link);
    if (ops && ops->detach) {
        ops->detach(bus, dev);
    }
    dev->bus = NULL;
    link_drop(&dev->object, bus_row(), &bus->object);
}

bool bus_can_plug(const Bus *bus)
{
    const BusOps *ops = bus_ops(bus);

    return ops && ops->plugged && (!ops->can_plug || ops->can_plug(bus));
}

const TypeInfo bus_type = {
    .schema = &qmp_class_bus,
    .size = sizeof(Bus),
};
