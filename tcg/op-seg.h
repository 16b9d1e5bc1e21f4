/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that C executes: segments, far transfers, events, stacks.  Each is a TcgHelper, see
 * tcg/state.h; which file has it stands above it.
 */
#ifndef TCG_OP_SEG_H
#define TCG_OP_SEG_H

#include "tcg/state.h"

/* op-seg.c */
TcgNext tcg_op_mov_to_sreg(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_mov_from_sreg(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_push_sreg(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_pop_sreg(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_load_far(TcgState *s, const TcgInsn *insn);

/* op-table.c */
TcgNext tcg_op_lgdt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_lidt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sgdt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sidt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_lldt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sldt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_ltr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_str(TcgState *s, const TcgInsn *insn);

/* op-rights.c */
TcgNext tcg_op_lar(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_lsl(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_verr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_verw(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_arpl(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_bound(TcgState *s, const TcgInsn *insn);

/* op-flow.c */
TcgNext tcg_op_jmp_far(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_call_far(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_int(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_int3(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_into(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_int1(TcgState *s, const TcgInsn *insn);

/* op-return.c */
TcgNext tcg_op_ret_far(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_iret(TcgState *s, const TcgInsn *insn);

/* op-near.c */
TcgNext tcg_op_call_near(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_call_near_indirect(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_ret_near(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_jmp_near(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_jmp_near_indirect(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_jcc(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_loop(TcgState *s, const TcgInsn *insn);

/* op-stack.c */
TcgNext tcg_op_push(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_pop(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_pusha(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_popa(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_pushf(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_popf(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_enter(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_leave(TcgState *s, const TcgInsn *insn);

#endif
