/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The features that a software CPU can have, by the schema's flags, and its other leaves: SDM
 * vol.  2A, CPUID; AMD APM vol.  3, appendix E.
 *
 * Vulnerabilities that cannot occur here, and against which guests would use slow code,
 * are declared absent (ARCH_CAPABILITIES, SSB_NO).
 */
#include "config.h"
#include "tcg/msr.h"
#include "tcg/tcg-accel.h"

#include <cpuid.h>
#include <string.h>

#include "qmp/type.h"

#define BIT(n) (1u << (n))

enum { EAX, EBX, ECX, EDX };

enum {
    LEAF_XSAVE = 0xd,
    LEAF_TSC = 0x15,
    LEAF_FREQUENCY = 0x16,
    LEAF_EXTENDED = 0x80000000,
    LEAF_BRAND_FIRST = 0x80000002,
    LEAF_BRAND_LAST = 0x80000004,
    LEAF_SIZES = 0x80000008,
    LEAF_EXTENDED_2 = 0x80000021,
    XCR0_SUPPORTED = 7,         /* x87, SSE, AVX */
    LINEAR_BITS = 48,
    DEFAULT_PHYS_BITS = 40,
    AUTH = 0x68747541,          /* AuthenticAMD, HygonGenuine: the first four letters */
    HYGO = 0x6f677948,
};

/* Bits that are no features by name, so that the schema does not have them: offered if the host
 * has them, and always. */
static const struct {
    guint32 leaf, subleaf;
    guint reg;
    guint32 host, always;
} unnamed[] = {
    /* FDP at exceptions only, no FCS and FDS */
    { 7, 0, EBX, BIT(6) | BIT(13), 0 },
    /* AMD: LFENCE serializes, null selectors clear bases, automatic IBRS */
    { LEAF_EXTENDED_2, 0, EAX, 0, BIT(2) | BIT(6) | BIT(8) },
};

static void host_cpuid(guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    __get_cpuid_count(leaf, subleaf, &ret_regs[EAX], &ret_regs[EBX], &ret_regs[ECX],
                      &ret_regs[EDX]);
}

/* Components of XCR0 that the host's kernel saves and this CPU supports. */
static guint32 host_xcr0(void)
{
    guint32 regs[4], low, high;

    host_cpuid(1, 0, regs);
    if (!(regs[ECX] & BIT(27))) {       /* OSXSAVE */
        return 0;
    }
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low & XCR0_SUPPORTED;
}

/* Removes features whose registers the host's kernel does not save. */
static guint32 without_unsaved(guint32 leaf, guint reg, guint32 bits)
{
    guint32 xcr0 = host_xcr0();
    bool is_1_ecx = leaf == 1 && reg == ECX;

    if (is_1_ecx && !xcr0) {
        bits &= ~BIT(26);
    }
    if ((xcr0 & XCR0_SUPPORTED) != XCR0_SUPPORTED) {
        bits &= is_1_ecx                    ? ~(BIT(12) | BIT(28) | BIT(29))
                : leaf == 7 && reg == EBX ? ~BIT(5) : ~0u;
    }
    return bits;
}

/* By the schema's `tcg`: features that run natively if the host has them, and those that are
 * emulated on any host. */
static void add_features(guint32 leaf, guint32 subleaf, guint32 regs[4])
{
    guint32 host[4], offered[4] = { 0 };

    host_cpuid(leaf, subleaf, host);
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->leaf == leaf && bit->subleaf == subleaf && bit->reg != QMP_CPUID_MSR) {
            offered[bit->reg] |=
                (bit->flags & QMP_CPUID_TCG_HOST ? host[bit->reg] & BIT(bit->bit) : 0) |
                (bit->flags & QMP_CPUID_TCG_ALWAYS ? BIT(bit->bit) : 0);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(unnamed); i++) {
        if (unnamed[i].leaf == leaf && unnamed[i].subleaf == subleaf) {
            offered[unnamed[i].reg] |= (host[unnamed[i].reg] & unnamed[i].host) |
                                       unnamed[i].always;
        }
    }
    for (guint reg = 0; reg < 4; reg++) {
        regs[reg] |= without_unsaved(leaf, reg, offered[reg]);
    }
}

