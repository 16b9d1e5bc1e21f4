/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the machine's own PICs (kernel-irqchip=split).  The kernel has the
 * local APICs, and asks nobody for a vector: it is told one by KVM_INTERRUPT when the
 * guest can take it, which the shared page says after each exit
 * (ready_for_interrupt_injection); where it cannot yet, the kernel is asked to exit
 * as soon as it can (request_interrupt_window).  LINT0 of the first CPU's local APIC
 * has its part in that: while it is masked, the guest is not ready.
 *
 * Both are known from an exit of the very state that the guest goes on with: a halted
 * vCPU that enters KVM_RUN sleeps at once, whatever window was asked for.
 *
 * A line that rises while the guest runs or is halted must get the vCPU out of
 * KVM_RUN; it looks at the line each time before it goes in again.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qom/qapi-objects-accel.h"

void kvm_set_extint(Accel *accel, bool level)
{
    KvmAccel *kvm = to_kvm_accel(accel);

    g_atomic_int_set(&kvm->extint, level);
    if (level && kvm->irqchip == ACCEL_IRQCHIP_SPLIT) {
        kvm_boot_vcpu_kick(kvm);
    }
}

static void inject(KvmVcpu *vcpu)
{
    const Accel *accel = &vcpu->kvm->accel;
    int vector = accel->host->intack ? accel->host->intack(accel->host_opaque) : -1;
    struct kvm_interrupt interrupt = { .irq = vector };

    if (vector >= 0 && kvm_ioctl(vcpu->fd, KVM_INTERRUPT, &interrupt) < 0) {
        g_warning("CPU %u: KVM does not take vector %d of a PIC: %s", vcpu->cpu->index, vector,
                  g_strerror(errno));
    }
}

void kvm_vcpu_offer_extint(KvmVcpu *vcpu)
{
    KvmAccel *kvm = vcpu->kvm;
    struct kvm_run *run = vcpu->run;

    /* Not if it will be out again at once: a reset may come before the guest takes it. */
    if (g_atomic_int_get(&kvm->extint) && run->ready_for_interrupt_injection &&
        !__atomic_load_n(&run->immediate_exit, __ATOMIC_RELAXED)) {
        inject(vcpu);
    }
    run->request_interrupt_window = g_atomic_int_get(&kvm->extint);
}
