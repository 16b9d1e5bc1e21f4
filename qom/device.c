/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: making and unmaking one, and the properties of class `device`.
 *
 * Buses are in bus.c, the parts of a device in parts.c, reset in reset.c, its
 * guest-visible state in device-state.c.
 */
#include "config.h"
#include "qom/device-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/class.h"
#include "qom/defaults.h"
#include "qom/env.h"
#include "qom/guest-error.h"
#include "qom/place.h"
#include "qom/qapi-objects-object.h"
#include "qom/tree.h"
#include "qom/types.h"

static const DeviceOps *device_ops(const Device *dev, guint i)
{
    return dev->object.klass->types[i]->device;
}

static guint n_types(const Device *dev)
{
    return dev->object.klass->n_types;
}

Device *device_in_use(Object *obj)
{
    Device *dev = object_dynamic_cast(obj, &qmp_class_device);

    return dev && dev->realized ? dev : NULL;
}

Device *device_resolve(Object *root, const char *path, GError **error)
{
    return to_device(object_resolve_type(root, path, &qmp_class_device, error));
}

const char *device_id(const Device *dev)
{
    return place_id(&qmp_class_device, &dev->object);
}

Device *device_whole(Device *dev)
{
    while (dev->object.parent && object_is_a(dev->object.parent, &qmp_class_device)) {
        dev = to_device(dev->object.parent);
    }
    return dev;
}

char *device_boot_path(Device *dev)
{
    const Class *klass = dev->object.klass;

    for (guint i = klass->n_types; i-- > 0;) {
        const DeviceOps *ops = klass->types[i]->device;

        if (ops && ops->boot_path) {
            return ops->boot_path(dev);
        }
    }
    return NULL;
}

gint32 device_boot_index(Device *dev)
{
    const Class *klass = dev->object.klass;
    const QmpMember *member = qmp_class_member(klass->schema, "bootindex");

    for (guint i = klass->n_types; i-- > 0;) {
        const DeviceOps *ops = klass->types[i]->device;

        if (ops && ops->boot_index) {
            return ops->boot_index(dev);
        }
    }
    return member ? *(const gint32 *)((const char *)dev->object.props + member->offset) : -1;
}

static const DeviceOps *unplug_ops(const Device *dev)
{
    for (guint i = n_types(dev); i-- > 0;) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->unplug_request) {
            return ops;
        }
    }
    return NULL;
}

bool device_unplug_request(Device *dev, GError **error)
{
    const DeviceOps *own = dev->bus ? NULL : unplug_ops(dev);
    const BusOps *ops = dev->bus ? object_kind(dev->bus) : NULL;

    if (object_class(dev)->plug == QMP_PLUG_HOT && own) {
        return own->unplug_request(dev, error);
    }
    if (object_class(dev)->plug == QMP_PLUG_HOT && ops && ops->unplug_request) {
        return ops->unplug_request(dev->bus, dev, error);
    }
    qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                  "device class '%s' can be removed only before the first 'cont'",
                  object_class_name(dev));
    return false;
}

void device_describe_acpi(Device *dev, struct AcpiDevices *devices)
{
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->acpi) {
            ops->acpi(dev, devices);
        }
    }
}

static bool is_hot(Object *obj)
{
    const Env *env = object_env(obj);

    return env && env->hot && env->hot(env);
}

/* ---- Complete and dismantle ---- */

static void run_unrealize(Device *dev, guint n)
{
    while (n-- > 0) {
        const DeviceOps *ops = device_ops(dev, n);

        if (ops && ops->unrealize) {
            ops->unrealize(dev);
        }
    }
}

static bool run_realize(Device *dev, GError **error)
{
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->realize && !ops->realize(dev, error)) {
            run_unrealize(dev, i);
            return false;
        }
    }
    return true;
}

static bool make_parts(Device *dev, GError **error)
{
    char *const accel[] = { (char *)"machine", (char *)"accel", NULL };
    const QmpClass *klass = object_class(dev);
    Object *obj = &dev->object;
    const Env *env;

    if (!klass->n_parts) {
        return true;
    }
    env = object_env(obj);
    return parts_make(obj, tree_walk(object_root(obj), accel), obj, klass->parts, klass->n_parts,
                      env ? env->wire : NULL, error);
}

static void unmake_parts(Device *dev)
{
    const QmpClass *klass = object_class(dev);

    parts_unmake(&dev->object, klass->parts, klass->n_parts);
}

static bool device_complete(Object *obj, GError **error)
{
    Device *dev = to_device(obj);

    dev->hotplugged = is_hot(obj);
    if (!bus_attach(dev, error)) {
        return false;
    }
    device_reset_rows(dev);
    if (!make_parts(dev, error)) {
        bus_detach(dev);
        return false;
    }
    if (!run_realize(dev, error)) {
        unmake_parts(dev);
        bus_detach(dev);
        return false;
    }
    dev->realized = true;
    return true;
}

