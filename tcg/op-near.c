/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers within a segment, where the translator does not generate them: 16-bit code and
 * segments with a limit.  SDM vol.  2, CALL, JMP, Jcc, LOOP, RET.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

/* Operand size of near transfers; in 64-bit mode there is only one. */
static guint target_size(const TcgState *s, const TcgInsn *insn)
{
    return tcg_is_64bit(s) ? 8 : insn->operand_size;
}

static guint64 relative_target(const TcgState *s, const TcgInsn *insn)
{
    return (insn->rip + insn->length + insn->imm) & tcg_size_mask(target_size(s, insn));
}

static TcgNext go(TcgState *s, guint64 target)
{
    tcg_check_target(s, target);
    s->rip = target;
    return TCG_LEAVE;
}

static TcgNext call(TcgState *s, const TcgInsn *insn, guint64 target)
{
    guint size = target_size(s, insn);
    TcgStack stack;

    tcg_check_target(s, target);
    tcg_stack_begin(s, &stack, insn->stack_size);
    tcg_stack_push(s, &stack, tcg_next_ip(s, insn) & tcg_size_mask(size), size);
    tcg_stack_commit(s, &stack);
    s->rip = target;
    return TCG_LEAVE;
}

TcgNext tcg_op_call_near(TcgState *s, const TcgInsn *insn)
{
    return call(s, insn, relative_target(s, insn));
}

TcgNext tcg_op_call_near_indirect(TcgState *s, const TcgInsn *insn)
{
    return call(s, insn, tcg_rm_read(s, insn, target_size(s, insn)));
}

TcgNext tcg_op_ret_near(TcgState *s, const TcgInsn *insn)
{
    TcgStack stack;
    guint64 target;

    tcg_stack_begin(s, &stack, insn->stack_size);
    target = tcg_stack_pop(s, &stack, target_size(s, insn));
    tcg_check_target(s, target);
    tcg_stack_skip(&stack, insn->imm & 0xffff);
    tcg_stack_commit(s, &stack);
    s->rip = target;
    return TCG_LEAVE;
}

TcgNext tcg_op_jmp_near(TcgState *s, const TcgInsn *insn)
{
    return go(s, relative_target(s, insn));
}

TcgNext tcg_op_jmp_near_indirect(TcgState *s, const TcgInsn *insn)
{
    return go(s, tcg_rm_read(s, insn, target_size(s, insn)));
}

/* SDM vol. 1, appendix B: bit 0 of the condition negates it. */
static bool condition_holds(guint32 eflags, guint condition)
{
    bool sign_differs = !(eflags & EFLAGS_SF) != !(eflags & EFLAGS_OF);
    bool holds;

    switch (condition >> 1) {
    case 0:
        holds = eflags & EFLAGS_OF;
        break;
    case 1:
        holds = eflags & EFLAGS_CF;
        break;
    case 2:
        holds = eflags & EFLAGS_ZF;
        break;
    case 3:
        holds = eflags & (EFLAGS_CF | EFLAGS_ZF);
        break;
    case 4:
        holds = eflags & EFLAGS_SF;
        break;
    case 5:
        holds = eflags & EFLAGS_PF;
        break;
    case 6:
        holds = sign_differs;
        break;
    default:
        holds = sign_differs || eflags & EFLAGS_ZF;
        break;
    }
    return holds != (condition & 1);
}

/* Where execution continues if a branch is not taken: the next instruction, which may be beyond
 * the
 * limit: then fetching it faults. */
static TcgNext fall_through(TcgState *s, const TcgInsn *insn)
{
    s->rip = tcg_next_ip(s, insn);
    return TCG_LEAVE;
}

TcgNext tcg_op_jcc(TcgState *s, const TcgInsn *insn)
{
    if (!condition_holds(tcg_eflags(s), insn->opcode & 15)) {
        return fall_through(s, insn);
    }
    return go(s, relative_target(s, insn));
}

/* e0 LOOPNE, e1 LOOPE, e2 LOOP, e3 JCXZ: whether it is taken with that count left. */
static bool loop_is_taken(const TcgState *s, const TcgInsn *insn, guint64 count)
{
    bool zf = tcg_eflags(s) & EFLAGS_ZF;

    switch (insn->opcode & 3) {
    case 0:
        return count && !zf;
    case 1:
        return count && zf;
    case 2:
        return count;
    default:
        return !count;
    }
}

TcgNext tcg_op_loop(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->address_size;
    bool counts = (insn->opcode & 3) != 3;
    guint64 count = (s->gpr[TCG_RCX] - counts) & tcg_size_mask(size);
    guint64 target = relative_target(s, insn);
    bool taken = loop_is_taken(s, insn, count);

    if (taken) {
        tcg_check_target(s, target);
    }
    if (counts) {
        tcg_reg_write(s, TCG_RCX, count, size, true);
    }
    return taken ? go(s, target) : fall_through(s, insn);
}
