/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways of interrupts into the CPU in software: routes, the PICs' line, address line
 * 20, event descriptors, and the timer thread.
 */
#include "config.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"
#include "tests/lib/tcg-standin-irq.h"

static void set(TcgVcpu *vcpu, guint reg, guint32 value)
{
    tcg_apic_access(vcpu, reg, &value, 4, true);
}

enum { EOI = 0xb0, SVR = 0xf0, TIMER = 0x320, LINT0 = 0x350, INITIAL = 0x380, DIVIDE = 0x3e0 };

static IrqBench *bench_on(guint n)
{
    IrqBench *bench = irq_bench_new(n, NULL);

    for (guint i = 0; i < n; i++) {
        set(&bench->vcpus[i], SVR, 0x1ff);
    }
    return bench;
}

static AccelMsi message(guint8 cpu, guint8 vector)
{
    return (AccelMsi){ .address = 0xfee00000 | cpu << 12, .data = vector };
}

static void assert_got(TcgVcpu *vcpu, int vector)
{
    g_assert_cmpint(tcg_apic_take(vcpu), ==, vector);
    set(vcpu, EOI, 0);
}

static void test_routes(void)
{
    g_autoptr(IrqBench) bench = bench_on(2);
    Accel *accel = &bench->tcg.accel;
    AccelMsi first = message(0, 0x41), second = message(1, 0x42), third = message(1, 0x43);
    int a, b;

    g_assert_cmpint(tcg_irqchip(accel), ==, ACCEL_IRQCHIP_SPLIT);
    tcg_set_gsi(accel, 5, true);                        /* no route yet */
    tcg_set_gsi(accel, 500, true);
    g_assert_cmpint(tcg_apic_take(&bench->vcpus[0]), ==, -1);
    g_assert_true(tcg_msi_route_update(accel, 5, &first, NULL));       /* a pin */
    tcg_set_gsi(accel, 5, true);
    tcg_set_gsi(accel, 5, false);
    assert_got(&bench->vcpus[0], 0x41);
    g_assert_cmpint(tcg_apic_take(&bench->vcpus[0]), ==, -1);
    tcg_msi_route_del(accel, 5);
    tcg_set_gsi(accel, 5, true);
    g_assert_cmpint(tcg_apic_take(&bench->vcpus[0]), ==, -1);
    a = tcg_msi_route_add(accel, &first, NULL);
    b = tcg_msi_route_add(accel, &second, NULL);
    g_assert_cmpint(a, ==, 24);
    g_assert_cmpint(b, ==, 25);
    tcg_set_gsi(accel, b, true);
    assert_got(&bench->vcpus[1], 0x42);
    g_assert_true(tcg_msi_route_update(accel, b, &third, NULL));
    tcg_set_gsi(accel, b, true);
    assert_got(&bench->vcpus[1], 0x43);
    tcg_msi_route_del(accel, a);
    g_assert_cmpint(tcg_msi_route_add(accel, &second, NULL), ==, a);
    g_assert_true(tcg_msi_send(accel, &first));
    assert_got(&bench->vcpus[0], 0x41);
    g_assert_false(tcg_msi_send(accel, &(AccelMsi){ 0xfee07000, 0x41 }));
}

static void test_route_limit(void)
{
    g_autoptr(IrqBench) bench = bench_on(1);
    Accel *accel = &bench->tcg.accel;
    AccelMsi msi = message(0, 0x41);
    g_autoptr(GError) error = NULL;
    int last = 0, gsi;

    while ((gsi = tcg_msi_route_add(accel, &msi, &error)) >= 0) {
        last = gsi;
    }
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
    g_assert_cmpint(last, ==, 4095);
    tcg_msi_route_del(accel, 100);
    g_assert_cmpint(tcg_msi_route_add(accel, &msi, NULL), ==, 100);
}

/* ---- PICs ---- */

