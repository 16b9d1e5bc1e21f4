/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's state besides general and system registers, between X86CpuState and
 * TcgState: FPU and vector registers, MSRs, debug registers, pending events and the
 * local APIC's registers (SDM vol.  3A, table 11-1).
 */
#include "config.h"
#include "tcg/light.h"
#include "tcg/tcg-accel.h"

#include <string.h>

#include "qmp/error.h"
#include "tcg/msr.h"
#include "tcg/timers.h"
#include "tcg/system.h"

/* ---- FPU and vectors ---- */

enum {
    XSAVE_ST = 32,
    XSAVE_XMM = 160,
    XSAVE_RESERVED = 416,
    XSAVE_BV = 512,             /* of the header: which components are not initial */
    XSAVE_X87 = 1, XSAVE_SSE = 2, XSAVE_AVX = 4, XSAVE_COMPONENTS = 7,
    XSAVE_USED = 832,           /* bytes of those */
};

G_STATIC_ASSERT((gsize)XSAVE_USED <= TCG_VECTOR_SIZE);

static void vectors_in(TcgState *s, const X86CpuState *state)
{
    memset(s->vector, 0, sizeof(s->vector));
    memcpy(s->vector, state->xsave, XSAVE_BV);
    s->vector[XSAVE_BV] = state->xsave[XSAVE_BV] & XSAVE_COMPONENTS;
    memcpy(s->vector + XSAVE_BV + 64, state->xsave + XSAVE_BV + 64, XSAVE_USED - XSAVE_BV - 64);
    s->xcr0 = state->xcr0;
}

/* Components that the header marks as initial are undefined in the image. */
static void vectors_out(const TcgState *s, X86CpuState *ret_state)
{
    static const guint8 initial_fpu[24] = { 0x7f, 3 };  /* the control word; the rest 0 */
    guint8 *image = ret_state->xsave, used = s->vector[XSAVE_BV] & XSAVE_COMPONENTS;

    memcpy(image, s->vector, XSAVE_USED);
    image[XSAVE_BV] = used;
    memset(image + XSAVE_BV + 1, 0, 63);
    if (!(used & XSAVE_X87)) {
        memcpy(image, initial_fpu, sizeof(initial_fpu));
        memset(image + XSAVE_ST, 0, XSAVE_XMM - XSAVE_ST);
    }
    if (!(used & XSAVE_SSE)) {
        memset(image + XSAVE_XMM, 0, XSAVE_RESERVED - XSAVE_XMM);
    }
    if (!(used & XSAVE_AVX)) {
        memset(image + XSAVE_BV + 64, 0, XSAVE_USED - XSAVE_BV - 64);
    }
    ret_state->xcr0 = s->xcr0;
}

/* ---- MSRs ---- */

enum { MSR_HWCR = 0xc0010015u };

enum { READINGS_PER_SECOND = 10 };      /* the state of all CPUs was read within that */

/* MSRs that are not in X86Msrs and that a guest can change: speculation control;
 * memory types; machine checks; HWCR; pages of Hyper-V's. */
static const struct {
    guint32 first, last;
} more_msrs[] = {
    { 0x48, 0x48 }, { 0x200, 0x20f }, { 0x250, 0x250 }, { 0x258, 0x259 }, { 0x268, 0x26f },
    { 0x2ff, 0x2ff }, { 0x17b, 0x17b }, { 0x400, 0x400 + 4 * TCG_N_BANKS - 1 },
    { MSR_HWCR, MSR_HWCR }, { TCG_MSR_HV_OS_ID, TCG_MSR_HV_HYPERCALL },
    { TCG_MSR_HV_REFERENCE_TSC, TCG_MSR_HV_REFERENCE_TSC },
    { TCG_MSR_HV_ASSIST, TCG_MSR_HV_ASSIST },
    { TCG_MSR_HV_CRASH_P0, TCG_MSR_HV_CRASH_P4 },
};

/* The reset value, which need not be saved. */
static guint64 msr_default(guint32 number)
{
    return number == MSR_HWCR ? HWCR_TSC_AT_P0 : 0;
}

static void more_out(TcgState *s, X86CpuState *ret_state)
{
    for (guint i = 0; i < G_N_ELEMENTS(more_msrs); i++) {
        for (guint32 n = more_msrs[i].first; n <= more_msrs[i].last; n++) {
            guint64 value = 0;

            if (tcg_msr_peek(s, n, &value) && value != msr_default(n)) {
                ret_state->more_msrs[ret_state->n_more_msrs++] = (X86Msr){ n, value };
            }
        }
    }
}

/* MSRs that a guest can only read, such as platform properties, keep this CPU's values. */
static bool more_in(TcgVcpu *vcpu, const X86CpuState *state, GError **error)
{
    for (guint i = 0; i < state->n_more_msrs; i++) {
        const X86Msr *msr = &state->more_msrs[i];

        if (!tcg_msr_load(vcpu->state, msr->index, msr->value) &&
            !tcg_msr_is_constant(vcpu->state, msr->index)) {
            qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                          "the CPU in software has no MSR 0x%x that takes 0x%" G_GINT64_MODIFIER
                          "x", msr->index, msr->value);
            return false;
        }
    }
    return true;
}

