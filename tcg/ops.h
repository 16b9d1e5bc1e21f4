/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that C executes, by file.  All light; see TcgHelper.
 */
#ifndef TCG_OPS_H
#define TCG_OPS_H

#include "tcg/state.h"

#define TCG_OP(name) TcgNext tcg_op_##name(TcgState *s, const TcgInsn *insn)

/* op-seg.c, op-rights.c, op-table.c: segment registers, descriptors, descriptor tables */
TCG_OP(mov_to_sreg); TCG_OP(mov_from_sreg); TCG_OP(push_sreg); TCG_OP(pop_sreg);
TCG_OP(load_far); TCG_OP(lar); TCG_OP(lsl); TCG_OP(verr); TCG_OP(verw); TCG_OP(arpl);
TCG_OP(lgdt); TCG_OP(lidt); TCG_OP(sgdt); TCG_OP(sidt); TCG_OP(lldt); TCG_OP(sldt);
TCG_OP(ltr); TCG_OP(str); TCG_OP(bound);

/* op-flow.c, op-return.c: far transfers, interrupts */
TCG_OP(jmp_far); TCG_OP(call_far); TCG_OP(ret_far); TCG_OP(iret);
TCG_OP(int); TCG_OP(int3); TCG_OP(into); TCG_OP(int1);

/* op-stack.c, op-near.c: the stack and near transfers, where they are not generated */
TCG_OP(push); TCG_OP(pop); TCG_OP(pusha); TCG_OP(popa); TCG_OP(pushf); TCG_OP(popf);
TCG_OP(call_near); TCG_OP(call_near_indirect); TCG_OP(ret_near); TCG_OP(jmp_near_indirect);
TCG_OP(jmp_near); TCG_OP(jcc); TCG_OP(loop); TCG_OP(enter); TCG_OP(leave);

/* op-sys.c, op-msr.c: the system */
TCG_OP(mov_to_cr); TCG_OP(mov_from_cr); TCG_OP(mov_to_dr); TCG_OP(mov_from_dr);
TCG_OP(clts); TCG_OP(lmsw); TCG_OP(smsw); TCG_OP(invlpg); TCG_OP(invpcid); TCG_OP(invd);
TCG_OP(wbinvd); TCG_OP(hlt); TCG_OP(cli); TCG_OP(sti); TCG_OP(cld_std); TCG_OP(clac);
TCG_OP(stac); TCG_OP(swapgs); TCG_OP(rdfsgsbase); TCG_OP(wrfsgsbase); TCG_OP(syscall);
TCG_OP(sysret); TCG_OP(sysenter); TCG_OP(sysexit); TCG_OP(rdtsc); TCG_OP(rdtscp);
TCG_OP(rdpid); TCG_OP(rdpmc); TCG_OP(xgetbv); TCG_OP(xsetbv); TCG_OP(pause); TCG_OP(cpuid);
TCG_OP(rdmsr); TCG_OP(wrmsr);
TCG_OP(ud);                     /* #UD */
TCG_OP(nm);                     /* disabled x87, SSE, AVX: #NM or #UD */
TCG_OP(gp);                     /* #GP(0) */
TCG_OP(wait);                   /* WAIT that may not run */

/* op-io.c */
TCG_OP(in); TCG_OP(out); TCG_OP(ins); TCG_OP(outs);

/* op-string.c */
TCG_OP(movs); TCG_OP(stos); TCG_OP(lods); TCG_OP(cmps); TCG_OP(scas);

/* op-fpu.c, op-vector.c */
TCG_OP(first_x87);              /* no instruction: before one of the x87, TcgState.x87_used */
TCG_OP(fxsave); TCG_OP(fxrstor); TCG_OP(xsave); TCG_OP(xsaveopt); TCG_OP(xsavec);
TCG_OP(xrstor); TCG_OP(fnstenv); TCG_OP(fldenv); TCG_OP(fnsave); TCG_OP(frstor);
TCG_OP(gather); TCG_OP(maskmov); TCG_OP(maskmovdqu); TCG_OP(maskmovq);

/* op-bcd.c: instructions that 64-bit code lacks, and bit tests that offset their address */
TCG_OP(daa); TCG_OP(das); TCG_OP(aaa); TCG_OP(aas); TCG_OP(aam); TCG_OP(aad); TCG_OP(salc);
TCG_OP(xlat); TCG_OP(bt_memory);

#endif
