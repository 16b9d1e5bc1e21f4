/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's timer in software: SDM vol. 3A, section 11.5.4.
 */
#include "config.h"

#include "tests/lib/tcg-apic-registers.h"

static bool expire(TcgVcpu *vcpu)
{
    return tcg_apic_expire(vcpu, irq_bench_now());
}

/* Of a bench whose timer thread keeps its hands off. */
static IrqBench *timer_bench(void)
{
    IrqBench *bench = bench_on(1, NULL);

    tcg_timers_watch(&bench->vcpus[0], false);
    return bench;
}

static void test_divide(void)
{
    static const struct {
        guint32 divide;
        guint by;
    } cases[] = {
        { 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 }, { 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 },
        { 0xb, 1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IrqBench) bench = timer_bench();
        TcgVcpu *vcpu = &bench->vcpus[0];

        set(vcpu, DIVIDE, cases[i].divide);
        set(vcpu, TIMER, 0x40);
        set(vcpu, INITIAL, 1000);
        g_assert_cmpint(tcg_apic_deadline(vcpu) - irq_bench_now(), ==, 1000 * cases[i].by);
        irq_bench_advance(300 * cases[i].by);
        g_assert_cmpuint(get(vcpu, CURRENT), ==, 700);
    }
}

static void test_one_shot(void)
{
    g_autoptr(IrqBench) bench = timer_bench();
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, DIVIDE, 0xb);
    set(vcpu, TIMER, 0x40);
    g_assert_cmpint(tcg_apic_deadline(vcpu), ==, G_MAXINT64);
    set(vcpu, INITIAL, 100000);
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 100000);
    irq_bench_advance(99999);
    g_assert_false(expire(vcpu));
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 1);
    irq_bench_advance(1);
    g_assert_true(expire(vcpu));
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x40);
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 0);
    g_assert_cmpuint(get(vcpu, INITIAL), ==, 100000);
    g_assert_cmpint(tcg_apic_deadline(vcpu), ==, G_MAXINT64);
    set(vcpu, TIMER, PERIODIC | 0x40);                  /* what is over stays over */
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 0);
    irq_bench_advance(1000000);
    g_assert_false(expire(vcpu));
    set(vcpu, EOI, 0);
    set(vcpu, INITIAL, 5000);
    set(vcpu, INITIAL, 0);                              /* stopped */
    irq_bench_advance(1000000);
    g_assert_false(expire(vcpu));
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 0);
}

static void test_periodic(void)
{
    g_autoptr(IrqBench) bench = timer_bench();
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, DIVIDE, 0xb);
    set(vcpu, TIMER, PERIODIC | 0x41);
    set(vcpu, INITIAL, 100000);
    for (guint i = 0; i < 3; i++) {
        irq_bench_advance(100000);
        g_assert_true(expire(vcpu));
        g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x41);
        set(vcpu, EOI, 0);
        g_assert_cmpuint(get(vcpu, CURRENT), ==, 100000);
    }
    irq_bench_advance(350000);                          /* late: one, and the beat stays */
    g_assert_true(expire(vcpu));
    g_assert_false(expire(vcpu));
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 50000);
    g_assert_cmpint(tcg_apic_deadline(vcpu) - irq_bench_now(), ==, 50000);
    tcg_apic_take(vcpu);
    set(vcpu, EOI, 0);
    set(vcpu, TIMER, 0x41);                             /* its last period */
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 50000);
    irq_bench_advance(50000);
    g_assert_true(expire(vcpu));
    g_assert_cmpint(tcg_apic_deadline(vcpu), ==, G_MAXINT64);
}

/* Masked, it counts, and nobody is woken. */
static void test_timer_masked(void)
{
    g_autoptr(IrqBench) bench = timer_bench();
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, DIVIDE, 0xb);
    set(vcpu, TIMER, MASKED | PERIODIC | 0x42);
    set(vcpu, INITIAL, 1000000);
    g_assert_cmpint(tcg_apic_deadline(vcpu), ==, G_MAXINT64);
    irq_bench_advance(2300000);
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 700000);
    set(vcpu, TIMER, PERIODIC | 0x42);
    g_assert_cmpint(tcg_apic_take(vcpu), ==, -1);
    g_assert_cmpint(tcg_apic_deadline(vcpu) - irq_bench_now(), ==, 700000);
    set(vcpu, DIVIDE, 0x0);                             /* half as fast, as far as it was */
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 700000);
    g_assert_cmpint(tcg_apic_deadline(vcpu) - irq_bench_now(), ==, 1400000);
}

