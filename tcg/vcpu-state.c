/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's architectural state, between X86CpuState and TcgState, and its changes
 * by reset, INIT and SIPI.  The time-stamp counter continues through all of them.
 */
#include "config.h"
#include "tcg/system.h"
#include "tcg/tcg-accel.h"

#include <string.h>

enum {
    PHYS_BITS_UNKNOWN = 40,
    CPUID_PHYS_BITS = 0x80000008,
    CPUID_EXTENDED_FEATURES = 0x80000001,
    CPUID_EDX_PAGES_1G = 1 << 26,
};
#define A20_MASK (~(1ull << 20))

/* TcgState's number of a register, by X86CpuState's. */
static const guint8 gpr_numbers[16] = {
    [X86_RAX] = TCG_RAX, [X86_RBX] = TCG_RBX, [X86_RCX] = TCG_RCX, [X86_RDX] = TCG_RDX,
    [X86_RSI] = TCG_RSI, [X86_RDI] = TCG_RDI, [X86_RSP] = TCG_RSP, [X86_RBP] = TCG_RBP,
    [X86_R8] = 8, [X86_R9] = 9, [X86_R10] = 10, [X86_R11] = 11,
    [X86_R12] = 12, [X86_R13] = 13, [X86_R14] = 14, [X86_R15] = 15,
};

static const guint8 segment_numbers[X86_N_SEGMENTS] = {
    [X86_CS] = TCG_CS, [X86_DS] = TCG_DS, [X86_ES] = TCG_ES,
    [X86_FS] = TCG_FS, [X86_GS] = TCG_GS, [X86_SS] = TCG_SS,
};

/* ---- Segments ---- */

static TcgSegment segment_in(const X86Segment *segment)
{
    return (TcgSegment){
        .base = segment->base, .limit = segment->limit, .selector = segment->selector,
        .attributes = segment->type << SEG_TYPE_SHIFT | (segment->s ? SEG_S : 0) |
                      segment->dpl << SEG_DPL_SHIFT | (segment->p ? SEG_P : 0) |
                      (segment->avl ? SEG_AVL : 0) | (segment->l ? SEG_L : 0) |
                      (segment->db ? SEG_DB : 0) | (segment->g ? SEG_G : 0),
        .unusable = !segment->p,
    };
}

static X86Segment segment_out(const TcgSegment *segment)
{
    guint32 attributes = segment->attributes;

    return (X86Segment){
        .base = segment->base, .limit = segment->limit, .selector = segment->selector,
        .type = (attributes & SEG_TYPE) >> SEG_TYPE_SHIFT, .s = !!(attributes & SEG_S),
        .dpl = (attributes & SEG_DPL) >> SEG_DPL_SHIFT,
        .p = attributes & SEG_P && !segment->unusable, .avl = !!(attributes & SEG_AVL),
        .l = !!(attributes & SEG_L), .db = !!(attributes & SEG_DB), .g = !!(attributes & SEG_G),
    };
}

static void segments_in(TcgState *s, const X86CpuState *state)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        TcgSegment *segment = &s->segment[segment_numbers[i]];

        *segment = segment_in(&state->segment[i]);
        tcg_segment_cached(segment);
    }
    s->tr = segment_in(&state->tr);
    s->ldt = segment_in(&state->ldt);
    s->gdt = (TcgTable){ .base = state->gdt.base, .limit = state->gdt.limit };
    s->idt = (TcgTable){ .base = state->idt.base, .limit = state->idt.limit };
}

static void segments_out(const TcgState *s, X86CpuState *ret_state)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        ret_state->segment[i] = segment_out(&s->segment[segment_numbers[i]]);
    }
    ret_state->tr = segment_out(&s->tr);
    ret_state->ldt = segment_out(&s->ldt);
    ret_state->gdt = (X86Table){ .base = s->gdt.base, .limit = s->gdt.limit };
    ret_state->idt = (X86Table){ .base = s->idt.base, .limit = s->idt.limit };
}

/* ---- All of X86CpuState ---- */

static bool load(TcgVcpu *vcpu, const X86CpuState *state, GError **error)
{
    TcgState *s = vcpu->state;
    bool ok;

    for (guint i = 0; i < 16; i++) {
        s->gpr[gpr_numbers[i]] = state->gpr[i];
    }
    s->rip = state->rip;
    s->eflags = (state->rflags & ~(guint64)EFLAGS_ARITHMETIC) | EFLAGS_FIXED;
    tcg_set_arithmetic(s, state->rflags);
    segments_in(s, state);
    s->cr0 = state->cr0;
    s->cr2 = state->cr2;
    s->cr3 = state->cr3;
    s->cr4 = state->cr4;
    s->efer = state->efer;
    tcg_apic_set_base(vcpu, state->apic_base);
    tcg_apic_set_tpr(vcpu, state->cr8);
    s->halted = state->halted;
    s->wait_for_sipi = state->wait_for_sipi;
    ok = tcg_extra_load(vcpu, state, error);
    s->forget = TCG_FORGET_ALL;
    tcg_mode_update(s);
    tcg_reconsider(s);
    return ok;
}

static void store(TcgVcpu *vcpu, X86CpuState *ret_state)
{
    const TcgState *s = vcpu->state;

    *ret_state = (X86CpuState){
        .rip = s->rip, .rflags = tcg_eflags(s),
        .cr0 = s->cr0, .cr2 = s->cr2, .cr3 = s->cr3, .cr4 = s->cr4, .cr8 = tcg_apic_tpr(vcpu),
        .efer = s->efer, .apic_base = tcg_apic_base(vcpu),
        .halted = s->halted, .wait_for_sipi = s->wait_for_sipi,
    };
    for (guint i = 0; i < 16; i++) {
        ret_state->gpr[i] = s->gpr[gpr_numbers[i]];
    }
    segments_out(s, ret_state);
    tcg_extra_store(vcpu, ret_state);
}

