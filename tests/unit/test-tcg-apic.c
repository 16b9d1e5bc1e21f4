/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC in software: registers in both modes, transitions, priorities,
 * destinations; cases from SDM vol. 3A, chapter 11.
 */
#include "config.h"

#include "tests/lib/tcg-apic-registers.h"

static bool is_x2(const TcgVcpu *vcpu)
{
    return vcpu->apic.base & EXTD;
}

static void go_x2(TcgVcpu *vcpu)
{
    g_assert_true(wrmsr(vcpu, MSR_BASE, vcpu->apic.base | EXTD));
}

static void message(IrqBench *bench, guint8 vector, bool level)
{
    g_assert_true(tcg_apic_message(&bench->tcg, 0xfee00000,
                                   vector | (level ? 0xc000 : 0)));
}

/* ---- Registers ---- */

static void test_reset_state(void)
{
    g_autoptr(IrqBench) bench = irq_bench_new(2, NULL);
    static const struct {
        guint reg;
        guint32 bsp, other;
    } cases[] = {
        { ID, 0, 0x01000000 }, { VERSION, 0x00050014, 0x00050014 }, { TPR, 0, 0 }, { APR, 0, 0 },
        { PPR, 0, 0 }, { EOI, 0, 0 }, { RRD, 0, 0 }, { LDR, 0, 0 }, { DFR, ~0u, ~0u },
        { SVR, 0xff, 0xff }, { ISR, 0, 0 }, { TMR + 0x70, 0, 0 }, { IRR + 0x30, 0, 0 },
        { ESR, 0, 0 }, { ICR, 0, 0 }, { ICR_HIGH, 0, 0 }, { TIMER, MASKED, MASKED },
        { THERMAL, MASKED, MASKED }, { PERFORMANCE, MASKED, MASKED },
        { LINT0, 0x700, MASKED },       /* the PICs' interrupts come in */
        { LINT1, MASKED, MASKED }, { ERROR, MASKED, MASKED }, { INITIAL, 0, 0 },
        { CURRENT, 0, 0 }, { DIVIDE, 0, 0 },
    };
    guint64 base;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmphex(get(&bench->vcpus[0], cases[i].reg), ==, cases[i].bsp);
        g_assert_cmphex(get(&bench->vcpus[1], cases[i].reg), ==, cases[i].other);
    }
    g_assert_true(rdmsr(&bench->vcpus[0], MSR_BASE, &base));
    g_assert_cmphex(base, ==, BASE | EN | BSP);
    g_assert_true(rdmsr(&bench->vcpus[1], MSR_BASE, &base));
    g_assert_cmphex(base, ==, BASE | EN);
    g_assert_true(tcg_apic_accepts_extint(&bench->vcpus[0]));
    g_assert_false(tcg_apic_accepts_extint(&bench->vcpus[1]));
}

/* What is written of all ones, with the APIC on. */
static void test_writable(void)
{
    static const struct {
        guint reg;
        guint32 value;
    } cases[] = {
        { ID, 0 }, { VERSION, 0x00050014 }, { TPR, 0xff }, { APR, 0 }, { PPR, 0 }, { RRD, 0 },
        { LDR, 0xff000000 }, { DFR, ~0u }, { SVR, 0x3ff }, { ISR, 0 }, { TMR, 0 }, { IRR, 0 },
        { ESR, 0 }, { ICR_HIGH, 0xff000000 }, { TIMER, 0x000700ff }, { THERMAL, 0x000107ff },
        { PERFORMANCE, 0x000107ff }, { LINT0, 0x0001a7ff }, { LINT1, 0x0001a7ff },
        { ERROR, 0x000100ff }, { CURRENT, 0 }, { DIVIDE, 0x0b },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IrqBench) bench = bench_on(1, NULL);

        set(&bench->vcpus[0], cases[i].reg, ~0u);
        g_assert_cmphex(get(&bench->vcpus[0], cases[i].reg), ==, cases[i].value);
    }
}

