/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for interrupts of the CPU in software: vCPUs without threads, a machine that
 * records, and time that the test moves.  It stands in for what vcpu.c and
 * host-clock.c bring.  One bench at a time has the time.
 */
#ifndef TESTS_LIB_TCG_STANDIN_IRQ_H
#define TESTS_LIB_TCG_STANDIN_IRQ_H

#include "tcg/interrupts.h"
#include "tcg/ioeventfd.h"
#include "tcg/timers.h"

enum { IRQ_BENCH_MAX_CPUS = 4 };

/* The guest's TSC starts here, and counts 3 to the nanosecond. */
#define IRQ_BENCH_TSC_HZ G_GUINT64_CONSTANT(3000000000)

typedef struct {
    TcgAccel tcg;
    guint n_cpus;
    TcgVcpu vcpus[IRQ_BENCH_MAX_CPUS];
    Cpu cpus[IRQ_BENCH_MAX_CPUS];
    guint requests[IRQ_BENCH_MAX_CPUS];         /* TCG_REQUEST_*, since they were taken */
    GArray *eois;               /* of guint8: what AccelHost.eoi heard */
    int pic_vector;             /* what AccelHost.intack returns */
    guint intacks;
} IrqBench;

/* ids: APIC ids of n CPUs, the first starts the machine; NULL: 0, 1, ... */
IrqBench *irq_bench_new(guint n, const guint32 *ids);
void irq_bench_free(IrqBench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IrqBench, irq_bench_free)

/* What was requested of a CPU since the last call. */
guint irq_bench_requests(IrqBench *bench, guint cpu);
/* Lets time go on by that many nanoseconds; nothing fires by itself. */
void irq_bench_advance(gint64 ns);
gint64 irq_bench_now(void);
/* Until it is set to 0, time goes on by ns with each look at the time stamp counter, as if the
 * thread lost its processor there; timer threads do not run meanwhile. */
void irq_bench_slow_counter(gint64 ns);

#endif
