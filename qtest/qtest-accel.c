/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class qtest-accel: an accelerator that executes nothing, so that a client of
 * the qtest protocol (hw/qtest/) takes the guest's place.  It needs no support
 * from the host.
 *
 * CPUs exist and have state, but never run.  It has no interrupt controllers:
 * the machine has its own, whose output is not connected.  An interrupt for a
 * local APIC is dropped; any other message is a write to RAM, as on a real
 * machine, where a client can read it.
 *
 * Neither file descriptors nor routes are supported: there is no exit that an
 * ioeventfd could save, and set_gsi and msi_send are as fast as an irqfd.
 */
#include "config.h"
#include "qtest/types.h"

#include "cpu/cpu.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"

/* The local APICs' range: Intel SDM volume 3, section 11.11.1. */
#define LAPIC_FIRST 0xfee00000u
#define LAPIC_LAST  0xfeefffffu

/* ---- Memory: only the machine accesses it ---- */

static void slots_begin(Accel *accel)
{
}

static void slot_change(Accel *accel, const AccelSlot *slot)
{
}

static bool slots_commit(Accel *accel, GError **error)
{
    return true;
}

static guint slots_max(Accel *accel)
{
    return G_MAXUINT;
}

/* ---- Interrupts ---- */

static AccelIrqchip irqchip(Accel *accel)
{
    return ACCEL_IRQCHIP_OFF;
}

static void set_gsi(Accel *accel, guint gsi, bool level)
{
}

static bool irqfd_add(Accel *accel, guint gsi, int fd, int resample_fd, GError **error)
{
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "accelerator 'qtest' has no irqfds");
    return false;
}

static void irqfd_del(Accel *accel, guint gsi, int fd)
{
}

static int msi_route_add(Accel *accel, const AccelMsi *msi, GError **error)
{
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "accelerator 'qtest' has no MSI routes");
    return -1;
}

static bool msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error)
{
    return msi_route_add(accel, msi, error) >= 0;
}

static void msi_route_del(Accel *accel, guint gsi)
{
}

static bool msi_send(Accel *accel, const AccelMsi *msi)
{
    guint32 data = GUINT32_TO_LE(msi->data);

    if (!accel->host || (msi->address >= LAPIC_FIRST && msi->address <= LAPIC_LAST)) {
        return false;
    }
    return accel->host->memory_write(accel->host_opaque, msi->address, &data, sizeof(data));
}

static bool pit_create(Accel *accel, bool catch_up, GError **error)
{
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "accelerator 'qtest' has no PIT");
    return false;
}

/* ---- vCPUs ---- */

static bool vcpu_create(Accel *accel, Cpu *cpu, GError **error)
{
    cpu->vcpu = g_memdup2(&cpu->reset_state, sizeof(X86CpuState));
    return true;
}

static void vcpu_destroy(Accel *accel, Cpu *cpu)
{
    g_clear_pointer(&cpu->vcpu, g_free);
}

static void vcpus_change(Accel *accel)
{
}

static bool vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error)
{
    *ret_state = *(const X86CpuState *)cpu->vcpu;
    return true;
}

static bool vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    *(X86CpuState *)cpu->vcpu = *state;
    return true;
}

static const AccelOps qtest_accel_ops = {
    .name = "qtest",
    .idle = true,
    .slots_begin = slots_begin,
    .slot_add = slot_change,
    .slot_del = slot_change,
    .slots_commit = slots_commit,
    .slots_max = slots_max,
    .irqchip = irqchip,
    .set_gsi = set_gsi,
    .irqfd_add = irqfd_add,
    .irqfd_del = irqfd_del,
    .msi_route_add = msi_route_add,
    .msi_route_update = msi_route_update,
    .msi_route_del = msi_route_del,
    .msi_send = msi_send,
    .pit_create = pit_create,
    .vcpu_create = vcpu_create,
    .vcpu_destroy = vcpu_destroy,
    .vcpus_resume = vcpus_change,
    .vcpus_pause = vcpus_change,
    .vcpu_get = vcpu_get,
    .vcpu_set = vcpu_set,
    .vcpu_reset = vcpu_set,
};

const TypeInfo qtest_accel_type = {
    .schema = &qmp_class_qtest_accel,
    .kind = &qtest_accel_ops,
};
