/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's timer: SDM vol. 3A, section 11.5.4.
 *
 * Nothing ticks.  The count is the rest of the current period; a deadline says when
 * it ends, unless the entry is masked: then the count is updated when it is read.
 */
#include "config.h"
#include "tcg/apic-internal.h"

#include "tcg/host-clock.h"
#include "tcg/timers.h"

/* A periodic timer does not fire more often than this, which would keep both
 * guest and host busy. */
#define SHORTEST_PERIOD G_GINT64_CONSTANT(20000)

static gint64 time_of(const TcgApic *a)
{
    return a->stopped_at >= 0 ? a->stopped_at : tcg_host_now();
}

static guint mode(const TcgApic *a)
{
    return (a->lvt[TCG_LVT_TIMER] & LVT_TIMER_MODE) >> LVT_TIMER_MODE_SHIFT;
}

/* Figure 11-10: the count's ticks are 1 << this many nanoseconds. */
static guint shift(const TcgApic *a)
{
    guint code = (a->divide & 3) | (a->divide & 8) >> 1;

    return (code + 1) & 7;
}

static gint64 period(const TcgApic *a)
{
    return (gint64)a->initial_count << shift(a);
}

static guint64 guest_tsc(const TcgVcpu *vcpu)
{
    return tcg_host_tsc() + __atomic_load_n(&vcpu->state->tsc_offset, __ATOMIC_RELAXED);
}

/* ---- The count ---- */

/* Updates the count to now.  True if a period ended. */
static bool settle(TcgApic *a, gint64 now)
{
    gint64 elapsed = now - a->timer_start;

    if (!a->counting || elapsed < period(a)) {
        return false;
    }
    if (mode(a) == TIMER_PERIODIC) {
        a->timer_start = now - elapsed % period(a);
    } else {
        a->counting = false;
    }
    return true;
}

/* True if the deadline has passed, which clears it. */
static bool settle_tsc(TcgApic *a, guint64 tsc)
{
    if (!a->tsc_deadline || tsc < a->tsc_deadline) {
        return false;
    }
    a->tsc_deadline = 0;
    return true;
}

/* ---- Deadlines ---- */

static gint64 tsc_time(const TcgVcpu *vcpu, gint64 now, guint64 tsc)
{
    guint64 ticks = vcpu->apic.tsc_deadline - tsc;
    gdouble left = (gdouble)ticks * 1e9 / tcg_tsc_frequency(vcpu->tcg);

    return left < (gdouble)(G_MAXINT64 - now - 1) ? now + (gint64)left + 1 : G_MAXINT64;
}

static gint64 next_deadline(TcgVcpu *vcpu, gint64 now, guint64 tsc)
{
    const TcgApic *a = &vcpu->apic;

    if (!apic_enabled(a) || (a->lvt[TCG_LVT_TIMER] & LVT_MASK) || a->stopped_at >= 0) {
        return G_MAXINT64;
    }
    if (mode(a) == TIMER_TSC_DEADLINE) {
        return a->tsc_deadline ? tsc_time(vcpu, now, tsc) : G_MAXINT64;
    }
    if (!a->counting) {
        return G_MAXINT64;
    }
    if (mode(a) == TIMER_PERIODIC && period(a) < SHORTEST_PERIOD) {
        return now + SHORTEST_PERIOD;
    }
    return a->timer_start + period(a);
}

/* Fires what is due, and computes the next deadline.  Periods also end while masked.  The
 * counter is read only once: a deadline between two reads would be neither due nor pending. */
static void advance(TcgVcpu *vcpu, gint64 now, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;
    bool by_tsc = mode(a) == TIMER_TSC_DEADLINE;
    guint64 tsc = by_tsc ? guest_tsc(vcpu) : 0;
    bool due = by_tsc ? settle_tsc(a, tsc) : settle(a, now);

    if (due && apic_enabled(a)) {
        apic_local(a, TCG_LVT_TIMER, effects);
    }
    __atomic_store_n(&a->deadline, next_deadline(vcpu, now, tsc), __ATOMIC_RELAXED);
}

void apic_timer_arm(TcgVcpu *vcpu, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;

    if (a->stopped_at < 0) {
        advance(vcpu, tcg_host_now(), effects);
    } else {
        __atomic_store_n(&a->deadline, G_MAXINT64, __ATOMIC_RELAXED);
    }
    effects->timer = true;
}

