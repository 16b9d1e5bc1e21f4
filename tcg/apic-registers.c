/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's registers: SDM vol. 3A, sections 11.4, 11.5, 11.8, 11.12.
 *
 * A register has the same number in both modes, from which its offset in the xAPIC's
 * page and its MSR number above 0x800 follow.  Reserved ones and reserved bits are
 * an error in ESR, or nothing, in xAPIC mode, and #GP in x2APIC mode.
 */
#include "config.h"
#include "tcg/apic-internal.h"

#include <string.h>

enum {                          /* registers: SDM vol. 3A, tables 11-1 and 11-6 */
    REG_ID = 0x02, REG_VERSION = 0x03, REG_TPR = 0x08, REG_APR = 0x09, REG_PPR = 0x0a,
    REG_EOI = 0x0b, REG_RRD = 0x0c, REG_LDR = 0x0d, REG_DFR = 0x0e, REG_SVR = 0x0f,
    REG_ISR = 0x10, REG_TMR = 0x18, REG_IRR = 0x20, REG_ESR = 0x28, REG_ICR = 0x30,
    REG_ICR_HIGH = 0x31, REG_LVT = 0x32, REG_INITIAL_COUNT = 0x38, REG_CURRENT_COUNT = 0x39,
    REG_DIVIDE = 0x3e, REG_SELF_IPI = 0x3f,
};

enum {
    MSR_APIC_BASE = 0x1b, MSR_TSC_DEADLINE = 0x6e0, MSR_X2APIC = 0x800,
    VERSION = 0x14 | (TCG_N_LVT - 1) << 16,
    SVR_WRITABLE = 0x3ff,
    DIVIDE_WRITABLE = 0x0b,
};

/* Figure 11-12; in x2APIC mode delivery status, bit 12, is written and ignored. */
#define ICR_WRITABLE 0x000ccfffu
#define ICR_STATUS (1u << 12)
#define ICR_MODE(icr) ((icr) >> 8 & 7)

static const guint32 lvt_writable[TCG_N_LVT] = {
    [TCG_LVT_TIMER] = LVT_VECTOR | LVT_MASK | LVT_TIMER_MODE,
    [TCG_LVT_THERMAL] = LVT_VECTOR | LVT_MODE | LVT_MASK,
    [TCG_LVT_PERFORMANCE] = LVT_VECTOR | LVT_MODE | LVT_MASK,
    [TCG_LVT_LINT0] = LVT_VECTOR | LVT_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASK,
    [TCG_LVT_LINT1] = LVT_VECTOR | LVT_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASK,
    [TCG_LVT_ERROR] = LVT_VECTOR | LVT_MASK,
};

/* ---- Registers ---- */

/* Registers of only one mode: section 11.12.1.2. */
static bool exists(const TcgApic *a, guint reg)
{
    switch (reg) {
    case REG_APR:
    case REG_RRD:
    case REG_DFR:
    case REG_ICR_HIGH:
        return !apic_is_x2(a);
    case REG_SELF_IPI:
        return apic_is_x2(a);
    case REG_ID:
    case REG_VERSION:
    case REG_TPR:
    case REG_PPR:
    case REG_EOI:
    case REG_LDR:
    case REG_SVR:
    case REG_DIVIDE:
        return true;
    default:
        return reg >= REG_ISR && reg <= REG_CURRENT_COUNT &&
               (reg <= REG_ESR || reg >= REG_ICR);
    }
}

static guint32 read_register(TcgVcpu *vcpu, guint reg, ApicEffects *effects)
{
    const TcgApic *a = &vcpu->apic;

    switch (reg) {
    case REG_ID:
        return apic_is_x2(a) ? a->id : a->id << 24;
    case REG_VERSION:
        return VERSION;
    case REG_TPR:
        return a->tpr;
    case REG_PPR:
        return apic_ppr(a);
    case REG_LDR:
        return apic_ldr(a);
    case REG_DFR:
        return a->dfr;
    case REG_SVR:
        return a->svr;
    case REG_ISR ... REG_ISR + 7:
        return a->isr[reg - REG_ISR];
    case REG_TMR ... REG_TMR + 7:
        return a->tmr[reg - REG_TMR];
    case REG_IRR ... REG_IRR + 7:
        return a->irr[reg - REG_IRR];
    case REG_ESR:
        return a->esr;
    case REG_ICR:
        return a->icr;
    case REG_ICR_HIGH:
        return a->icr >> 32;
    case REG_LVT ... REG_LVT + TCG_N_LVT - 1:
        return a->lvt[reg - REG_LVT];
    case REG_INITIAL_COUNT:
        return a->initial_count;
    case REG_CURRENT_COUNT:
        return apic_current_count(vcpu, effects);
    case REG_DIVIDE:
        return a->divide;
    default:
        return 0;
    }
}

