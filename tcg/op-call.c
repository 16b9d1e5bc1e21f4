/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fast system calls: SDM vol.  2B, SYSCALL, SYSRET, SYSENTER, SYSEXIT; AMD APM vol.
 * 3 for AMD's behaviour outside 64-bit mode.
 */
#include "config.h"
#include "tcg/ops.h"
#include "tcg/system.h"

enum {
    STAR_CALL_SHIFT = 32,       /* selectors in STAR */
    STAR_RETURN_SHIFT = 48,
    CODE_TYPE = SEG_CODE | SEG_RW | SEG_ACCESSED,
    DATA_TYPE = SEG_RW | SEG_ACCESSED,
};

/* What SYSRET takes from R11. */
#define SYSRET_FLAGS 0x3c7fd7u

/* These instructions do not read descriptors: the segments are flat. */
static void set_flat(TcgSegment *segment, guint16 selector, guint32 attributes, guint dpl)
{
    segment->selector = selector;
    segment->base = 0;
    segment->limit = 0xffffffff;
    segment->attributes = attributes | SEG_S | SEG_P | SEG_G | dpl << SEG_DPL_SHIFT;
    segment->unusable = 0;
    tcg_segment_cached(segment);
}

static void set_cs_ss(TcgState *s, guint16 cs, guint16 ss, bool is_64bit, guint dpl)
{
    set_flat(&s->segment[TCG_CS], cs, CODE_TYPE | (is_64bit ? SEG_L : SEG_DB), dpl);
    set_flat(&s->segment[TCG_SS], ss, DATA_TYPE | SEG_DB, dpl);
}

/* EFLAGS is set last: that also updates the mode word for the new segments. */
static TcgNext go(TcgState *s, guint64 rip, guint32 eflags)
{
    s->rip = rip;
    tcg_set_eflags(s, eflags, ~0u);
    return TCG_LEAVE;
}

/* The same for SYSCALL and SYSRET, after which a single-step trap is taken if TF is set at
 * their end. */
static TcgNext go_by_syscall(TcgState *s, guint64 rip, guint32 eflags)
{
    s->step_trap = (eflags & EFLAGS_TF) != 0;
    s->stepped |= s->step_trap;
    return go(s, rip, eflags);
}

/* Intel has SYSCALL in 64-bit mode only; AMD in every protected mode. */
static void require_syscall(TcgState *s)
{
    bool here = tcg_is_64bit(s) ||
                (tcg_cpuid_is_amd(s) && s->cr0 & CR0_PE && !(s->eflags & EFLAGS_VM));

    if (!(s->efer & EFER_SCE) || !here) {
        tcg_raise(s, TCG_UD);
    }
}

TcgNext tcg_op_syscall(TcgState *s, const TcgInsn *insn)
{
    guint16 cs = s->star >> STAR_CALL_SHIFT & 0xfffc;
    guint32 eflags = tcg_eflags(s) & ~(guint32)EFLAGS_RF;
    bool from_64bit = tcg_is_64bit(s);

    require_syscall(s);
    s->gpr[TCG_RCX] = tcg_next_ip(s, insn);
    if (!(s->efer & EFER_LMA)) {
        set_cs_ss(s, cs, cs + 8, false, 0);
        return go_by_syscall(s, (guint32)s->star, eflags & ~(guint32)(EFLAGS_VM | EFLAGS_IF));
    }
    s->gpr[11] = eflags;
    set_cs_ss(s, cs, cs + 8, true, 0);
    return go_by_syscall(s, from_64bit ? s->lstar : s->cstar, eflags & ~(guint32)s->sfmask);
}

TcgNext tcg_op_sysret(TcgState *s, const TcgInsn *insn)
{
    guint16 base = s->star >> STAR_RETURN_SHIFT;
    bool to_64bit = insn->operand_size == 8;
    guint64 rip = to_64bit ? s->gpr[TCG_RCX] : (guint32)s->gpr[TCG_RCX];

    require_syscall(s);
    tcg_require_cpl0(s);
    tcg_require_canonical(s, rip);
    set_cs_ss(s, (to_64bit ? base + 16 : base) | 3, (base + 8) | 3, to_64bit, 3);
    if (!(s->efer & EFER_LMA)) {
        return go_by_syscall(s, rip, tcg_eflags(s) | EFLAGS_IF);
    }
    return go_by_syscall(s, rip, (s->gpr[11] & SYSRET_FLAGS) | EFLAGS_FIXED);
}

/* AMD has neither SYSENTER nor SYSEXIT in long mode. */
static void require_sysenter(TcgState *s)
{
    if (s->efer & EFER_LMA && tcg_cpuid_is_amd(s)) {
        tcg_raise(s, TCG_UD);
    }
    if (!(s->cr0 & CR0_PE) || !(s->sysenter_cs & 0xfffc)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

TcgNext tcg_op_sysenter(TcgState *s, const TcgInsn *insn)
{
    guint16 cs = s->sysenter_cs & 0xfffc;
    bool long_mode = s->efer & EFER_LMA;

    require_sysenter(s);
    set_cs_ss(s, cs, cs + 8, long_mode, 0);
    s->gpr[TCG_RSP] = long_mode ? s->sysenter_esp : (guint32)s->sysenter_esp;
    return go(s, long_mode ? s->sysenter_eip : (guint32)s->sysenter_eip,
              tcg_eflags(s) & ~(guint32)(EFLAGS_VM | EFLAGS_IF | EFLAGS_RF));
}

TcgNext tcg_op_sysexit(TcgState *s, const TcgInsn *insn)
{
    guint16 base = s->sysenter_cs & 0xfffc;
    bool to_64bit = insn->operand_size == 8;
    guint64 mask = to_64bit ? ~0ull : 0xffffffff;
    guint64 rip = s->gpr[TCG_RDX] & mask, rsp = s->gpr[TCG_RCX] & mask;
    guint16 cs = base + (to_64bit ? 32 : 16);

    require_sysenter(s);
    tcg_require_cpl0(s);
    tcg_require_canonical(s, rip);
    tcg_require_canonical(s, rsp);
    set_cs_ss(s, cs | 3, (cs + 8) | 3, to_64bit, 3);
    s->gpr[TCG_RSP] = rsp;
    return go(s, rip, tcg_eflags(s));
}
