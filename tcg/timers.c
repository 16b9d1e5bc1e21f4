/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See tcg/timers.h.
 *
 * `until` is the time until which the thread sleeps.  A thread that sets an earlier
 * deadline wakes it; while the thread computes the deadlines it is G_MAXINT64, so
 * that a thread that changes one then takes the lock, which the timer thread releases
 * when it sleeps.  Thread: until = MAX, fence, read deadline; vCPU: write deadline,
 * fence, read until.  At least one of the two sees the other's write.
 */
#include "config.h"
#include "tcg/timers.h"

#include <cpuid.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "qmp/error.h"
#include "tcg/host-clock.h"

#define NS_PER_SECOND 1e9

/* Both clocks at one moment. */
typedef struct {
    gint64 now;
    guint64 tsc;
} ClockPair;

struct TcgTimers {
    GMutex lock;                /* guards all except until */
    GCond wake;
    GThread *thread;
    GPtrArray *vcpus;           /* of TcgVcpu */
    gint64 until;               /* atomic */
    bool quit;
    ClockPair start;
};

/* ---- The rate of the time stamp counter ---- */

/* Of several attempts, the one with the least time between the two reads. */
static ClockPair read_clocks(void)
{
    ClockPair best = { 0 };
    guint64 shortest = G_MAXUINT64;

    for (guint i = 0; i < 4; i++) {
        guint64 before = tcg_host_tsc();
        gint64 now = tcg_host_now();
        guint64 after = tcg_host_tsc();

        if (after - before < shortest) {
            shortest = after - before;
            best = (ClockPair){ .now = now, .tsc = before + (after - before) / 2 };
        }
    }
    return best;
}

/* SDM vol. 2A, CPUID, leaf 15h: the crystal's rate, and the counter's ratio to it. */
static guint64 announced_by_processor(void)
{
    guint eax, ebx, ecx, edx;

    if (!__get_cpuid_count(0x15, 0, &eax, &ebx, &ecx, &edx) || !eax || !ebx) {
        return 0;
    }
    return (guint64)ecx * ebx / eax;
}

/* Leaf 40000010h, a convention of hypervisors: kHz. */
static guint64 announced_by_hypervisor(void)
{
    guint eax, ebx, ecx, edx;

    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx >> 31)) {
        return 0;
    }
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    if (eax < 0x40000010 || eax > 0x400000ff) {
        return 0;
    }
    __cpuid(0x40000010, eax, ebx, ecx, edx);
    return eax * G_GUINT64_CONSTANT(1000);
}

static guint64 measured(const TcgTimers *timers)
{
    ClockPair end = read_clocks();
    gint64 elapsed = MAX(end.now - timers->start.now, 1);

    return (end.tsc - timers->start.tsc) * (NS_PER_SECOND / elapsed);
}

