/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU: what its thread does between two blocks, and how it is stopped.
 *
 * A thread that wants something from a vCPU sets a bit in `requests`, then
 * `pending`, which generated code tests at the head of each block.  No signal is
 * sent.  The vCPU clears `pending` before it reads the requests, so nothing is
 * lost.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include <sched.h>

#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-accel.h"
#include "tcg/cache.h"
#include "tcg/dispatch.h"
#include "tcg/host-clock.h"
#include "tcg/interrupts.h"
#include "tcg/light.h"
#include "tcg/timers.h"

/* ---- Events ---- */

void tcg_vcpu_log(TcgState *s, const char *what, guint64 value)
{
    g_debug("CPU %u: %s 0x%" G_GINT64_MODIFIER "x at 0x%" G_GINT64_MODIFIER "x",
            s->vcpu->cpu->index, what, value, s->rip);
}

guint64 tcg_vcpu_yield(TcgState *s, void *argument)
{
    sched_yield();
    return 0;
}

static void set_requests(TcgVcpu *vcpu, guint32 requests)
{
    __atomic_fetch_or(&vcpu->state->requests, requests, __ATOMIC_SEQ_CST);
    __atomic_store_n(&vcpu->state->pending, 1, __ATOMIC_SEQ_CST);
}

void tcg_vcpu_request(TcgVcpu *vcpu, guint32 requests)
{
    TcgRunControl *control = &vcpu->tcg->run;

    set_requests(vcpu, requests);
    if (__atomic_load_n(&vcpu->waiting, __ATOMIC_SEQ_CST)) {
        g_mutex_lock(&control->lock);
        g_cond_signal(&vcpu->wake);
        g_mutex_unlock(&control->lock);
    }
}

/* Executes nothing more until the machine has decided what happens next. */
static void stop_here(TcgVcpu *vcpu)
{
    g_mutex_lock(&vcpu->tcg->run.lock);
    vcpu->stop = true;
    g_mutex_unlock(&vcpu->tcg->run.lock);
    set_requests(vcpu, TCG_REQUEST_STOP);
}

guint64 tcg_vcpu_shutdown(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;
    const Accel *accel = &vcpu->tcg->accel;

    /* Some guests restart this way, perhaps in an endless loop. */
    device_guest_error(&vcpu->cpu->device, "a triple fault asks for a reset at RIP 0x%"
                       G_GINT64_MODIFIER "x", s->rip);
    accel->host->request(accel->host_opaque, ACCEL_REQUEST_RESET);
    stop_here(vcpu);
    return 0;
}

guint64 tcg_vcpu_ask_reset(TcgState *s, void *argument)
{
    const Accel *accel = &s->vcpu->tcg->accel;

    accel->host->request(accel->host_opaque, ACCEL_REQUEST_RESET);
    stop_here(s->vcpu);
    return 0;
}

guint64 tcg_vcpu_panic(TcgState *s, void *argument)
{
    const Accel *accel = &s->vcpu->tcg->accel;

    accel->host->panic(accel->host_opaque, argument);
    return 0;
}

guint64 tcg_vcpu_astray(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;
    const Accel *accel = &vcpu->tcg->accel;
    g_autofree char *why = g_strdup_printf(
        "there is no memory to fetch code from, at linear address 0x%" G_GINT64_MODIFIER
        "x, RIP 0x%" G_GINT64_MODIFIER "x", *(const guint64 *)argument, s->rip);

    accel->host->internal_error(accel->host_opaque, vcpu->cpu, SHUTDOWN_DETAIL_INTERNAL_ERROR, why);
    stop_here(vcpu);
    return 0;
}

static inline bool has_request(const TcgState *s, guint32 request)
{
    return __atomic_load_n(&s->requests, __ATOMIC_ACQUIRE) & request;
}

static bool take_request(TcgState *s, guint32 request)
{
    return has_request(s, request) &&
           __atomic_fetch_and(&s->requests, ~request, __ATOMIC_SEQ_CST) & request;
}

