/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offsets in TcgState for thunks.S; thunk-check.c checks them against the
 * struct.
 */
#ifndef TCG_OFFSETS_H
#define TCG_OFFSETS_H

#define TCG_OFF_FLAGS       4
#define TCG_OFF_SAVE_RAX    8
#define TCG_OFF_GPR         16
#define TCG_OFF_RIP         176
#define TCG_OFF_FAULT_RIP   184
#define TCG_OFF_FAULT_FLAGS 192
#define TCG_OFF_CHAIN       200
#define TCG_OFF_RETURN_RSP  208
#define TCG_OFF_SCRATCH     216
#define TCG_OFF_COPY_FLAGS  224
#define TCG_OFF_CODE_BASE   232
#define TCG_OFF_XSAVE_MASK  240
#define TCG_OFF_THUNK       248
#define TCG_OFF_SEES_IN_USE 304
#define TCG_OFF_X87_USED    312         /* with avx_used, which follows, 8 bytes */
#define TCG_OFF_AVX_USED    316
#define TCG_OFF_VECTOR      320

#endif