guint64 tcg_tsc_frequency(TcgAccel *tcg)
{
    guint64 hz = __atomic_load_n(&tcg->tsc_frequency, __ATOMIC_RELAXED), none = 0;

    if (hz) {
        return hz;
    }
    hz = announced_by_processor();
    hz = hz ? hz : announced_by_hypervisor();
    hz = MAX(hz ? hz : measured(tcg->timers), 1);
    /* All threads use the first result. */
    __atomic_compare_exchange_n(&tcg->tsc_frequency, &none, hz, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    return none ? none : hz;
}

/* ---- The thread ---- */

/* With the lock: fires what is due, and returns the earliest deadline to come. */
static gint64 fire(TcgTimers *timers)
{
    gint64 now = tcg_host_now(), earliest = G_MAXINT64;

    for (guint i = 0; i < timers->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(timers->vcpus, i);

        if (!g_atomic_int_get(&vcpu->apic.watched)) {
            continue;
        }
        if (tcg_apic_expire(vcpu, now)) {
            tcg_vcpu_request(vcpu, TCG_REQUEST_APIC);
        }
        earliest = MIN(earliest, tcg_apic_deadline(vcpu));
    }
    return earliest;
}

static void *timer_thread(void *data)
{
    TcgTimers *timers = data;
    gint64 earliest;

    g_mutex_lock(&timers->lock);
    while (!timers->quit) {
        __atomic_store_n(&timers->until, G_MAXINT64, __ATOMIC_SEQ_CST);
        earliest = fire(timers);
        __atomic_store_n(&timers->until, earliest, __ATOMIC_SEQ_CST);
        if (earliest == G_MAXINT64) {
            g_cond_wait(&timers->wake, &timers->lock);
        } else {
            g_cond_wait_until(&timers->wake, &timers->lock, (earliest + 999) / 1000);
        }
    }
    g_mutex_unlock(&timers->lock);
    return NULL;
}

static void wake(TcgTimers *timers)
{
    g_mutex_lock(&timers->lock);
    g_cond_signal(&timers->wake);
    g_mutex_unlock(&timers->lock);
}

void tcg_timers_changed(TcgVcpu *vcpu)
{
    TcgTimers *timers = vcpu->tcg->timers;
    gint64 deadline;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    deadline = tcg_apic_deadline(vcpu);
    if (timers && g_atomic_int_get(&vcpu->apic.watched) && deadline != G_MAXINT64 &&
        deadline < __atomic_load_n(&timers->until, __ATOMIC_SEQ_CST)) {
        wake(timers);
    }
}

void tcg_timers_watch(TcgVcpu *vcpu, bool watch)
{
    g_atomic_int_set(&vcpu->apic.watched, watch);
    if (watch) {
        tcg_timers_changed(vcpu);
    }
}

/* ---- Life ---- */

void tcg_timers_add(TcgVcpu *vcpu)
{
    TcgTimers *timers = vcpu->tcg->timers;

    g_atomic_int_set(&vcpu->apic.watched, 1);
    g_mutex_lock(&timers->lock);
    g_ptr_array_add(timers->vcpus, vcpu);
    g_mutex_unlock(&timers->lock);
}

void tcg_timers_remove(TcgVcpu *vcpu)
{
    TcgTimers *timers = vcpu->tcg->timers;

    g_mutex_lock(&timers->lock);
    g_ptr_array_remove(timers->vcpus, vcpu);
    g_mutex_unlock(&timers->lock);
}

/* Blocks all signals, which the new thread inherits: the main thread handles
 * them. */
static bool start_thread(TcgTimers *timers, GError **error)
{
    sigset_t all, old;

    sigfillset(&all);
    sigdelset(&all, SIGBUS);    /* raised by lost guest memory, which must be reported */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    timers->thread = g_thread_try_new("APIC timers", timer_thread, timers, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!timers->thread) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "there is no thread for timers");
        return false;
    }
    return true;
}

TcgTimers *tcg_timers_new(GError **error)
{
    TcgTimers *timers = g_new0(TcgTimers, 1);

    g_mutex_init(&timers->lock);
    g_cond_init(&timers->wake);
    timers->vcpus = g_ptr_array_new();
    timers->start = read_clocks();
    if (!start_thread(timers, error)) {
        tcg_timers_free(timers);
        return NULL;
    }
    return timers;
}

void tcg_timers_free(TcgTimers *timers)
{
    if (!timers) {
        return;
    }
    if (timers->thread) {
        g_mutex_lock(&timers->lock);
        timers->quit = true;
        g_cond_signal(&timers->wake);
        g_mutex_unlock(&timers->lock);
        g_thread_join(timers->thread);
    }
    g_ptr_array_unref(timers->vcpus);
    g_mutex_clear(&timers->lock);
    g_cond_clear(&timers->wake);
    g_free(timers);
}

guint64 tcg_thread_time(void)
{
    struct timespec used = { 0 };

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (guint64)used.tv_sec * 1000000000 + used.tv_nsec;
}
