/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions that an accelerator calls: exits of vCPUs become accesses to
 * the machine's address spaces, and events for the machine become requests.
 *
 * The machine lock is taken once for an exit, however many accesses it has, or not at all if the
 * device locks for itself.
 */
#include "config.h"
#include "hw/machine/machine-internal.h"

#include "qom/qapi-objects-machine.h"

static void host_pio(void *opaque, guint16 port, void *data, guint size, guint count,
                     bool is_write)
{
    Machine *machine = opaque;
    guint8 *item = data;

    if (count == 1) {
        address_space_exit(machine->io, port, data, size, is_write);
        return;
    }
    fair_lock_acquire(machine->lock);
    for (; count; count--, item += size) {
        address_space_access(machine->io, port, item, size, is_write);
    }
    fair_lock_release(machine->lock);
}

static void host_mmio(void *opaque, guint64 gpa, void *data, guint size, bool is_write)
{
    address_space_exit(to_machine(opaque)->memory, gpa, data, size, is_write);
}

static void host_lock(void *opaque)
{
    fair_lock_acquire(to_machine(opaque)->lock);
}

static void host_unlock(void *opaque)
{
    fair_lock_release(to_machine(opaque)->lock);
}

static void host_request(void *opaque, AccelRequest request)
{
    switch (request) {
    case ACCEL_REQUEST_RESET:
        machine_request_reset(opaque, SHUTDOWN_CAUSE_GUEST_RESET);
        break;
    case ACCEL_REQUEST_SHUTDOWN:
        machine_request_shutdown(opaque, SHUTDOWN_CAUSE_GUEST_SHUTDOWN, 0);
        break;
    }
}

static void host_panic(void *opaque, const guint64 crash[ACCEL_N_CRASH])
{
    machine_request_panic(opaque, crash);
}

static void host_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why)
{
    machine_request_internal_error(opaque, cpu, detail, why);
}

static bool host_memory_write(void *opaque, guint64 gpa, const void *data, gsize size)
{
    return memory_write(to_machine(opaque)->memory, gpa, data, size);
}

static void host_eoi(void *opaque, guint8 vector)
{
    Machine *machine = opaque;

    fair_lock_acquire(machine->lock);
    machine_tell_eoi(machine, vector);
    fair_lock_release(machine->lock);
}

static int host_intack(void *opaque)
{
    Machine *machine = opaque;
    int vector;

    fair_lock_acquire(machine->lock);
    vector = machine_intack(machine);
    fair_lock_release(machine->lock);
    return vector;
}

static gint64 host_virtual_time(void *opaque)
{
    return clock_now(to_machine(opaque)->clock, CLOCK_KIND_VIRTUAL);
}

static void host_cpus_changed(void *opaque)
{
    Machine *machine = opaque;
    const MachineOps *ops = machine_ops(machine);

    if (machine->started && ops->cpus_changed) {
        ops->cpus_changed(machine);
    }
}

const AccelHost machine_accel_host = {
    .pio = host_pio,
    .mmio = host_mmio,
    .lock = host_lock,
    .unlock = host_unlock,
    .request = host_request,
    .panic = host_panic,
    .internal_error = host_internal_error,
    .memory_write = host_memory_write,
    .eoi = host_eoi,
    .intack = host_intack,
    .virtual_time = host_virtual_time,
    .cpus_changed = host_cpus_changed,
};
