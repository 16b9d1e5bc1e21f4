/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID: SDM vol.  2A.  Its values are configured; this file has the rules for absent leaves,
 * the bits that depend on the CPU's state, and the time stamp counter's rate, which is
 * determined on demand.
 */
#include "config.h"
#include "tcg/ops.h"
#include "tcg/system.h"
#include "tcg/tcg-accel.h"
#include "tcg/timers.h"

enum {
    LEAF_TOPOLOGY = 0xb,
    LEAF_XSAVE = 0xd,
    LEAF_TSC = 0x15,
    LEAF_FREQUENCY = 0x16,
    LEAF_TOPOLOGY_2 = 0x1f,
    CLASS_MASK = 0xffff0000,    /* leaves of a class: basic, hypervisor, extended, ... */
    OSXSAVE = 1 << 27,          /* 1.ECX */
    APIC = 1 << 9,              /* 1.EDX, and 0x80000001.EDX of AMD's */
    APIC_BASE_ENABLE = 1 << 11,
    LEGACY_SIZE = 512 + 64,
    XCR0_AVX = 1 << 2,
};

/* ---- The configured leaves ---- */

static const CpuidLeaf *find(const TcgState *s, guint32 leaf, guint32 subleaf)
{
    const GArray *leaves = s->vcpu->cpu->cpuid;

    for (guint i = 0; leaves && i < leaves->len; i++) {
        const CpuidLeaf *l = &((const CpuidLeaf *)(const void *)leaves->data)[i];

        if (l->leaf == leaf && (!l->has_subleaf || l->subleaf == subleaf)) {
            return l;
        }
    }
    return NULL;
}

guint32 tcg_cpuid_register(const TcgState *s, guint32 leaf, guint32 subleaf, guint reg)
{
    const CpuidLeaf *l = find(s, leaf, subleaf);

    if (!l) {
        return 0;
    }
    return reg == TCG_EAX ? l->eax : reg == TCG_EBX ? l->ebx : reg == TCG_ECX ? l->ecx : l->edx;
}

bool tcg_cpuid_has(const TcgState *s, guint32 leaf, guint32 subleaf, guint reg, guint bit)
{
    return tcg_cpuid_register(s, leaf, subleaf, reg) >> bit & 1;
}

bool tcg_cpuid_is_amd(const TcgState *s)
{
    guint32 start = tcg_cpuid_register(s, 0, 0, TCG_EBX);

    return start == 0x68747541 || start == 0x6f677948;          /* "Auth", "Hygo" */
}

/* ---- What follows the state ---- */

static guint32 xsave_size(const TcgState *s)
{
    const CpuidLeaf *avx = find(s, LEAF_XSAVE, 2);

    return s->xcr0 & XCR0_AVX && avx ? avx->eax + avx->ebx : LEGACY_SIZE;
}

static void apply_state(const TcgState *s, CpuidLeaf *l)
{
    bool apic = s->vcpu->apic.base & APIC_BASE_ENABLE;

    if (l->leaf == 1) {
        l->ecx &= ~(guint32)OSXSAVE;
        l->ecx |= s->cr4 & CR4_OSXSAVE ? OSXSAVE : 0;
    }
    if ((l->leaf == 1 || l->leaf == 0x80000001) && !apic) {
        l->edx &= ~(guint32)APIC;
    }
    if (l->leaf == LEAF_XSAVE && (l->subleaf == 0 || (l->subleaf == 1 && l->eax & 2))) {
        l->ebx = xsave_size(s);
    }
}

static guint64 heavy_tsc_khz(TcgState *s, void *argument)
{
    return (tcg_tsc_frequency(s->vcpu->tcg) + 500) / 1000;
}

/* The counter's rate as a ratio to the crystal's, which is TCG_CRYSTAL_KHZ.  Linux multiplies
 * crystal's kHz and numerator in 32 bits; a ratio of such small numbers is off by at
 * most a millionth. */
static void find_ratio(guint64 khz, guint32 *ret_numerator, guint32 *ret_denominator)
{
    guint64 best = 0, best_error = G_MAXUINT32;

    for (guint64 d = 1; d < 0x10000; d++) {
        guint64 n = (khz * d + TCG_CRYSTAL_KHZ / 2) / TCG_CRYSTAL_KHZ;
        guint64 exact = khz * d, rounded = n * TCG_CRYSTAL_KHZ;
        guint64 error = exact > rounded ? exact - rounded : rounded - exact;

        if (rounded > G_MAXUINT32) {
            break;
        }
        if (!best || error * best < best_error * d) {
            best = d;
            best_error = error;
            *ret_numerator = n;
            *ret_denominator = d;
        }
    }
}

static void apply_rate(TcgState *s, CpuidLeaf *l)
{
    if (l->leaf == LEAF_TSC) {
        l->eax = l->ebx = 0;
        find_ratio(tcg_heavy(s, heavy_tsc_khz, NULL), &l->ebx, &l->eax);
    } else if (l->leaf == LEAF_FREQUENCY) {
        l->eax = l->ebx = (tcg_heavy(s, heavy_tsc_khz, NULL) + 500) / 1000;
    }
}

/* ---- Leaves that are not there ---- */

/* Beyond the last leaf an Intel CPU returns its last basic leaf, an AMD CPU zeros. */
static guint32 existing_leaf(const TcgState *s, guint32 leaf)
{
    guint32 basic = tcg_cpuid_register(s, 0, 0, TCG_EAX);
    guint32 last = tcg_cpuid_register(s, leaf & CLASS_MASK, 0, TCG_EAX);

    return leaf <= last && leaf >= (leaf & CLASS_MASK) ? leaf
           : tcg_cpuid_is_amd(s)                       ? ~0u
                                                       : basic;
}

/* Absent topology levels still return their number and the CPU's id. */
static void absent_leaf(const TcgState *s, guint32 leaf, guint32 subleaf, CpuidLeaf *ret_leaf)
{
    *ret_leaf = (CpuidLeaf){ .leaf = leaf, .subleaf = subleaf };
    if ((leaf == LEAF_TOPOLOGY || leaf == LEAF_TOPOLOGY_2) && find(s, leaf, 0)) {
        ret_leaf->ecx = subleaf & 0xff;
        ret_leaf->edx = tcg_cpuid_register(s, leaf, 0, TCG_EDX);
    }
}

TcgNext tcg_op_cpuid(TcgState *s, const TcgInsn *insn)
{
    guint32 leaf = existing_leaf(s, s->gpr[TCG_RAX]), subleaf = s->gpr[TCG_RCX];
    const CpuidLeaf *found = find(s, leaf, subleaf);
    CpuidLeaf result;

    if (found) {
        result = *found;
        apply_state(s, &result);
        apply_rate(s, &result);
    } else {
        absent_leaf(s, leaf, subleaf, &result);
    }
    s->gpr[TCG_RAX] = result.eax;
    s->gpr[TCG_RBX] = result.ebx;
    s->gpr[TCG_RCX] = result.ecx;
    s->gpr[TCG_RDX] = result.edx;
    tcg_serialize();
    return TCG_GO_ON;
}