static guint64 take_event(TcgState *s)
{
    TcgVcpu *vcpu = s->vcpu;
    int vector;

    if (take_request(s, TCG_REQUEST_TLB)) {
        s->a20_mask = tcg_a20_mask(vcpu->tcg);
        s->forget = MAX(s->forget, TCG_FORGET_TLB);
    }
    if (take_request(s, TCG_REQUEST_IDLE)) {
        tcg_cache_forget_idle(vcpu->tcg, s->idle_page);
    }
    if (!s->nmi_masked && take_request(s, TCG_REQUEST_NMI)) {
        return TCG_NMI;
    }
    if (!(s->eflags & EFLAGS_IF) || s->shadow) {
        return TCG_EVENT_NONE;
    }
    __atomic_fetch_and(&s->requests, ~(guint32)(TCG_REQUEST_APIC | TCG_REQUEST_EXTINT),
                       __ATOMIC_SEQ_CST);
    vector = tcg_interrupt_take(vcpu);
    if (vector < 0) {
        return TCG_EVENT_NONE;
    }
    /* There may be more interrupts: STI tests this bit. */
    __atomic_fetch_or(&s->requests, TCG_REQUEST_APIC, __ATOMIC_SEQ_CST);
    return vector;
}

/* ---- Parking and waiting ---- */

/* Waits until the vCPU may run; false: it must end.  Its timer stands still meanwhile, and the
 * counters of all do while all are parked. */
static bool park(TcgState *s)
{
    TcgVcpu *vcpu = s->vcpu;
    TcgRunControl *control = &vcpu->tcg->run;
    bool quit;

    tcg_apic_stop_time(vcpu);
    tcg_next_turn(vcpu);
    g_mutex_lock(&control->lock);
    tcg_counters_stop(vcpu->tcg);
    vcpu->parked = true;
    g_cond_broadcast(&control->left);
    while (vcpu->stop && !vcpu->quit) {
        g_cond_wait(&control->go, &control->lock);
    }
    vcpu->parked = false;
    quit = vcpu->quit;
    g_mutex_unlock(&control->lock);
    tcg_next_turn(vcpu);
    tcg_apic_start_time(vcpu);
    return !quit;
}

static bool must_stop(TcgVcpu *vcpu)
{
    bool stop;

    if (!take_request(vcpu->state, TCG_REQUEST_STOP)) {
        return false;
    }
    g_mutex_lock(&vcpu->tcg->run.lock);
    stop = vcpu->stop || vcpu->quit;
    g_mutex_unlock(&vcpu->tcg->run.lock);
    return stop;
}

/* HLT: waits for a request, or until the local APIC's timer is due. */
static void wait_for_request(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;
    gint64 deadline;

    tcg_timers_watch(vcpu, false);
    deadline = tcg_apic_deadline(vcpu);
    tcg_next_turn(vcpu);
    __atomic_store_n(&vcpu->waiting, 1, __ATOMIC_SEQ_CST);
    g_mutex_lock(&control->lock);
    while (!__atomic_load_n(&vcpu->state->pending, __ATOMIC_SEQ_CST)) {
        if (deadline == G_MAXINT64) {
            g_cond_wait(&vcpu->wake, &control->lock);
        } else if (!g_cond_wait_until(&vcpu->wake, &control->lock,
                                      (deadline + 999) / 1000)) {
            break;
        }
    }
    g_mutex_unlock(&control->lock);
    __atomic_store_n(&vcpu->waiting, 0, __ATOMIC_SEQ_CST);
    tcg_next_turn(vcpu);
    tcg_apic_expire(vcpu, tcg_host_now());
    tcg_timers_watch(vcpu, true);
}

