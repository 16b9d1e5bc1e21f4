/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time stamp counters of all vCPUs: each is the host's, plus an offset of the vCPU.
 *
 * While all vCPUs are parked the counters go with the machine's virtual time, so that a kernel that
 * compares them with a clock in a device finds that they agree, however long it took to park, and
 * whether virtual time was stopped at all.  All offsets change by the same amount then.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include "qom/qapi-objects-accel.h"
#include "tcg/host-clock.h"
#include "tcg/timers.h"

#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)

static gint64 virtual_time(const TcgAccel *tcg)
{
    const AccelHost *host = tcg->accel.host;

    return host && host->virtual_time ? host->virtual_time(tcg->accel.host_opaque) : 0;
}

/* Both clocks at one moment: of several attempts, the one with the least time between. */
static TcgMoment read_moment(const TcgAccel *tcg)
{
    guint64 shortest = G_MAXUINT64;
    TcgMoment best = { 0 };

    for (guint i = 0; i < 4; i++) {
        guint64 before = tcg_host_tsc();
        gint64 now = virtual_time(tcg);
        guint64 after = tcg_host_tsc();

        if (after - before < shortest) {
            shortest = after - before;
            best = (TcgMoment){ .time = now, .tsc = before + (after - before) / 2 };
        }
    }
    return best;
}

bool tcg_vcpus_parked(const TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        const TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        if (!vcpu->parked) {
            return false;
        }
    }
    return true;
}

/* What the host's counter would be if it had gone with virtual time since all parked. */
static guint64 counted(TcgAccel *tcg, const TcgMoment *now)
{
    const TcgMoment *stopped = &tcg->run.stopped;
    gint64 hz = tcg_tsc_frequency(tcg);

    return stopped->tsc + (gint64)((__int128)(now->time - stopped->time) * hz / NS_PER_SECOND);
}

void tcg_counters_stop(TcgAccel *tcg)
{
    if (tcg->vcpus->len == 0 || !tcg_vcpus_parked(tcg)) {
        tcg->run.stopped = read_moment(tcg);
    }
}

void tcg_counters_start(TcgAccel *tcg)
{
    TcgMoment now = read_moment(tcg);
    guint64 shift = counted(tcg, &now) - now.tsc;

    if (tcg->vcpus->len == 0 || !tcg_vcpus_parked(tcg)) {
        return;
    }
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        vcpu->state->tsc_offset += shift;
    }
    tcg->run.tsc_offset += shift;
    tcg->run.stopped = now;
}

guint64 tcg_counters_now(TcgAccel *tcg)
{
    TcgMoment now;
    guint64 tsc;

    g_mutex_lock(&tcg->run.lock);
    now = read_moment(tcg);
    tsc = tcg->vcpus->len > 0 && tcg_vcpus_parked(tcg) ? counted(tcg, &now) : now.tsc;
    g_mutex_unlock(&tcg->run.lock);
    return tsc;
}
