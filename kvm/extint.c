/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the machine's own PICs (kernel-irqchip=split).  The kernel has the
 * local APICs, but does not request a vector: KVM_INTERRUPT injects one when the
 * guest can take it, which the shared page says after each exit
 * (ready_for_interrupt_injection); otherwise the kernel is asked to exit as soon as
 * it can (request_interrupt_window).  This includes LINT0 of the first CPU's local
 * APIC: while it is masked, the guest is not ready.
 *
 * Both are known only from an exit with the state in which the guest continues: a
 * halted vCPU that enters KVM_RUN sleeps immediately, even if a window was requested.
 *
 * A line that rises while the guest runs or is halted must get the vCPU out of
 * KVM_RUN; it checks the line each time before it enters again.
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

    /* Not if it will exit immediately: a reset may come before the guest takes it. */
    if (g_atomic_int_get(&kvm->extint) && run->ready_for_interrupt_injection &&
        !__atomic_load_n(&run->immediate_exit, __ATOMIC_RELAXED)) {
        inject(vcpu);
    }
    run->request_interrupt_window = g_atomic_int_get(&kvm->extint);
}
