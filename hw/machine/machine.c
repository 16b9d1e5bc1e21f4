/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class machine: from an object-add to a machine with chips, and back.
 *
 * Order: accelerator, clock and address spaces, the board's setup, recipe, the
 * board's wiring.  machine_undo() reverses these steps from wherever they
 * ended, so it serves both failure and dismantling.
 */
#include "config.h"
#include "hw/machine/machine.h"

#include <errno.h>

#include "hw/core/irq.h"
#include "hw/machine/machine-call.h"
#include "hw/machine/machine-internal.h"
#include "qmp/error.h"
#include "qom/defaults.h"
#include "qom/env.h"
#include "qom/place.h"
#include "qom/qapi-objects-machine.h"

#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)

enum { IO_SPACE_SIZE = 0x10000 };

Machine *machine_find(Object *root)
{
    Object *obj = place_single(root, &qmp_class_machine);

    return obj ? object_dynamic_cast(obj, &qmp_class_machine) : NULL;
}

Machine *machine_made(Object *root)
{
    Machine *machine = machine_find(root);

    return machine && object_life(&machine->object) == OBJECT_COMPLETE ? machine : NULL;
}

guint machine_n_cpus(const Machine *machine)
{
    const GPtrArray *made = machine->accel->cpus;

    return machine->n_cpus ? machine->n_cpus : MAX(made ? made->len : 0, 1);
}

bool machine_past_build(Object *obj)
{
    const Machine *machine = machine_find(object_root(obj));

    return machine && machine->started;
}

Machine *machine_of(void *obj)
{
    for (Object *o = obj; o; o = o->parent) {
        if (object_is_a(o, &qmp_class_machine)) {
            return to_machine(o);
        }
    }
    return machine_find(object_root(obj));
}

void machine_set_host(Machine *machine, FairLock *lock, const MachineHost *host, void *opaque)
{
    machine->lock = lock;
    machine->host = host;
    machine->host_opaque = opaque;
}

void machine_lock(Machine *machine)
{
    if (machine->lock) {
        fair_lock_acquire(machine->lock);
    }
}

void machine_unlock(Machine *machine)
{
    if (machine->lock) {
        fair_lock_release(machine->lock);
    }
}

/* ---- The accelerator ---- */

/* Makes the accelerator a child of the machine. */
static bool adopt_accel(Machine *machine, GError **error)
{
    Accel *accel = accel_find(object_root(&machine->object));
    Object *object;

    if (!accel) {
        qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                      "a machine needs an accelerator: make one first, such as kvm-accel");
        return false;
    }
    object = &accel->object;
    if (object_life(object) != OBJECT_COMPLETE) {
        qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                      "accelerator '%s' is still being made", object->name);
        return false;
    }
    machine->accel = object_ref(accel);
    machine->accel_home = object_ref(object->parent);
    machine->accel_name = g_strdup(object->name);
    object_unparent(object);
    object_add_child(&machine->object, "accel", object, NULL);
    accel_set_host(accel, &machine_accel_host, machine);
    return true;
}

static void return_accel(Machine *machine)
{
    Object *object;

    if (!machine->accel) {
        return;
    }
    object = &machine->accel->object;
    accel_set_host(machine->accel, NULL, NULL);
    object_unparent(object);
    object_add_child(machine->accel_home, machine->accel_name, object, NULL);
    g_clear_pointer(&machine->accel_name, g_free);
    g_clear_pointer(&machine->accel_home, object_unref);
    g_clear_pointer(&machine->accel, object_unref);
}

/* ---- Making ---- */

static bool make_loop_parts(Machine *machine, GError **error)
{
    const Env *env = object_env(&machine->object);
    struct event_base *base = env ? env->base : NULL;
    bool idle = accel_ops(machine->accel)->idle;
    int clock_errno;

    machine->clock = clock_new(idle ? NULL : base, machine->lock);
    clock_errno = errno;
    if (machine->clock && idle) {
        /* The date is the host's, as in QEMU; its whole second begins at virtual time 0. */
        clock_set_epoch(machine->clock, g_get_real_time() / G_USEC_PER_SEC * NS_PER_SECOND);
    }
    machine->requests = machine_requests_new(machine, base);
    machine->calls = machine_calls_new(machine, base);
    machine->gsis = machine_gsis_new(machine, base);
    machine->acks = machine_acks_new();
    if (!machine->clock || !machine->requests || !machine->calls || !machine->gsis) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, machine->clock ? ENOMEM : clock_errno,
                            "cannot create the machine's clock");
        return false;
    }
    return true;
}

