/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that the offsets used by thunks.S are those of the struct.
 */
#include "config.h"
#include "tcg/offsets.h"
#include "tcg/state.h"

#define CHECK(offset, member) G_STATIC_ASSERT(offset == offsetof(TcgState, member))

CHECK(TCG_OFF_FLAGS, flags);
CHECK(TCG_OFF_SAVE_RAX, save_rax);
CHECK(TCG_OFF_GPR, gpr);
CHECK(TCG_OFF_RIP, rip);
CHECK(TCG_OFF_FAULT_RIP, fault_rip);
CHECK(TCG_OFF_FAULT_FLAGS, fault_flags);
CHECK(TCG_OFF_CHAIN, chain);
CHECK(TCG_OFF_RETURN_RSP, return_rsp);
CHECK(TCG_OFF_SCRATCH, scratch);
CHECK(TCG_OFF_COPY_FLAGS, copy_flags);
CHECK(TCG_OFF_CODE_BASE, code_base);
CHECK(TCG_OFF_XSAVE_MASK, xsave_mask);
CHECK(TCG_OFF_THUNK, thunk);
CHECK(TCG_OFF_SEES_IN_USE, sees_in_use);
CHECK(TCG_OFF_X87_USED, x87_used);
CHECK(TCG_OFF_AVX_USED, avx_used);
CHECK(TCG_OFF_VECTOR, vector);
