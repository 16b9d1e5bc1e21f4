/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID in KVM: the leaves and bits that it can offer, and setting those of a
 * vCPU.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <asm/kvm_para.h>
#include <cpuid.h>
#include <errno.h>
#include <string.h>

#include "cpu/cpuid-hyperv.h"
#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

/* SDM vol. 2A, CPUID, leaf 1, ECX. */
enum {
    X2APIC = 1 << 21,
    TSC_DEADLINE = 1 << 24,
    HYPERVISOR = 1u << 31,
};

static const struct kvm_cpuid_entry2 *find_entry(const struct kvm_cpuid2 *table, guint32 leaf,
                                                 guint32 subleaf)
{
    for (guint i = 0; i < table->nent; i++) {
        const struct kvm_cpuid_entry2 *entry = &table->entries[i];
        bool indexed = entry->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX;

        if (entry->function == leaf && (!indexed || entry->index == subleaf)) {
            return entry;
        }
    }
    return NULL;
}

/*
 * Corrects leaf 1, which the kernel does not report exactly: we set the
 * hypervisor bit, and features that need KVM's local APIC depend on its
 * presence.
 */
static guint32 leaf1_ecx(const KvmAccel *kvm, guint32 ecx)
{
    ecx |= HYPERVISOR;
    if (kvm->irqchip == ACCEL_IRQCHIP_OFF) {
        ecx &= ~(guint32)(X2APIC | TSC_DEADLINE);
    } else {
        ecx |= X2APIC;
        ecx |= kvm->device.tsc_deadline ? TSC_DEADLINE : 0;
    }
    return ecx;
}

/* The leaves that it promises are made without KVM. */
enum {
    LEAF_AMD_FEATURES = 0x80000001,
    TOPOEXT = 1 << 22,          /* ECX */
};

/* Enclaves need memory of their own, which no machine has. */
enum {
    LEAF_SGX = 0x12,
    SGX = 1 << 2,               /* 7.EBX */
    SGX_LC = 1 << 30,           /* 7.ECX */
};

enum {
    LEAF_BRAND_FIRST = 0x80000002,
    LEAF_BRAND_LAST = 0x80000004,
};

/* The brand string is not a feature, and the kernel does not report it: takes
 * the host's. */
static void host_brand(guint32 leaf, guint32 ret_regs[4])
{
    __get_cpuid(leaf, &ret_regs[0], &ret_regs[1], &ret_regs[2], &ret_regs[3]);
}

/* Features whose interrupts come from KVM's local APIC. */
#define KVM_FEATURES_OF_APIC \
    (1u << KVM_FEATURE_ASYNC_PF | 1u << KVM_FEATURE_PV_EOI | 1u << KVM_FEATURE_PV_UNHALT | \
     1u << KVM_FEATURE_PV_SEND_IPI | 1u << KVM_FEATURE_PV_SCHED_YIELD | \
     1u << KVM_FEATURE_ASYNC_PF_INT | 1u << KVM_FEATURE_MSI_EXT_DEST_ID)

void kvm_cpuid_supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    const KvmAccel *kvm = to_kvm_accel(accel);
    const struct kvm_cpuid_entry2 *entry = find_entry(kvm->device.cpuid, leaf, subleaf);

    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    if (entry) {
        ret_regs[0] = entry->eax;
        ret_regs[1] = entry->ebx;
        ret_regs[2] = entry->ecx;
        ret_regs[3] = entry->edx;
    }
    if (hyperv_is_leaf(leaf)) {
        kvm_hyperv_supported(&to_kvm_accel(accel)->device, leaf, ret_regs);
    } else if (leaf >= LEAF_BRAND_FIRST && leaf <= LEAF_BRAND_LAST) {
        host_brand(leaf, ret_regs);
    } else if (leaf == 1) {
        ret_regs[2] = leaf1_ecx(kvm, ret_regs[2]);
    } else if (leaf == 7 && subleaf == 0) {
        ret_regs[1] &= ~(guint32)SGX;
        ret_regs[2] &= ~(guint32)SGX_LC;
    } else if (leaf == LEAF_SGX) {
        memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    } else if (leaf == LEAF_AMD_FEATURES) {
        ret_regs[2] |= TOPOEXT;
    } else if (leaf == KVM_CPUID_FEATURES) {
        if (kvm->irqchip == ACCEL_IRQCHIP_OFF) {
            ret_regs[0] &= ~KVM_FEATURES_OF_APIC;
        }
        ret_regs[3] |= 1u << KVM_HINTS_REALTIME;
    }
}

static bool same_leaves(const GArray *a, const GArray *b)
{
    if (!a || a->len != b->len) {
        return false;
    }
    for (guint i = 0; i < a->len; i++) {
        const CpuidLeaf *x = &g_array_index(a, CpuidLeaf, i);
        const CpuidLeaf *y = &g_array_index(b, CpuidLeaf, i);

        if (x->leaf != y->leaf || x->subleaf != y->subleaf || x->has_subleaf != y->has_subleaf ||
            x->eax != y->eax || x->ebx != y->ebx || x->ecx != y->ecx || x->edx != y->edx) {
            return false;
        }
    }
    return true;
}

static struct kvm_cpuid2 *make_table(const GArray *leaves)
{
    struct kvm_cpuid2 *table = g_malloc0(sizeof(*table) +
                                         leaves->len * sizeof(table->entries[0]));

    table->nent = leaves->len;
    for (guint i = 0; i < leaves->len; i++) {
        const CpuidLeaf *leaf = &g_array_index(leaves, CpuidLeaf, i);

        table->entries[i] = (struct kvm_cpuid_entry2){
            .function = leaf->leaf,
            .index = leaf->subleaf,
            .flags = leaf->has_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
            .eax = leaf->eax, .ebx = leaf->ebx, .ecx = leaf->ecx, .edx = leaf->edx,
        };
    }
    return table;
}

/* The kernel does not accept a CPUID once the vCPU has run, not even the same again. */
bool kvm_cpuid_set(KvmVcpu *vcpu, GError **error)
{
    g_autofree struct kvm_cpuid2 *table = NULL;

    if (same_leaves(vcpu->cpuid, vcpu->cpu->cpuid)) {
        return true;
    }
    table = make_table(vcpu->cpu->cpuid);
    if (kvm_ioctl(vcpu->fd, KVM_SET_CPUID2, table) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM refused the features of CPU %u%s", vcpu->cpu->index,
                            vcpu->cpuid ? ", whose APIC id ran with others" : "");
        return false;
    }
    g_clear_pointer(&vcpu->cpuid, g_array_unref);
    vcpu->cpuid = g_array_ref(vcpu->cpu->cpuid);
    return true;
}