/* 11.4.1: 32 bits at multiples of 16. */
static void test_access_width(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];
    guint64 wide = ~(guint64)0;
    guint8 byte = 0xaa;
    guint16 word;

    set(vcpu, TPR, 0x35);
    tcg_apic_access(vcpu, TPR, &byte, 1, true);         /* neither narrower */
    tcg_apic_access(vcpu, TPR, &wide, 8, true);         /* nor wider */
    set(vcpu, TPR + 4, 0x77);                           /* nor beside it */
    g_assert_cmphex(get(vcpu, TPR), ==, 0x35);
    g_assert_cmphex(get(vcpu, TPR + 4), ==, 0);
    tcg_apic_access(vcpu, TPR, &byte, 1, false);
    g_assert_cmphex(byte, ==, 0x35);
    tcg_apic_access(vcpu, VERSION + 2, &word, 2, false);
    g_assert_cmphex(word, ==, 0x0005);
    tcg_apic_access(vcpu, VERSION, &wide, 8, false);
    g_assert_cmphex(wide, ==, 0x00050014);
    g_assert_cmphex(get(vcpu, ESR), ==, 0);
}

/* 11.4.7.2: software disable masks the LVT, and it stays so. */
static void test_software_disable(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, TIMER, 0x30);
    set(vcpu, ERROR, 0x31);
    set(vcpu, SVR, 0x0ff);
    g_assert_cmphex(get(vcpu, TIMER), ==, MASKED | 0x30);
    g_assert_cmphex(get(vcpu, ERROR), ==, MASKED | 0x31);
    set(vcpu, TIMER, 0x32);
    g_assert_cmphex(get(vcpu, TIMER), ==, MASKED | 0x32);
    tcg_apic_message(&bench->tcg, BASE, 0x50);
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);       /* refused */
    tcg_apic_message(&bench->tcg, BASE, 0x400);         /* an NMI is not */
    g_assert_cmphex(irq_bench_requests(bench, 0) & TCG_REQUEST_NMI, ==, TCG_REQUEST_NMI);
    set(vcpu, SVR, ON);
    g_assert_cmphex(get(vcpu, TIMER), ==, MASKED | 0x32);
    set(vcpu, TIMER, 0x32);
    g_assert_cmphex(get(vcpu, TIMER), ==, 0x32);
}

/* 11.5.3: an error shows when ESR is written, and interrupts once until then. */
static void test_esr(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, ERROR, 0xe0);
    get(vcpu, 0x40);                                    /* reserved */
    set(vcpu, 0x3f0, 0x50);
    g_assert_cmphex(get(vcpu, ESR), ==, 0);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0xe0);
    set(vcpu, EOI, 0);
    set(vcpu, ICR, 0x0f | 1 << 18);                     /* to itself, an illegal vector */
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
    set(vcpu, ESR, 0);
    g_assert_cmphex(get(vcpu, ESR), ==, 1 << 7 | 1 << 5);
    tcg_apic_message(&bench->tcg, BASE, 0x0e);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0xe0);
    set(vcpu, ESR, 0x12345678);
    g_assert_cmphex(get(vcpu, ESR), ==, 1 << 6);
    set(vcpu, ESR, 0);
    g_assert_cmphex(get(vcpu, ESR), ==, 0);
}

/* ---- Modes ---- */

/* Figure 11-27. */
static void test_base(void)
{
    static const struct {
        guint64 from, to;       /* bits of the base register */
        bool allowed;
    } cases[] = {
        { EN, EN | EXTD, true }, { EN, 0, true }, { EN, EXTD, false },
        { EN | EXTD, EN, false }, { EN | EXTD, EXTD, false }, { EN | EXTD, 0, true },
        { 0, EN, true }, { 0, EN | EXTD, false }, { 0, EXTD, false },
        { EN, EN | 1, false }, { EN, EN | 0x200, false },       /* reserved */
        { EN, EN | (guint64)1 << 40, false }, { EN, EN | (guint64)1 << 39, true },
        { EN, EN | BSP, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IrqBench) bench = irq_bench_new(1, NULL);
        TcgVcpu *vcpu = &bench->vcpus[0];
        guint64 value;

        vcpu->apic.base = BASE | cases[i].from;
        if (wrmsr(vcpu, MSR_BASE, BASE | cases[i].to) != cases[i].allowed) {
            g_error("from 0x%" G_GINT64_MODIFIER "x to 0x%" G_GINT64_MODIFIER "x",
                    cases[i].from, cases[i].to);
        }
        g_assert_true(rdmsr(vcpu, MSR_BASE, &value));
        g_assert_cmphex(value, ==, BASE | (cases[i].allowed ? cases[i].to : cases[i].from));
    }
}

