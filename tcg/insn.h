/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands of instructions that C executes.
 */
#ifndef TCG_INSN_H
#define TCG_INSN_H

#include "tcg/light.h"

static inline guint64 tcg_size_mask(guint size)
{
    return size == 8 ? ~0ull : (1ull << 8 * size) - 1;
}

static inline gint64 tcg_sign_extend(guint64 value, guint size)
{
    return size == 8 ? (gint64)value : (gint64)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

/* A general register's low bytes; without REX byte registers 4 to 7 are ah ch dh bh. */
static inline guint64 tcg_reg_read(const TcgState *s, guint reg, guint size, bool rex)
{
    if (size == 1 && !rex && reg >= 4 && reg < 8) {
        return s->gpr[reg - 4] >> 8 & 0xff;
    }
    return s->gpr[reg] & tcg_size_mask(size);
}

/* 32 bits clear the upper half, fewer preserve the rest. */
static inline void tcg_reg_write(TcgState *s, guint reg, guint64 value, guint size, bool rex)
{
    if (size == 1 && !rex && reg >= 4 && reg < 8) {
        s->gpr[reg - 4] = (s->gpr[reg - 4] & ~0xff00ull) | (value & 0xff) << 8;
    } else if (size >= 4) {
        s->gpr[reg] = size == 8 ? value : (guint32)value;
    } else {
        s->gpr[reg] = (s->gpr[reg] & ~tcg_size_mask(size)) | (value & tcg_size_mask(size));
    }
}

/* The memory operand's offset in its segment, as wide as the address size. */
static inline guint64 tcg_ea(const TcgState *s, const TcgInsn *insn)
{
    guint64 ea = insn->disp;

    ea += insn->rip_relative ? insn->rip + insn->length : 0;
    ea += insn->base != TCG_NO_REG ? s->gpr[insn->base] : 0;
    ea += insn->index != TCG_NO_REG ? s->gpr[insn->index] * insn->scale : 0;
    return ea & tcg_size_mask(insn->address_size);
}

/* The memory operand's linear address, checked for size bytes; may raise. */
static inline guint64 tcg_operand_linear(TcgState *s, const TcgInsn *insn, guint size,
                                         TcgAccess access)
{
    return tcg_linear(s, insn->segment, tcg_ea(s, insn), size, access);
}

/* The r/m operand, a register or memory. */
static inline guint64 tcg_rm_read(TcgState *s, const TcgInsn *insn, guint size)
{
    if (!insn->has_memory) {
        return tcg_reg_read(s, insn->rm, size, insn->rex);
    }
    return tcg_load(s, tcg_operand_linear(s, insn, size, TCG_READ), size, TCG_READ);
}

static inline void tcg_rm_write(TcgState *s, const TcgInsn *insn, guint64 value, guint size)
{
    if (!insn->has_memory) {
        tcg_reg_write(s, insn->rm, value, size, insn->rex);
    } else {
        tcg_store(s, tcg_operand_linear(s, insn, size, TCG_WRITE), value, size, TCG_WRITE);
    }
}

/* The next instruction's address, and jumping to it. */
static inline guint64 tcg_next_ip(const TcgState *s, const TcgInsn *insn)
{
    return tcg_ip_mask(s, insn->rip + insn->length);
}

/* Unless CPL is 0 (in V86 mode it is 3): #GP(0). */
static inline void tcg_require_cpl0(TcgState *s)
{
    if (tcg_cpl(s) != 0) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

/* Serializing instructions (SDM vol. 3A, section 8.3) are also fences: the stores before one are
 * visible to other vCPUs before it ends. */
static inline void tcg_serialize(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