static void test_tsc_deadline(void)
{
    g_autoptr(IrqBench) bench = timer_bench();
    TcgVcpu *vcpu = &bench->vcpus[0];
    guint64 tsc, value;

    vcpu->state->tsc_offset = -(guint64)1000000000;
    tsc = irq_bench_now() * 3 - 1000000000;
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, tsc + 3000));       /* another mode: ignored */
    g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &value));
    g_assert_cmpuint(value, ==, 0);
    set(vcpu, TIMER, TSC_DEADLINE | 0x43);
    set(vcpu, INITIAL, 1000);                                   /* ignored as well */
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 0);
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, tsc + 3000000));
    g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &value));
    g_assert_cmpuint(value, ==, tsc + 3000000);
    g_assert_cmpint(ABS(tcg_apic_deadline(vcpu) - irq_bench_now() - 1000000), <=, 2);
    irq_bench_advance(999000);
    g_assert_false(expire(vcpu));
    irq_bench_advance(1002);
    g_assert_true(expire(vcpu));
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x43);
    set(vcpu, EOI, 0);
    g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &value));
    g_assert_cmpuint(value, ==, 0);
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, tsc));              /* past: at once */
    g_assert_cmphex(tcg_apic_take(vcpu), ==, 0x43);
    set(vcpu, EOI, 0);
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, ~(guint64)0));      /* never, almost */
    g_assert_cmpint(tcg_apic_deadline(vcpu), >, irq_bench_now() + (G_GINT64_CONSTANT(1) << 60));
    vcpu->state->tsc_offset = -(guint64)irq_bench_now() * 3 - 2;        /* TSC = ~0 - 1 */
    g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &value));           /* as move_tsc() in op-msr.c */
    irq_bench_advance(2);
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, 0));                /* disarmed */
    irq_bench_advance(1000);
    g_assert_false(expire(vcpu));
    g_assert_true(wrmsr(vcpu, MSR_DEADLINE, 1000000000));
    set(vcpu, TIMER, 0x43);                                     /* another mode: disarmed */
    set(vcpu, TIMER, TSC_DEADLINE | 0x43);
    g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &value));
    g_assert_cmpuint(value, ==, 0);
}

/* Wherever the deadline comes while it is being set, the interrupt is not lost. */
static void test_tsc_passes(void)
{
    for (guint ticks = 1; ticks < 100; ticks++) {
        g_autoptr(IrqBench) bench = timer_bench();
        TcgVcpu *vcpu = &bench->vcpus[0];

        set(vcpu, TIMER, TSC_DEADLINE | 0x43);
        irq_bench_slow_counter(10);
        g_assert_true(wrmsr(vcpu, MSR_DEADLINE, irq_bench_now() * 3 + ticks));
        irq_bench_slow_counter(0);
        g_assert_cmpint(tcg_apic_deadline(vcpu), <=, irq_bench_now() + ticks);
        irq_bench_advance(ticks);
        g_assert_true(expire(vcpu));
        g_assert_cmpint(tcg_apic_take(vcpu), ==, 0x43);
    }
}

/* While the machine stands still, so does the count. */
static void test_stopped(void)
{
    g_autoptr(IrqBench) bench = timer_bench();
    TcgVcpu *vcpu = &bench->vcpus[0];

    set(vcpu, DIVIDE, 0xb);
    set(vcpu, TIMER, 0x44);
    set(vcpu, INITIAL, 100000);
    irq_bench_advance(40000);
    tcg_apic_stop_time(vcpu);
    tcg_apic_stop_time(vcpu);
    g_assert_cmpint(tcg_apic_deadline(vcpu), ==, G_MAXINT64);
    irq_bench_advance(1000000);
    g_assert_false(expire(vcpu));
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 60000);
    tcg_apic_start_time(vcpu);
    tcg_apic_start_time(vcpu);
    g_assert_cmpuint(get(vcpu, CURRENT), ==, 60000);
    irq_bench_advance(60000);
    g_assert_true(expire(vcpu));
}

/* A guest that looks at the count, or sets another one, before anybody fired what is
 * due: the interrupt comes all the same. */
static void test_due(void)
{
    static const guint looks[] = { CURRENT, DIVIDE, INITIAL, TIMER };
    static const guint32 modes[] = { 0, PERIODIC, TSC_DEADLINE };

    for (guint i = 0; i < G_N_ELEMENTS(looks) * G_N_ELEMENTS(modes); i++) {
        g_autoptr(IrqBench) bench = timer_bench();
        TcgVcpu *vcpu = &bench->vcpus[0];
        guint look = looks[i % G_N_ELEMENTS(looks)];
        guint32 mode = modes[i / G_N_ELEMENTS(looks)];
        guint64 deadline = irq_bench_now() * 3 + 3000;

        set(vcpu, DIVIDE, 0xb);
        set(vcpu, TIMER, mode | 0x45);
        set(vcpu, INITIAL, 1000000);
        g_assert_true(wrmsr(vcpu, MSR_DEADLINE, deadline));
        irq_bench_advance(1000001);
        irq_bench_requests(bench, 0);
        if (mode == TSC_DEADLINE && look != TIMER) {
            g_assert_true(rdmsr(vcpu, MSR_DEADLINE, &deadline));
            g_assert_cmpuint(deadline, ==, 0);
        } else if (look == CURRENT) {
            g_assert_cmpuint(get(vcpu, CURRENT), ==, mode == PERIODIC ? 999999 : 0);
        } else {
            set(vcpu, look, look == TIMER ? MASKED : 0);
        }
        g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_APIC);
        g_assert_cmpint(tcg_apic_take(vcpu), ==, 0x45);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-apic-timer/divide", test_divide);
    g_test_add_func("/tcg-apic-timer/one-shot", test_one_shot);
    g_test_add_func("/tcg-apic-timer/periodic", test_periodic);
    g_test_add_func("/tcg-apic-timer/masked", test_timer_masked);
    g_test_add_func("/tcg-apic-timer/tsc-deadline", test_tsc_deadline);
    g_test_add_func("/tcg-apic-timer/tsc-passes", test_tsc_passes);
    g_test_add_func("/tcg-apic-timer/stopped", test_stopped);
    g_test_add_func("/tcg-apic-timer/due", test_due);
    return g_test_run();
}
