/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See tests/lib/tcg-standin-irq.h.
 */
#include "config.h"
#include "tests/lib/tcg-standin-irq.h"

#include "qmp/qapi-types-accel.h"
#include "tcg/host-clock.h"

static gint64 now = 1000000000;
static gint64 look;             /* how long a look at the counter takes */
static IrqBench *the_bench;

/* ---- What other files have ---- */

gint64 tcg_host_now(void)
{
    return __atomic_load_n(&now, __ATOMIC_SEQ_CST);
}

guint64 tcg_host_tsc(void)
{
    return __atomic_fetch_add(&now, look, __ATOMIC_SEQ_CST) * 3;
}

void irq_bench_advance(gint64 ns)
{
    __atomic_add_fetch(&now, ns, __ATOMIC_SEQ_CST);
}

void irq_bench_slow_counter(gint64 ns)
{
    look = ns;
}

gint64 irq_bench_now(void)
{
    return tcg_host_now();
}

void tcg_vcpu_request(TcgVcpu *vcpu, guint32 requests)
{
    g_atomic_int_or(&the_bench->requests[vcpu - the_bench->vcpus], requests);
}

/* ---- The machine ---- */

static void host_eoi(void *opaque, guint8 vector)
{
    IrqBench *bench = opaque;

    g_array_append_val(bench->eois, vector);
}

static int host_intack(void *opaque)
{
    IrqBench *bench = opaque;

    bench->intacks++;
    return bench->pic_vector;
}

static const AccelHost irq_bench_host = {
    .eoi = host_eoi,
    .intack = host_intack,
};

/* ---- Life ---- */

static void make_cpu(IrqBench *bench, guint i, guint32 id)
{
    const CpuidLeaf features = { .leaf = 1, .ecx = 1 << 21 | 1 << 24 };
    TcgVcpu *vcpu = &bench->vcpus[i];

    bench->cpus[i].index = i;
    bench->cpus[i].apic_id = id;
    bench->cpus[i].vcpu = vcpu;
    bench->cpus[i].cpuid = g_array_new(FALSE, FALSE, sizeof(CpuidLeaf));
    g_array_append_val(bench->cpus[i].cpuid, features);
    vcpu->tcg = &bench->tcg;
    vcpu->cpu = &bench->cpus[i];
    vcpu->state = g_new0(TcgState, 1);
    vcpu->state->vcpu = vcpu;
    vcpu->state->phys_mask = ((guint64)1 << 40) - 1;
    tcg_apic_init(vcpu);
    tcg_apic_list(vcpu);
}

/* It takes the place of tcg-accel, whose own code is not linked. */
static const TypeInfo bench_type = { .schema = &qmp_class_tcg_accel, .size = sizeof(IrqBench) };

IrqBench *irq_bench_new(guint n, const guint32 *ids)
{
    static const TypeInfo *const types[] = { &bench_type, NULL };
    IrqBench *bench;
    g_autoptr(GError) error = NULL;

    g_assert_null(the_bench);
    object_register_types(types);
    bench = object_cast(object_new(&qmp_class_tcg_accel), &qmp_class_tcg_accel);
    the_bench = bench;
    bench->eois = g_array_new(FALSE, FALSE, 1);
    bench->tcg.accel.host = &irq_bench_host;
    bench->tcg.accel.host_opaque = bench;
    bench->tcg.tsc_frequency = IRQ_BENCH_TSC_HZ;
    tcg_interrupts_open(&bench->tcg, &error);
    g_assert_no_error(error);
    bench->n_cpus = n;
    for (guint i = 0; i < n; i++) {
        make_cpu(bench, i, ids ? ids[i] : i);
    }
    return bench;
}

void irq_bench_free(IrqBench *bench)
{
    if (!bench) {
        return;
    }
    for (guint i = 0; i < bench->n_cpus; i++) {
        tcg_apic_unlist(&bench->vcpus[i]);
        tcg_apic_done(&bench->vcpus[i]);
        g_array_unref(bench->cpus[i].cpuid);
        g_free(bench->vcpus[i].state);
    }
    tcg_interrupts_close(&bench->tcg);
    g_array_unref(bench->eois);
    the_bench = NULL;
    object_unref(bench);
}

guint irq_bench_requests(IrqBench *bench, guint cpu)
{
    return g_atomic_int_and(&bench->requests[cpu], 0);
}
