/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC: life, and acceptance of interrupts.
 *
 * Not modelled: CMCI and its register (no machine checks), EOI broadcast suppression
 * (the version register says so), focus processors, arbitration.
 */
#include "config.h"
#include "tcg/apic-internal.h"

#include <string.h>

#include "tcg/interrupts.h"
#include "tcg/timers.h"

int apic_highest(const guint32 set[8])
{
    for (int i = 7; i >= 0; i--) {
        if (set[i]) {
            return i * 32 + 31 - __builtin_clz(set[i]);
        }
    }
    return -1;
}

/* ---- Acceptance ---- */

guint8 apic_ppr(const TcgApic *a)
{
    int in_service = apic_highest(a->isr);
    guint8 class = in_service < 0 ? 0 : in_service & 0xf0;

    return a->tpr >> 4 >= class >> 4 ? a->tpr : class;
}

guint32 apic_ldr(const TcgApic *a)
{
    return apic_is_x2(a) ? (a->id & ~15u) << 12 | 1u << (a->id & 15) : a->ldr;
}

static bool lets_extint_in(const TcgApic *a)
{
    guint32 lint0 = a->lvt[TCG_LVT_LINT0];

    return a->is_bsp && (!apic_enabled(a) ||
                         (lint0 & (LVT_MASK | LVT_MODE)) == APIC_EXTINT << LVT_MODE_SHIFT);
}

void apic_update(TcgApic *a, ApicEffects *effects)
{
    int vector = apic_highest(a->irr);
    bool extint = lets_extint_in(a);

    if (vector >= 0 && apic_enabled(a) && vector >> 4 > apic_ppr(a) >> 4) {
        effects->requests |= TCG_REQUEST_APIC;
    } else {
        vector = -1;
    }
    if (extint && !a->takes_extint) {
        effects->requests |= TCG_REQUEST_EXTINT;
    }
    g_atomic_int_set(&a->ready, vector);
    g_atomic_int_set(&a->takes_extint, extint);
}

void apic_write_tpr(TcgApic *a, guint8 value, ApicEffects *effects)
{
    __atomic_store_n(&a->tpr, value, __ATOMIC_RELAXED);
    apic_update(a, effects);
}

void apic_set_base(TcgVcpu *vcpu, guint64 base, ApicEffects *effects)
{
    __atomic_store_n(&vcpu->apic.base, base, __ATOMIC_RELAXED);
    apic_timer_arm(vcpu, effects);
    apic_update(&vcpu->apic, effects);
}

void apic_request(TcgApic *a, guint8 vector, bool level, ApicEffects *effects)
{
    if (vector < 16) {
        apic_error(a, ESR_RECEIVE_VECTOR, effects);
        return;
    }
    apic_add(a->irr, vector);
    if (level) {
        apic_add(a->tmr, vector);
    } else {
        apic_take_out(a->tmr, vector);
    }
    apic_update(a, effects);
}

/* Section 11.5.3: an interrupt for the first one since ESR was written. */
void apic_error(TcgApic *a, guint32 bit, ApicEffects *effects)
{
    guint32 lvt = a->lvt[TCG_LVT_ERROR];
    bool first = !a->errors;

    a->errors |= bit;
    if (first && !(lvt & LVT_MASK) && (lvt & LVT_VECTOR) >= 16) {
        apic_request(a, lvt & LVT_VECTOR, false, effects);
    }
}

/* SMIs are ignored; ExtINT is handled separately. */
void apic_local(TcgApic *a, guint entry, ApicEffects *effects)
{
    guint32 lvt = a->lvt[entry];

    if (lvt & LVT_MASK) {
        return;
    }
    switch ((lvt & LVT_MODE) >> LVT_MODE_SHIFT) {
    case APIC_FIXED:
        apic_request(a, lvt & LVT_VECTOR, false, effects);
        break;
    case APIC_NMI:
        effects->requests |= TCG_REQUEST_NMI;
        break;
    case APIC_INIT:
        effects->requests |= TCG_REQUEST_INIT;
        break;
    default:
        break;
    }
}