/* The counters of two CPUs differ by what the guest made of them, which IA32_TSC_ADJUST records.  A
 * small difference beside that is the time between two readings, and would be seen as a clock that
 * runs backwards. */
static void time_in(TcgVcpu *vcpu, const X86CpuState *state)
{
    const TcgAccel *tcg = vcpu->tcg;
    const TcgVcpu *first = tcg->vcpus->len > 0 ? g_ptr_array_index(tcg->vcpus, 0) : vcpu;
    TcgState *s = vcpu->state;
    guint64 limit = tcg_tsc_frequency(vcpu->tcg) / READINGS_PER_SECOND, skew;

    if (!state->has_tsc) {
        return;
    }
    s->tsc_offset = state->tsc - tcg_counters_now(vcpu->tcg);
    s->tsc_adjust = state->tsc_adjust;
    skew = s->tsc_offset - s->tsc_adjust - (first->state->tsc_offset - first->state->tsc_adjust);
    if (skew + limit <= 2 * limit) {
        s->tsc_offset -= skew;
    }
}

static void time_out(TcgVcpu *vcpu, X86CpuState *ret_state)
{
    ret_state->has_tsc = true;
    ret_state->tsc = tcg_counters_now(vcpu->tcg) + vcpu->state->tsc_offset;
    ret_state->tsc_adjust = vcpu->state->tsc_adjust;
}

static void msrs_in(TcgState *s, const X86Msrs *msrs)
{
    s->star = msrs->star;
    s->lstar = msrs->lstar;
    s->cstar = msrs->cstar;
    s->sfmask = msrs->sfmask;
    s->kernel_gs_base = msrs->kernel_gs_base;
    s->sysenter_cs = msrs->sysenter_cs;
    s->sysenter_esp = msrs->sysenter_esp;
    s->sysenter_eip = msrs->sysenter_eip;
    s->tsc_aux = msrs->tsc_aux;
    s->pat = msrs->pat;
    s->misc_enable = msrs->misc_enable;
    s->mcg_status = msrs->mcg_status;
}

static X86Msrs msrs_out(const TcgState *s)
{
    return (X86Msrs){
        .star = s->star, .lstar = s->lstar, .cstar = s->cstar, .sfmask = s->sfmask,
        .kernel_gs_base = s->kernel_gs_base, .sysenter_cs = s->sysenter_cs,
        .sysenter_esp = s->sysenter_esp, .sysenter_eip = s->sysenter_eip, .tsc_aux = s->tsc_aux,
        .pat = s->pat, .misc_enable = s->misc_enable, .mcg_status = s->mcg_status,
    };
}

/* ---- Events ---- */

static guint32 request(bool condition, guint32 bit)
{
    return condition ? bit : 0;
}

/* An interrupt that was taken from the controller is delivered like an exception. */
static void events_in(TcgState *s, const X86CpuState *state)
{
    const X86Events *events = &state->events;

    s->exception = (TcgException){
        .pending = events->exception || events->interrupt,
        .vector = events->exception ? events->exception_vector : events->interrupt_vector,
        .has_error = events->exception && events->has_error,
        .error = events->error,
        .address = state->cr2,
    };
    s->nmi_masked = events->nmi_masked;
    s->shadow = events->shadow || events->shadow_mov_ss ? 1 : 0;
    s->shadow_debug = events->shadow_mov_ss;
    s->sipi_vector = events->sipi_vector;
    __atomic_fetch_and(&s->requests, ~(guint32)TCG_REQUEST_NMI, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&s->requests, request(events->nmi_pending, TCG_REQUEST_NMI),
                      __ATOMIC_SEQ_CST);
}

/* CR2 has the value that it will have when a pending page fault is delivered. */
static void events_out(const TcgState *s, X86CpuState *ret_state)
{
    guint32 requests = __atomic_load_n(&s->requests, __ATOMIC_RELAXED);

    ret_state->events = (X86Events){
        .exception = s->exception.pending, .exception_vector = s->exception.vector,
        .has_error = s->exception.has_error, .error = s->exception.error,
        .nmi_pending = requests & TCG_REQUEST_NMI, .nmi_masked = s->nmi_masked,
        .shadow = s->shadow > 0, .shadow_mov_ss = s->shadow > 0 && s->shadow_debug,
        .sipi_vector = s->sipi_vector,
    };
    if (s->exception.pending && s->exception.vector == TCG_PF) {
        ret_state->cr2 = s->exception.address;
    }
}

/* ---- The local APIC ---- */

