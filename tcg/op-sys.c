/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions that are short: SDM vol. 2, by name.
 */
#include "config.h"
#include "tcg/dispatch.h"
#include "tcg/ops.h"
#include "tcg/system.h"

/* ---- Translation caches and data caches ---- */

/* An address that is not canonical, or beyond a limit, is not a fault. */
TcgNext tcg_op_invlpg(TcgState *s, const TcgInsn *insn)
{
    guint64 linear = tcg_ea(s, insn);

    tcg_require_cpl0(s);
    if (!tcg_is_64bit(s) || insn->segment == TCG_FS || insn->segment == TCG_GS) {
        linear += s->segment[insn->segment].base;
    }
    linear = tcg_is_64bit(s) ? linear : (guint32)linear;
    if (tcg_is_canonical(linear)) {
        tcg_tlb_flush_page(s, linear);
    }
    tcg_serialize();
    return TCG_NEXT;
}

enum {
    INVPCID_ADDRESS,            /* one address of one PCID */
    INVPCID_CONTEXT,            /* one PCID */
    INVPCID_ALL_GLOBAL,
    INVPCID_ALL,
};

/* Without CR4.PCIDE there is PCID 0 only. */
TcgNext tcg_op_invpcid(TcgState *s, const TcgInsn *insn)
{
    guint64 type, linear, pcid, address;

    tcg_require_cpuid(s, TCG_CPUID_INVPCID);
    tcg_require_cpl0(s);
    type = tcg_reg_read(s, insn->reg, tcg_is_64bit(s) ? 8 : 4, true);
    linear = tcg_operand_linear(s, insn, 16, TCG_READ);
    pcid = tcg_load(s, linear, 8, TCG_READ);
    address = tcg_load(s, linear + 8, 8, TCG_READ);
    if (type > INVPCID_ALL || pcid >> 12 ||
        (type <= INVPCID_CONTEXT && pcid && !(s->cr4 & CR4_PCIDE)) ||
        (type == INVPCID_ADDRESS && !tcg_is_canonical(address))) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (type == INVPCID_ADDRESS) {
        tcg_tlb_flush_page(s, address);
    } else {
        tcg_tlb_flush(s);
    }
    tcg_serialize();
    return TCG_NEXT;
}

/* There are no caches to write back. */
TcgNext tcg_op_invd(TcgState *s, const TcgInsn *insn)
{
    tcg_require_cpl0(s);
    tcg_serialize();
    return TCG_GO_ON;
}

TcgNext tcg_op_wbinvd(TcgState *s, const TcgInsn *insn)
{
    return tcg_op_invd(s, insn);
}

/* ---- Waiting ---- */

TcgNext tcg_op_hlt(TcgState *s, const TcgInsn *insn)
{
    tcg_require_cpl0(s);
    s->halted = true;
    return TCG_NEXT;
}

enum { PAUSES_A_TURN = 512 };

/* A spinning guest waits for another vCPU or a device, which may need this host CPU.  Nobody who
 * holds vCPUs waits for one that has yielded. */
TcgNext tcg_op_pause(TcgState *s, const TcgInsn *insn)
{
    if (++s->pauses % PAUSES_A_TURN != 0) {
        return TCG_GO_ON;
    }
    tcg_heavy(s, tcg_vcpu_yield, NULL);
    return tcg_must_leave(s) ? TCG_NEXT : TCG_GO_ON;
}

/* ---- Flags ---- */

static guint iopl(const TcgState *s)
{
    return (s->eflags & EFLAGS_IOPL) >> 12;
}

/* Whether CLI and STI change VIF rather than IF; raises #GP where they may change neither.
 * SDM vol. 3B, section 21.3.3.5, and vol. 2, CLI. */
