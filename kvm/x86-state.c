/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's architectural state, between X86CpuState and KVM's structures: general and
 * system registers and the run state.  x86-extra.c has the rest, which a reset does not
 * set: x86-reset.c restores even more.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"

static bool vcpu_ioctl(KvmVcpu *vcpu, unsigned long request, void *argument, const char *what,
                       GError **error)
{
    if (kvm_ioctl(vcpu->fd, request, argument) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM cannot %s of CPU %u", what,
                            vcpu->cpu->index);
        return false;
    }
    return true;
}

static struct kvm_segment segment_to_kvm(const X86Segment *segment)
{
    return (struct kvm_segment){
        .base = segment->base, .limit = segment->limit, .selector = segment->selector,
        .type = segment->type, .s = segment->s, .dpl = segment->dpl, .present = segment->p,
        .avl = segment->avl, .l = segment->l, .db = segment->db, .g = segment->g,
        .unusable = !segment->p,
    };
}

static X86Segment segment_from_kvm(const struct kvm_segment *segment)
{
    return (X86Segment){
        .base = segment->base, .limit = segment->limit, .selector = segment->selector,
        .type = segment->type, .s = segment->s, .dpl = segment->dpl,
        .p = segment->present && !segment->unusable,
        .avl = segment->avl, .l = segment->l, .db = segment->db, .g = segment->g,
    };
}

static void gprs_to_kvm(const guint64 gpr[16], struct kvm_regs *regs)
{
    regs->rax = gpr[X86_RAX];
    regs->rbx = gpr[X86_RBX];
    regs->rcx = gpr[X86_RCX];
    regs->rdx = gpr[X86_RDX];
    regs->rsi = gpr[X86_RSI];
    regs->rdi = gpr[X86_RDI];
    regs->rsp = gpr[X86_RSP];
    regs->rbp = gpr[X86_RBP];
    regs->r8 = gpr[X86_R8];
    regs->r9 = gpr[X86_R9];
    regs->r10 = gpr[X86_R10];
    regs->r11 = gpr[X86_R11];
    regs->r12 = gpr[X86_R12];
    regs->r13 = gpr[X86_R13];
    regs->r14 = gpr[X86_R14];
    regs->r15 = gpr[X86_R15];
}

static void gprs_from_kvm(const struct kvm_regs *regs, guint64 ret_gpr[16])
{
    ret_gpr[X86_RAX] = regs->rax;
    ret_gpr[X86_RBX] = regs->rbx;
    ret_gpr[X86_RCX] = regs->rcx;
    ret_gpr[X86_RDX] = regs->rdx;
    ret_gpr[X86_RSI] = regs->rsi;
    ret_gpr[X86_RDI] = regs->rdi;
    ret_gpr[X86_RSP] = regs->rsp;
    ret_gpr[X86_RBP] = regs->rbp;
    ret_gpr[X86_R8] = regs->r8;
    ret_gpr[X86_R9] = regs->r9;
    ret_gpr[X86_R10] = regs->r10;
    ret_gpr[X86_R11] = regs->r11;
    ret_gpr[X86_R12] = regs->r12;
    ret_gpr[X86_R13] = regs->r13;
    ret_gpr[X86_R14] = regs->r14;
    ret_gpr[X86_R15] = regs->r15;
}

/* The order of X86_CS... in struct kvm_sregs. */
static struct kvm_segment *sregs_segment(struct kvm_sregs *sregs, guint i)
{
    struct kvm_segment *const segments[X86_N_SEGMENTS] = {
        [X86_CS] = &sregs->cs, [X86_DS] = &sregs->ds, [X86_ES] = &sregs->es,
        [X86_FS] = &sregs->fs, [X86_GS] = &sregs->gs, [X86_SS] = &sregs->ss,
    };

    return segments[i];
}