/* The last device on one of dev's buses that is not a part of dev. */
static Device *last_guest(const Device *dev)
{
    for (guint i = dev->buses ? dev->buses->len : 0; i-- > 0;) {
        const Bus *bus = dev->buses->pdata[i];

        for (const GList *link = bus->devices.tail; link; link = link->prev) {
            if (!tree_is_below(link->data, &dev->object)) {
                return link->data;
            }
        }
    }
    return NULL;
}

static void device_dismantle(Object *obj)
{
    Device *dev = to_device(obj);
    Device *guest;

    while ((guest = last_guest(dev))) {
        device_unmake(guest);
    }
    dev->realized = false;
    run_unrealize(dev, n_types(dev));
    unmake_parts(dev);
    bus_detach(dev);
    dev->hotplugged = false;
}

static void device_finalize(Object *obj)
{
    Device *dev = to_device(obj);

    g_clear_pointer(&dev->buses, g_ptr_array_unref);
    device_guest_errors_free(dev);
}

/* ---- Make and unmake ---- */

static bool check_place(Device *dev, Object *parent, Bus *bus, bool part, GError **error)
{
    const QmpClass *klass = object_class(dev);

    if (!bus_check(bus, klass, error)) {
        return false;
    }
    if (part || !is_hot(parent)) {
        return true;
    }
    if (klass->plug != QMP_PLUG_HOT) {
        qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                      "a '%s' cannot be added once the machine has run", klass->name);
        return false;
    }
    if (bus && !bus_can_plug(bus)) {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_HOTPLUGGABLE,
                      "nothing can be added to bus '%s' once the machine has run",
                      bus->object.name);
        return false;
    }
    return true;
}

static bool put_into_use(Device *dev, Object *parent, const char *name, Bus *bus, bool part,
                         GError **error)
{
    Object *obj = &dev->object;

    if (!check_place(dev, parent, bus, part, error) ||
        !object_add_child(parent, name, obj, error)) {
        return false;
    }
    dev->bus = bus;
    if (!object_make(obj, error)) {
        object_unparent(obj);
        return false;
    }
    if (dev->hotplugged && !part) {
        device_reset_tree(obj);
        if (bus) {
            ((const BusOps *)object_kind(bus))->plugged(bus, dev);
        }
    }
    return true;
}

static Device *make(Object *parent, const char *name, const QmpClass *klass, Bus *bus,
                    void *props, QmpGiven *given, bool part, GError **error)
{
    g_autoptr(Object) obj = NULL;

    if (klass->flags & QMP_CLASS_ABSTRACT) {
        qmp_error_set(error, ERROR_REASON_CLASS_ABSTRACT, "class '%s' is abstract", klass->name);
        qmp_clear(klass->props, &props);
        g_free(given);
        return NULL;
    }
    /* Needed before the init hooks, which may read props. */
    props = props ?: qmp_new_props(klass);
    if (!defaults_apply(object_root(parent), klass, props, given, error)) {
        qmp_clear(klass->props, &props);
        g_free(given);
        return NULL;
    }
    obj = object_new_with_props(klass, props, given);
    if (!put_into_use(to_device(obj), parent, name, bus, part, error)) {
        return NULL;
    }
    return to_device(obj);      /* the parent's reference keeps it */
}

Device *device_make(Object *parent, const char *name, const QmpClass *klass, Bus *bus,
                    void *props, QmpGiven *given, GError **error)
{
    env_lock_assert(parent);
    return make(parent, name, klass, bus, props, given, false, error);
}

Device *device_make_part(Object *parent, const char *name, const QmpClass *klass, Bus *bus,
                         void *props, QmpGiven *given, GError **error)
{
    return make(parent, name, klass, bus, props, given, true, error);
}

void device_unmake(Device *dev)
{
    env_lock_assert(&dev->object);
    object_destroy(&dev->object);
}

/* ---- What class `device` shows ---- */

static bool is_hotpluggable(const Device *dev)
{
    return object_class(dev)->plug == QMP_PLUG_HOT && (!dev->bus || bus_can_plug(dev->bus));
}

static void device_refresh(Object *obj, const QmpMember *member)
{
    Device *dev = to_device(obj);
    g_autofree char *path = NULL;
    QmpScalar value = { 0 };

    if (g_str_equal(qmp_name(member->name), "realized")) {
        value.u = dev->realized;
    } else if (g_str_equal(qmp_name(member->name), "hotplugged")) {
        value.u = dev->hotplugged;
    } else if (g_str_equal(qmp_name(member->name), "hotpluggable")) {
        value.u = is_hotpluggable(dev);
    } else if (g_str_equal(qmp_name(member->name), "parent_bus")) {
        value.s = path = dev->bus ? object_path(&dev->bus->object) : NULL;
    } else {
        return;
    }
    qmp_member_set_scalar(member, obj->props, value);
}

static const ObjectOps device_object_ops = {
    .complete = device_complete,
    .dismantle = device_dismantle,
    .finalize = device_finalize,
    .refresh = device_refresh,
};

const TypeInfo device_type = {
    .schema = &qmp_class_device,
    .size = sizeof(Device),
    .object = &device_object_ops,
};