static void test_no_x2(void)
{
    g_autoptr(IrqBench) bench = irq_bench_new(1, NULL);
    guint64 value = 0;

    bench->vcpus[0].apic.has_x2apic = false;
    bench->vcpus[0].apic.has_tsc_deadline = false;
    g_assert_false(wrmsr(&bench->vcpus[0], MSR_BASE, BASE | EN | EXTD));
    g_assert_false(rdmsr(&bench->vcpus[0], MSR_DEADLINE, &value));
    g_assert_false(wrmsr(&bench->vcpus[0], MSR_DEADLINE, 1));
    set(&bench->vcpus[0], TIMER, TSC_DEADLINE | 0x30);
    g_assert_cmphex(get(&bench->vcpus[0], TIMER), ==, MASKED | 0x30);
}

static void test_page(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    g_assert_true(tcg_apic_at(vcpu, BASE));
    g_assert_true(tcg_apic_at(vcpu, BASE + 0xfff));
    g_assert_false(tcg_apic_at(vcpu, BASE + 0x1000));
    g_assert_false(tcg_apic_at(vcpu, BASE - 1));
    g_assert_true(wrmsr(vcpu, MSR_BASE, 0xfed40000 | EN));
    g_assert_false(tcg_apic_at(vcpu, BASE));
    g_assert_true(tcg_apic_at(vcpu, 0xfed40123));
    g_assert_true(wrmsr(vcpu, MSR_BASE, BASE | EN | EXTD));
    g_assert_false(tcg_apic_at(vcpu, BASE));
    g_assert_true(wrmsr(vcpu, MSR_BASE, BASE));
    g_assert_false(tcg_apic_at(vcpu, BASE));
    g_assert_false(tcg_apic_message(&bench->tcg, BASE, 0x50));     /* it is not there */
    g_assert_true(tcg_apic_accepts_extint(vcpu));       /* its pin is INTR */
}

/* Table 11-6: what is there, what may be read and written. */
static void test_x2_registers(void)
{
    static const struct {
        guint reg;
        bool readable;
        guint64 good, bad;      /* values to write; good 0 and bad 0: none may be */
        bool writable;
    } cases[] = {
        { ID, true, 0, 0, false }, { VERSION, true, 0, 0, false },
        { TPR, true, 0xff, 0x100, true }, { APR, false, 0, 0, false },
        { PPR, true, 0, 0, false }, { EOI, false, 0, 1, true }, { RRD, false, 0, 0, false },
        { LDR, true, 0, 0, false }, { DFR, false, 0, 0, false },
        { SVR, true, 0x1ff, 0x1000, true }, { ISR, true, 0, 0, false },
        { TMR, true, 0, 0, false }, { IRR, true, 0, 0, false }, { ESR, true, 0, 1, true },
        { ICR, true, 0x00000001000c4050, 0x2000, true }, { ICR_HIGH, false, 0, 0, false },
        { TIMER, true, 0x700ff, 0x80000, true }, { THERMAL, true, 0x107ff, 0x2000, true },
        { PERFORMANCE, true, 0x107ff, 0x8000, true }, { LINT0, true, 0x1a7ff, 0x20000, true },
        { LINT1, true, 0x1a7ff, 0x20000, true }, { ERROR, true, 0x100ff, 0x700, true },
        { INITIAL, true, 0xffffffff, 0x100000000, true }, { CURRENT, true, 0, 0, false },
        { DIVIDE, true, 0x0b, 0x04, true }, { SELF, false, 0x50, 0x150, true },
        { 0x00, false, 0, 0, false }, { 0x2f0, false, 0, 0, false },
        { 0x3a0, false, 0, 0, false }, { 0x400, false, 0, 0, false },
        { 0xff0, false, 0, 0, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IrqBench) bench = bench_on(1, NULL);
        TcgVcpu *vcpu = &bench->vcpus[0];
        guint64 value;

        g_assert_false(rdmsr(vcpu, MSR_X2 + cases[i].reg / 16, &value));       /* xAPIC mode */
        g_assert_false(wrx2(vcpu, cases[i].reg, cases[i].good));
        go_x2(vcpu);
        if (rdmsr(vcpu, MSR_X2 + cases[i].reg / 16, &value) != cases[i].readable ||
            wrx2(vcpu, cases[i].reg, cases[i].good) != cases[i].writable ||
            wrx2(vcpu, cases[i].reg, cases[i].bad | (cases[i].writable ? 0 : 1))) {
            g_error("register 0x%03x", cases[i].reg);
        }
        if (cases[i].writable && cases[i].reg != ICR) {
            g_assert_false(wrx2(vcpu, cases[i].reg, (guint64)1 << 32));
        }
    }
}

