/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's model-specific registers, between X86CpuState and KVM: those that it names, and
 * those others in the kernel's list that are not 0.
 *
 * Time continues from where it was: the counter is set first, and the deadline, which
 * refers to it, last.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"

enum {
    MSR_TSC = 0x10,             /* SDM vol. 4, table 2-2 */
    MSR_APIC_BASE = 0x1b,
    MSR_TSC_ADJUST = 0x3b,
    MSR_EFER = 0xc0000080,
    MSR_FS_BASE = 0xc0000100,
    MSR_GS_BASE = 0xc0000101,
};

static const struct {
    guint32 index;
    gsize offset;
} rows[] = {
    { 0xc0000081, offsetof(X86CpuState, msrs.star) },
    { 0xc0000082, offsetof(X86CpuState, msrs.lstar) },
    { 0xc0000083, offsetof(X86CpuState, msrs.cstar) },
    { 0xc0000084, offsetof(X86CpuState, msrs.sfmask) },
    { 0xc0000102, offsetof(X86CpuState, msrs.kernel_gs_base) },
    { 0x174, offsetof(X86CpuState, msrs.sysenter_cs) },
    { 0x175, offsetof(X86CpuState, msrs.sysenter_esp) },
    { 0x176, offsetof(X86CpuState, msrs.sysenter_eip) },
    { 0xc0000103, offsetof(X86CpuState, msrs.tsc_aux) },
    { 0x277, offsetof(X86CpuState, msrs.pat) },
    { 0x1a0, offsetof(X86CpuState, msrs.misc_enable) },
    { 0x17a, offsetof(X86CpuState, msrs.mcg_status) },
    { 0x6e0, offsetof(X86CpuState, msrs.tsc_deadline) },
};

static bool has_msr(const KvmVcpu *vcpu, guint32 index)
{
    const struct kvm_msr_list *list = vcpu->kvm->device.msrs;

    for (guint i = 0; i < list->nmsrs; i++) {
        if (list->indices[i] == index) {
            return true;
        }
    }
    return false;
}

/* One register at a time: the kernel rejects one that this vCPU's CPUID lacks: then
 * *ret_has is false. */
static bool move(KvmVcpu *vcpu, unsigned long request, guint32 index, guint64 *value,
                 bool *ret_has, GError **error)
{
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entry;
    } one = { .head = { .nmsrs = 1 }, .entry = { .index = index, .data = *value } };
    int r = kvm_ioctl(vcpu->fd, request, &one);

    if (r < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM does not move MSR 0x%x of CPU %u", index, vcpu->cpu->index);
        return false;
    }
    *value = one.entry.data;
    *ret_has = r == 1;
    return true;
}

/* 0 for one that the CPU does not have. */
static bool read_msr(KvmVcpu *vcpu, guint32 index, guint64 *ret_value, GError **error)
{
    bool has;

    *ret_value = 0;
    return move(vcpu, KVM_GET_MSRS, index, ret_value, &has, error);
}

/* An MSR that the CPU does not have only accepts 0. */
static bool write_msr(KvmVcpu *vcpu, guint32 index, guint64 value, GError **error)
{
    bool has;

    if (!move(vcpu, KVM_SET_MSRS, index, &value, &has, error)) {
        return false;
    }
    if (!has && value) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                      "KVM refuses 0x%" G_GINT64_MODIFIER "x in MSR 0x%x of CPU %u", value, index,
                      vcpu->cpu->index);
        return false;
    }
    return true;
}

/* MSRs with a separate member in X86CpuState; and those of the guest's boot time, which
 * each write sets to the current time. */
static bool is_elsewhere(guint32 index)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].index == index) {
            return true;
        }
    }
    switch (index) {
    case MSR_TSC:
    case MSR_TSC_ADJUST:
    case MSR_APIC_BASE:
    case MSR_EFER:
    case MSR_FS_BASE:
    case MSR_GS_BASE:
        return true;
    default:
        return kvm_msr_is_boot_time(index);
    }
}

/* What a CPU begins with need not be told; it may be KVM's own affair (MSR_KVM_POLL_CONTROL is 1),
 * and unknown elsewhere. */
static bool get_more(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    const struct kvm_msr_list *list = vcpu->kvm->device.msrs;

    for (guint i = 0; i < list->nmsrs; i++) {
        guint64 value;
        bool told;

        if (is_elsewhere(list->indices[i])) {
            continue;
        }
        if (!read_msr(vcpu, list->indices[i], &value, error)) {
            return false;
        }
        told = value != kvm_power_on_msr(vcpu->power_on, list->indices[i]);
        if (told && ret_state->n_more_msrs == X86_MORE_MSRS) {
            qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                          "CPU %u has more MSRs than its state has room for", vcpu->cpu->index);
            return false;
        }
        if (told) {
            ret_state->more_msrs[ret_state->n_more_msrs++] =
                (X86Msr){ list->indices[i], value };
        }
    }
    return true;
}

/* ---- KVM's clock, which is the VM's ---- */

static void get_clock(KvmVcpu *vcpu, X86CpuState *ret_state)
{
    struct kvm_clock_data clock = { .clock = 0 };

    if (cpu_is_bsp(vcpu->cpu) && kvm_ioctl(vcpu->kvm->vm_fd, KVM_GET_CLOCK, &clock) == 0) {
        ret_state->has_pv_clock = true;
        ret_state->pv_clock = clock.clock;
    }
}

static bool set_clock(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    struct kvm_clock_data clock = { .clock = state->pv_clock };

    if (state->has_pv_clock && cpu_is_bsp(vcpu->cpu) &&
        kvm_ioctl(vcpu->kvm->vm_fd, KVM_SET_CLOCK, &clock) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM does not set its clock");
        return false;
    }
    return true;
}

/* ---- All ---- */

bool kvm_msrs_get(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 *place = (guint64 *)((guint8 *)ret_state + rows[i].offset);

        if (has_msr(vcpu, rows[i].index) && !read_msr(vcpu, rows[i].index, place, error)) {
            return false;
        }
    }
    get_clock(vcpu, ret_state);
    ret_state->has_tsc = has_msr(vcpu, MSR_TSC);
    return get_more(vcpu, ret_state, error) &&
           (!ret_state->has_tsc || read_msr(vcpu, MSR_TSC, &ret_state->tsc, error)) &&
           (!has_msr(vcpu, MSR_TSC_ADJUST) ||
            read_msr(vcpu, MSR_TSC_ADJUST, &ret_state->tsc_adjust, error));
}

/* Only differences are written: some are read-only, and some act when written. */
static bool set_more(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    for (guint i = 0; i < state->n_more_msrs; i++) {
        const X86Msr *msr = &state->more_msrs[i];
        guint64 present;

        if (!read_msr(vcpu, msr->index, &present, error) ||
            (present != msr->value && !write_msr(vcpu, msr->index, msr->value, error))) {
            return false;
        }
    }
    return true;
}

static bool set_time(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    return !state->has_tsc ||
           ((!has_msr(vcpu, MSR_TSC_ADJUST) ||
             write_msr(vcpu, MSR_TSC_ADJUST, state->tsc_adjust, error)) &&
            write_msr(vcpu, MSR_TSC, state->tsc, error));
}

bool kvm_msrs_set(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    if (!set_clock(vcpu, state, error) || !set_more(vcpu, state, error) ||
        !set_time(vcpu, state, error)) {
        return false;
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 value = *(const guint64 *)((const guint8 *)state + rows[i].offset);

        if (has_msr(vcpu, rows[i].index) && !write_msr(vcpu, rows[i].index, value, error)) {
            return false;
        }
    }
    return true;
}
