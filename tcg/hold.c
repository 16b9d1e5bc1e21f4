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
 * A vCPU that executes a locked instruction on two pages holds the others while it runs: it is the
 * owner (tcg_exclusive_begin).
 *
 * Gathering is more than holding: heavy code that was called in the middle of a block returns to
 * that block, so its memory can be reused only when all vCPUs are between two blocks.  They come to
 * the dispatcher by themselves; it lets nobody out while vCPUs are gathered.  The same handshake,
 * with `away` and `gather` for `in_run` and `hold`.
 *
 * Holding is rare, while a vCPU leaves and enters at each access to a device: hence the fences
 * of qom/barrier.h.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include "qom/barrier.h"
#include "tcg/cache.h"
#include "tcg/dispatch.h"

void tcg_run_control_init(TcgRunControl *control)
{
    g_mutex_init(&control->lock);
    g_cond_init(&control->left);
    g_cond_init(&control->go);
    control->barrier_shared = barrier_is_shared();
}

/* ---- A vCPU ---- */

static inline bool is_held(const TcgVcpu *vcpu)
{
    const TcgRunControl *control = &vcpu->tcg->run;

    return G_UNLIKELY(__atomic_load_n(&control->hold, __ATOMIC_ACQUIRE)) &&
           __atomic_load_n(&control->owner, __ATOMIC_RELAXED) != vcpu;
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
    if (is_held(vcpu)) {
        tell_holder(control);
    }
}

static void wait_for_release(TcgRunControl *control, const bool *held)
{
    g_mutex_lock(&control->lock);
    g_cond_broadcast(&control->left);
    while (*held) {
        g_cond_wait(&control->go, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

static inline bool try_enter(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    __atomic_store_n(&vcpu->in_run, 1, __ATOMIC_RELAXED);
    barrier_for_one(control->barrier_shared);
    return !is_held(vcpu);
}

void tcg_vcpu_enter(TcgVcpu *vcpu)
{
    while (!try_enter(vcpu)) {
        __atomic_store_n(&vcpu->in_run, 0, __ATOMIC_RELEASE);
        wait_for_release(&vcpu->tcg->run, &vcpu->tcg->run.hold);
    }
}

static inline bool is_gathered(const TcgRunControl *control)
{
    return G_UNLIKELY(__atomic_load_n(&control->gather, __ATOMIC_ACQUIRE));
}

void tcg_vcpu_away(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    __atomic_store_n(&vcpu->away, 1, __ATOMIC_RELEASE);
    barrier_for_one(control->barrier_shared);
    if (is_gathered(control)) {
        tell_holder(control);
    }
}

void tcg_vcpu_back(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    for (;;) {
        __atomic_store_n(&vcpu->away, 0, __ATOMIC_RELAXED);
        barrier_for_one(control->barrier_shared);
        if (!is_gathered(control)) {
            break;
        }
        __atomic_store_n(&vcpu->away, 1, __ATOMIC_RELEASE);
        wait_for_release(control, &control->gather);
    }
    tcg_cache_renew(vcpu);
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

/* With run.lock: takes hold or gather, and makes all vCPUs come out of generated code. */
static void take(TcgAccel *tcg, bool *held)
{
    TcgRunControl *control = &tcg->run;

    while (*held) {
        g_cond_wait(&control->go, &control->lock);
    }
    __atomic_store_n(held, true, __ATOMIC_SEQ_CST);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        __atomic_store_n(&vcpu->state->pending, 1, __ATOMIC_SEQ_CST);
    }
    barrier_for_all(control->barrier_shared);
}

static void release(TcgRunControl *control, bool *held)
{
    g_mutex_lock(&control->lock);
    __atomic_store_n(held, false, __ATOMIC_RELEASE);
    g_cond_broadcast(&control->go);
    g_mutex_unlock(&control->lock);
}

void tcg_vcpus_hold(TcgAccel *tcg)
{
    TcgRunControl *control = &tcg->run;

    g_mutex_lock(&control->lock);
    take(tcg, &control->hold);
    while (any_in_run(tcg)) {
        g_cond_wait(&control->left, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

void tcg_vcpus_release(TcgAccel *tcg)
{
    release(&tcg->run, &tcg->run.hold);
}

void tcg_vcpus_each(TcgAccel *tcg, void (*f)(TcgState *s, const void *argument),
                    const void *argument)
{
    g_mutex_lock(&tcg->run.lock);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        const TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        f(vcpu->state, argument);
    }
    g_mutex_unlock(&tcg->run.lock);
}

static bool all_away(const TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        const TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        if (!__atomic_load_n(&vcpu->away, __ATOMIC_ACQUIRE)) {
            return false;
        }
    }
    return true;
}

void tcg_vcpus_gather(TcgVcpu *vcpu)
{
    TcgRunControl *control = &vcpu->tcg->run;

    tcg_vcpu_away(vcpu);
    g_mutex_lock(&control->lock);
    take(vcpu->tcg, &control->gather);
    while (!all_away(vcpu->tcg)) {
        g_cond_wait(&control->left, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

void tcg_vcpus_disperse(TcgVcpu *vcpu)
{
    release(&vcpu->tcg->run, &vcpu->tcg->run.gather);
    tcg_vcpu_back(vcpu);
}

/* ---- Locked instructions on two pages ---- */

guint64 tcg_exclusive_heavy(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;

    tcg_vcpus_hold(vcpu->tcg);
    __atomic_store_n(&vcpu->tcg->run.owner, vcpu, __ATOMIC_RELAXED);
    return 0;
}

guint64 tcg_shared_heavy(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;

    __atomic_store_n(&vcpu->tcg->run.owner, NULL, __ATOMIC_RELAXED);
    tcg_vcpus_release(vcpu->tcg);
    return 0;
}
