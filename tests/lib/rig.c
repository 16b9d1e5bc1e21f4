/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench of tests/lib/rig.h.
 */
#include "config.h"
#include "tests/lib/rig.h"

#include <stdarg.h>

#include "cpu/types.h"
#include "hw/core/timer-heap.h"
#include "hw/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-pci.h"
#include "qmp/visit.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-machine.h"

/* ---- Host ---- */

static void on_shutdown(void *opaque, ShutdownCause cause, int status)
{
    Rig *rig = opaque;

    rig->shutdowns++;
    rig->cause = cause;
    rig->status = status;
}

static void on_reset(void *opaque, ShutdownCause cause)
{
    Rig *rig = opaque;

    rig->resets++;
    rig->cause = cause;
}

static void on_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why)
{
    ((Rig *)opaque)->internal_errors++;
}

static void on_panic(void *opaque, const guint64 *crash)
{
    ((Rig *)opaque)->panics++;
}

static void on_crash_loaded(void *opaque)
{
    ((Rig *)opaque)->crashes++;
}

static void on_watchdog(void *opaque)
{
    ((Rig *)opaque)->watchdogs++;
}

static void on_stop(void *opaque, RunState state)
{
    Rig *rig = opaque;

    rig->stops++;
    rig->stop_state = state;
}

static void on_removed(void *opaque, Device *dev)
{
    ((Rig *)opaque)->removals++;
    device_unmake(dev);
}

static void on_bus_reset(void *opaque, Bus *bus)
{
    device_reset_tree(&bus->object);
}

static void on_suspend(void *opaque)
{
    ((Rig *)opaque)->suspends++;
}

static void on_wake(void *opaque, WakeReason reason)
{
    ((Rig *)opaque)->wakes[reason]++;
}

static void on_suspend_disk(void *opaque)
{
    ((Rig *)opaque)->disk_suspends++;
}

static const MachineHost rig_host = {
    .shutdown = on_shutdown,
    .reset = on_reset,
    .internal_error = on_internal_error,
    .panic = on_panic,
    .crash_loaded = on_crash_loaded,
    .watchdog = on_watchdog,
    .stop = on_stop,
    .removed = on_removed,
    .bus_reset = on_bus_reset,
    .suspend = on_suspend,
    .suspend_disk = on_suspend_disk,
    .wake = on_wake,
};

/* ---- Making ---- */

static void register_types(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        object_register_types(qom_types);
        object_register_types(cpu_types);
        object_register_types(hw_types);
        object_register_types(fake_accel_types);
        g_once_init_leave(&once, 1);
    }
}

static void isa_line(void *opaque, guint n, bool level)
{
    Rig *rig = opaque;

    rig->irq_levels[n] = level;
    rig->irq_edges[n] += level;
}

/* What clock.h promises of all timers. */
static void on_firing(void *opaque, const Timer *timer, gint64 now)
{
    if (timer->fired != G_MININT64) {
        g_assert_cmpint(now, >, timer->fired);
        g_assert_cmpint(now, >=, clock_add(timer->fired, timer->repeats ? timer->floor : 1));
    }
    ((Rig *)opaque)->firings++;
}

static void make_isa_bus(Rig *rig)
{
    Object *machine = &rig->machine->object;
    g_autoptr(GError) error = NULL;

    rig->isabus = device_make(machine, "isabus", &qmp_class_isabus_bridge, NULL, NULL, NULL,
                              &error);
    g_assert_no_error(error);
    rig->isa = bus_find(rig->root, "isa.0", NULL, &error);
    g_assert_no_error(error);
    gpio_in_new(machine, "rig-isa", ISA_N_IRQS, isa_line, rig);
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        irq_connect(gpio(&rig->isabus->object, "irq", i), gpio(machine, "rig-isa", i), false);
    }
}

static bool env_locked(const Env *env)
{
    return fair_lock_mine(&container_of(env, Rig, env)->lock);
}

Rig *rig_new(void)
{
    Rig *rig = g_new0(Rig, 1);
    g_autoptr(GError) error = NULL;
    Object *machine;

    register_types();
    fair_lock_init(&rig->lock);
    fair_lock_acquire(&rig->lock);
    rig->env.wire = irq_wire;
    rig->env.locked = env_locked;
    rig->root = object_root_new();
    object_set_env(rig->root, &rig->env);
    object_container(rig->root, "chardevs");
    rig->accel = fake_accel_new(rig->root);
    machine = object_new(&qmp_class_none_machine);
    rig->machine = to_machine(machine);
    machine_set_host(rig->machine, &rig->lock, &rig_host, rig);
    object_add_child(rig->root, "machine", machine, &error);
    object_unref(machine);
    object_make(machine, &error);
    g_assert_no_error(error);
    rig->memory = rig->machine->memory;
    rig->io = rig->machine->io;
    rig->clock = rig->machine->clock;
    clock_observe(rig->clock, on_firing, rig);
    make_isa_bus(rig);
    return rig;
}