/* The folder of devices without another parent. */
#define UNATTACHED "unattached"

static void make_folder(const char *name, void *machine)
{
    object_container(machine, name);
}

static void destroy_folder(const char *name, void *machine)
{
    Object *folder = object_child(machine, name);

    if (folder) {
        object_destroy(folder);
    }
}

static void make_folders(Object *obj)
{
    place_foreach_folder(qmp_class_place(&qmp_class_machine)->path, make_folder, obj);
    make_folder(UNATTACHED, obj);
}

/* Devices that clients added are destroyed with their machine, before its own chips. */
static void destroy_folders(Object *obj)
{
    place_foreach_folder(qmp_class_place(&qmp_class_machine)->path, destroy_folder, obj);
    destroy_folder(UNATTACHED, obj);
}

static bool run_setup(Machine *machine, GError **error)
{
    const MachineOps *ops = machine_ops(machine);

    if (ops->setup && !ops->setup(machine, error)) {
        return false;
    }
    machine->set_up = true;
    return address_space_set_accel(machine->memory, machine->accel, false, error) &&
           address_space_set_accel(machine->io, machine->accel, true, error);
}

static bool run_recipe(Machine *machine, GError **error)
{
    const QmpClass *klass = object_class(machine);
    const MachineOps *ops = machine_ops(machine);
    Object *obj = &machine->object;

    return parts_make(obj, &machine->accel->object, obj, klass->parts, klass->n_parts, irq_wire,
                      error) &&
           (!ops->wire || ops->wire(machine, error));
}

static void machine_undo(Machine *machine)
{
    const QmpClass *klass = object_class(machine);
    const MachineOps *ops = machine_ops(machine);

    destroy_folders(&machine->object);
    parts_unmake(&machine->object, klass->parts, klass->n_parts);
    if (machine->memory) {
        address_space_set_accel(machine->memory, NULL, false, NULL);
        address_space_set_accel(machine->io, NULL, true, NULL);
    }
    if (machine->set_up && ops->teardown) {
        ops->teardown(machine);
    }
    machine->set_up = false;
    g_clear_pointer(&machine->memory, address_space_free);
    g_clear_pointer(&machine->io, address_space_free);
    g_clear_pointer(&machine->gsis, machine_gsis_free);
    g_clear_pointer(&machine->acks, machine_acks_free);
    g_clear_pointer(&machine->calls, machine_calls_free);
    g_clear_pointer(&machine->requests, machine_requests_free);
    g_clear_pointer(&machine->clock, clock_free);
    machine_free_services(machine);
    return_accel(machine);
}

static bool check_uuid(Object *obj, GError **error)
{
    const char *uuid = machine_props(obj)->uuid;

    if (uuid && !g_uuid_string_is_valid(uuid)) {
        qmp_error_set_at(error, "uuid", ERROR_REASON_INVALID_VALUE,
                         "property 'uuid' is not a UUID");
        return false;
    }
    return true;
}

static bool machine_complete(Object *obj, GError **error)
{
    Machine *machine = to_machine(obj);

    if (!check_uuid(obj, error) || !defaults_check(obj, error) || !adopt_accel(machine, error)) {
        return false;
    }
    make_folders(obj);
    machine->memory = address_space_new(obj, "system-memory", 0, machine->lock);
    machine->io = address_space_new(obj, "io", IO_SPACE_SIZE, machine->lock);
    if (!make_loop_parts(machine, error) || !run_setup(machine, error) ||
        !run_recipe(machine, error)) {
        machine_undo(machine);
        return false;
    }
    return true;
}

static void machine_dismantle(Object *obj)
{
    Machine *machine = to_machine(obj);

    machine_pause(machine);
    machine_undo(machine);
}

static bool machine_may_delete(Object *obj, GError **error)
{
    if (to_machine(obj)->started) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE,
                      "a machine that has run stays until the daemon ends");
        return false;
    }
    return true;
}

static void machine_init(Object *obj)
{
    Machine *machine = to_machine(obj);

    machine->listeners = g_ptr_array_new_with_free_func(g_free);
    machine->services = machine_services_new();
}

static void machine_finalize(Object *obj)
{
    const Machine *machine = to_machine(obj);

    g_ptr_array_unref(machine->listeners);
    g_array_unref(machine->services);
}

const TypeInfo machine_type = {
    .schema = &qmp_class_machine,
    .size = sizeof(Machine),
    .object = &(const ObjectOps){
        .init = machine_init,
        .complete = machine_complete,
        .dismantle = machine_dismantle,
        .finalize = machine_finalize,
        .may_delete = machine_may_delete,
    },
};
