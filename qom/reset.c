/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three-phase reset of a branch of the tree, and its quiescence.
 *
 * The set of devices to reset is fixed before the first hook runs; a device
 * that a hook takes out of use is skipped by later phases.
 */
#include "config.h"
#include "qom/device-internal.h"

#include "qmp/qapi-types-object.h"
#include "qom/class.h"
#include "qom/env.h"
#include "qom/tree.h"

typedef struct {
    GPtrArray *devices;         /* in order, each with a reference */
    GHashTable *seen;           /* of Device */
    GQueue buses;               /* of Bus whose devices are still to be added */
} Branch;

static void add_branch(Branch *branch, Object *obj)
{
    if (object_is_a(obj, &qmp_class_bus)) {
        g_queue_push_tail(&branch->buses, obj);
    } else if (object_is_a(obj, &qmp_class_device)) {
        if (!g_hash_table_add(branch->seen, obj)) {
            return;
        }
        g_ptr_array_add(branch->devices, object_ref(obj));
    }
    for (const GList *link = tree_first(obj); link; link = link->next) {
        add_branch(branch, link->data);
    }
}

static GPtrArray *collect(Object *obj)
{
    Branch branch = {
        .devices = g_ptr_array_new_with_free_func(object_unref),
        .seen = g_hash_table_new(NULL, NULL),
        .buses = G_QUEUE_INIT,
    };
    Bus *bus;

    add_branch(&branch, obj);
    while ((bus = g_queue_pop_head(&branch.buses))) {
        for (const GList *link = bus->devices.head; link; link = link->next) {
            add_branch(&branch, link->data);
        }
    }
    g_hash_table_unref(branch.seen);
    return branch.devices;
}

static void enter(Device *dev)
{
    const Class *klass = dev->object.klass;

    device_reset_rows(dev);
    for (guint i = 0; i < klass->n_types; i++) {
        if (klass->types[i]->device && klass->types[i]->device->reset_enter) {
            klass->types[i]->device->reset_enter(dev);
        }
    }
}

static void hold(Device *dev)
{
    const Class *klass = dev->object.klass;

    for (guint i = 0; i < klass->n_types; i++) {
        if (klass->types[i]->device && klass->types[i]->device->reset_hold) {
            klass->types[i]->device->reset_hold(dev);
        }
    }
}

static void leave(Device *dev)
{
    const Class *klass = dev->object.klass;

    for (guint i = 0; i < klass->n_types; i++) {
        if (klass->types[i]->device && klass->types[i]->device->reset_exit) {
            klass->types[i]->device->reset_exit(dev);
        }
    }
}

static void run_phase(GPtrArray *devices, void (*phase)(Device *dev))
{
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = devices->pdata[i];

        if (dev->realized) {
            phase(dev);
        }
    }
}

static void quiesce(Device *dev)
{
    const Class *klass = dev->object.klass;

    for (guint i = 0; i < klass->n_types; i++) {
        if (klass->types[i]->device && klass->types[i]->device->quiesce) {
            klass->types[i]->device->quiesce(dev);
        }
    }
}

void device_quiesce_tree(Object *obj)
{
    g_autoptr(GPtrArray) devices = collect(obj);

    run_phase(devices, quiesce);
}

void device_reset_tree(Object *obj)
{
    g_autoptr(GPtrArray) devices = collect(obj);

    env_lock_assert(obj);
    run_phase(devices, enter);
    run_phase(devices, hold);
    run_phase(devices, leave);
}
