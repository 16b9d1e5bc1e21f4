/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal arithmetic, which 64-bit code lacks: SDM vol. 2, AAA, AAD, AAM, AAS, DAA, DAS.
 * SALC (AMD APM vol. 3) and XLAT.  Bit tests with a bit string in memory.
 */
#include "config.h"
#include "tcg/flags.h"
#include "tcg/ops.h"
#include "tcg/tlb.h"

/* ---- Decimal ---- */

static guint8 al(const TcgState *s)
{
    return s->gpr[TCG_RAX];
}

static guint8 ah(const TcgState *s)
{
    return s->gpr[TCG_RAX] >> 8;
}

static void set_ax(TcgState *s, guint high, guint low)
{
    tcg_reg_write(s, TCG_RAX, (high & 0xff) << 8 | (low & 0xff), 2, false);
}

/* SF, ZF, PF of AL; AF and CF as given. */
static void set_flags(TcgState *s, bool af, bool cf)
{
    tcg_set_arithmetic(s, tcg_flags_szp(al(s), 1) | (af ? EFLAGS_AF : 0) | (cf ? EFLAGS_CF : 0));
}

/* DAA and DAS differ only in the sign, except that DAS may borrow in its first step. */
static void decimal_adjust(TcgState *s, bool subtract)
{
    guint32 flags = tcg_eflags(s);
    guint old = al(s), value = old;
    bool af = (old & 15) > 9 || flags & EFLAGS_AF;
    bool high = old > 0x99 || flags & EFLAGS_CF;
    bool borrow = subtract && af && old < 6;

    value += !af ? 0 : subtract ? -6u : 6;
    value += !high ? 0 : subtract ? -0x60u : 0x60;
    tcg_reg_write(s, TCG_RAX, value & 0xff, 1, true);
    set_flags(s, af, high || borrow);
}

TcgNext tcg_op_daa(TcgState *s, const TcgInsn *insn)
{
    decimal_adjust(s, false);
    return TCG_GO_ON;
}

TcgNext tcg_op_das(TcgState *s, const TcgInsn *insn)
{
    decimal_adjust(s, true);
    return TCG_GO_ON;
}

/* AX changes as a whole: a carry or borrow out of AL propagates to AH. */
static void ascii_adjust(TcgState *s, guint difference)
{
    bool adjust = (al(s) & 15) > 9 || tcg_eflags(s) & EFLAGS_AF;
    guint ax = (s->gpr[TCG_RAX] + (adjust ? difference : 0)) & 0xffff;

    set_ax(s, ax >> 8, ax & 15);
    set_flags(s, adjust, adjust);
}

TcgNext tcg_op_aaa(TcgState *s, const TcgInsn *insn)
{
    ascii_adjust(s, 0x106);
    return TCG_GO_ON;
}

TcgNext tcg_op_aas(TcgState *s, const TcgInsn *insn)
{
    ascii_adjust(s, -0x106u);
    return TCG_GO_ON;
}

TcgNext tcg_op_aam(TcgState *s, const TcgInsn *insn)
{
    guint8 base = insn->imm;

    if (base == 0) {
        tcg_raise(s, TCG_DE);
    }
    set_ax(s, al(s) / base, al(s) % base);
    set_flags(s, false, false);
    return TCG_GO_ON;
}

TcgNext tcg_op_aad(TcgState *s, const TcgInsn *insn)
{
    set_ax(s, 0, al(s) + ah(s) * (guint8)insn->imm);
    set_flags(s, false, false);
    return TCG_GO_ON;
}

/* ---- SALC, XLAT ---- */

TcgNext tcg_op_salc(TcgState *s, const TcgInsn *insn)
{
    tcg_reg_write(s, TCG_RAX, tcg_eflags(s) & EFLAGS_CF ? 0xff : 0, 1, true);
    return TCG_GO_ON;
}

TcgNext tcg_op_xlat(TcgState *s, const TcgInsn *insn)
{
    guint64 ea = (s->gpr[TCG_RBX] + al(s)) & tcg_size_mask(insn->address_size);
    guint64 linear = tcg_linear(s, insn->segment, ea, 1, TCG_READ);

    tcg_reg_write(s, TCG_RAX, tcg_load(s, linear, 1, TCG_READ), 1, true);
    return TCG_NEXT;
}

/* ---- BT, BTS, BTR, BTC of memory by a register ---- */

enum { OP_BT = 0xa3, OP_BTS = 0xab, OP_BTR = 0xb3, OP_BTC = 0xbb };

/* Atomically. */
static guint64 change_bit(void *host, guint size, guint opcode, guint64 bit)
{
    switch (size) {
    case 2:
        return opcode == OP_BTS   ? __atomic_fetch_or((guint16 *)host, bit, __ATOMIC_SEQ_CST)
               : opcode == OP_BTR ? __atomic_fetch_and((guint16 *)host, ~bit, __ATOMIC_SEQ_CST)
                                  : __atomic_fetch_xor((guint16 *)host, bit, __ATOMIC_SEQ_CST);
    case 4:
        return opcode == OP_BTS   ? __atomic_fetch_or((guint32 *)host, bit, __ATOMIC_SEQ_CST)
               : opcode == OP_BTR ? __atomic_fetch_and((guint32 *)host, ~bit, __ATOMIC_SEQ_CST)
                                  : __atomic_fetch_xor((guint32 *)host, bit, __ATOMIC_SEQ_CST);
    default:
        return opcode == OP_BTS   ? __atomic_fetch_or((guint64 *)host, bit, __ATOMIC_SEQ_CST)
               : opcode == OP_BTR ? __atomic_fetch_and((guint64 *)host, ~bit, __ATOMIC_SEQ_CST)
                                  : __atomic_fetch_xor((guint64 *)host, bit, __ATOMIC_SEQ_CST);
    }
}

static void set_carry(TcgState *s, bool carry)
{
    tcg_set_arithmetic(s, (tcg_eflags(s) & ~(guint32)EFLAGS_CF) | (carry ? EFLAGS_CF : 0));
}

TcgNext tcg_op_bt_memory(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    gint64 offset = tcg_sign_extend(tcg_reg_read(s, insn->reg, size, true), size);
    guint64 bit = 1ull << (offset & (8 * size - 1));
    gint64 words = offset >> (size == 2 ? 4 : size == 4 ? 5 : 6);
    guint64 ea = (tcg_ea(s, insn) + (guint64)words * size) & tcg_size_mask(insn->address_size);
    bool is_write = insn->opcode != OP_BT;
    guint64 linear = tcg_linear(s, insn->segment, ea, size, is_write ? TCG_WRITE : TCG_READ);
    guint8 *host;

    if (!is_write) {
        set_carry(s, tcg_load(s, linear, size, TCG_READ) & bit);
        return TCG_NEXT;
    }
    host = tcg_tlb_find(s, linear, size, TCG_WRITE);
    if (host) {
        set_carry(s, change_bit(host, size, insn->opcode, bit) & bit);
        return TCG_GO_ON;
    }
    host = tcg_access_begin(s, linear, size,
                            TCG_ACCESS_READ | TCG_ACCESS_WRITE |
                                (insn->lock ? TCG_ACCESS_LOCKED : 0));
    if (!host) {
        /* It is in the TLB now: the instruction is retried. */
        tcg_resume(s);
    }
    set_carry(s, change_bit(host, size, insn->opcode, bit) & bit);
    return tcg_access_end(s) ? TCG_NEXT : TCG_GO_ON;
}