static bool is_virtual(TcgState *s)
{
    bool v86 = s->eflags & EFLAGS_VM;

    if (!(s->cr0 & CR0_PE) || tcg_cpl(s) <= iopl(s)) {
        return false;
    }
    if (v86 ? !(s->cr4 & CR4_VME) : tcg_cpl(s) != 3 || !(s->cr4 & CR4_PVI)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    return true;
}

TcgNext tcg_op_cli(TcgState *s, const TcgInsn *insn)
{
    guint32 flag = is_virtual(s) ? EFLAGS_VIF : EFLAGS_IF;

    s->eflags &= ~flag;
    return TCG_GO_ON;
}

TcgNext tcg_op_sti(TcgState *s, const TcgInsn *insn)
{
    if (is_virtual(s)) {
        if (s->eflags & EFLAGS_VIP) {
            tcg_raise_error(s, TCG_GP, 0);
        }
        s->eflags |= EFLAGS_VIF;
        return TCG_GO_ON;
    }
    if (!(s->eflags & EFLAGS_IF)) {
        s->shadow = 2;
        tcg_set_eflags(s, EFLAGS_IF, EFLAGS_IF);
    }
    return TCG_NEXT;
}

TcgNext tcg_op_cld_std(TcgState *s, const TcgInsn *insn)
{
    if (insn->opcode & 1) {
        s->eflags |= EFLAGS_DF;
    } else {
        s->eflags &= ~(guint32)EFLAGS_DF;
    }
    return TCG_GO_ON;
}

static TcgNext set_ac(TcgState *s, guint32 value)
{
    tcg_require_cpuid(s, TCG_CPUID_SMAP);
    if (tcg_cpl(s) != 0) {
        tcg_raise(s, TCG_UD);
    }
    tcg_set_eflags(s, value, EFLAGS_AC);
    return TCG_NEXT;
}

TcgNext tcg_op_clac(TcgState *s, const TcgInsn *insn)
{
    return set_ac(s, 0);
}

TcgNext tcg_op_stac(TcgState *s, const TcgInsn *insn)
{
    return set_ac(s, EFLAGS_AC);
}

/* ---- Bases of FS and GS ---- */

TcgNext tcg_op_swapgs(TcgState *s, const TcgInsn *insn)
{
    guint64 base = s->segment[TCG_GS].base;

    if (!tcg_is_64bit(s)) {
        tcg_raise(s, TCG_UD);
    }
    tcg_require_cpl0(s);
    s->segment[TCG_GS].base = s->kernel_gs_base;
    s->kernel_gs_base = base;
    return TCG_GO_ON;
}

/* ModRM.reg: 0 RDFSBASE, 1 RDGSBASE, 2 WRFSBASE, 3 WRGSBASE. */
static TcgSegment *based_segment(TcgState *s, const TcgInsn *insn)
{
    if (!tcg_is_64bit(s) || !(s->cr4 & CR4_FSGSBASE)) {
        tcg_raise(s, TCG_UD);
    }
    return &s->segment[insn->reg & 1 ? TCG_GS : TCG_FS];
}

TcgNext tcg_op_rdfsgsbase(TcgState *s, const TcgInsn *insn)
{
    tcg_reg_write(s, insn->rm, based_segment(s, insn)->base, insn->operand_size, true);
    return TCG_GO_ON;
}

TcgNext tcg_op_wrfsgsbase(TcgState *s, const TcgInsn *insn)
{
    TcgSegment *segment = based_segment(s, insn);
    guint64 base = tcg_reg_read(s, insn->rm, insn->operand_size, true);

    tcg_require_canonical(s, base);
    segment->base = base;
    return TCG_GO_ON;
}

/* ---- Counters ---- */

static void require_tsc(TcgState *s)
{
    if (s->cr4 & CR4_TSD) {
        tcg_require_cpl0(s);
    }
}

TcgNext tcg_op_rdtsc(TcgState *s, const TcgInsn *insn)
{
    require_tsc(s);
    tcg_set_edx_eax(s, tcg_tsc(s));
    return TCG_GO_ON;
}

TcgNext tcg_op_rdtscp(TcgState *s, const TcgInsn *insn)
{
    tcg_require_cpuid(s, TCG_CPUID_RDTSCP);
    tcg_op_rdtsc(s, insn);
    s->gpr[TCG_RCX] = (guint32)s->tsc_aux;
    return TCG_GO_ON;
}

TcgNext tcg_op_rdpid(TcgState *s, const TcgInsn *insn)
{
    tcg_require_cpuid(s, TCG_CPUID_RDPID);
    tcg_reg_write(s, insn->rm, (guint32)s->tsc_aux, tcg_is_64bit(s) ? 8 : 4, true);
    return TCG_GO_ON;
}

/* There is no counter of events. */
TcgNext tcg_op_rdpmc(TcgState *s, const TcgInsn *insn)
{
    return tcg_op_gp(s, insn);
}

/* ---- Instructions that only fault ---- */

TcgNext tcg_op_ud(TcgState *s, const TcgInsn *insn)
{
    tcg_raise(s, TCG_UD);
}

TcgNext tcg_op_gp(TcgState *s, const TcgInsn *insn)
{
    tcg_raise_error(s, TCG_GP, 0);
}

/* SDM vol. 3A, tables 2-2 and 13-1, section 13.1.4; XSAVE: vol. 1, section 13.5. */
static bool is_undefined(const TcgState *s, TcgUnit unit)
{
    switch (unit) {
    case TCG_UNIT_MMX:
        return s->cr0 & CR0_EM;
    case TCG_UNIT_SSE:
        return s->cr0 & CR0_EM || !(s->cr4 & CR4_OSFXSR);
    case TCG_UNIT_AVX:
        return !(s->cr4 & CR4_OSXSAVE) || (s->xcr0 & 6) != 6 || !(s->cr0 & CR0_PE) ||
               s->eflags & EFLAGS_VM;
    case TCG_UNIT_XSAVE:
        return !(s->cr4 & CR4_OSXSAVE);
    default:
        return false;
    }
}

TcgNext tcg_op_nm(TcgState *s, const TcgInsn *insn)
{
    bool unavailable = s->cr0 & CR0_TS || (insn->unit == TCG_UNIT_X87 && s->cr0 & CR0_EM);

    tcg_raise(s, unavailable && !is_undefined(s, insn->unit) ? TCG_NM : TCG_UD);
}

TcgNext tcg_op_wait(TcgState *s, const TcgInsn *insn)
{
    if (s->cr0 & CR0_TS && s->cr0 & CR0_MP) {
        tcg_raise(s, TCG_NM);
    }
    return TCG_GO_ON;
}
