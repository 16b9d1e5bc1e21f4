/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Returns between segments: SDM vol. 2, RET and IRET; vol. 3A, sections 5.8.6 and 20.2.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

/* What a return found on the stack. */
typedef struct {
    TcgDescriptor code, stack;
    TcgSegment ss;
    guint64 ip, sp;
    guint cpl;
    bool loads_stack;           /* ss and sp are to be loaded */
} Return;

static void find_code(TcgState *s, guint16 selector, Return *ret)
{
    TcgDescriptor *code = &ret->code;
    guint rpl = selector & 3, dpl;

    if (tcg_selector_is_null(selector)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_descriptor_get(s, selector, TCG_GP, code);
    dpl = tcg_descriptor_dpl(code);
    if (!tcg_descriptor_is_code(code) || rpl < tcg_cpl(s) || tcg_code_is_reserved(s, code) ||
        (tcg_descriptor_is_conforming(code) ? dpl > rpl : dpl != rpl)) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    if (!(code->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
    ret->cpl = rpl;
}

/* The stack to return to, whose pointer and selector are on top of the current one. */
static void find_stack(TcgState *s, const TcgStack *stack, guint size, Return *ret)
{
    bool to_64bit = tcg_is_long(s) && ret->code.high & SEG_L;
    guint16 selector;

    ret->sp = tcg_stack_peek(s, stack, 0, size);
    selector = tcg_stack_peek(s, stack, size, size);
    ret->loads_stack = true;
    if (tcg_selector_is_null(selector)) {
        if (!to_64bit || ret->cpl == 3) {
            tcg_raise_error(s, TCG_GP, 0);
        }
        tcg_stack_segment_null(&ret->ss, ret->cpl);
        ret->ss.selector = selector;
        return;
    }
    tcg_stack_descriptor(s, selector, ret->cpl, TCG_GP, &ret->stack);
    tcg_descriptor_segment(&ret->stack, selector, &ret->ss);
}

/* Sets the accessed bits while faults may still come. */
static void access_descriptors(TcgState *s, Return *ret)
{
    tcg_descriptor_accessed(s, &ret->code);
    if (ret->loads_stack && !ret->ss.unusable) {
        tcg_descriptor_accessed(s, &ret->stack);
        ret->ss.attributes |= SEG_ACCESSED;
    }
}

/* Performs the return.  Without a new stack, the current one remains as `stack` says; with
 * one, `release` bytes are removed from it, too. */
static void commit(TcgState *s, Return *ret, TcgStack *stack, guint64 release)
{
    bool to_64bit = tcg_is_long(s) && ret->code.high & SEG_L;
    bool outward = ret->cpl != tcg_cpl(s);

    if (ret->loads_stack) {
        s->segment[TCG_SS] = ret->ss;
        tcg_stack_other(s, stack, &s->segment[TCG_SS], ret->sp, ret->cpl, to_64bit);
        tcg_stack_skip(stack, release);
    }
    tcg_code_load(s, &ret->code, ret->cpl);
    tcg_stack_commit(s, stack);
    s->rip = ret->ip;
    if (outward) {
        tcg_segments_drop(s, ret->cpl);
    }
}

/* ---- RET ---- */

static void return_real(TcgState *s, const TcgInsn *insn, TcgStack *stack)
{
    TcgSegment code = s->segment[TCG_CS];
    guint64 ip = tcg_stack_pop(s, stack, insn->operand_size);

    tcg_segment_set_real(s, &code, tcg_stack_pop(s, stack, insn->operand_size));
    if (ip > code.limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_stack_skip(stack, insn->imm & 0xffff);
    tcg_stack_commit(s, stack);
    s->segment[TCG_CS] = code;
    s->rip = ip;
    tcg_mode_update(s);
}

TcgNext tcg_op_ret_far(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    guint release = insn->imm & 0xffff;
    Return ret = { .loads_stack = false };
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    if (!tcg_is_protected(s)) {
        return_real(s, insn, &stack);
        return TCG_LEAVE;
    }
    ret.ip = tcg_stack_pop(s, &stack, size);
    find_code(s, tcg_stack_pop(s, &stack, size), &ret);
    tcg_stack_skip(&stack, release);
    if (ret.cpl != tcg_cpl(s)) {
        find_stack(s, &stack, size, &ret);
    }
    tcg_check_target_in(s, &ret.code, ret.ip);
    access_descriptors(s, &ret);
    commit(s, &ret, &stack, release);
    tcg_mode_update(s);
    return TCG_LEAVE;
}

/* ---- IRET ---- */

/* The bits of EFLAGS that IRET may change at that CPL, except in V86 mode. */
static guint32 flags_mask(const TcgState *s, guint cpl, guint size)
{
    guint32 mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;

    if (size > 2) {
        mask |= EFLAGS_RF | EFLAGS_AC | EFLAGS_ID;
    }
    if (cpl == 0) {
        mask |= EFLAGS_IOPL | (size > 2 ? EFLAGS_VIF | EFLAGS_VIP : 0);
    }
    if (cpl <= (s->eflags & EFLAGS_IOPL) >> 12) {
        mask |= EFLAGS_IF;
    }
    return mask;
}

/* Real mode, and V86 mode with IOPL 3, which keeps IOPL. */
static void iret_real(TcgState *s, guint size, TcgStack *stack)
{
    guint32 mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_IF;
    TcgSegment code = s->segment[TCG_CS];
    guint64 ip;
    guint32 eflags;

    ip = tcg_stack_pop(s, stack, size);
    tcg_segment_set_real(s, &code, tcg_stack_pop(s, stack, size));
    eflags = tcg_stack_pop(s, stack, size);
    if (ip > code.limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    mask |= size > 2 ? EFLAGS_RF | EFLAGS_AC | EFLAGS_ID : 0;
    mask |= s->eflags & EFLAGS_VM ? 0 : EFLAGS_IOPL;
    tcg_stack_commit(s, stack);
    s->segment[TCG_CS] = code;
    s->rip = ip;
    tcg_set_eflags(s, eflags, mask);
}

/* SDM vol. 3A, section 7.4: back to the task that this one is nested in. */
static void iret_task(TcgState *s, const TcgInsn *insn)
{
    guint16 link;
    TcgDescriptor tss;

    if (tcg_is_long(s)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    link = tcg_load(s, (guint32)s->tr.base, 2, TCG_SYSTEM);
    tcg_task_find(s, link, true, TCG_TS, &tss);
    tcg_task_switch(s, &tss, TCG_TASK_IRET, tcg_next_ip(s, insn), tcg_eflags(s));
    tcg_check_target(s, s->rip);
    tcg_task_trap(s);
}

/* SDM vol. 3A, section 20.2.3; EIP, CS and EFLAGS have been popped. */
static void iret_to_v86(TcgState *s, TcgStack *stack, guint64 ip, guint16 cs, guint32 eflags)
{
    static const guint8 order[] = { TCG_ES, TCG_DS, TCG_FS, TCG_GS };
    guint16 selectors[G_N_ELEMENTS(order)];
    guint32 sp = tcg_stack_pop(s, stack, 4);
    guint16 ss = tcg_stack_pop(s, stack, 4);

    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        selectors[i] = tcg_stack_pop(s, stack, 4);
    }
    if (ip > 0xffff) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    s->eflags |= EFLAGS_VM;
    tcg_segment_set_real(s, &s->segment[TCG_CS], cs);
    tcg_segment_set_real(s, &s->segment[TCG_SS], ss);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        tcg_segment_set_real(s, &s->segment[order[i]], selectors[i]);
    }
    s->gpr[TCG_RSP] = sp;
    s->rip = ip;
    tcg_set_eflags(s, eflags, flags_mask(s, 0, 4) | EFLAGS_VM);
}

static void iret_protected(TcgState *s, guint size, TcgStack *stack)
{
    Return ret = { .loads_stack = false };
    guint32 mask = flags_mask(s, tcg_cpl(s), size);
    guint32 eflags;
    guint16 cs;

    ret.ip = tcg_stack_pop(s, stack, size);
    cs = tcg_stack_pop(s, stack, size);
    eflags = tcg_stack_pop(s, stack, size);
    if (eflags & EFLAGS_VM && size == 4 && tcg_cpl(s) == 0 && !tcg_is_long(s)) {
        iret_to_v86(s, stack, ret.ip, cs, eflags);
        return;
    }
    find_code(s, cs, &ret);
    if (ret.cpl != tcg_cpl(s) || tcg_is_64bit(s)) {
        find_stack(s, stack, size, &ret);
    }
    tcg_check_target_in(s, &ret.code, ret.ip);
    access_descriptors(s, &ret);
    commit(s, &ret, stack, 0);
    tcg_set_eflags(s, eflags, mask);
}

TcgNext tcg_op_iret(TcgState *s, const TcgInsn *insn)
{
    bool v86 = s->eflags & EFLAGS_VM;
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    if (v86 && (s->eflags & EFLAGS_IOPL) != EFLAGS_IOPL) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (v86 || !(s->cr0 & CR0_PE)) {
        iret_real(s, insn->operand_size, &stack);
    } else if (s->eflags & EFLAGS_NT) {
        iret_task(s, insn);
    } else {
        iret_protected(s, insn->operand_size, &stack);
    }
    /* RF now applies to the next instruction. */
    s->step_resume = 0;
    s->nmi_masked = false;
    tcg_serialize();
    tcg_reconsider(s);
    return TCG_LEAVE;
}