/* Section 11.8.5. */
static void end_of_interrupt(TcgApic *a, ApicEffects *effects)
{
    int vector = apic_highest(a->isr);

    if (vector < 0) {
        return;
    }
    apic_take_out(a->isr, vector);
    if (apic_has(a->tmr, vector)) {
        effects->eoi = vector;
    }
    apic_update(a, effects);
}

/* Section 11.4.7.2: while the APIC is software-disabled, all entries are masked. */
static void write_svr(TcgVcpu *vcpu, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;

    a->svr = value & SVR_WRITABLE;
    for (guint i = 0; !apic_software_enabled(a) && i < TCG_N_LVT; i++) {
        a->lvt[i] |= LVT_MASK;
    }
    apic_timer_arm(vcpu, effects);
    apic_update(a, effects);
}

static void write_lvt(TcgVcpu *vcpu, guint entry, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;
    guint32 writable = lvt_writable[entry];

    if (entry == TCG_LVT_TIMER && !a->has_tsc_deadline) {
        writable &= ~(TIMER_TSC_DEADLINE << LVT_TIMER_MODE_SHIFT);
    }
    value = (value & writable) | (apic_software_enabled(a) ? 0 : LVT_MASK);
    if (entry == TCG_LVT_TIMER) {
        apic_write_timer_lvt(vcpu, value, effects);
    } else {
        a->lvt[entry] = value;
    }
    apic_update(a, effects);
}

/* A rejected send is an error of the sender: section 11.5.3. */
static void write_icr(TcgApic *a, guint64 icr, ApicEffects *effects)
{
    guint mode = ICR_MODE(icr);

    a->icr = icr;
    if ((mode == APIC_FIXED || mode == APIC_LOWEST) && (icr & 0xff) < 16) {
        apic_error(a, ESR_SEND_VECTOR, effects);
        return;
    }
    effects->send = true;
    effects->icr = icr;
}

static void self_ipi(TcgApic *a, guint8 vector, ApicEffects *effects)
{
    if (vector < 16) {
        apic_error(a, ESR_SEND_VECTOR, effects);
    } else if (apic_software_enabled(a)) {
        apic_request(a, vector, false, effects);
    }
}

/* Read-only registers ignore it. */
static void write_register(TcgVcpu *vcpu, guint reg, guint32 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;

    switch (reg) {
    case REG_TPR:
        apic_write_tpr(a, value, effects);
        break;
    case REG_EOI:
        end_of_interrupt(a, effects);
        break;
    case REG_LDR:
        a->ldr = value & 0xff000000;
        break;
    case REG_DFR:
        a->dfr = value | 0x0fffffff;
        break;
    case REG_SVR:
        write_svr(vcpu, value, effects);
        break;
    case REG_ESR:
        a->esr = a->errors;
        a->errors = 0;
        break;
    case REG_ICR:
        write_icr(a, (a->icr >> 32 << 32) | (value & ICR_WRITABLE & ~ICR_STATUS), effects);
        break;
    case REG_ICR_HIGH:
        a->icr = (guint64)(value & 0xff000000) << 32 | (guint32)a->icr;
        break;
    case REG_LVT ... REG_LVT + TCG_N_LVT - 1:
        write_lvt(vcpu, reg - REG_LVT, value, effects);
        break;
    case REG_INITIAL_COUNT:
        apic_write_initial_count(vcpu, value, effects);
        break;
    case REG_DIVIDE:
        apic_write_divide(vcpu, value & DIVIDE_WRITABLE, effects);
        break;
    case REG_SELF_IPI:
        self_ipi(a, value, effects);
        break;
    default:
        break;
    }
}

/* Section 11.4.1: registers are 32 bits at multiples of 16, written as a whole;
 * narrower reads return their bytes. */
void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;
    guint reg = offset >> 4, byte = offset & 15;
    guint32 value = 0;

    g_mutex_lock(&a->lock);
    if (!exists(a, reg)) {
        apic_error(a, ESR_REGISTER, &effects);
    } else if (!is_write) {
        value = byte < 4 ? read_register(vcpu, reg, &effects) >> 8 * byte : 0;
    } else if (size == 4 && byte == 0) {
        memcpy(&value, data, 4);
        write_register(vcpu, reg, value, &effects);
    }
    g_mutex_unlock(&a->lock);
    if (!is_write) {
        memset(data, 0, size);
        memcpy(data, &value, MIN(size, 4));
    }
    apic_do(vcpu, &effects);
}

void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8)
{
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&vcpu->apic.lock);
    apic_write_tpr(&vcpu->apic, cr8 << 4, &effects);
    g_mutex_unlock(&vcpu->apic.lock);
    apic_do(vcpu, &effects);
}

