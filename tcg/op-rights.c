/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that check a selector or an index: SDM vol.  2, LAR, LSL, VERR, VERW, ARPL,
 * BOUND.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

enum {
    LAR_RIGHTS = 0x00f0ff00,
    TYPES_LSL_LONG = 1 << SYS_LDT | 1 << SYS_TSS32 | 1 << SYS_TSS32_BUSY,
    TYPES_LSL = TYPES_LSL_LONG | 1 << SYS_TSS16 | 1 << SYS_TSS16_BUSY,
    TYPES_LAR_LONG = TYPES_LSL_LONG | 1 << SYS_CALL32,
    TYPES_LAR = TYPES_LSL | 1 << SYS_CALL16 | 1 << SYS_CALL32 | 1 << SYS_TASK_GATE,
};

static void require_protected(TcgState *s)
{
    if (!tcg_is_protected(s)) {
        tcg_raise(s, TCG_UD);
    }
}

static void set_zf(TcgState *s, bool zf)
{
    guint32 eflags = tcg_eflags(s) & ~(guint32)EFLAGS_ZF;

    tcg_set_arithmetic(s, eflags | (zf ? EFLAGS_ZF : 0));
}

/* CPL and the selector's RPL reach the descriptor. */
static bool is_reachable(const TcgState *s, const TcgDescriptor *d)
{
    guint dpl = tcg_descriptor_dpl(d);

    return tcg_cpl(s) <= dpl && (d->selector & 3u) <= dpl;
}

static bool is_conforming_code(const TcgDescriptor *d)
{
    return tcg_descriptor_is_code(d) && tcg_descriptor_is_conforming(d);
}

/* The descriptor if the program may see it; types: of system descriptors. */
static bool look(TcgState *s, guint16 selector, guint32 types, TcgDescriptor *ret_d)
{
    if (tcg_selector_is_null(selector) || !tcg_descriptor_read(s, selector, ret_d)) {
        return false;
    }
    if (!(ret_d->high & SEG_S) && !(types >> tcg_descriptor_type(ret_d) & 1)) {
        return false;
    }
    return is_conforming_code(ret_d) || is_reachable(s, ret_d);
}

TcgNext tcg_op_lar(TcgState *s, const TcgInsn *insn)
{
    TcgDescriptor d;
    bool found;

    require_protected(s);
    found = look(s, tcg_rm_read(s, insn, 2), tcg_is_long(s) ? TYPES_LAR_LONG : TYPES_LAR, &d);
    if (found) {
        tcg_reg_write(s, insn->reg, d.high & LAR_RIGHTS, insn->operand_size, true);
    }
    set_zf(s, found);
    return TCG_GO_ON;
}

TcgNext tcg_op_lsl(TcgState *s, const TcgInsn *insn)
{
    TcgDescriptor d;
    bool found;

    require_protected(s);
    found = look(s, tcg_rm_read(s, insn, 2), tcg_is_long(s) ? TYPES_LSL_LONG : TYPES_LSL, &d);
    if (found) {
        tcg_reg_write(s, insn->reg, tcg_descriptor_limit(&d), insn->operand_size, true);
    }
    set_zf(s, found);
    return TCG_GO_ON;
}

TcgNext tcg_op_verr(TcgState *s, const TcgInsn *insn)
{
    TcgDescriptor d;
    bool readable;

    require_protected(s);
    readable = look(s, tcg_rm_read(s, insn, 2), 0, &d) &&
               (!tcg_descriptor_is_code(&d) || d.high & SEG_RW);
    set_zf(s, readable);
    return TCG_GO_ON;
}

TcgNext tcg_op_verw(TcgState *s, const TcgInsn *insn)
{
    TcgDescriptor d;
    bool writable;

    require_protected(s);
    writable = look(s, tcg_rm_read(s, insn, 2), 0, &d) && tcg_descriptor_is_writable_data(&d);
    set_zf(s, writable);
    return TCG_GO_ON;
}

TcgNext tcg_op_arpl(TcgState *s, const TcgInsn *insn)
{
    guint16 selector, rpl;
    bool raises;

    require_protected(s);
    selector = tcg_rm_read(s, insn, 2);
    rpl = tcg_reg_read(s, insn->reg, 2, false) & 3;
    raises = (selector & 3) < rpl;
    if (raises) {
        tcg_rm_write(s, insn, (selector & ~3) | rpl, 2);
    }
    set_zf(s, raises);
    return TCG_GO_ON;
}

TcgNext tcg_op_bound(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->operand_size;
    guint64 linear = tcg_operand_linear(s, insn, 2 * size, TCG_READ);
    gint64 index = tcg_sign_extend(tcg_reg_read(s, insn->reg, size, false), size);
    gint64 lower = tcg_sign_extend(tcg_load(s, linear, size, TCG_READ), size);
    gint64 upper =
        tcg_sign_extend(tcg_load(s, (guint32)(linear + size), size, TCG_READ), size);

    if (index < lower || index > upper) {
        tcg_raise(s, TCG_BR);
    }
    return TCG_GO_ON;
}