static guint64 serve(TcgState *s)
{
    TcgVcpu *vcpu = s->vcpu;

    for (;;) {
        guint64 event;

        __atomic_exchange_n(&s->pending, 0, __ATOMIC_SEQ_CST);
        if (must_stop(vcpu) && !park(s)) {
            return TCG_EVENT_END;
        }
        tcg_vcpu_take_start(vcpu);
        event = s->wait_for_sipi ? TCG_EVENT_NONE : take_event(s);
        if (event != TCG_EVENT_NONE) {
            s->halted = false;
            return event;
        }
        if ((!s->halted && !s->wait_for_sipi) || s->hv_pages_due) {
            return TCG_EVENT_NONE;
        }
        wait_for_request(vcpu);
    }
}

/* A vCPU that ends does not wait until others have gathered: one of them may be waiting for the
 * machine lock, which tcg_vcpu_end() holds. */
guint64 tcg_vcpu_service(TcgState *s, void *argument)
{
    guint64 event;

    tcg_vcpu_away(s->vcpu);
    event = serve(s);
    if (event != TCG_EVENT_END) {
        tcg_vcpu_back(s->vcpu);
    }
    return event;
}

/* ---- Stopping, from other threads ---- */

static void let_go(TcgAccel *tcg)
{
    if (tcg->accel.host) {
        tcg->accel.host->unlock(tcg->accel.host_opaque);
    }
}

static void take_back(TcgAccel *tcg)
{
    if (tcg->accel.host) {
        tcg->accel.host->lock(tcg->accel.host_opaque);
    }
}

/* Lock held. */
static void ask_to_stop(TcgVcpu *vcpu)
{
    vcpu->stop = true;
    set_requests(vcpu, TCG_REQUEST_STOP);
    g_cond_signal(&vcpu->wake);
}

static void ask_all_to_stop(TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        ask_to_stop(g_ptr_array_index(tcg->vcpus, i));
    }
}

void tcg_vcpus_stop(Accel *accel)
{
    TcgAccel *tcg = to_tcg_accel(accel);

    g_mutex_lock(&tcg->run.lock);
    ask_all_to_stop(tcg);
    g_mutex_unlock(&tcg->run.lock);
}

void tcg_vcpus_pause(Accel *accel)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    bool done;

    g_mutex_lock(&tcg->run.lock);
    ask_all_to_stop(tcg);
    done = tcg_vcpus_parked(tcg);
    g_mutex_unlock(&tcg->run.lock);
    if (done) {
        return;
    }
    let_go(tcg);
    g_mutex_lock(&tcg->run.lock);
    while (!tcg_vcpus_parked(tcg)) {
        g_cond_wait(&tcg->run.left, &tcg->run.lock);
    }
    g_mutex_unlock(&tcg->run.lock);
    take_back(tcg);
}

bool tcg_vcpus_progress(Accel *accel)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    bool progress = true;

    g_mutex_lock(&tcg->run.lock);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);
        guint turn = __atomic_load_n(&vcpu->turn, __ATOMIC_RELAXED);

        progress &= !(turn & 1) || turn != vcpu->seen_turn;
        vcpu->seen_turn = turn;
    }
    g_mutex_unlock(&tcg->run.lock);
    return progress;
}

void tcg_vcpus_resume(Accel *accel)
{
    TcgAccel *tcg = to_tcg_accel(accel);

    g_return_if_fail(accel->host);
    g_mutex_lock(&tcg->run.lock);
    tcg_counters_start(tcg);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        vcpu->stop = false;
    }
    g_cond_broadcast(&tcg->run.go);
    g_mutex_unlock(&tcg->run.lock);
}

void tcg_vcpu_end(TcgVcpu *vcpu)
{
    TcgAccel *tcg = vcpu->tcg;
    bool parked;

    g_mutex_lock(&tcg->run.lock);
    parked = vcpu->parked;
    vcpu->quit = true;
    ask_to_stop(vcpu);
    g_cond_broadcast(&tcg->run.go);
    g_mutex_unlock(&tcg->run.lock);
    if (!parked) {
        let_go(tcg);
    }
    g_thread_join(vcpu->thread);
    if (!parked) {
        take_back(tcg);
    }
}