static void test_extint(void)
{
    g_autoptr(IrqBench) bench = bench_on(2);
    TcgVcpu *vcpu = &bench->vcpus[0];
    Accel *accel = &bench->tcg.accel;

    irq_bench_requests(bench, 0);
    g_assert_cmpint(tcg_interrupt_take(vcpu), ==, -1);
    tcg_set_extint(accel, true);
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_EXTINT);
    g_assert_cmphex(irq_bench_requests(bench, 1), ==, 0);
    g_assert_true(tcg_apic_pending(vcpu));
    g_assert_false(tcg_apic_pending(&bench->vcpus[1]));
    bench->pic_vector = 8;
    g_assert_cmpint(tcg_interrupt_take(&bench->vcpus[1]), ==, -1);
    g_assert_cmpuint(bench->intacks, ==, 0);
    g_assert_cmpint(tcg_interrupt_take(vcpu), ==, 8);
    g_assert_cmpuint(bench->intacks, ==, 1);
    bench->pic_vector = -1;                             /* gone again: the local one */
    tcg_msi_send(accel, &(AccelMsi){ 0xfee00000, 0x41 });
    g_assert_cmphex(tcg_interrupt_take(vcpu), ==, 0x41);
    tcg_set_extint(accel, false);
    g_assert_false(tcg_apic_pending(vcpu));
    g_assert_cmpint(tcg_interrupt_take(vcpu), ==, -1);
    g_assert_cmpuint(bench->intacks, ==, 2);
    set(vcpu, LINT0, 1 << 16);
    tcg_set_extint(accel, true);
    g_assert_false(tcg_apic_pending(vcpu));
    g_assert_cmpint(tcg_interrupt_take(vcpu), ==, -1);
    g_assert_cmpuint(bench->intacks, ==, 2);
}

static void test_nmi(void)
{
    g_autoptr(IrqBench) bench = bench_on(2);

    irq_bench_requests(bench, 1);
    g_assert_true(tcg_vcpu_nmi(&bench->tcg.accel, &bench->cpus[1], NULL));
    g_assert_cmphex(irq_bench_requests(bench, 1), ==, 0);
    set(&bench->vcpus[1], LINT0 + 0x10, 0x400);
    g_assert_true(tcg_vcpu_nmi(&bench->tcg.accel, &bench->cpus[1], NULL));
    g_assert_cmphex(irq_bench_requests(bench, 1), ==, TCG_REQUEST_NMI);
}

/* ---- Address line 20 ---- */

static void test_a20(void)
{
    g_autoptr(IrqBench) bench = irq_bench_new(2, NULL);
    Accel *accel = &bench->tcg.accel;

    g_assert_cmphex(tcg_a20_mask(&bench->tcg), ==, ~(guint64)0);
    irq_bench_requests(bench, 0);
    tcg_set_a20(accel, true);                           /* as it was */
    g_assert_cmphex(irq_bench_requests(bench, 0), ==, 0);
    for (guint i = 0; i < 2; i++) {
        tcg_set_a20(accel, i);
        g_assert_cmphex(irq_bench_requests(bench, 0), ==, TCG_REQUEST_TLB);
        g_assert_cmphex(irq_bench_requests(bench, 1), ==, TCG_REQUEST_TLB);
        g_assert_cmphex(tcg_a20_mask(&bench->tcg), ==, i ? ~(guint64)0 : ~((guint64)1 << 20));
    }
}

/* ---- ioeventfds ---- */

static guint64 signalled(int fd)
{
    eventfd_t count = 0;

    return eventfd_read(fd, &count) == 0 ? count : 0;
}

static bool write_to(IrqBench *bench, bool pio, guint64 address, guint64 value, guint size)
{
    return tcg_ioeventfd_hit(&bench->tcg, pio, address, &value, size);
}