/* ---- MSRs ---- */

/* The bits of an x2APIC register that may be written; 0: only 0 may be written;
 * false: it is read-only. */
static bool x2_writable(guint reg, guint64 *ret_bits)
{
    switch (reg) {
    case REG_TPR:
    case REG_SELF_IPI:
        *ret_bits = 0xff;
        return true;
    case REG_EOI:
    case REG_ESR:
        *ret_bits = 0;
        return true;
    case REG_SVR:
        *ret_bits = SVR_WRITABLE;
        return true;
    case REG_ICR:
        *ret_bits = (guint64)G_MAXUINT32 << 32 | ICR_WRITABLE | ICR_STATUS;
        return true;
    case REG_LVT ... REG_LVT + TCG_N_LVT - 1:
        *ret_bits = lvt_writable[reg - REG_LVT] | LVT_STATUS |
                    (reg == REG_LVT + TCG_LVT_LINT0 || reg == REG_LVT + TCG_LVT_LINT1
                         ? LVT_REMOTE_IRR : 0);
        return true;
    case REG_INITIAL_COUNT:
        *ret_bits = G_MAXUINT32;
        return true;
    case REG_DIVIDE:
        *ret_bits = DIVIDE_WRITABLE;
        return true;
    default:
        return false;
    }
}

static bool x2_write(TcgVcpu *vcpu, guint reg, guint64 value, ApicEffects *effects)
{
    guint64 writable;

    if (!x2_writable(reg, &writable) || (value & ~writable)) {
        return false;
    }
    if (reg == REG_ICR) {
        write_icr(&vcpu->apic, value & ~(guint64)ICR_STATUS, effects);
    } else {
        write_register(vcpu, reg, value, effects);
    }
    return true;
}

static bool x2_register(TcgVcpu *vcpu, guint reg, guint64 *value, bool is_write,
                        ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;

    if (!apic_is_x2(a) || !exists(a, reg)) {
        return false;
    }
    if (is_write) {
        return x2_write(vcpu, reg, *value, effects);
    }
    if (reg == REG_EOI || reg == REG_SELF_IPI) {
        return false;
    }
    *value = reg == REG_ICR ? a->icr : read_register(vcpu, reg, effects);
    return true;
}

/* Figure 11-27: there is no transition from disabled to x2APIC mode, nor from
 * that to xAPIC mode; bit 10 alone is not a valid state. */
static bool write_base(TcgVcpu *vcpu, guint64 value, ApicEffects *effects)
{
    TcgApic *a = &vcpu->apic;
    guint64 address = vcpu->state->phys_mask & ~(guint64)0xfff;
    guint64 known = address | APIC_BASE_BSP | APIC_BASE_EN | (a->has_x2apic ? APIC_BASE_EXTD : 0);
    bool enable = value & APIC_BASE_EN, x2 = value & APIC_BASE_EXTD;

    if ((value & ~known) || (x2 && !enable) || (x2 && !apic_enabled(a)) ||
        (!x2 && enable && apic_is_x2(a))) {
        return false;
    }
    if (x2 && !apic_is_x2(a)) {
        a->icr &= G_MAXUINT32;  /* section 11.12.5: the destination is not preserved */
    }
    apic_set_base(vcpu, value, effects);
    return true;
}

static bool base_msr(TcgVcpu *vcpu, guint64 *value, bool is_write, ApicEffects *effects)
{
    if (is_write) {
        return write_base(vcpu, *value, effects);
    }
    *value = vcpu->apic.base;
    return true;
}

static bool deadline_msr(TcgVcpu *vcpu, guint64 *value, bool is_write, ApicEffects *effects)
{
    if (!vcpu->apic.has_tsc_deadline) {
        return false;
    }
    if (is_write) {
        apic_write_tsc_deadline(vcpu, *value, effects);
    } else {
        *value = apic_read_tsc_deadline(vcpu, effects);
    }
    return true;
}

bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write)
{
    ApicEffects effects = APIC_NO_EFFECTS;
    bool ok = false;

    g_mutex_lock(&vcpu->apic.lock);
    if (msr == MSR_APIC_BASE) {
        ok = base_msr(vcpu, value, is_write, &effects);
    } else if (msr == MSR_TSC_DEADLINE) {
        ok = deadline_msr(vcpu, value, is_write, &effects);
    } else if (msr >= MSR_X2APIC && msr <= MSR_X2APIC + 0xff) {
        ok = x2_register(vcpu, msr - MSR_X2APIC, value, is_write, &effects);
    }
    g_mutex_unlock(&vcpu->apic.lock);
    apic_do(vcpu, &effects);
    return ok;
}
