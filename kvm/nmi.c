/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * External non-maskable interrupts: a line connected to pin LINT1 of all CPUs'
 * local APICs (SDM vol.  3A section 11.5.1), so an NMI is lost on a CPU whose
 * APIC masks it.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpu/cpu.h"
#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

enum {
    APIC_LVT_LINT1 = 0x360,
    LVT_DELIVERY_MODE = 7 << 8,
    LVT_NMI = 4 << 8,
    LVT_MASKED = 1 << 16,
};

/* Without a local APIC in the kernel, the pin is the CPU's own. */
static bool lets_through(KvmVcpu *vcpu, bool *ret_through, GError **error)
{
    struct kvm_lapic_state apic;
    guint32 lvt;

    *ret_through = true;
    if (vcpu->kvm->irqchip == ACCEL_IRQCHIP_OFF) {
        return true;
    }
    if (ioctl(vcpu->fd, KVM_GET_LAPIC, &apic) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM_GET_LAPIC");
        return false;
    }
    memcpy(&lvt, apic.regs + APIC_LVT_LINT1, sizeof(lvt));
    *ret_through = !(lvt & LVT_MASKED) && (lvt & LVT_DELIVERY_MODE) == LVT_NMI;
    return true;
}

bool kvm_vcpu_nmi(Accel *accel, Cpu *cpu, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmVcpu *vcpu = cpu->vcpu;
    bool through = false, ok;

    kvm_vcpus_hold(kvm);
    ok = lets_through(vcpu, &through, error);
    if (ok && through && ioctl(vcpu->fd, KVM_NMI) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM_NMI");
        ok = false;
    }
    kvm_vcpus_release(kvm);
    return ok;
}