static void test_ioeventfd(void)
{
    g_autoptr(IrqBench) bench = irq_bench_new(1, NULL);
    Accel *accel = &bench->tcg.accel;
    AccelIoeventfd any = { .address = 0xfebf3000 };
    AccelIoeventfd word = { .pio = true, .address = 0xc010, .size = 2, .match = true, .value = 1 };
    AccelIoeventfd other = { .pio = true, .address = 0xc010, .size = 2, .match = true, .value = 2 };

    g_assert_false(write_to(bench, true, 0xc010, 1, 2));
    any.fd = eventfd(0, EFD_NONBLOCK);
    word.fd = eventfd(0, EFD_NONBLOCK);
    other.fd = eventfd(0, EFD_NONBLOCK);
    g_assert_true(tcg_ioeventfd_add(accel, &any, NULL));
    g_assert_true(tcg_ioeventfd_add(accel, &word, NULL));
    g_assert_true(tcg_ioeventfd_add(accel, &other, NULL));
    g_assert_true(write_to(bench, false, 0xfebf3000, 7, 1));
    g_assert_true(write_to(bench, false, 0xfebf3000, 7, 4));
    g_assert_cmpuint(signalled(any.fd), ==, 2);
    g_assert_false(write_to(bench, false, 0xfebf3004, 7, 4));
    g_assert_false(write_to(bench, true, 0xfebf3000, 7, 4));
    g_assert_true(write_to(bench, true, 0xc010, 1, 2));
    g_assert_cmpuint(signalled(word.fd), ==, 1);
    g_assert_true(write_to(bench, true, 0xc010, 2, 2));
    g_assert_cmpuint(signalled(other.fd), ==, 1);
    g_assert_false(write_to(bench, true, 0xc010, 3, 2));
    g_assert_false(write_to(bench, true, 0xc010, 1, 4));
    g_assert_false(write_to(bench, false, 0xc010, 1, 2));
    tcg_ioeventfd_del(accel, &word);
    g_assert_false(write_to(bench, true, 0xc010, 1, 2));
    g_assert_true(write_to(bench, true, 0xc010, 2, 2));
    tcg_ioeventfd_del(accel, &other);
    tcg_ioeventfd_del(accel, &any);
    g_assert_false(write_to(bench, false, 0xfebf3000, 7, 4));
    close(any.fd);
    close(word.fd);
    close(other.fd);
}

/* ---- The timer thread ---- */

static void start_timer(TcgVcpu *vcpu, guint32 count)
{
    set(vcpu, DIVIDE, 0xb);
    set(vcpu, TIMER, 0x50);
    set(vcpu, INITIAL, count);
}

/* Waits until the thread has asked the vCPU to look. */
static void wait_for_request(IrqBench *bench, guint cpu)
{
    while (!(g_atomic_int_get(&bench->requests[cpu]) & TCG_REQUEST_APIC)) {
        g_thread_yield();
    }
}

/* Time moves before the deadline is set, which wakes the thread; what it finds then is
 * due.  No vCPU that is not watched hears of it. */
static void test_timer_thread(void)
{
    g_autoptr(IrqBench) bench = bench_on(2);

    tcg_timers_watch(&bench->vcpus[1], false);
    start_timer(&bench->vcpus[1], 1000);
    irq_bench_requests(bench, 0);
    irq_bench_requests(bench, 1);
    start_timer(&bench->vcpus[0], 1000);
    irq_bench_advance(1000000);
    tcg_timers_changed(&bench->vcpus[0]);
    wait_for_request(bench, 0);
    g_assert_cmphex(tcg_apic_take(&bench->vcpus[0]), ==, 0x50);
    g_assert_cmphex(irq_bench_requests(bench, 1), ==, 0);
    g_assert_true(tcg_apic_expire(&bench->vcpus[1], irq_bench_now()));     /* it looks itself */
    g_assert_cmphex(tcg_apic_take(&bench->vcpus[1]), ==, 0x50);
    set(&bench->vcpus[1], EOI, 0);
    start_timer(&bench->vcpus[1], 1000);
    irq_bench_advance(1000000);
    tcg_timers_watch(&bench->vcpus[1], true);           /* it runs again */
    wait_for_request(bench, 1);
}

static void test_frequency(void)
{
    g_autoptr(IrqBench) bench = irq_bench_new(1, NULL);
    guint64 hz;

    bench->tcg.tsc_frequency = 0;
    irq_bench_advance(50000000);
    hz = tcg_tsc_frequency(&bench->tcg);
    g_assert_cmpuint(hz, >, 0);
    g_assert_cmpuint(tcg_tsc_frequency(&bench->tcg), ==, hz);   /* it stays */
    g_test_message("%" G_GUINT64_FORMAT " Hz", hz);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-interrupts/routes", test_routes);
    g_test_add_func("/tcg-interrupts/route-limit", test_route_limit);
    g_test_add_func("/tcg-interrupts/extint", test_extint);
    g_test_add_func("/tcg-interrupts/nmi", test_nmi);
    g_test_add_func("/tcg-interrupts/a20", test_a20);
    g_test_add_func("/tcg-interrupts/ioeventfd", test_ioeventfd);
    g_test_add_func("/tcg-interrupts/timer-thread", test_timer_thread);
    g_test_add_func("/tcg-interrupts/frequency", test_frequency);
    return g_test_run();
}