static void test_x2_ids(void)
{
    const guint32 ids[] = { 0, 5, 0x23, 0x101 };
    g_autoptr(IrqBench) bench = bench_on(4, ids);
    const guint32 ldrs[] = { 0x1, 0x20, 0x20008, 0x100002 };

    for (guint i = 0; i < 4; i++) {
        go_x2(&bench->vcpus[i]);
        g_assert_cmphex(rdx2(&bench->vcpus[i], ID), ==, ids[i]);
        g_assert_cmphex(rdx2(&bench->vcpus[i], LDR), ==, ldrs[i]);
    }
}

static void test_init(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, TPR, 0x40);
    set(vcpu, LDR, 0x01000000);
    message(bench, 0x50, true);
    g_assert_true(wrmsr(vcpu, MSR_BASE, 0xfed40000 | EN | BSP));
    tcg_apic_reset(vcpu, true);
    g_assert_cmphex(vcpu->apic.base, ==, 0xfed40000 | EN | BSP);
    g_assert_cmphex(get(vcpu, TPR) | get(vcpu, LDR) | get(vcpu, IRR + 0x20), ==, 0);
    g_assert_cmphex(get(vcpu, SVR), ==, 0xff);
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
    tcg_apic_reset(vcpu, false);
    g_assert_cmphex(vcpu->apic.base, ==, BASE | EN | BSP);
}

/* ---- Priorities: 11.8.3 ---- */

static void test_priorities(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    message(bench, 0x45, false);
    message(bench, 0x4a, false);
    message(bench, 0x4a, false);                        /* one bit: one interrupt */
    message(bench, 0x62, false);
    g_assert_cmphex(get(vcpu, IRR + 0x20), ==, 1 << 5 | 1 << 10);
    g_assert_true(tcg_apic_pending(vcpu));
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_APIC);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x62);
    g_assert_cmphex(get(vcpu, ISR + 0x30), ==, 1 << 2);
    g_assert_cmphex(get(vcpu, PPR), ==, 0x60);
    g_assert_false(tcg_apic_pending(vcpu));             /* lower classes wait */
    message(bench, 0x6f, false);                        /* and so does the same one */
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
    message(bench, 0x71, false);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x71);
    set(vcpu, EOI, 0);
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
    irq_bench_requests(bench, 0);
    set(vcpu, EOI, 0);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_APIC);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x6f);
    set(vcpu, EOI, 0);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x4a);
    set(vcpu, EOI, 0);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x45);
    set(vcpu, EOI, 0);
    set(vcpu, EOI, 0);                                  /* of nothing */
    g_assert_cmpuint(bench->eois->len, ==, 0);
    g_assert_cmphex(get(vcpu, PPR), ==, 0);
}