/* Reading the count must not suppress the interrupt at its end. */
guint32 apic_current_count(TcgVcpu *vcpu, ApicEffects *effects)
{
    const TcgApic *a = &vcpu->apic;
    gint64 gone;

    apic_timer_arm(vcpu, effects);
    if (!a->counting || mode(a) == TIMER_TSC_DEADLINE) {
        return 0;
    }
    gone = (time_of(a) - a->timer_start) >> shift(a);
    return gone < a->initial_count ? a->initial_count - gone : 0;
}

gint64 tcg_apic_deadline(const TcgVcpu *vcpu)
{
    return __atomic_load_n(&vcpu->apic.deadline, __ATOMIC_RELAXED);
}

bool tcg_apic_expire(TcgVcpu *vcpu, gint64 now)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    if (now < tcg_apic_deadline(vcpu)) {
        return false;
    }
    g_mutex_lock(&a->lock);
    if (now >= a->deadline) {
        advance(vcpu, now, &effects);
    }
    g_mutex_unlock(&a->lock);
    return effects.requests & TCG_REQUEST_APIC;
}

/* ---- Registers ---- */

/* Between counting modes the count continues; changes to and from TSC deadline mode stop it. */
void apic_write_timer_lvt(TcgVcpu *vcpu, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;
    bool was_tsc = mode(a) == TIMER_TSC_DEADLINE;

    apic_timer_arm(vcpu, effects);      /* periods that ended until now used the old value */
    a->lvt[TCG_LVT_TIMER] = value;
    if ((mode(a) == TIMER_TSC_DEADLINE) != was_tsc) {
        a->counting = false;
        a->tsc_deadline = 0;
    }
    apic_timer_arm(vcpu, effects);
}

void apic_write_initial_count(TcgVcpu *vcpu, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;

    if (mode(a) == TIMER_TSC_DEADLINE) {
        return;
    }
    apic_timer_arm(vcpu, effects);      /* accounts for the old count */
    a->initial_count = value;
    a->counting = value != 0;
    a->timer_start = time_of(a);
    apic_timer_arm(vcpu, effects);
}

void tcg_apic_set_count(TcgVcpu *vcpu, guint32 count)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    if (a->counting && count && count < a->initial_count) {
        a->timer_start = time_of(a) - ((gint64)(a->initial_count - count) << shift(a));
        apic_timer_arm(vcpu, &effects);
    }
    g_mutex_unlock(&a->lock);
    apic_do(vcpu, &effects);
}

/* The rest of the count continues at the new rate. */
void apic_write_divide(TcgVcpu *vcpu, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;
    guint32 gone = a->initial_count - apic_current_count(vcpu, effects);

    a->divide = value;
    a->timer_start = time_of(a) - ((gint64)gone << shift(a));
    apic_timer_arm(vcpu, effects);
}

guint64 apic_read_tsc_deadline(TcgVcpu *vcpu, ApicEffects *effects)
{
    apic_timer_arm(vcpu, effects);
    return mode(&vcpu->apic) == TIMER_TSC_DEADLINE ? vcpu->apic.tsc_deadline : 0;
}

void apic_write_tsc_deadline(TcgVcpu *vcpu, guint64 value, ApicEffects *effects)
{
    if (mode(&vcpu->apic) == TIMER_TSC_DEADLINE) {
        vcpu->apic.tsc_deadline = value;
        apic_timer_arm(vcpu, effects);
    }
}

/* ---- The virtual clock ---- */

void tcg_apic_stop_time(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;

    g_mutex_lock(&a->lock);
    if (a->stopped_at < 0) {
        a->stopped_at = tcg_host_now();
        __atomic_store_n(&a->deadline, G_MAXINT64, __ATOMIC_RELAXED);
    }
    g_mutex_unlock(&a->lock);
}

void tcg_apic_start_time(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    if (a->stopped_at >= 0) {
        a->timer_start += tcg_host_now() - a->stopped_at;
        a->stopped_at = -1;
        apic_timer_arm(vcpu, &effects);
    }
    g_mutex_unlock(&a->lock);
    apic_do(vcpu, &effects);
}