void rig_free(Rig *rig)
{
    if (rig) {
        object_destroy(rig->root);
        object_unref(rig->root);
        fair_lock_release(&rig->lock);
        g_free(rig);
    }
}

/* ---- Objects from text ---- */

static int member_index(const QmpClass *klass, const char *name)
{
    const QmpMember *member = qmp_class_member(klass, name);

    return member ? member - qmp_members(klass->props) : -1;
}

static bool set_text(const QmpClass *klass, void *props, QmpGiven *given, const char *name,
                     const char *text, GError **error)
{
    const QmpInput input = {
        .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT, .allow_internal = true,
    };
    g_autoptr(QmpValue) value = qmp_value_str(text);
    int i = member_index(klass, name);

    if (i < 0) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "class '%s' has no property '%s'",
                      klass->name, name);
        return false;
    }
    given[i / 8] |= 1 << i % 8;
    return qmp_decode_member(&input, &qmp_members(klass->props)[i], value, props, error);
}

/* Props of klass from pairs of name and text, "bus" aside; NULL on failure. */
static void *props_from_text(const QmpClass *klass, QmpGiven **ret_given, const char **ret_bus,
                             GError **error, va_list pairs)
{
    void *props = qmp_new_props(klass);
    g_autofree QmpGiven *given = g_new0(QmpGiven, klass->props->n_members / 8 + 1);
    const char *name;

    while ((name = va_arg(pairs, const char *))) {
        if (ret_bus && g_str_equal(name, "bus")) {
            *ret_bus = va_arg(pairs, const char *);
        } else if (!set_text(klass, props, given, name, va_arg(pairs, const char *), error)) {
            qmp_clear(klass->props, &props);
            return NULL;
        }
    }
    *ret_given = g_steal_pointer(&given);
    return props;
}

static const QmpClass *find_class(const char *name)
{
    const QmpClass *klass = qmp_class_find(name);

    if (!klass) {
        g_error("no class '%s'", name);
    }
    return klass;
}

static Bus *place_for(Rig *rig, const QmpClass *klass, const char *name, GError **error)
{
    if (klass->bus == &qmp_class_PCI) {
        rig_pci(rig);
    }
    return bus_find(rig->root, name, klass, error);
}

Device *rig_device(Rig *rig, const char *driver, const char *id, GError **error, ...)
{
    const QmpClass *klass = find_class(driver);
    QmpGiven *given = NULL;
    const char *bus_name = NULL;
    Bus *bus = NULL;
    void *props;
    va_list pairs;

    va_start(pairs, error);
    props = props_from_text(klass, &given, &bus_name, error, pairs);
    va_end(pairs);
    if (!props) {
        return NULL;
    }
    if (klass->bus && !(bus = place_for(rig, klass, bus_name, bus_name ? error : NULL)) &&
        bus_name) {
        qmp_clear(klass->props, &props);
        g_free(given);
        return NULL;
    }
    return device_make(object_container(&rig->machine->object, "peripheral"), id, klass, bus,
                       props, given, error);
}

Object *rig_object(Rig *rig, const char *qom_type, const char *id, GError **error, ...)
{
    const QmpClass *klass = find_class(qom_type);
    bool chardev = qmp_class_is_a(klass, &qmp_class_chardev);
    QmpGiven *given = NULL;
    g_autoptr(Object) obj = NULL;
    void *props;
    va_list pairs;

    va_start(pairs, error);
    props = props_from_text(klass, &given, NULL, error, pairs);
    va_end(pairs);
    if (!props) {
        return NULL;
    }
    obj = object_new_with_props(klass, props, given);
    if (!object_add_child(object_container(rig->root, chardev ? "chardevs" : "objects"), id, obj,
                          error)) {
        return NULL;
    }
    if (!object_make(obj, error)) {
        object_unparent(obj);
        return NULL;
    }
    return obj;                 /* its parent's reference keeps it */
}

/* ---- Using ---- */

guint32 rig_in(Rig *rig, guint16 port, guint size)
{
    return address_space_read(rig->io, port, size);
}

void rig_out(Rig *rig, guint16 port, guint32 value, guint size)
{
    address_space_write(rig->io, port, value, size);
}

bool rig_irq_level(const Rig *rig, guint n)
{
    return rig->irq_levels[n];
}

guint rig_irq_edges(const Rig *rig, guint n)
{
    return rig->irq_edges[n];
}

void rig_reset(Rig *rig)
{
    device_reset_tree(&rig->machine->object);
}

void rig_deliver(Rig *rig)
{
    machine_deliver_requests(rig->machine);
}

void rig_assert_guest_error(Device *dev, const char *part)
{
    g_autofree char *last = NULL;

    device_guest_errors(dev, &last);
    g_assert_nonnull(last);
    if (!strstr(last, part)) {
        g_assert_cmpstr(last, ==, part);
    }
}

void rig_lock(Rig *rig)
{
    fair_lock_acquire(&rig->lock);
}

void rig_unlock(Rig *rig)
{
    fair_lock_release(&rig->lock);
}