static void test_tpr(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, TPR, 0x5c);
    g_assert_cmphex(get(vcpu, PPR), ==, 0x5c);
    g_assert_cmphex(tcg_apic_tpr(vcpu), ==, 5);
    message(bench, 0x5f, false);
    g_assert_false(tcg_apic_pending(vcpu));
    irq_bench_requests(bench, 0);
    tcg_apic_set_tpr(vcpu, 4);
    g_assert_cmphex(get(vcpu, TPR), ==, 0x40);          /* CR8 clears the lower half */
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_APIC);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x5f);
    set(vcpu, TPR, 0x53);                               /* the same class: TPR counts */
    g_assert_cmphex(get(vcpu, PPR), ==, 0x53);
    set(vcpu, TPR, 0x43);
    g_assert_cmphex(get(vcpu, PPR), ==, 0x50);
    set(vcpu, EOI, 0);
    set(vcpu, TPR, 0xff);
    message(bench, 0xff, false);
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
}

/* 11.8.5: of a level, the end is told. */
static void test_level(void)
{
    g_autoptr(IrqBench) bench = bench_on(1, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    message(bench, 0x51, true);
    g_assert_cmphex(get(vcpu, TMR + 0x20), ==, 1 << 17);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x51);
    g_assert_cmpuint(bench->eois->len, ==, 0);
    set(vcpu, EOI, 0);
    g_assert_cmpuint(bench->eois->len, ==, 1);
    g_assert_cmphex(g_array_index(bench->eois, guint8, 0), ==, 0x51);
    message(bench, 0x51, false);                        /* now it is an edge */
    g_assert_cmphex(get(vcpu, TMR + 0x20), ==, 0);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x51);
    set(vcpu, EOI, 0);
    g_assert_cmpuint(bench->eois->len, ==, 1);
    g_assert_false(tcg_apic_message(&bench->tcg, BASE, 0x8052));   /* a de-assertion */
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
}

/* ---- Destinations: 11.6.2, 11.12.10 ---- */

/* Bits of the CPUs whose request register has the vector, which is taken out. */
static guint who_got(IrqBench *bench, guint8 vector)
{
    guint got = 0;

    for (guint i = 0; i < bench->n_cpus; i++) {
        int taken = tcg_apic_take(&bench->vcpus[i]);

        if (taken >= 0) {
            g_assert_cmphex(taken, ==, vector);
            got |= 1 << i;
            if (is_x2(&bench->vcpus[i])) {
                wrx2(&bench->vcpus[i], EOI, 0);
            } else {
                set(&bench->vcpus[i], EOI, 0);
            }
        }
    }
    return got;
}

enum { LOWEST = 1 << 8, LOGICAL = 1 << 11,
       TO_SELF = 1 << 18, TO_ALL = 2 << 18, TO_OTHERS = 3 << 18 };

typedef struct {
    guint32 dest, low;
    guint got;
} IpiCase;

static void assert_ipis(IrqBench *bench, const IpiCase *cases, guint n)
{
    for (guint i = 0; i < n; i++) {
        guint got;

        if (is_x2(&bench->vcpus[0])) {
            g_assert_true(wrx2(&bench->vcpus[0], ICR, (guint64)cases[i].dest << 32 | cases[i].low));
        } else {
            set(&bench->vcpus[0], ICR_HIGH, cases[i].dest << 24);
            set(&bench->vcpus[0], ICR, cases[i].low);
        }
        got = who_got(bench, cases[i].low);
        if (got != cases[i].got) {
            g_error("case %u: destination 0x%x, ICR 0x%x reached CPUs 0x%x, not 0x%x", i,
                    cases[i].dest, cases[i].low, got, cases[i].got);
        }
    }
}

