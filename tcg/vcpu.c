/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU: its thread, what that does between two blocks, and how it is stopped.
 *
 * A thread that wants something from a vCPU sets a bit in `requests`, then
 * `pending`, which generated code tests at the head of each block.  No signal is
 * sent.  The vCPU clears `pending` before it reads the requests, so nothing is
 * lost.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-accel.h"
#include "tcg/dispatch.h"
#include "tcg/host-clock.h"
#include "tcg/interrupts.h"
#include "tcg/light.h"
#include "tcg/signals.h"
#include "tcg/timers.h"

/* ---- Events ---- */

void tcg_vcpu_log(TcgState *s, const char *what, guint64 value)
{
    g_debug("CPU %u: %s 0x%" G_GINT64_MODIFIER "x at 0x%" G_GINT64_MODIFIER "x",
            s->vcpu->cpu->index, what, value, s->rip);
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
        g_cond_broadcast(&control->go);
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

static bool take_request(TcgState *s, guint32 request)
{
    return __atomic_fetch_and(&s->requests, ~request, __ATOMIC_SEQ_CST) & request;
}

/* Events that precede all interrupts, and that also reach a CPU that waits for a SIPI. */
static void take_start(TcgState *s)
{
    if (s->requests & TCG_REQUEST_INIT && take_request(s, TCG_REQUEST_INIT)) {
        tcg_vcpu_init(s->vcpu);
    }
    if (s->requests & TCG_REQUEST_SIPI && take_request(s, TCG_REQUEST_SIPI)) {
        tcg_vcpu_start(s->vcpu);
    }
}

static guint64 take_event(TcgState *s)
{
    TcgVcpu *vcpu = s->vcpu;
    int vector;

    if (s->requests & TCG_REQUEST_TLB && take_request(s, TCG_REQUEST_TLB)) {
        s->a20_mask = tcg_a20_mask(vcpu->tcg);
        tcg_tlb_flush(s);
    }
    if (s->requests & TCG_REQUEST_NMI && !s->nmi_masked && take_request(s, TCG_REQUEST_NMI)) {
        return TCG_NMI;
    }
    if (!(s->eflags & EFLAGS_IF) || s->shadow) {
        return TCG_EVENT_NONE;
    }
    take_request(s, TCG_REQUEST_APIC | TCG_REQUEST_EXTINT);
    vector = tcg_interrupt_take(vcpu);
    if (vector < 0) {
        return TCG_EVENT_NONE;
    }
    /* There may be more interrupts: STI tests this bit. */
    __atomic_fetch_or(&s->requests, TCG_REQUEST_APIC, __ATOMIC_SEQ_CST);
    return vector;
}

/* ---- Parking and waiting ---- */

/* Waits until the vCPU may run; false: it must end.  Its counter and its timer stand still
 * meanwhile. */
static bool park(TcgState *s)
{
    TcgVcpu *vcpu = s->vcpu;
    TcgRunControl *control = &vcpu->tcg->run;
    guint64 tsc = tcg_host_tsc();
    bool quit;

    tcg_apic_stop_time(vcpu);
    tcg_next_turn(vcpu);
    g_mutex_lock(&control->lock);
    vcpu->parked = true;
    g_cond_broadcast(&control->left);
    while (vcpu->stop && !vcpu->quit) {
        g_cond_wait(&control->go, &control->lock);
    }
    vcpu->parked = false;
    quit = vcpu->quit;
    g_mutex_unlock(&control->lock);
    tcg_next_turn(vcpu);
    s->tsc_offset += tsc - tcg_host_tsc();
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
            g_cond_wait(&control->go, &control->lock);
        } else if (!g_cond_wait_until(&control->go, &control->lock,
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

guint64 tcg_vcpu_service(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;

    for (;;) {
        guint64 event;

        __atomic_exchange_n(&s->pending, 0, __ATOMIC_SEQ_CST);
        if (must_stop(vcpu) && !park(s)) {
            return TCG_EVENT_END;
        }
        take_start(s);
        event = s->wait_for_sipi ? TCG_EVENT_NONE : take_event(s);
        if (event != TCG_EVENT_NONE) {
            s->halted = false;
            return event;
        }
        if (!s->halted && !s->wait_for_sipi) {
            return TCG_EVENT_NONE;
        }
        wait_for_request(vcpu);
    }
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

static bool all_parked(const TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        const TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        if (!vcpu->parked) {
            return false;
        }
    }
    return true;
}

/* Lock held. */
static void ask_to_stop(TcgVcpu *vcpu)
{
    vcpu->stop = true;
    set_requests(vcpu, TCG_REQUEST_STOP);
}

static void ask_all_to_stop(TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        ask_to_stop(g_ptr_array_index(tcg->vcpus, i));
    }
    g_cond_broadcast(&tcg->run.go);
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
    done = all_parked(tcg);
    g_mutex_unlock(&tcg->run.lock);
    if (done) {
        return;
    }
    let_go(tcg);
    g_mutex_lock(&tcg->run.lock);
    while (!all_parked(tcg)) {
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
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        vcpu->stop = false;
    }
    g_cond_broadcast(&tcg->run.go);
    g_mutex_unlock(&tcg->run.lock);
}

/* ---- Creation and end ---- */

static void init_state(TcgState *s, TcgVcpu *vcpu)
{
    static const void *const thunks[TCG_N_THUNKS] = {
        [TCG_THUNK_LOOP] = tcg_thunk_loop, [TCG_THUNK_EXIT] = tcg_thunk_exit,
        [TCG_THUNK_RIP] = tcg_thunk_rip, [TCG_THUNK_HELPER] = tcg_thunk_helper,
        [TCG_THUNK_SLOW] = tcg_thunk_slow, [TCG_THUNK_SEGMENT] = tcg_thunk_segment,
        [TCG_THUNK_COPIED] = tcg_thunk_copied,
    };

    memset(s, 0, sizeof(*s));
    memcpy(s->thunk, thunks, sizeof(thunks));
    s->vcpu = vcpu;
    s->delivering = -1;
    s->a20_mask = tcg_a20_mask(vcpu->tcg);
    s->code_base = (guintptr)vcpu->tcg->cache->execute;
    s->xsave_mask = tcg_host_xsave_mask();
    s->sees_in_use = tcg_host_sees_in_use();
    s->eflags = EFLAGS_FIXED;
    s->requests = TCG_REQUEST_STOP;
    s->pending = 1;
    *(guint32 *)(void *)(s->vector + 24) = 0x1f80;      /* MXCSR at power-on */
    for (guint i = 0; i < TCG_N_TLBS; i++) {
        s->tlb[i][0].tag_read = s->tlb[i][0].tag_write = 0x1000;
    }
    for (guint i = 0; i < TCG_FETCH_TLB_SIZE; i++) {
        s->fetch[i].tag = ~0ull;
    }
    tcg_jumps_flush(s);
    vcpu->state = s;
    tcg_signals_thread(s, vcpu->tcg->cache->size);
    tcg_vcpu_enter(vcpu);
}

/* The state is on the thread's stack, which goes away: threads that stop or hold vCPUs must
 * no longer find it. */
static void unlist(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    g_mutex_lock(&control->lock);
    g_ptr_array_remove(vcpu->tcg->vcpus, vcpu);
    vcpu->state = NULL;
    g_cond_broadcast(&control->left);
    g_mutex_unlock(&control->lock);
}

static void *vcpu_thread(void *data)
{
    TcgVcpu *vcpu = data;

    g_atomic_int_set(&vcpu->cpu->thread_id, syscall(SYS_gettid));
    tcg_thread(vcpu, sizeof(TcgState), init_state);
    unlist(vcpu);
    return NULL;
}

static bool start_thread(TcgVcpu *vcpu, GError **error)
{
    g_autofree char *name = g_strdup_printf("CPU %u/TCG", vcpu->cpu->index);
    sigset_t all, old;

    vcpu->stop = true;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);    /* guest memory may be lost: the thread that hits that reports it */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    vcpu->thread = g_thread_try_new(name, vcpu_thread, vcpu, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!vcpu->thread) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN, "CPU %u gets no thread",
                            vcpu->cpu->index);
        return false;
    }
    g_mutex_lock(&vcpu->tcg->run.lock);
    while (!vcpu->parked) {
        g_cond_wait(&vcpu->tcg->run.left, &vcpu->tcg->run.lock);
    }
    g_mutex_unlock(&vcpu->tcg->run.lock);
    return true;
}

