/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property smp: see x86-smp.h.
 */
#include "config.h"
#include "hw/i386/x86-smp.h"

#include "qmp/error.h"
#include "qmp/qapi-types-machine.h"

/* The values that were given, or 0. */
static CpuTopology given(const SMPConfiguration *smp)
{
    return (CpuTopology){
        .sockets = smp->has_sockets ? smp->sockets : 0,
        .dies = smp->has_dies ? smp->dies : 1,
        .cores = smp->has_cores ? smp->cores : 0,
        .threads = smp->has_threads ? smp->threads : 0,
    };
}

/* The factor that is missing to reach `all`, at least 1. */
static guint32 rest(guint64 all, guint64 others)
{
    return MAX(all / others, 1);
}

/* Of the levels that were left open, one takes all CPUs, the others are 1. */
static void choose(CpuTopology *t, guint64 cpus, bool sockets_first)
{
    if (!t->sockets && !t->cores) {
        t->sockets = sockets_first ? 0 : 1;
        t->cores = sockets_first ? 1 : 0;
    }
    if (!t->sockets) {
        t->threads = MAX(t->threads, 1);
        t->sockets = rest(cpus, (guint64)t->dies * t->cores * t->threads);
    } else if (!t->cores) {
        t->threads = MAX(t->threads, 1);
        t->cores = rest(cpus, (guint64)t->dies * t->sockets * t->threads);
    } else if (!t->threads) {
        t->threads = rest(cpus, (guint64)t->dies * t->sockets * t->cores);
    }
}

/* Of four numbers up to 4096. */
static guint64 product(const CpuTopology *t)
{
    return (guint64)t->sockets * t->dies * t->cores * t->threads;
}

static bool check(const CpuTopology *t, guint64 cpus, guint64 max, GError **error)
{
    if (product(t) != max) {
        qmp_error_set_at(error, "smp", ERROR_REASON_INVALID_VALUE,
                         "%u sockets of %u dies of %u cores of %u threads are not %"
                         G_GUINT64_FORMAT " CPUs, which is 'maxcpus'",
                         t->sockets, t->dies, t->cores, t->threads, max);
        return false;
    }
    if (cpus > max) {
        qmp_error_set_at(error, "smp", ERROR_REASON_INVALID_VALUE,
                         "'cpus' is more than 'maxcpus', %" G_GUINT64_FORMAT, max);
        return false;
    }
    return true;
}

bool x86_smp_resolve(SMPConfiguration *smp, bool sockets_first, CpuTopology *ret, GError **error)
{
    CpuTopology t = given(smp);
    guint64 max = smp->has_maxcpus ? (guint64)smp->maxcpus : smp->has_cpus ? (guint64)smp->cpus : 0;
    guint64 cpus;

    choose(&t, max, sockets_first);
    max = max ? max : product(&t);
    cpus = smp->has_cpus ? (guint64)smp->cpus : max;
    if (!check(&t, cpus, max, error)) {
        return false;
    }
    *smp = (SMPConfiguration){
        .has_cpus = true, .cpus = cpus, .has_maxcpus = true, .maxcpus = max,
        .has_sockets = true, .sockets = t.sockets, .has_dies = true, .dies = t.dies,
        .has_clusters = true, .clusters = 1, .has_cores = true, .cores = t.cores,
        .has_threads = true, .threads = t.threads,
    };
    *ret = t;
    return true;
}