static void test_xapic_destinations(void)
{
    const guint32 ids[] = { 0, 1, 2, 9 };
    g_autoptr(IrqBench) bench = bench_on(4, ids);
    static const IpiCase flat[] = {
        { 0, 0x50, 1 }, { 1, 0x50, 2 }, { 9, 0x50, 8 }, { 7, 0x50, 0 }, { 0xff, 0x50, 15 },
        { 1, LOGICAL | 0x50, 1 }, { 6, LOGICAL | 0x50, 6 }, { 0x80, LOGICAL | 0x50, 8 },
        { 0xff, LOGICAL | 0x50, 15 }, { 0, LOGICAL | 0x50, 0 }, { 0x10, LOGICAL | 0x50, 0 },
        { 7, TO_SELF | 0x50, 1 }, { 7, TO_ALL | 0x50, 15 }, { 7, TO_OTHERS | 0x50, 14 },
        { 6, LOWEST | LOGICAL | 0x50, 2 }, { 0xff, LOWEST | 0x50, 1 },
        { 1, 0xc000 | 0x50, 2 },                /* trigger mode means nothing here */
    };
    static const IpiCase clusters[] = {
        { 0x11, LOGICAL | 0x50, 1 }, { 0x13, LOGICAL | 0x50, 3 }, { 0x21, LOGICAL | 0x50, 4 },
        { 0x2f, LOGICAL | 0x50, 12 }, { 0x31, LOGICAL | 0x50, 0 }, { 0x10, LOGICAL | 0x50, 0 },
        { 0xff, LOGICAL | 0x50, 15 },
    };
    static const guint8 flat_ldr[] = { 1, 2, 4, 0x80 }, cluster_ldr[] = { 0x11, 0x12, 0x21, 0x22 };

    for (guint i = 0; i < 4; i++) {
        set(&bench->vcpus[i], LDR, (guint32)flat_ldr[i] << 24);
    }
    assert_ipis(bench, flat, G_N_ELEMENTS(flat));
    g_assert_cmpuint(bench->eois->len, ==, 0);
    set(&bench->vcpus[1], TPR, 0x30);           /* the third one is less busy */
    assert_ipis(bench, &(IpiCase){ 6, LOWEST | LOGICAL | 0x50, 4 }, 1);
    set(&bench->vcpus[2], SVR, 0xff);           /* it takes none */
    assert_ipis(bench, &(IpiCase){ 6, LOWEST | LOGICAL | 0x50, 2 }, 1);
    set(&bench->vcpus[2], SVR, ON);
    set(&bench->vcpus[1], TPR, 0);
    for (guint i = 0; i < 4; i++) {
        set(&bench->vcpus[i], DFR, 0);
        set(&bench->vcpus[i], LDR, (guint32)cluster_ldr[i] << 24);
    }
    assert_ipis(bench, clusters, G_N_ELEMENTS(clusters));
}

static void test_x2_destinations(void)
{
    const guint32 ids[] = { 0, 1, 0x12, 0x101 };
    g_autoptr(IrqBench) bench = bench_on(4, ids);
    static const IpiCase cases[] = {
        { 1, 0x50, 2 }, { 0x101, 0x50, 8 }, { 0xff, 0x50, 0 }, { 0xffffffff, 0x50, 15 },
        { 3, LOGICAL | 0x50, 3 }, { 0x10004, LOGICAL | 0x50, 4 }, { 0x10003, LOGICAL | 0x50, 0 },
        { 0x100002, LOGICAL | 0x50, 8 }, { 0xffffffff, LOGICAL | 0x50, 15 },
        { 0, TO_OTHERS | 0x50, 14 }, { 0, TO_SELF | 0x50, 1 },
    };

    for (guint i = 0; i < 4; i++) {
        go_x2(&bench->vcpus[i]);
    }
    assert_ipis(bench, cases, G_N_ELEMENTS(cases));
    g_assert_true(wrx2(&bench->vcpus[0], SELF, 0x61));
    g_assert_cmphex(who_got(bench, 0x61), ==, 1);
    /* A device's destination has 8 bits, and its broadcast reaches all. */
    tcg_apic_message(&bench->tcg, BASE | 0xff << 12, 0x62);
    g_assert_cmphex(who_got(bench, 0x62), ==, 15);
    tcg_apic_message(&bench->tcg, BASE | 3 << 12 | 4, 0x63);
    g_assert_cmphex(who_got(bench, 0x63), ==, 3);
    tcg_apic_message(&bench->tcg, BASE | 3 << 12 | 12, 0x163);
    g_assert_cmphex(who_got(bench, 0x63), ==, 1);
    g_assert_false(tcg_apic_message(&bench->tcg, BASE | 0x40 << 12, 0x64));
}