void apic_do(TcgVcpu *vcpu, const ApicEffects *effects)
{
    const Accel *accel = &vcpu->tcg->accel;

    if (effects->timer) {
        tcg_timers_changed(vcpu);
    }
    if (effects->requests) {
        tcg_vcpu_request(vcpu, effects->requests);
    }
    if (effects->send) {
        apic_send_ipi(vcpu, effects->icr);
    }
    if (effects->eoi >= 0 && accel->host && accel->host->eoi) {
        accel->host->eoi(accel->host_opaque, effects->eoi);
    }
}

int tcg_apic_take(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;
    int vector;

    if (g_atomic_int_get(&a->ready) < 0) {
        return -1;
    }
    g_mutex_lock(&a->lock);
    vector = a->ready;
    if (vector >= 0) {
        apic_take_out(a->irr, vector);
        apic_add(a->isr, vector);
        apic_update(a, &effects);
    }
    g_mutex_unlock(&a->lock);
    return vector;
}

bool tcg_apic_accepts_extint(TcgVcpu *vcpu)
{
    return g_atomic_int_get(&vcpu->apic.takes_extint);
}

bool tcg_apic_pending(TcgVcpu *vcpu)
{
    return g_atomic_int_get(&vcpu->apic.ready) >= 0 ||
           (tcg_apic_accepts_extint(vcpu) && g_atomic_int_get(&vcpu->tcg->extint));
}

/* ---- Life ---- */

static bool cpuid_bit(const Cpu *cpu, guint bit)
{
    for (guint i = 0; cpu->cpuid && i < cpu->cpuid->len; i++) {
        const CpuidLeaf *leaf = &g_array_index(cpu->cpuid, CpuidLeaf, i);

        if (leaf->leaf == 1) {
            return leaf->ecx >> bit & 1;
        }
    }
    return false;
}

/* Section 11.4.7.1.  LINT0 of the CPU that starts the machine takes the PICs'
 * interrupts, as firmware leaves it: kernels that are started without firmware rely on
 * that. */
void tcg_apic_reset(TcgVcpu *vcpu, bool init)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    memset(a->irr, 0, sizeof(a->irr));
    memset(a->isr, 0, sizeof(a->isr));
    memset(a->tmr, 0, sizeof(a->tmr));
    a->ldr = a->esr = a->errors = 0;
    a->dfr = ~0u;
    a->svr = 0xff;
    a->icr = a->tsc_deadline = 0;
    a->initial_count = a->divide = 0;
    a->counting = false;
    for (guint i = 0; i < TCG_N_LVT; i++) {
        a->lvt[i] = LVT_MASK;
    }
    if (a->is_bsp) {
        a->lvt[TCG_LVT_LINT0] = APIC_EXTINT << LVT_MODE_SHIFT;
    }
    if (!init) {
        __atomic_store_n(&a->base, APIC_BASE_RESET | APIC_BASE_EN |
                         (a->is_bsp ? APIC_BASE_BSP : 0), __ATOMIC_RELAXED);
    }
    apic_timer_arm(vcpu, &effects);
    apic_write_tpr(a, 0, &effects);
    g_mutex_unlock(&a->lock);
}

guint64 tcg_apic_base(TcgVcpu *vcpu)
{
    return __atomic_load_n(&vcpu->apic.base, __ATOMIC_RELAXED);
}

void tcg_apic_set_base(TcgVcpu *vcpu, guint64 base)
{
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&vcpu->apic.lock);
    apic_set_base(vcpu, base, &effects);
    g_mutex_unlock(&vcpu->apic.lock);
    apic_do(vcpu, &effects);
}

void tcg_apic_init(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;

    g_mutex_init(&a->lock);
    a->id = vcpu->cpu->apic_id;
    a->is_bsp = cpu_is_bsp(vcpu->cpu);
    a->has_x2apic = cpuid_bit(vcpu->cpu, 21);
    a->has_tsc_deadline = cpuid_bit(vcpu->cpu, 24);
    a->stopped_at = -1;
    tcg_apic_reset(vcpu, false);
}

void tcg_apic_list(TcgVcpu *vcpu)
{
    tcg_interrupts_add(vcpu);
    tcg_timers_add(vcpu);
}

void tcg_apic_unlist(TcgVcpu *vcpu)
{
    tcg_timers_remove(vcpu);
    tcg_interrupts_remove(vcpu);
}

void tcg_apic_done(TcgVcpu *vcpu)
{
    g_mutex_clear(&vcpu->apic.lock);
}
