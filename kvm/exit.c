/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One exit of a vCPU: from the data in the page shared with the kernel to a
 * call of the machine.  Port and MMIO accesses are a switch and one call,
 * without locking.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <string.h>

#include "qom/guest-error.h"

static KvmExitAction exit_io(KvmVcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    const Accel *accel = &vcpu->kvm->accel;

    accel->host->pio(accel->host_opaque, run->io.port, (guint8 *)run + run->io.data_offset,
                     run->io.size, run->io.count, run->io.direction == KVM_EXIT_IO_OUT);
    return KVM_VCPU_GO_ON;
}

static KvmExitAction exit_mmio(KvmVcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    const Accel *accel = &vcpu->kvm->accel;

    accel->host->mmio(accel->host_opaque, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
                      run->mmio.is_write);
    return KVM_VCPU_GO_ON;
}

static KvmExitAction exit_eoi(KvmVcpu *vcpu)
{
    const Accel *accel = &vcpu->kvm->accel;

    if (accel->host->eoi) {
        accel->host->eoi(accel->host_opaque, vcpu->run->eoi.vector);
    }
    return KVM_VCPU_GO_ON;
}

static KvmExitAction request(KvmVcpu *vcpu, AccelRequest what)
{
    const Accel *accel = &vcpu->kvm->accel;

    accel->host->request(accel->host_opaque, what);
    return KVM_VCPU_PARK;
}

/* ---- What a guest does not survive ---- */

static void append_rip(GString *why, const KvmVcpu *vcpu)
{
    struct kvm_regs regs;

    if (kvm_ioctl(vcpu->fd, KVM_GET_REGS, &regs) == 0) {
        g_string_append_printf(why, " at RIP 0x%" G_GINT64_MODIFIER "x", (guint64)regs.rip);
    }
}

static void append_instruction(GString *why, const struct kvm_run *run)
{
    guint n = MIN(run->emulation_failure.insn_size, sizeof(run->emulation_failure.insn_bytes));

    if (run->emulation_failure.ndata < 1 ||
        !(run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES)) {
        return;
    }
    g_string_append(why, ", instruction");
    for (guint i = 0; i < n; i++) {
        g_string_append_printf(why, " %02x", run->emulation_failure.insn_bytes[i]);
    }
}

static KvmExitAction fail(KvmVcpu *vcpu, ShutdownDetail detail, const char *why)
{
    const Accel *accel = &vcpu->kvm->accel;

    accel->host->internal_error(accel->host_opaque, vcpu->cpu, detail, why);
    return KVM_VCPU_PARK;
}

/* Some guests restart this way, possibly without end. */
static KvmExitAction exit_triple_fault(KvmVcpu *vcpu)
{
    g_autoptr(GString) what = g_string_new("a triple fault asks for a reset");

    append_rip(what, vcpu);
    device_guest_error(&vcpu->cpu->device, "%s", what->str);
    return request(vcpu, ACCEL_REQUEST_RESET);
}

static KvmExitAction internal_error(KvmVcpu *vcpu, const char *why)
{
    return fail(vcpu, SHUTDOWN_DETAIL_INTERNAL_ERROR, why);
}

static const char *suberror_name(guint32 suberror)
{
    switch (suberror) {
    case KVM_INTERNAL_ERROR_EMULATION:
        return "an instruction cannot be emulated";
    case KVM_INTERNAL_ERROR_SIMUL_EX:
        return "two exceptions came at once";
    case KVM_INTERNAL_ERROR_DELIVERY_EV:
        return "an event could not be delivered";
    case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
        return "the processor left the guest for an unknown reason";
    default:
        return "unknown cause";
    }
}

static KvmExitAction exit_internal_error(KvmVcpu *vcpu)
{
    const struct kvm_run *run = vcpu->run;
    g_autoptr(GString) why = g_string_new("KVM internal error: ");

    g_string_append_printf(why, "%s (%u)", suberror_name(run->internal.suberror),
                           run->internal.suberror);
    append_rip(why, vcpu);
    if (run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
        append_instruction(why, run);
    }
    return internal_error(vcpu, why->str);
}

static KvmExitAction exit_fail_entry(KvmVcpu *vcpu)
{
    g_autoptr(GString) why = g_string_new(NULL);

    g_string_printf(why, "the processor refused to enter the guest: hardware reason 0x%"
                    G_GINT64_MODIFIER "x",
                    (guint64)vcpu->run->fail_entry.hardware_entry_failure_reason);
    append_rip(why, vcpu);
    return internal_error(vcpu, why->str);
}

static KvmExitAction exit_unknown(KvmVcpu *vcpu)
{
    g_autoptr(GString) why = g_string_new(NULL);

    g_string_printf(why, "KVM ended with unexpected exit reason %u", vcpu->run->exit_reason);
    append_rip(why, vcpu);
    return internal_error(vcpu, why->str);
}

static KvmExitAction run_failed(KvmVcpu *vcpu, int error)
{
    g_autoptr(GString) why = g_string_new(NULL);

    g_string_printf(why, "KVM cannot run CPU %u: %s", vcpu->cpu->index, g_strerror(error));
    append_rip(why, vcpu);
    return fail(vcpu, accel_failure(error), why->str);
}

static KvmExitAction exit_crash(KvmVcpu *vcpu)
{
    const Accel *accel = &vcpu->kvm->accel;
    guint64 crash[ACCEL_N_CRASH];

    if (!kvm_hyperv_crash(vcpu, crash)) {
        return internal_error(vcpu, "KVM has no crash registers of a guest that used them");
    }
    accel->host->panic(accel->host_opaque, crash);
    return KVM_VCPU_GO_ON;
}

static KvmExitAction exit_system_event(KvmVcpu *vcpu)
{
    switch (vcpu->run->system_event.type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
        return request(vcpu, ACCEL_REQUEST_SHUTDOWN);
    case KVM_SYSTEM_EVENT_RESET:
        return request(vcpu, ACCEL_REQUEST_RESET);
    case KVM_SYSTEM_EVENT_CRASH:
        return exit_crash(vcpu);
    default:
        return exit_unknown(vcpu);
    }
}

KvmExitAction kvm_vcpu_exit(KvmVcpu *vcpu, int error)
{
    if (G_UNLIKELY(error)) {
        return run_failed(vcpu, error);
    }
    switch (vcpu->run->exit_reason) {
    case KVM_EXIT_IO:
        return exit_io(vcpu);
    case KVM_EXIT_MMIO:
        return exit_mmio(vcpu);
    case KVM_EXIT_HLT:
        return KVM_VCPU_HALT;
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        return KVM_VCPU_GO_ON;
    case KVM_EXIT_IOAPIC_EOI:
        return exit_eoi(vcpu);
    case KVM_EXIT_SHUTDOWN:
        return exit_triple_fault(vcpu);
    case KVM_EXIT_SYSTEM_EVENT:
        return exit_system_event(vcpu);
    case KVM_EXIT_HYPERV:
        kvm_hyperv_exit(vcpu);
        return KVM_VCPU_GO_ON;
    case KVM_EXIT_FAIL_ENTRY:
        return exit_fail_entry(vcpu);
    case KVM_EXIT_INTERNAL_ERROR:
        return exit_internal_error(vcpu);
    default:
        return exit_unknown(vcpu);
    }
}
