/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stack instructions, where the translator does not generate them: 16-bit and non-flat
 * stacks.  SDM vol.  2, PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

enum { OPCODE_PUSH_IMM = 0x68, OPCODE_PUSH_IMM8 = 0x6a };

/* 50+r, ff /6, 68 and 6a.  PUSH SP pushes what SP was. */
TcgNext tcg_op_push(TcgState *s, const TcgInsn *insn)
{
    bool is_immediate = insn->opcode == OPCODE_PUSH_IMM || insn->opcode == OPCODE_PUSH_IMM8;
    guint size = insn->operand_size;
    guint64 value = is_immediate ? insn->imm : tcg_rm_read(s, insn, size);
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    tcg_stack_push(s, &stack, value & tcg_size_mask(size), size);
    tcg_stack_commit(s, &stack);
    return TCG_GO_ON;
}

/* An address that uses the stack pointer uses its value after the pop. */
static guint64 address_after(TcgState *s, const TcgInsn *insn, const TcgStack *stack)
{
    guint64 rsp = s->gpr[TCG_RSP], ea;

    tcg_stack_commit(s, stack);
    ea = tcg_ea(s, insn);
    s->gpr[TCG_RSP] = rsp;
    return ea;
}

/* 58+r and 8f /0.  POP SP has what was popped. */
TcgNext tcg_op_pop(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    TcgStack stack;
    guint64 value, linear;

    tcg_stack_begin(s, &stack, insn->stack_size);
    value = tcg_stack_pop(s, &stack, size);
    if (insn->has_memory) {
        linear = tcg_linear(s, insn->segment, address_after(s, insn, &stack), size, TCG_WRITE);
        tcg_store(s, linear, value, size, TCG_WRITE);
        tcg_stack_commit(s, &stack);
    } else {
        tcg_stack_commit(s, &stack);
        tcg_reg_write(s, insn->rm, value, size, true);
    }
    return TCG_GO_ON;
}

TcgNext tcg_op_pusha(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    tcg_stack_check(s, &stack, 8, size);
    for (guint i = 0; i < 8; i++) {
        tcg_stack_push(s, &stack, s->gpr[i] & tcg_size_mask(size), size);
    }
    tcg_stack_commit(s, &stack);
    return TCG_GO_ON;
}

/* The stack pointer's value is popped and not used. */
TcgNext tcg_op_popa(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    guint64 values[8];
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    for (guint i = 8; i-- > 0;) {
        values[i] = tcg_stack_pop(s, &stack, size);
    }
    tcg_stack_commit(s, &stack);
    for (guint i = 0; i < 8; i++) {
        if (i != TCG_RSP) {
            tcg_reg_write(s, i, values[i], size, true);
        }
    }
    return TCG_GO_ON;
}

/* SDM vol. 3A, section 20.2.7. */
static void require_v86_iopl(TcgState *s)
{
    if (s->eflags & EFLAGS_VM && (s->eflags & EFLAGS_IOPL) != EFLAGS_IOPL) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

TcgNext tcg_op_pushf(TcgState *s, const TcgInsn *insn)
{
    guint32 hidden = EFLAGS_VM | EFLAGS_RF;
    guint size = insn->operand_size;
    TcgStack stack;

    require_v86_iopl(s);
    tcg_stack_begin(s, &stack, insn->stack_size);
    tcg_stack_push(s, &stack, tcg_eflags(s) & ~hidden & tcg_size_mask(size), size);
    tcg_stack_commit(s, &stack);
    return TCG_GO_ON;
}

/* SDM vol. 2, POPF, table 4-16. */
static guint32 popf_mask(const TcgState *s, guint size)
{
    guint32 mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;

    mask |= size > 2 ? EFLAGS_AC | EFLAGS_ID : 0;
    if (tcg_cpl(s) == 0) {
        mask |= EFLAGS_IOPL;
    }
    if (tcg_cpl(s) <= (s->eflags & EFLAGS_IOPL) >> 12) {
        mask |= EFLAGS_IF;
    }
    return mask;
}

TcgNext tcg_op_popf(TcgState *s, const TcgInsn *insn)
{
    TcgStack stack;
    guint32 eflags;

    require_v86_iopl(s);
    tcg_stack_begin(s, &stack, insn->stack_size);
    eflags = tcg_stack_pop(s, &stack, insn->operand_size);
    tcg_stack_commit(s, &stack);
    tcg_set_eflags(s, eflags, popf_mask(s, insn->operand_size));
    return TCG_NEXT;
}

/* The frame pointers of the enclosing procedures, from the caller's frame. */
static void push_outer_frames(TcgState *s, TcgStack *stack, guint count, guint size)
{
    TcgStack frame = *stack;

    frame.pointer = s->gpr[TCG_RBP];
    for (guint i = 0; i < count; i++) {
        tcg_stack_skip(&frame, -(guint64)size);
        tcg_stack_push(s, stack, tcg_stack_peek(s, &frame, 0, size), size);
    }
}

TcgNext tcg_op_enter(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    guint level = insn->imm2 & 31;
    TcgStack stack, last;
    guint64 frame;

    tcg_stack_begin(s, &stack, insn->stack_size);
    tcg_stack_push(s, &stack, s->gpr[TCG_RBP] & tcg_size_mask(size), size);
    frame = stack.pointer;
    if (level > 0) {
        push_outer_frames(s, &stack, level - 1, size);
        tcg_stack_push(s, &stack, frame & tcg_size_mask(size), size);
    }
    tcg_stack_skip(&stack, -(insn->imm & 0xffff));
    /* The new top of the stack must be writable, though nothing is written there. */
    last = stack;
    tcg_stack_skip(&last, size);
    tcg_stack_check(s, &last, 1, size);
    tcg_stack_commit(s, &stack);
    tcg_reg_write(s, TCG_RBP, frame, tcg_is_64bit(s) ? 8 : size, true);
    return TCG_GO_ON;
}

TcgNext tcg_op_leave(TcgState *s, const TcgInsn *insn)
{
    TcgStack stack;
    guint64 value;

    tcg_stack_begin(s, &stack, insn->stack_size);
    stack.pointer = (stack.pointer & ~stack.mask) | (s->gpr[TCG_RBP] & stack.mask);
    value = tcg_stack_pop(s, &stack, insn->operand_size);
    tcg_stack_commit(s, &stack);
    tcg_reg_write(s, TCG_RBP, value, insn->operand_size, true);
    return TCG_GO_ON;
}