static void end_thread(TcgVcpu *vcpu)
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

bool tcg_vcpu_create(Accel *accel, Cpu *cpu, GError **error)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    TcgVcpu *vcpu;

    if (tcg->vcpus->len > 0) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "accelerator 'tcg' runs one CPU: use 'smp' 1, or KVM%s%s%s",
                      accel->why ? " (" : "", accel->why ? accel->why : "",
                      accel->why ? ")" : "");
        return false;
    }
    if (cpu->tsc_frequency) {
        qmp_error_set_at(error, "tsc-frequency", ERROR_REASON_NOT_SUPPORTED,
                         "the time stamp counter of accelerator 'tcg' runs at the host's rate");
        return false;
    }
    vcpu = g_new0(TcgVcpu, 1);
    vcpu->tcg = tcg;
    vcpu->cpu = cpu;
    cpu->vcpu = vcpu;
    tcg_apic_init(vcpu);
    if (!start_thread(vcpu, error)) {
        tcg_apic_unlist(vcpu);
        tcg_apic_done(vcpu);
        cpu->vcpu = NULL;
        g_free(vcpu);
        return false;
    }
    g_mutex_lock(&tcg->run.lock);
    g_ptr_array_add(tcg->vcpus, vcpu);
    g_mutex_unlock(&tcg->run.lock);
    if (!tcg_vcpu_reset(accel, cpu, &cpu->reset_state, error)) {
        tcg_vcpu_destroy(accel, cpu);
        return false;
    }
    return true;
}

void tcg_vcpu_destroy(Accel *accel, Cpu *cpu)
{
    TcgVcpu *vcpu = g_steal_pointer(&cpu->vcpu);

    tcg_apic_unlist(vcpu);
    end_thread(vcpu);
    cpu->thread_id = 0;
    tcg_apic_done(vcpu);
    g_free(vcpu);
}
