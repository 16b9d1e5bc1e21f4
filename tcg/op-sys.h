/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions, string and I/O instructions, and the rest of what C executes without
 * changing segments: see TcgHelper in tcg/state.h.  By file.
 */
#ifndef TCG_OP_SYS_H
#define TCG_OP_SYS_H

#include "tcg/insn.h"

/* ---- op-cr.c: control registers ---- */

TcgNext tcg_op_mov_to_cr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_mov_from_cr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_clts(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_lmsw(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_smsw(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xgetbv(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xsetbv(TcgState *s, const TcgInsn *insn);

/* ---- op-debug.c: debug registers ---- */

TcgNext tcg_op_mov_to_dr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_mov_from_dr(TcgState *s, const TcgInsn *insn);

/* ---- op-call.c: fast system calls ---- */

TcgNext tcg_op_syscall(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sysret(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sysenter(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sysexit(TcgState *s, const TcgInsn *insn);

/* ---- op-sys.c: flags, bases, caches, TSC, and instructions that only fault ---- */

TcgNext tcg_op_invlpg(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_invpcid(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_invd(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_wbinvd(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_hlt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_cli(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_sti(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_cld_std(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_clac(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_stac(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_swapgs(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_rdfsgsbase(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_wrfsgsbase(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_rdtsc(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_rdtscp(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_rdpid(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_rdpmc(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_pause(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_ud(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_gp(TcgState *s, const TcgInsn *insn);
/* An instruction whose registers it may not use now, by insn->unit. */
TcgNext tcg_op_nm(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_wait(TcgState *s, const TcgInsn *insn);

/* ---- op-cpuid.c ---- */

TcgNext tcg_op_cpuid(TcgState *s, const TcgInsn *insn);

/* ---- op-msr.c ---- */

TcgNext tcg_op_rdmsr(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_wrmsr(TcgState *s, const TcgInsn *insn);

/* ---- op-fpu.c, op-xsave.c ---- */

TcgNext tcg_op_fxsave(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_fxrstor(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_fnstenv(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_fldenv(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_fnsave(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_frstor(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xsave(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xsaveopt(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xsavec(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xrstor(TcgState *s, const TcgInsn *insn);

/* ---- op-vector.c: element by element ---- */

TcgNext tcg_op_gather(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_maskmov(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_maskmovdqu(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_maskmovq(TcgState *s, const TcgInsn *insn);

/* ---- op-string.c, op-compare.c ---- */

TcgNext tcg_op_movs(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_stos(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_lods(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_cmps(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_scas(TcgState *s, const TcgInsn *insn);

/* ---- op-io.c ---- */

TcgNext tcg_op_in(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_out(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_ins(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_outs(TcgState *s, const TcgInsn *insn);

/* ---- op-bcd.c: decimal arithmetic, bits of a string in memory, XLAT ---- */

TcgNext tcg_op_daa(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_das(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_aaa(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_aas(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_aam(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_aad(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_salc(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_xlat(TcgState *s, const TcgInsn *insn);
TcgNext tcg_op_bt_memory(TcgState *s, const TcgInsn *insn);

#endif