/* Offsets / 16 in its page. */
enum {
    LAPIC_ID = 0x02, LAPIC_VERSION = 0x03, LAPIC_TPR = 0x08, LAPIC_LDR = 0x0d, LAPIC_DFR = 0x0e,
    LAPIC_SVR = 0x0f, LAPIC_ISR = 0x10, LAPIC_TMR = 0x18, LAPIC_IRR = 0x20, LAPIC_ESR = 0x28,
    LAPIC_LVT_CMCI = 0x2f, LAPIC_ICR = 0x30, LAPIC_ICR_HIGH = 0x31, LAPIC_LVT = 0x32,
    LAPIC_INITIAL_COUNT = 0x38, LAPIC_CURRENT_COUNT = 0x39, LAPIC_DIVIDE = 0x3e,
};

/* The registers that are plain storage. */
static guint32 *storage(TcgApic *apic, guint i)
{
    switch (i) {
    case LAPIC_TPR:
        return &apic->tpr;
    case LAPIC_LDR:
        return &apic->ldr;
    case LAPIC_DFR:
        return &apic->dfr;
    case LAPIC_SVR:
        return &apic->svr;
    case LAPIC_ISR ... LAPIC_ISR + 7:
        return &apic->isr[i - LAPIC_ISR];
    case LAPIC_TMR ... LAPIC_TMR + 7:
        return &apic->tmr[i - LAPIC_TMR];
    case LAPIC_IRR ... LAPIC_IRR + 7:
        return &apic->irr[i - LAPIC_IRR];
    case LAPIC_ESR:
        return &apic->esr;
    case LAPIC_LVT_CMCI:
        return NULL;           /* none */
    case LAPIC_LVT ... LAPIC_LVT + 5:
        return &apic->lvt[i - LAPIC_LVT];
    case LAPIC_DIVIDE:
        return &apic->divide;
    default:
        return NULL;
    }
}

static void lapic_in(TcgVcpu *vcpu, const X86CpuState *state)
{
    TcgApic *apic = &vcpu->apic;
    guint32 count = state->lapic[LAPIC_INITIAL_COUNT];
    guint64 deadline = state->msrs.tsc_deadline;

    g_mutex_lock(&apic->lock);
    for (guint i = 0; i < X86_LAPIC_REGISTERS; i++) {
        guint32 *at = storage(apic, i);

        if (at) {
            *at = state->lapic[i];
        }
    }
    apic->icr = (guint64)state->lapic[LAPIC_ICR_HIGH] << 32 | state->lapic[LAPIC_ICR];
    g_mutex_unlock(&apic->lock);
    tcg_apic_access(vcpu, LAPIC_INITIAL_COUNT * 16, &count, sizeof(count), true);
    tcg_apic_set_count(vcpu, state->lapic[LAPIC_CURRENT_COUNT]);
    if (deadline) {
        tcg_apic_msr(vcpu, MSR_TSC_DEADLINE, &deadline, true);
    }
}

static void lapic_out(TcgVcpu *vcpu, X86CpuState *ret_state)
{
    TcgApic *apic = &vcpu->apic;
    guint32 *lapic = ret_state->lapic;

    g_mutex_lock(&apic->lock);
    for (guint i = 0; i < X86_LAPIC_REGISTERS; i++) {
        guint32 *at = storage(apic, i);

        lapic[i] = at ? *at : 0;
    }
    lapic[LAPIC_ID] = apic->id << 24;
    lapic[LAPIC_ICR] = apic->icr;
    lapic[LAPIC_ICR_HIGH] = apic->icr >> 32;
    lapic[LAPIC_INITIAL_COUNT] = apic->initial_count;
    ret_state->msrs.tsc_deadline = apic->tsc_deadline;
    g_mutex_unlock(&apic->lock);
    tcg_apic_access(vcpu, LAPIC_VERSION * 16, &lapic[LAPIC_VERSION], 4, false);
    tcg_apic_access(vcpu, LAPIC_CURRENT_COUNT * 16, &lapic[LAPIC_CURRENT_COUNT], 4, false);
    ret_state->has_lapic = true;
}

/* ---- All ---- */

bool tcg_extra_load(TcgVcpu *vcpu, const X86CpuState *state, GError **error)
{
    TcgState *s = vcpu->state;

    vectors_in(s, state);
    msrs_in(s, &state->msrs);
    memcpy(s->dr, state->dr, sizeof(s->dr));
    events_in(s, state);
    time_in(vcpu, state);
    if (state->has_lapic) {
        lapic_in(vcpu, state);
    }
    return more_in(vcpu, state, error);
}

void tcg_extra_store(TcgVcpu *vcpu, X86CpuState *ret_state)
{
    TcgState *s = vcpu->state;

    vectors_out(s, ret_state);
    ret_state->msrs = msrs_out(s);
    more_out(s, ret_state);
    time_out(vcpu, ret_state);
    memcpy(ret_state->dr, s->dr, sizeof(s->dr));
    events_out(s, ret_state);
    lapic_out(vcpu, ret_state);
}
