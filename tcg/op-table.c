/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of descriptor tables and the task register: SDM vol. 2, LGDT, LIDT, SGDT, SIDT, LLDT,
 * SLDT, LTR, STR.
 */
#include "config.h"
#include "tcg/ops.h"

#include "tcg/segment.h"

static TcgNext load_table(TcgState *s, const TcgInsn *insn, TcgTable *table)
{
    guint size = tcg_is_64bit(s) ? 8 : 4;
    guint64 linear, base;
    guint32 limit;

    tcg_require_cpl0(s);
    linear = tcg_operand_linear(s, insn, 2 + size, TCG_READ);
    limit = tcg_load(s, linear, 2, TCG_READ);
    base = tcg_load(s, size == 8 ? linear + 2 : (guint32)(linear + 2), size, TCG_READ);
    if (size == 8 && !tcg_is_canonical(base)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    table->limit = limit;
    table->base = insn->operand_size == 2 && size == 4 ? base & 0xffffff : base;
    tcg_serialize();
    return TCG_GO_ON;
}

static void refuse_by_umip(TcgState *s)
{
    if (s->cr4 & CR4_UMIP && tcg_cpl(s) > 0) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

/* All 32 bits of the base are stored whatever the operand size, as processors do. */
static TcgNext store_table(TcgState *s, const TcgInsn *insn, const TcgTable *table)
{
    guint size = tcg_is_64bit(s) ? 8 : 4;
    guint64 linear, base_linear;

    refuse_by_umip(s);
    linear = tcg_operand_linear(s, insn, 2 + size, TCG_WRITE);
    base_linear = size == 8 ? linear + 2 : (guint32)(linear + 2);
    tcg_check_store(s, base_linear, size, TCG_WRITE);
    tcg_store(s, linear, table->limit, 2, TCG_WRITE);
    tcg_store(s, base_linear, table->base, size, TCG_WRITE);
    return TCG_GO_ON;
}

TcgNext tcg_op_lgdt(TcgState *s, const TcgInsn *insn)
{
    return load_table(s, insn, &s->gdt);
}

TcgNext tcg_op_lidt(TcgState *s, const TcgInsn *insn)
{
    return load_table(s, insn, &s->idt);
}

TcgNext tcg_op_sgdt(TcgState *s, const TcgInsn *insn)
{
    return store_table(s, insn, &s->gdt);
}

TcgNext tcg_op_sidt(TcgState *s, const TcgInsn *insn)
{
    return store_table(s, insn, &s->idt);
}

/* Real and V86 mode have neither LDT nor tasks. */
static void require_protected(TcgState *s)
{
    if (!tcg_is_protected(s)) {
        tcg_raise(s, TCG_UD);
    }
}

/* A system descriptor in the GDT whose type is in `types`. */
static void find_system(TcgState *s, guint16 selector, guint32 types, TcgDescriptor *ret_d)
{
    if (selector & 4) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    tcg_descriptor_get(s, selector, TCG_GP, ret_d);
    if (ret_d->high & SEG_S || !(types >> tcg_descriptor_type(ret_d) & 1)) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    if (!(ret_d->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
    if (tcg_is_long(s)) {
        tcg_descriptor_get_upper(s, TCG_GP, ret_d);
        if (!tcg_is_canonical(tcg_descriptor_base(ret_d))) {
            tcg_raise_selector(s, TCG_GP, selector);
        }
    }
}

TcgNext tcg_op_lldt(TcgState *s, const TcgInsn *insn)
{
    guint16 selector;
    TcgDescriptor d;

    require_protected(s);
    tcg_require_cpl0(s);
    selector = tcg_rm_read(s, insn, 2);
    if (tcg_selector_is_null(selector)) {
        tcg_segment_null(&s->ldt, selector);
        return TCG_GO_ON;
    }
    find_system(s, selector, 1u << SYS_LDT, &d);
    tcg_descriptor_segment(&d, selector, &s->ldt);
    tcg_serialize();
    return TCG_GO_ON;
}

TcgNext tcg_op_ltr(TcgState *s, const TcgInsn *insn)
{
    guint32 types = 1u << SYS_TSS32 | (tcg_is_long(s) ? 0 : 1u << SYS_TSS16);
    guint16 selector;
    TcgDescriptor d;

    require_protected(s);
    tcg_require_cpl0(s);
    selector = tcg_rm_read(s, insn, 2);
    if (tcg_selector_is_null(selector)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    find_system(s, selector, types, &d);
    tcg_descriptor_busy(s, &d, true);
    tcg_serialize();
    tcg_descriptor_segment(&d, selector, &s->tr);
    return TCG_GO_ON;
}

static TcgNext store_selector(TcgState *s, const TcgInsn *insn, guint16 selector)
{
    require_protected(s);
    refuse_by_umip(s);
    tcg_rm_write(s, insn, selector, insn->has_memory ? 2 : insn->operand_size);
    return TCG_GO_ON;
}

TcgNext tcg_op_sldt(TcgState *s, const TcgInsn *insn)
{
    return store_selector(s, insn, s->ldt.selector);
}

TcgNext tcg_op_str(TcgState *s, const TcgInsn *insn)
{
    return store_selector(s, insn, s->tr.selector);
}
