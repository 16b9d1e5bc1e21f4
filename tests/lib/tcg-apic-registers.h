/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's registers, for tests: SDM vol. 3A, tables 11-1 and 11-6.
 */
#ifndef TESTS_LIB_TCG_APIC_REGISTERS_H
#define TESTS_LIB_TCG_APIC_REGISTERS_H

#include "tests/lib/tcg-standin-irq.h"

enum {
    ID = 0x20, VERSION = 0x30, TPR = 0x80, APR = 0x90, PPR = 0xa0, EOI = 0xb0, RRD = 0xc0,
    LDR = 0xd0, DFR = 0xe0, SVR = 0xf0, ISR = 0x100, TMR = 0x180, IRR = 0x200, ESR = 0x280,
    ICR = 0x300, ICR_HIGH = 0x310, TIMER = 0x320, THERMAL = 0x330, PERFORMANCE = 0x340,
    LINT0 = 0x350, LINT1 = 0x360, ERROR = 0x370, INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0,
    SELF = 0x3f0,
};

enum { MASKED = 1 << 16, PERIODIC = 1 << 17, TSC_DEADLINE = 2 << 17 };
enum { MSR_BASE = 0x1b, MSR_DEADLINE = 0x6e0, MSR_X2 = 0x800 };
enum { EN = 1 << 11, EXTD = 1 << 10, BSP = 1 << 8 };
enum { ON = 0x1ff };

#define BASE G_GUINT64_CONSTANT(0xfee00000)

static inline guint32 get(TcgVcpu *vcpu, guint reg)
{
    guint32 value = 0xdeadbeef;

    tcg_apic_access(vcpu, reg, &value, 4, false);
    return value;
}

static inline void set(TcgVcpu *vcpu, guint reg, guint32 value)
{
    tcg_apic_access(vcpu, reg, &value, 4, true);
}

static inline bool rdmsr(TcgVcpu *vcpu, guint32 msr, guint64 *ret_value)
{
    return tcg_apic_msr(vcpu, msr, ret_value, false);
}

static inline bool wrmsr(TcgVcpu *vcpu, guint32 msr, guint64 value)
{
    return tcg_apic_msr(vcpu, msr, &value, true);
}

static inline bool wrx2(TcgVcpu *vcpu, guint reg, guint64 value)
{
    return wrmsr(vcpu, MSR_X2 + reg / 16, value);
}

static inline guint64 rdx2(TcgVcpu *vcpu, guint reg)
{
    guint64 value;

    g_assert_true(rdmsr(vcpu, MSR_X2 + reg / 16, &value));
    return value;
}

/* A bench whose CPUs have switched their APICs on. */
static inline IrqBench *bench_on(guint n, const guint32 *ids)
{
    IrqBench *bench = irq_bench_new(n, ids);

    for (guint i = 0; i < n; i++) {
        set(&bench->vcpus[i], SVR, ON);
    }
    return bench;
}

#endif