/* INIT, SIPI, NMI become requests; what means nothing does nothing. */
static void test_modes(void)
{
    g_autoptr(IrqBench) bench = bench_on(2, NULL);
    static const struct {
        guint32 low;
        guint requests;
    } cases[] = {
        { 0x4400, TCG_REQUEST_NMI }, { 0x4500, TCG_REQUEST_INIT }, { 0xc500, TCG_REQUEST_INIT },
        { 0x8500, 0 },          /* INIT level de-assert */
        { 0x0500, TCG_REQUEST_INIT }, { 0x469a, TCG_REQUEST_SIPI }, { 0x4200, 0 },      /* SMI */
        { 0x4350, 0 }, { 0x4750, 0 }, { 0x4030, TCG_REQUEST_APIC },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        irq_bench_requests(bench, 1);
        set(&bench->vcpus[0], ICR_HIGH, 1 << 24);
        set(&bench->vcpus[0], ICR, cases[i].low);
        g_assert_cmphex(irq_bench_requests(bench, 1), ==, cases[i].requests);
    }
    g_assert_cmphex(bench->vcpus[1].sipi_vector, ==, 0x9a);
    g_assert_cmphex(get(&bench->vcpus[0], ICR), ==, 0x4030);
    g_assert_cmphex(get(&bench->vcpus[0], ICR_HIGH), ==, 1 << 24);
}

/* ---- Pins ---- */

static void test_lint(void)
{
    g_autoptr(IrqBench) bench = bench_on(2, NULL);
    TcgVcpu *vcpu = &bench->vcpus[0];

    irq_bench_requests(bench, 0);
    tcg_apic_nmi(vcpu);                                 /* LINT1 is masked */
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, 0);
    set(vcpu, LINT1, 0x400);
    tcg_apic_nmi(vcpu);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_NMI);
    set(vcpu, LINT1, 0x55);                             /* a plain interrupt */
    tcg_apic_nmi(vcpu);
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x55);
    set(vcpu, EOI, 0);
    irq_bench_requests(bench, 0);
    tcg_apic_lint0(vcpu);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_EXTINT);
    set(vcpu, LINT0, MASKED | 0x700);
    g_assert_false(tcg_apic_accepts_extint(vcpu));
    tcg_apic_lint0(vcpu);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, 0);
    set(vcpu, LINT0, 0x700);                            /* it may be up: look */
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_EXTINT);
    set(vcpu, LINT0, 0x400);                            /* as Linux's NMI watchdog has it */
    tcg_apic_lint0(vcpu);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_NMI);
    set(&bench->vcpus[1], LINT0, 0x700);                /* the PICs' line is not there */
    g_assert_false(tcg_apic_accepts_extint(&bench->vcpus[1]));
    g_assert_true(wrmsr(&bench->vcpus[1], MSR_BASE, BASE));
    tcg_apic_nmi(&bench->vcpus[1]);                     /* without APIC a pin of the CPU */
    g_assert_cmphex(irq_bench_requests(bench, 1) & TCG_REQUEST_NMI, ==, TCG_REQUEST_NMI);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-apic/reset-state", test_reset_state);
    g_test_add_func("/tcg-apic/writable", test_writable);
    g_test_add_func("/tcg-apic/access-width", test_access_width);
    g_test_add_func("/tcg-apic/software-disable", test_software_disable);
    g_test_add_func("/tcg-apic/esr", test_esr);
    g_test_add_func("/tcg-apic/base", test_base);
    g_test_add_func("/tcg-apic/no-x2", test_no_x2);
    g_test_add_func("/tcg-apic/page", test_page);
    g_test_add_func("/tcg-apic/x2-registers", test_x2_registers);
    g_test_add_func("/tcg-apic/x2-ids", test_x2_ids);
    g_test_add_func("/tcg-apic/init", test_init);
    g_test_add_func("/tcg-apic/priorities", test_priorities);
    g_test_add_func("/tcg-apic/tpr", test_tpr);
    g_test_add_func("/tcg-apic/level", test_level);
    g_test_add_func("/tcg-apic/xapic-destinations", test_xapic_destinations);
    g_test_add_func("/tcg-apic/x2-destinations", test_x2_destinations);
    g_test_add_func("/tcg-apic/modes", test_modes);
    g_test_add_func("/tcg-apic/lint", test_lint);
    return g_test_run();
}
