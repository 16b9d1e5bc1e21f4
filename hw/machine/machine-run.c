/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running, pausing and resetting a machine, including its board and its
 * listeners.
 */
#include "config.h"
#include "hw/machine/machine.h"

#include "hw/machine/machine-call.h"
#include "hw/machine/machine-internal.h"
#include "hw/machine/power.h"
#include "qmp/error.h"
#include "qom/checks.h"

struct MachineListener {
    void (*f)(void *opaque, bool running);
    void *opaque;
};

const MachineOps *machine_ops(const Machine *machine)
{
    static const MachineOps none;
    const MachineOps *ops = object_kind(machine);

    return ops ? ops : &none;
}

/* ---- Listeners ---- */

MachineListener *machine_add_listener(Machine *machine, void (*f)(void *opaque, bool running),
                                      void *opaque)
{
    MachineListener *listener = g_new(MachineListener, 1);

    machine_lock_assert(machine);
    *listener = (MachineListener){ .f = f, .opaque = opaque };
    g_ptr_array_add(machine->listeners, listener);
    return listener;
}

void machine_remove_listener(Machine *machine, MachineListener *listener)
{
    machine_lock_assert(machine);
    g_ptr_array_remove(machine->listeners, listener);
}

static void tell_listeners(Machine *machine, bool running)
{
    guint n = machine->listeners->len;

    for (guint i = 0; i < n; i++) {
        MachineListener *listener = machine->listeners->pdata[running ? i : n - 1 - i];

        listener->f(listener->opaque, running);
    }
}

/* ---- Run control ---- */

static void reset_all(Machine *machine)
{
    const MachineOps *ops = machine_ops(machine);

    if (ops->reset) {
        ops->reset(machine);
    }
    machine->resetting = true;
    device_reset_tree(&machine->object);
    machine->resetting = false;
    if (ops->reset_done) {
        ops->reset_done(machine);
    }
}

/* Returns with all vCPUs parked and their pending calls done. */
static void pause_vcpus(Machine *machine)
{
    machine_calls_pause_begin(machine->calls);
    accel_ops(machine->accel)->vcpus_pause(machine->accel);
    machine_calls_pause_end(machine->calls);
}

/* The end of the build phase. */
bool machine_start(Machine *machine, GError **error)
{
    const MachineOps *ops = machine_ops(machine);

    main_thread_assert();
    machine_lock_assert(machine);
    if (machine->started) {
        return true;
    }
    if (ops->start && !ops->start(machine, error)) {
        return false;
    }
    machine->started = true;
    reset_all(machine);
    return true;
}

bool machine_run(Machine *machine, GError **error)
{
    main_thread_assert();
    machine_lock_assert(machine);
    if (machine->running) {
        return true;
    }
    if (!machine_start(machine, error)) {
        return false;
    }
    machine->running = true;
    clock_run(machine->clock, true);
    tell_listeners(machine, true);
    accel_ops(machine->accel)->vcpus_resume(machine->accel);
    return true;
}

/* Requests of disks are still in flight (hw/block/front.h). */
void machine_pause(Machine *machine)
{
    main_thread_assert();
    machine_lock_assert(machine);
    if (!machine->running) {
        return;
    }
    pause_vcpus(machine);
    machine->running = false;
    tell_listeners(machine, false);
    clock_run(machine->clock, false);
}

void machine_hold(Machine *machine)
{
    main_thread_assert();
    machine_lock_assert(machine);
    if (machine->running) {
        pause_vcpus(machine);
    }
}

void machine_release(Machine *machine)
{
    main_thread_assert();
    machine_lock_assert(machine);
    if (machine->running) {
        accel_ops(machine->accel)->vcpus_resume(machine->accel);
    }
}

void machine_reset(Machine *machine)
{
    bool running = machine->running;

    main_thread_assert();
    machine_lock_assert(machine);
    if (!machine->started) {
        return;
    }
    /* No request may be writing to RAM when the board fills it. */
    if (running) {
        pause_vcpus(machine);
        machine->running = false;
        tell_listeners(machine, false);
    }
    reset_all(machine);
    if (running) {
        machine->running = true;
        tell_listeners(machine, true);
        accel_ops(machine->accel)->vcpus_resume(machine->accel);
    }
}

/* ---- Power ---- */

void machine_wake(Machine *machine, WakeReason reason)
{
    const MachineOps *ops = machine_ops(machine);

    main_thread_assert();
    machine_lock_assert(machine);
    if (ops->wake) {
        ops->wake(machine);
    } else {
        device_reset_tree(&machine->object);
    }
    machine_woken(machine, reason);
}

/* ---- NMI ---- */

typedef struct {
    Accel *accel;
    bool ok;
    GError **error;
} NmiRound;

static void send_nmi(Cpu *cpu, void *data)
{
    NmiRound *round = data;

    round->ok = round->ok && accel_ops(round->accel)->vcpu_nmi(round->accel, cpu, round->error);
}

bool machine_inject_nmi(Machine *machine, GError **error)
{
    NmiRound round = { .accel = machine->accel, .ok = true, .error = error };

    if (!accel_ops(machine->accel)->vcpu_nmi) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "accelerator '%s' has no NMIs",
                      accel_ops(machine->accel)->name);
        return false;
    }
    cpu_foreach(object_root(&machine->object), send_nmi, &round);
    return round.ok;
}