static void sregs_to_kvm(const X86CpuState *state, struct kvm_sregs *sregs)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        *sregs_segment(sregs, i) = segment_to_kvm(&state->segment[i]);
    }
    sregs->tr = segment_to_kvm(&state->tr);
    sregs->ldt = segment_to_kvm(&state->ldt);
    sregs->gdt = (struct kvm_dtable){ .base = state->gdt.base, .limit = state->gdt.limit };
    sregs->idt = (struct kvm_dtable){ .base = state->idt.base, .limit = state->idt.limit };
    sregs->cr0 = state->cr0;
    sregs->cr2 = state->cr2;
    sregs->cr3 = state->cr3;
    sregs->cr4 = state->cr4;
    sregs->cr8 = state->cr8;
    sregs->efer = state->efer;
    sregs->apic_base = state->apic_base;
}

static void sregs_from_kvm(struct kvm_sregs *sregs, X86CpuState *ret_state)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        ret_state->segment[i] = segment_from_kvm(sregs_segment(sregs, i));
    }
    ret_state->tr = segment_from_kvm(&sregs->tr);
    ret_state->ldt = segment_from_kvm(&sregs->ldt);
    ret_state->gdt = (X86Table){ .base = sregs->gdt.base, .limit = sregs->gdt.limit };
    ret_state->idt = (X86Table){ .base = sregs->idt.base, .limit = sregs->idt.limit };
    ret_state->cr0 = sregs->cr0;
    ret_state->cr2 = sregs->cr2;
    ret_state->cr3 = sregs->cr3;
    ret_state->cr4 = sregs->cr4;
    ret_state->cr8 = sregs->cr8;
    ret_state->efer = sregs->efer;
    ret_state->apic_base = sregs->apic_base;
}

/* Only a local APIC can end the wait for a SIPI. */
static bool set_mp_state(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    struct kvm_mp_state mp = {
        .mp_state = state->wait_for_sipi ? KVM_MP_STATE_UNINITIALIZED :
                    state->halted ? KVM_MP_STATE_HALTED : KVM_MP_STATE_RUNNABLE,
    };

    if (vcpu->kvm->irqchip == ACCEL_IRQCHIP_OFF) {
        mp.mp_state = KVM_MP_STATE_RUNNABLE;
    }
    return vcpu_ioctl(vcpu, KVM_SET_MP_STATE, &mp, "set the run state", error);
}

bool kvm_vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error)
{
    KvmVcpu *vcpu = cpu->vcpu;
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    struct kvm_mp_state mp;

    if (!vcpu_ioctl(vcpu, KVM_GET_REGS, &regs, "read the registers", error) ||
        !vcpu_ioctl(vcpu, KVM_GET_SREGS, &sregs, "read the system registers", error) ||
        !vcpu_ioctl(vcpu, KVM_GET_MP_STATE, &mp, "read the run state", error)) {
        return false;
    }
    x86_state_reset(ret_state, cpu_is_bsp(cpu));
    ret_state->rip = regs.rip;
    ret_state->rflags = regs.rflags;
    ret_state->halted = mp.mp_state == KVM_MP_STATE_HALTED;
    ret_state->wait_for_sipi = mp.mp_state == KVM_MP_STATE_UNINITIALIZED ||
                               mp.mp_state == KVM_MP_STATE_INIT_RECEIVED;
    gprs_from_kvm(&regs, ret_state->gpr);
    sregs_from_kvm(&sregs, ret_state);
    return kvm_extra_get(vcpu, ret_state, error);
}

static bool set_registers(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    struct kvm_regs regs = { .rip = state->rip, .rflags = state->rflags };
    struct kvm_sregs sregs = { .cr0 = 0 };

    gprs_to_kvm(state->gpr, &regs);
    sregs_to_kvm(state, &sregs);
    return vcpu_ioctl(vcpu, KVM_SET_SREGS, &sregs, "set the system registers", error) &&
           vcpu_ioctl(vcpu, KVM_SET_REGS, &regs, "set the registers", error) &&
           set_mp_state(vcpu, state, error);
}

bool kvm_vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    KvmVcpu *vcpu = cpu->vcpu;

    return set_registers(vcpu, state, error) && kvm_extra_set(vcpu, state, error);
}

bool kvm_vcpu_reset(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    KvmVcpu *vcpu = cpu->vcpu;

    /* APIC_BASE is part of state, and tells how the local APIC is laid out. */
    if (!set_registers(vcpu, state, error) ||
        (vcpu->has_run && !kvm_power_on_restore(vcpu, error))) {
        return false;
    }
    vcpu->has_run = false;
    return true;
}