/* Another vCPU may have sent an INIT or a SIPI since this one parked: X86CpuState has no room for
 * them. */
bool tcg_vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error)
{
    TcgVcpu *vcpu = cpu->vcpu;

    if (vcpu->parked) {
        tcg_vcpu_take_start(vcpu);
    }
    store(vcpu, ret_state);
    return true;
}

bool tcg_vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    return load(cpu->vcpu, state, error);
}

/* ---- Reset ---- */

static const CpuidLeaf *find_leaf(const Cpu *cpu, guint32 leaf)
{
    for (guint i = 0; cpu->cpuid && i < cpu->cpuid->len; i++) {
        const CpuidLeaf *candidate = &g_array_index(cpu->cpuid, CpuidLeaf, i);

        if (candidate->leaf == leaf) {
            return candidate;
        }
    }
    return NULL;
}

/* Address widths from the CPU model. */
static void reset_address_space(TcgVcpu *vcpu)
{
    TcgState *s = vcpu->state;
    const CpuidLeaf *sizes = find_leaf(vcpu->cpu, CPUID_PHYS_BITS);
    const CpuidLeaf *features = find_leaf(vcpu->cpu, CPUID_EXTENDED_FEATURES);
    guint bits = sizes && (sizes->eax & 0xff) >= 32 ? sizes->eax & 0xff : PHYS_BITS_UNKNOWN;

    s->memory = vcpu->tcg->memory;
    s->phys_mask = (1ull << MIN(bits, 52)) - 1;
    s->pages_1g = features && features->edx & CPUID_EDX_PAGES_1G;
    s->a20_mask = g_atomic_int_get(&vcpu->tcg->a20) ? ~0ull : A20_MASK;
}

/* Clears requests that do not survive: TCG_REQUEST_*. */
static void reset_events(TcgState *s, guint32 events)
{
    s->delivering = -1;
    s->watch_hits = 0;
    __atomic_fetch_and(&s->requests, ~events, __ATOMIC_SEQ_CST);
}

bool tcg_vcpu_reset(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    TcgVcpu *vcpu = cpu->vcpu;

    reset_address_space(vcpu);
    tcg_msr_reset(vcpu->state);
    vcpu->state->fpu_ip = vcpu->state->fpu_dp = 0;
    reset_events(vcpu->state, TCG_REQUEST_APIC | TCG_REQUEST_NMI | TCG_REQUEST_INIT |
                 TCG_REQUEST_SIPI);
    tcg_apic_reset(vcpu, false);
    return load(vcpu, state, error);
}

/* ---- INIT and SIPI ---- */

/* INIT (SDM vol.  3A, table 10-1): FPU, vector registers, MSRs, the cache bits of CR0 and
 * the local APIC's base are preserved; the first CPU continues at the reset vector, others
 * wait for a SIPI.  On the vCPU's own thread, or parked. */
static void take_init(TcgVcpu *vcpu)
{
    const guint32 kept = CR0_CD | CR0_NW;
    X86CpuState state = vcpu->cpu->reset_state, old;

    store(vcpu, &old);
    state.cr0 = (state.cr0 & ~(guint64)kept) | (old.cr0 & kept);
    state.apic_base = old.apic_base;
    state.xcr0 = old.xcr0;
    state.msrs = old.msrs;
    memcpy(state.xsave, old.xsave, sizeof(state.xsave));
    state.wait_for_sipi = !vcpu->apic.is_bsp;
    reset_events(vcpu->state, TCG_REQUEST_APIC | TCG_REQUEST_NMI | TCG_REQUEST_INIT);
    tcg_apic_reset(vcpu, true);
    load(vcpu, &state, NULL);
}

/* SIPI (SDM vol. 3A, section 9.4.3): starts at the page named by the vector, if the CPU waits
 * for one. */
static void take_sipi(TcgVcpu *vcpu, guint8 vector)
{
    TcgState *s = vcpu->state;
    TcgSegment *cs = &s->segment[TCG_CS];

    if (!s->wait_for_sipi) {
        return;
    }
    s->sipi_vector = vector;
    cs->selector = vector << 8;
    cs->base = (guint32)vector << 12;
    tcg_segment_cached(cs);
    s->rip = 0;
    s->wait_for_sipi = false;
    tcg_mode_update(s);
}

static bool take(TcgVcpu *vcpu, guint32 request)
{
    guint32 *requests = &vcpu->state->requests;

    return __atomic_load_n(requests, __ATOMIC_ACQUIRE) & request &&
           __atomic_fetch_and(requests, ~request, __ATOMIC_SEQ_CST) & request;
}

/* A SIPI that is also pending was sent after the INIT.  Its vector is stable as long as the request
 * is set. */
void tcg_vcpu_take_start(TcgVcpu *vcpu)
{
    guint8 vector;

    if (take(vcpu, TCG_REQUEST_INIT)) {
        take_init(vcpu);
    }
    vector = __atomic_load_n(&vcpu->sipi_vector, __ATOMIC_ACQUIRE);
    if (take(vcpu, TCG_REQUEST_SIPI)) {
        take_sipi(vcpu, vector);
    }
}
