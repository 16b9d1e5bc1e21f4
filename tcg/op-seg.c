/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment registers' instructions: SDM vol. 2, MOV, PUSH, POP, LDS/LES/LFS/LGS/LSS.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

/* After MOV and POP to SS neither interrupts nor debug traps come before the next instruction
 * (SDM vol. 3A, section 6.8.3). */
static void shadow_stack_change(TcgState *s, guint segment)
{
    if (segment == TCG_SS) {
        s->shadow = 2;
        s->shadow_debug = true;
    }
}

/* CS cannot be loaded this way, and there are only six. */
static void require_loadable(TcgState *s, guint segment)
{
    if (segment == TCG_CS || segment >= TCG_N_SEGMENTS) {
        tcg_raise(s, TCG_UD);
    }
}

TcgNext tcg_op_mov_to_sreg(TcgState *s, const TcgInsn *insn)
{
    require_loadable(s, insn->reg & 7);
    tcg_segment_load(s, insn->reg & 7, tcg_rm_read(s, insn, 2));
    shadow_stack_change(s, insn->reg & 7);
    return TCG_NEXT;
}

/* Memory gets 16 bits whatever the operand size, a register is zero-extended. */
TcgNext tcg_op_mov_from_sreg(TcgState *s, const TcgInsn *insn)
{
    guint segment = insn->reg & 7;

    if (segment >= TCG_N_SEGMENTS) {
        tcg_raise(s, TCG_UD);
    }
    tcg_rm_write(s, insn, s->segment[segment].selector,
                 insn->has_memory ? 2 : insn->operand_size);
    return TCG_GO_ON;
}

/* 06 0e 16 1e; 0f a0, 0f a8 and the next of each for POP. */
static guint segment_of_opcode(const TcgInsn *insn)
{
    return insn->opcode >> 3 & 7;
}

/* Of the 32-bit form only 16 bits are written, as processors do. */
TcgNext tcg_op_push_sreg(TcgState *s, const TcgInsn *insn)
{
    guint16 selector = s->segment[segment_of_opcode(insn)].selector;
    TcgStack stack;

    tcg_stack_begin(s, &stack, insn->stack_size);
    if (insn->operand_size == 4) {
        tcg_stack_skip(&stack, -(guint64)2);
        tcg_stack_push(s, &stack, selector, 2);
    } else {
        tcg_stack_push(s, &stack, selector, insn->operand_size);
    }
    tcg_stack_commit(s, &stack);
    return TCG_GO_ON;
}

TcgNext tcg_op_pop_sreg(TcgState *s, const TcgInsn *insn)
{
    guint segment = segment_of_opcode(insn);
    TcgStack stack;
    guint16 selector;

    tcg_stack_begin(s, &stack, insn->stack_size);
    selector = tcg_stack_pop(s, &stack, insn->operand_size);
    tcg_segment_load(s, segment, selector);
    tcg_stack_commit(s, &stack);
    shadow_stack_change(s, segment);
    return TCG_NEXT;
}

/* c4 LES, c5 LDS, 0f b2 LSS, 0f b4 LFS, 0f b5 LGS. */
static guint segment_of_far_load(const TcgInsn *insn)
{
    switch (insn->opcode) {
    case 0xc4:
        return TCG_ES;
    case 0xc5:
        return TCG_DS;
    case 0xb2:
        return TCG_SS;
    case 0xb4:
        return TCG_FS;
    default:
        return TCG_GS;
    }
}

TcgNext tcg_op_load_far(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    guint64 linear, offset;
    guint16 selector;

    if (!insn->has_memory) {
        tcg_raise(s, TCG_UD);
    }
    linear = tcg_operand_linear(s, insn, size + 2, TCG_READ);
    offset = tcg_load(s, linear, size, TCG_READ);
    linear = tcg_is_64bit(s) ? linear + size : (guint32)(linear + size);
    selector = tcg_load(s, linear, 2, TCG_READ);
    tcg_segment_load(s, segment_of_far_load(insn), selector);
    tcg_reg_write(s, insn->reg, offset, size, true);
    return TCG_NEXT;
}
