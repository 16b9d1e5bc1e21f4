/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a vCPU begins and ends: its state, which lies on its thread's stack, and its thread.
 *
 * A new vCPU parks, gets its reset state, and is then listed: from now on others find it.  At its
 * end it is taken out of all lists before its state goes away.
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
#include "qom/qapi-objects-accel.h"
#include "tcg/cache.h"
#include "tcg/dispatch.h"
#include "tcg/interrupts.h"
#include "tcg/light.h"
#include "tcg/signals.h"

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
    s->writer = 1u << MIN(vcpu->cpu->index, 15);
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

/* Lock held. */
static void count_vcpus(TcgAccel *tcg)
{
    __atomic_store_n(&tcg->run.n_vcpus, (int)tcg->vcpus->len, __ATOMIC_RELEASE);
}

/* The state is on the thread's stack, which goes away: threads that stop or hold vCPUs must
 * no longer find it. */
static void unlist(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    g_mutex_lock(&control->lock);
    if (g_ptr_array_remove(vcpu->tcg->vcpus, vcpu)) {
        count_vcpus(vcpu->tcg);
    }
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

static TcgVcpu *new_vcpu(TcgAccel *tcg, Cpu *cpu)
{
    TcgVcpu *vcpu = g_new0(TcgVcpu, 1);

    vcpu->tcg = tcg;
    vcpu->cpu = cpu;
    cpu->vcpu = vcpu;
    g_cond_init(&vcpu->wake);
    tcg_apic_init(vcpu);
    return vcpu;
}

static void free_vcpu(TcgVcpu *vcpu)
{
    vcpu->cpu->vcpu = NULL;
    tcg_apic_done(vcpu);
    g_cond_clear(&vcpu->wake);
    g_free(vcpu);
}

/* From now on other vCPUs know it; it is parked, and has its reset state. */
static void list(TcgVcpu *vcpu)
{
    TcgAccel *tcg = vcpu->tcg;

    g_mutex_lock(&tcg->run.lock);
    vcpu->state->tsc_offset = tcg->run.tsc_offset;
    g_ptr_array_add(tcg->vcpus, vcpu);
    count_vcpus(tcg);
    g_mutex_unlock(&tcg->run.lock);
    tcg_apic_list(vcpu);
}

static bool check_threads(const TcgAccel *tcg, GError **error)
{
    if (tcg->vcpus->len == 0 ||
        tcg_accel_props(&tcg->accel.object)->thread == TCG_THREAD_MULTI) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                  "accelerator 'tcg' with 'thread' single runs one CPU: each has a thread");
    return false;
}

bool tcg_vcpu_create(Accel *accel, Cpu *cpu, GError **error)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    TcgVcpu *vcpu;

    if (!check_threads(tcg, error)) {
        return false;
    }
    if (cpu->tsc_frequency) {
        qmp_error_set_at(error, "tsc-frequency", ERROR_REASON_NOT_SUPPORTED,
                         "the time stamp counter of accelerator 'tcg' runs at the host's rate");
        return false;
    }
    vcpu = new_vcpu(tcg, cpu);
    if (!start_thread(vcpu, error)) {
        free_vcpu(vcpu);
        return false;
    }
    if (!tcg_vcpu_reset(accel, cpu, &cpu->reset_state, error)) {
        tcg_vcpu_end(vcpu);
        free_vcpu(vcpu);
        return false;
    }
    list(vcpu);
    return true;
}

void tcg_vcpu_destroy(Accel *accel, Cpu *cpu)
{
    TcgVcpu *vcpu = g_steal_pointer(&cpu->vcpu);

    tcg_apic_unlist(vcpu);
    tcg_vcpu_end(vcpu);
    cpu->thread_id = 0;
    free_vcpu(vcpu);
}
