/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transitions of a vCPU from generated and light code to heavy code and back, and holding: keeping
 * all vCPUs out of generated and light code while memory or code changes.
 *
 * Held vCPUs may be in heavy code, even waiting for the lock that the holder has.  Hence in_run,
 * with the handshake of kvm/vcpu.c.  The holder: hold = 1, fence, read in_run; a vCPU on its way
 * in: in_run = 1, fence, read hold; on its way out: in_run = 0, fence, read hold.  At least one
 * sees the other's write.
 *
 * Heavy code that translates or drops code counts as generated code: it uses memory slots and
 * blocks, which must not change meanwhile (tcg_heavy_inside).
 *
 * Holding is rare, while a vCPU leaves and enters at each access to a device: hence the fences
 * of qom/barrier.h.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include "qom/barrier.h"
#include "tcg/dispatch.h"

void tcg_run_control_init(TcgRunControl *control)
{
    g_mutex_init(&control->lock);
    g_cond_init(&control->left);
    g_cond_init(&control->go);
    control->barrier_shared = barrier_is_shared();
}

/* ---- A vCPU ---- */

static inline bool is_held(const TcgRunControl *control)
{
    return __atomic_load_n(&control->hold, __ATOMIC_ACQUIRE);
}

static void tell_holder(TcgRunControl *control)
{
    g_mutex_lock(&control->lock);
    g_cond_broadcast(&control->left);
    g_mutex_unlock(&control->lock);
}

static inline void leave_guest(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    __atomic_store_n(&vcpu->in_run, 0, __ATOMIC_RELEASE);
    barrier_for_one(control->barrier_shared);
    if (G_UNLIKELY(is_held(control))) {
        tell_holder(control);
    }
}

static void wait_for_release(TcgRunControl *control)
{
    g_mutex_lock(&control->lock);
    g_cond_broadcast(&control->left);
    while (control->hold) {
        g_cond_wait(&control->go, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

static inline bool try_enter(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    __atomic_store_n(&vcpu->in_run, 1, __ATOMIC_RELAXED);
    barrier_for_one(control->barrier_shared);
    return G_LIKELY(!is_held(control));
}

void tcg_vcpu_enter(TcgVcpu *vcpu)
{
    while (!try_enter(vcpu)) {
        __atomic_store_n(&vcpu->in_run, 0, __ATOMIC_RELEASE);
        wait_for_release(&vcpu->tcg->run);
    }
}

guint64 tcg_run_heavy(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
{
    TcgVcpu *vcpu = s->vcpu;
    guint64 result;

    leave_guest(vcpu);
    tcg_next_turn(vcpu);
    result = f(s, argument);
    tcg_next_turn(vcpu);
    tcg_vcpu_enter(vcpu);
    return result;
}

/* in_run stays set, so that holders wait. */
guint64 tcg_run_inside(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
{
    return f(s, argument);
}

/* ---- Holders ---- */

static bool any_in_run(const TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        const TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        if (__atomic_load_n(&vcpu->in_run, __ATOMIC_ACQUIRE)) {
            return true;
        }
    }
    return false;
}

void tcg_vcpus_hold(TcgAccel *tcg)
{
    TcgRunControl *control = &tcg->run;

    g_mutex_lock(&control->lock);
    while (control->hold) {
        g_cond_wait(&control->go, &control->lock);
    }
    __atomic_store_n(&control->hold, true, __ATOMIC_SEQ_CST);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        __atomic_store_n(&vcpu->state->pending, 1, __ATOMIC_SEQ_CST);
    }
    barrier_for_all(control->barrier_shared);
    while (any_in_run(tcg)) {
        g_cond_wait(&control->left, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

void tcg_vcpus_release(TcgAccel *tcg)
{
    g_mutex_lock(&tcg->run.lock);
    __atomic_store_n(&tcg->run.hold, false, __ATOMIC_RELEASE);
    g_cond_broadcast(&tcg->run.go);
    g_mutex_unlock(&tcg->run.lock);
}