/* The host's vendor, and the last leaf: only Intel's have those on frequencies. */
static void vendor(bool extended, guint32 regs[4])
{
    bool amd;

    host_cpuid(0, 0, regs);
    amd = regs[EBX] == AUTH || regs[EBX] == HYGO;
    if (extended) {
        regs[EAX] = amd ? LEAF_EXTENDED_2 : LEAF_SIZES;
    } else {
        regs[EAX] = amd ? LEAF_XSAVE : LEAF_FREQUENCY;
    }
}

/* The crystal's rate.  The time stamp counter's is filled in when the guest asks: op-cpuid.c. */
static void frequencies(guint32 leaf, guint32 regs[4])
{
    regs[ECX] = leaf == LEAF_TSC ? TCG_CRYSTAL_KHZ * 1000 : TCG_CRYSTAL_KHZ / 1000;
}

static void brand(guint32 leaf, guint32 regs[4])
{
    static const char ours[48] = "vmd software CPU";
    guint32 host[4];

    host_cpuid(LEAF_BRAND_FIRST, 0, host);
    if (host[EAX]) {
        host_cpuid(leaf, 0, regs);
    } else {
        memcpy(regs, ours + 16 * (leaf - LEAF_BRAND_FIRST), 16);
    }
}

/* The layout is the host processor's. */
static void xsave(guint32 subleaf, guint32 regs[4])
{
    guint32 xcr0 = host_xcr0(), host[4];

    host_cpuid(LEAF_XSAVE, subleaf, host);
    if (subleaf == 0) {
        regs[EAX] = xcr0;
    } else if (subleaf == 2 && xcr0 >> 2 & 1) {
        regs[EAX] = host[EAX];
        regs[EBX] = host[EBX];
    }
}

static void sizes(guint32 regs[4])
{
    guint32 host[4];

    host_cpuid(LEAF_SIZES, 0, host);
    regs[EAX] = (host[EAX] & 0xff ? host[EAX] & 0xff : DEFAULT_PHYS_BITS) | LINEAR_BITS << 8;
}

static void compute(guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    if (leaf == 0) {
        vendor(false, ret_regs);
    } else if (leaf == LEAF_EXTENDED) {
        vendor(true, ret_regs);
    } else if (leaf >= LEAF_BRAND_FIRST && leaf <= LEAF_BRAND_LAST) {
        brand(leaf, ret_regs);
    } else if (leaf == LEAF_XSAVE) {
        xsave(subleaf, ret_regs);
    } else if (leaf == LEAF_TSC || leaf == LEAF_FREQUENCY) {
        frequencies(leaf, ret_regs);
    } else if (leaf == LEAF_SIZES) {
        sizes(ret_regs);
    } else if (leaf == 1) {
        host_cpuid(1, 0, ret_regs);
        ret_regs[EBX] = ret_regs[ECX] = ret_regs[EDX] = 0;      /* only the signature remains */
    }
    add_features(leaf, subleaf, ret_regs);
}

/*
 * What was computed, since it does not change, and the instruction CPUID is slow where the host
 * is a guest itself.  Models ask for the same few leaves again and again; what is beyond the
 * table is computed each time.
 */
static struct {
    guint32 leaf, subleaf, regs[4];
} known[64];
static guint n_known;
static GMutex known_mutex;

void tcg_cpuid_supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    guint i;

    g_mutex_lock(&known_mutex);
    for (i = 0; i < n_known && (known[i].leaf != leaf || known[i].subleaf != subleaf); i++) {
    }
    if (i < n_known) {
        memcpy(ret_regs, known[i].regs, sizeof(known[i].regs));
    } else {
        compute(leaf, subleaf, ret_regs);
        if (n_known < G_N_ELEMENTS(known)) {
            known[n_known].leaf = leaf;
            known[n_known].subleaf = subleaf;
            memcpy(known[n_known++].regs, ret_regs, sizeof(known[0].regs));
        }
    }
    g_mutex_unlock(&known_mutex);
}

guint64 tcg_msr_supported(Accel *accel, guint32 msr)
{
    guint64 value = msr == MSR_ARCH_CAPABILITIES ? ARCH_CAPABILITIES_UNNAMED : 0;

    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->reg == QMP_CPUID_MSR && bit->leaf == msr && bit->flags & QMP_CPUID_TCG_ALWAYS) {
            value |= 1ull << bit->bit;
        }
    }
    return value;
}
