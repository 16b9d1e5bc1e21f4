/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far JMP and CALL, and software interrupts: SDM vol. 2, CALL, JMP, INT n.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

typedef struct {
    guint64 ip;
    guint16 selector;
} FarPointer;

static FarPointer far_operand(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    FarPointer far;
    guint64 linear;

    if (!insn->has_memory) {
        far.ip = insn->imm & tcg_size_mask(size);
        far.selector = insn->imm2;
        return far;
    }
    linear = tcg_operand_linear(s, insn, size + 2, TCG_READ);
    far.ip = tcg_load(s, linear, size, TCG_READ);
    linear = tcg_is_64bit(s) ? linear + size : (guint32)(linear + size);
    far.selector = tcg_load(s, linear, 2, TCG_READ);
    return far;
}

static void push_return(TcgState *s, TcgStack *stack, const TcgInsn *insn)
{
    guint size = insn->operand_size;

    tcg_stack_push(s, stack, s->segment[TCG_CS].selector, size);
    tcg_stack_push(s, stack, tcg_next_ip(s, insn) & tcg_size_mask(size), size);
}

/* Real and V86 mode. */
static void transfer_real(TcgState *s, const TcgInsn *insn, FarPointer far, bool is_call)
{
    TcgSegment code = s->segment[TCG_CS];
    TcgStack stack;

    tcg_segment_set_real(s, &code, far.selector);
    tcg_stack_begin(s, &stack, insn->stack_size);
    if (is_call) {
        tcg_stack_check(s, &stack, 2, insn->operand_size);
    }
    if (far.ip > code.limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (is_call) {
        push_return(s, &stack, insn);
        tcg_stack_commit(s, &stack);
    }
    s->segment[TCG_CS] = code;
    s->rip = far.ip;
    tcg_mode_update(s);
}

/* SDM vol. 3A, section 5.8.1: direct calls and jumps to code segments. */
static void check_code(TcgState *s, const TcgDescriptor *code)
{
    guint dpl = tcg_descriptor_dpl(code);
    guint rpl = code->selector & 3;
    bool allowed = tcg_descriptor_is_conforming(code) ? dpl <= tcg_cpl(s)
                                                      : rpl <= tcg_cpl(s) && dpl == tcg_cpl(s);

    if (!tcg_descriptor_is_code(code) || tcg_code_is_reserved(s, code) || !allowed) {
        tcg_raise_selector(s, TCG_GP, code->selector);
    }
    if (!(code->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, code->selector);
    }
}

static void transfer_to_code(TcgState *s, const TcgInsn *insn, TcgDescriptor *code, guint64 ip,
                             bool is_call)
{
    TcgStack stack;

    check_code(s, code);
    tcg_stack_begin(s, &stack, insn->stack_size);
    if (is_call) {
        tcg_stack_check(s, &stack, 2, insn->operand_size);
    }
    tcg_check_target_in(s, code, ip);
    tcg_descriptor_accessed(s, code);
    if (is_call) {
        push_return(s, &stack, insn);
        tcg_stack_commit(s, &stack);
    }
    tcg_code_load(s, code, tcg_cpl(s));
    s->rip = ip;
    tcg_mode_update(s);
}

static TcgNext transfer(TcgState *s, const TcgInsn *insn, bool is_call)
{
    FarPointer far = far_operand(s, insn);
    TcgDescriptor d;

    if (!tcg_is_protected(s)) {
        transfer_real(s, insn, far, is_call);
        return TCG_LEAVE;
    }
    if (tcg_selector_is_null(far.selector)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_descriptor_get(s, far.selector, TCG_GP, &d);
    if (d.high & SEG_S) {
        transfer_to_code(s, insn, &d, far.ip, is_call);
    } else {
        tcg_far_system(s, &d, is_call, tcg_next_ip(s, insn));
    }
    return TCG_LEAVE;
}

TcgNext tcg_op_jmp_far(TcgState *s, const TcgInsn *insn)
{
    return transfer(s, insn, false);
}

TcgNext tcg_op_call_far(TcgState *s, const TcgInsn *insn)
{
    return transfer(s, insn, true);
}

/* ---- Software interrupts ---- */

static TcgNext interrupt(TcgState *s, const TcgInsn *insn, guint8 vector, bool software)
{
    tcg_deliver_software(s, vector, tcg_next_ip(s, insn), software);
    return TCG_LEAVE;
}

/* SDM vol. 3A, section 20.3.1: V86 mode's INT n requires IOPL 3. */
TcgNext tcg_op_int(TcgState *s, const TcgInsn *insn)
{
    if (s->eflags & EFLAGS_VM && (s->eflags & EFLAGS_IOPL) != EFLAGS_IOPL) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    return interrupt(s, insn, insn->imm & 0xff, true);
}

TcgNext tcg_op_int3(TcgState *s, const TcgInsn *insn)
{
    return interrupt(s, insn, TCG_BP, true);
}

TcgNext tcg_op_into(TcgState *s, const TcgInsn *insn)
{
    if (!(tcg_eflags(s) & EFLAGS_OF)) {
        return TCG_GO_ON;
    }
    return interrupt(s, insn, TCG_OF, true);
}

/* Of the debug exception it has the vector, but no cause in DR6. */
TcgNext tcg_op_int1(TcgState *s, const TcgInsn *insn)
{
    return interrupt(s, insn, TCG_DB, false);
}
