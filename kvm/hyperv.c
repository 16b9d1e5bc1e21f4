/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What KVM has for guests that know Hyper-V: its features, preparing a vCPU for them, and exits.
 * Linux, Documentation/virt/kvm/api.rst: KVM_GET_SUPPORTED_HV_CPUID (4.118),
 * KVM_CAP_HYPERV_SYNIC2 (8.8), KVM_CAP_HYPERV_ENFORCE_CPUID; Hypervisor Top Level Functional
 * Specification.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <string.h>

#include "cpu/cpuid-hyperv.h"
#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"
#include "qom/qapi-objects-cpu.h"

enum {
    MAX_ENTRIES = 64,
    MSR_VP_INDEX = 0x40000002,
    STATUS_INVALID_HYPERCALL_CODE = 2,
    MSR_CRASH_P0 = 0x40000100,
    MSR_CRASH_CTL = 0x40000105,
    LEAF_FEATURES = HYPERV_LEAF + 3,
    LEAF_ADVICE = HYPERV_LEAF + 4,
    /* What needs more than the kernel. */
    DEBUG_MSRS = 1 << 11,       /* EDX of features */
    ENLIGHTENED_VMCS = 1 << 14, /* EAX of advice */
};

/* What a guest can have done by its crash register: tell its host. */
static const guint64 CRASH_NOTIFY = 1ull << 63;

static void learn(KvmDevice *device)
{
    struct kvm_cpuid2 *table = g_malloc0(sizeof(*table) + MAX_ENTRIES * sizeof(table->entries[0]));

    table->nent = MAX_ENTRIES;
    if (kvm_ioctl(device->fd, KVM_CHECK_EXTENSION,
                  GSIZE_TO_POINTER(KVM_CAP_SYS_HYPERV_CPUID)) <= 0 ||
        kvm_ioctl(device->fd, KVM_GET_SUPPORTED_HV_CPUID, table) < 0) {
        table->nent = 0;
    }
    device->hyperv = table;
}

void kvm_hyperv_supported(KvmDevice *device, guint32 leaf, guint32 ret_regs[4])
{
    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    if (!device->hyperv) {
        learn(device);
    }
    for (guint i = 0; i < device->hyperv->nent; i++) {
        const struct kvm_cpuid_entry2 *entry = &device->hyperv->entries[i];

        if (entry->function == leaf) {
            ret_regs[0] = entry->eax;
            ret_regs[1] = entry->ebx;
            ret_regs[2] = entry->ecx;
            ret_regs[3] = entry->edx;
        }
    }
    if (leaf == LEAF_FEATURES) {
        ret_regs[3] &= ~(guint32)DEBUG_MSRS;
    } else if (leaf == LEAF_ADVICE) {
        ret_regs[0] &= ~(guint32)ENLIGHTENED_VMCS;
    } else {
        memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    }
}

static bool enable(KvmVcpu *vcpu, guint32 capability, const char *property, GError **error)
{
    struct kvm_enable_cap cap = { .cap = capability, .args = { 1 } };

    if (kvm_ioctl(vcpu->fd, KVM_ENABLE_CAP, &cap) < 0) {
        qmp_error_set_at(error, property, ERROR_REASON_NOT_SUPPORTED,
                         "the kernel's KVM does not have '%s' (%s)", property,
                         g_strerror(errno));
        return false;
    }
    return true;
}

static bool set_msr(KvmVcpu *vcpu, guint32 index, guint64 value, const char *property,
                    GError **error)
{
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entry;
    } one = { .head = { .nmsrs = 1 },
              .entry = { .index = index, .data = value } };

    if (kvm_ioctl(vcpu->fd, KVM_SET_MSRS, &one) != 1) {
        qmp_error_set_at(error, property, ERROR_REASON_NOT_SUPPORTED,
                         "the kernel's KVM cannot set MSR 0x%x, which '%s' needs", index,
                         property);
        return false;
    }
    return true;
}

bool kvm_hyperv_prepare(KvmVcpu *vcpu, GError **error)
{
    const X8664CpuProps *props = x86_64_cpu_props(vcpu->cpu);

    return (!props->hv_enforce_cpuid ||
            enable(vcpu, KVM_CAP_HYPERV_ENFORCE_CPUID, "hv-enforce-cpuid", error)) &&
           (!props->hv_synic || enable(vcpu, KVM_CAP_HYPERV_SYNIC2, "hv-synic", error)) &&
           (!props->hv_vpindex ||
            set_msr(vcpu, MSR_VP_INDEX, vcpu->cpu->index, "hv-vpindex", error)) &&
           (!props->hv_crash ||
            set_msr(vcpu, MSR_CRASH_CTL, CRASH_NOTIFY, "hv-crash", error));
}

/* The kernel keeps them for the whole guest. */
bool kvm_hyperv_crash(KvmVcpu *vcpu, guint64 ret_crash[ACCEL_N_CRASH])
{
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entries[ACCEL_N_CRASH];
    } all = { .head = { .nmsrs = ACCEL_N_CRASH } };

    for (guint i = 0; i < ACCEL_N_CRASH; i++) {
        all.entries[i].index = MSR_CRASH_P0 + i;
    }
    if (kvm_ioctl(vcpu->fd, KVM_GET_MSRS, &all) != ACCEL_N_CRASH) {
        return false;
    }
    for (guint i = 0; i < ACCEL_N_CRASH; i++) {
        ret_crash[i] = all.entries[i].data;
    }
    return true;
}

/* The controller's pages are guest memory, which the kernel writes by itself; messages and
 * events that a guest posts have no receiver. */
void kvm_hyperv_exit(KvmVcpu *vcpu)
{
    if (vcpu->run->hyperv.type == KVM_EXIT_HYPERV_HCALL) {
        vcpu->run->hyperv.u.hcall.result = STATUS_INVALID_HYPERCALL_CODE;
    }
}
