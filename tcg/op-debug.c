/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers: SDM vol. 3B, section 18.2; vol. 2, MOV to and from debug registers.
 */
#include "config.h"
#include "tcg/ops.h"
#include "tcg/system.h"

enum {
    DR6_FIXED = 0xffff0ff0,     /* read as ones */
    DR6_WRITABLE = 0xe00f,
    DR6_BD = 1 << 13,           /* an access to a debug register was caught */
    DR7_FIXED = 1 << 10,
    DR7_WRITABLE = 0xffff23ff,
    DR7_GD = 1 << 13,           /* catch such accesses */
};

/* DR4 and DR5 are names of DR6 and DR7, unless CR4.DE is set. */
static guint checked_register(TcgState *s, const TcgInsn *insn)
{
    guint reg = insn->reg;

    if (reg > 7 || ((reg == 4 || reg == 5) && s->cr4 & CR4_DE)) {
        tcg_raise(s, TCG_UD);
    }
    tcg_require_cpl0(s);
    if (s->dr[7] & DR7_GD) {
        s->dr[6] |= DR6_BD;
        s->dr[7] &= ~(guint64)DR7_GD;
        tcg_mode_update(s);
        tcg_raise(s, TCG_DB);
    }
    return reg == 4 || reg == 5 ? reg + 2 : reg;
}

TcgNext tcg_op_mov_from_dr(TcgState *s, const TcgInsn *insn)
{
    guint reg = checked_register(s, insn);
    guint64 value = s->dr[reg];

    value |= reg == 6 ? (guint32)DR6_FIXED : reg == 7 ? DR7_FIXED : 0;
    tcg_reg_write(s, insn->rm, value, tcg_is_64bit(s) ? 8 : 4, true);
    return TCG_GO_ON;
}

TcgNext tcg_op_mov_to_dr(TcgState *s, const TcgInsn *insn)
{
    guint reg = checked_register(s, insn);
    guint64 value = tcg_reg_read(s, insn->rm, tcg_is_64bit(s) ? 8 : 4, true);

    if (reg >= 6 && value >> 32) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (reg == 6) {
        value = (value & DR6_WRITABLE) | (guint32)DR6_FIXED;
    } else if (reg == 7) {
        value = (value & (guint32)DR7_WRITABLE) | DR7_FIXED;
    }
    s->dr[reg] = value;
    if (reg != 6) {
        /* Pages with data breakpoints are not cached. */
        tcg_tlb_flush(s);
        tcg_mode_update(s);
    }
    tcg_serialize();
    return TCG_NEXT;
}
