/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaves 0x40000000 to 0x4000000a as Hyper-V has them: Hypervisor Top Level Functional
 * Specification, section 2, feature and interface discovery.
 */
#include "config.h"
#include "cpu/cpuid-hyperv.h"

#include <string.h>

#include "cpu/cpuid.h"
#include "cpu/x86-features.h"

enum { EAX, EBX, ECX, EDX };

enum {
    LEAF_LIMITS = HYPERV_LEAF + 5,
    SIGNATURE = 0x31237648,             /* "Hv#1" */
    PRIVILEGE_HYPERCALL = 1 << 5,
    FEATURE_DYNAMIC_PARTITIONING = 1 << 3,
    ADVICE_EX_PROCESSOR_MASKS = 1 << 11,
    ADVICE_NO_NONARCH_CORESHARING = 1 << 18,
    NO_SPINLOCK_NOTE = 0xffffffff,
    MAX_LOGICAL_PROCESSORS = 64,
};

static const char default_vendor[13] = "Microsoft Hv";

bool hyperv_is_leaf(guint32 leaf)
{
    return leaf > HYPERV_LEAF + 1 && leaf <= HYPERV_LEAF_LAST;
}

bool hyperv_is_on(const X8664CpuProps *props)
{
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->reg != QMP_CPUID_MSR && hyperv_is_leaf(bit->leaf) &&
            G_STRUCT_MEMBER(bool, props, bit->offset)) {
            return true;
        }
    }
    return props->hv_passthrough || props->hv_spinlocks != NO_SPINLOCK_NOTE;
}

static void add(GArray *leaves, guint32 leaf, guint32 eax, guint32 ebx, guint32 ecx, guint32 edx)
{
    CpuidLeaf entry = { .leaf = leaf, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx };

    g_array_append_val(leaves, entry);
}

static void add_identity(GArray *leaves, const X8664CpuProps *props)
{
    guint32 vendor[3] = { 0 };
    const char *text = props->hv_vendor_id ? props->hv_vendor_id : default_vendor;

    memcpy(vendor, text, MIN(strlen(text), sizeof(vendor)));
    add(leaves, HYPERV_LEAF, LEAF_LIMITS, GUINT32_FROM_LE(vendor[0]), GUINT32_FROM_LE(vendor[1]),
        GUINT32_FROM_LE(vendor[2]));
    add(leaves, HYPERV_LEAF + 1, SIGNATURE, 0, 0, 0);
    add(leaves, HYPERV_LEAF + 2, props->hv_version_id_build,
        (guint32)props->hv_version_id_major << 16 | props->hv_version_id_minor,
        props->hv_version_id_spack,
        (guint32)props->hv_version_id_sbranch << 24 | props->hv_version_id_snumber);
}

/* What a guest should use. */
static guint32 advice(const Cpu *cpu, const X8664CpuProps *props)
{
    guint32 eax = x86_feature_word(props, HYPERV_LEAF + 4, 0, EAX);
    guint32 offered[4];

    cpuid_of_accel(cpu->accel, HYPERV_LEAF + 4, 0, offered);
    if (props->hv_tlbflush || props->hv_ipi) {
        eax |= ADVICE_EX_PROCESSOR_MASKS;
    }
    if (props->hv_no_nonarch_coresharing == ON_OFF_AUTO_ON) {
        eax |= ADVICE_NO_NONARCH_CORESHARING;
    } else if (props->hv_no_nonarch_coresharing == ON_OFF_AUTO_AUTO) {
        eax |= offered[EAX] & ADVICE_NO_NONARCH_CORESHARING;
    }
    return eax;
}

void hyperv_add_leaves(const Cpu *cpu, const X8664CpuProps *props, GArray *leaves)
{
    add_identity(leaves, props);
    add(leaves, HYPERV_LEAF + 3, x86_feature_word(props, HYPERV_LEAF + 3, 0, EAX) |
        PRIVILEGE_HYPERCALL, 0, 0,
        x86_feature_word(props, HYPERV_LEAF + 3, 0, EDX) | FEATURE_DYNAMIC_PARTITIONING);
    add(leaves, HYPERV_LEAF + 4, advice(cpu, props), props->hv_spinlocks, 0, 0);
    add(leaves, LEAF_LIMITS, G_MAXUINT32, MAX_LOGICAL_PROCESSORS, 0, 0);
}
