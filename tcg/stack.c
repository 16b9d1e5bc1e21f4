/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks: SDM vol. 1, section 6.2; stacks of inner levels: vol. 3A, sections 5.8.5 and 6.14.
 */
#include "config.h"
#include "tcg/segment.h"

void tcg_stack_begin(TcgState *s, TcgStack *stack, guint width)
{
    stack->segment = &s->segment[TCG_SS];
    stack->pointer = s->gpr[TCG_RSP];
    stack->mask = tcg_size_mask(width);
    stack->access = TCG_READ;
    stack->error = 0;
    stack->is_64bit = tcg_is_64bit(s);
}

void tcg_stack_present(TcgState *s, TcgStack *stack)
{
    tcg_stack_begin(s, stack, tcg_is_64bit(s) ? 8 : s->mode & TCG_MODE_STACK32 ? 4 : 2);
}

void tcg_stack_other(TcgState *s, TcgStack *stack, const TcgSegment *segment, guint64 pointer,
                     guint cpl, bool is_64bit)
{
    stack->segment = segment;
    stack->mask = tcg_size_mask(is_64bit ? 8 : segment->attributes & SEG_DB ? 4 : 2);
    /* A 16-bit stack preserves the upper half of ESP. */
    stack->pointer = (s->gpr[TCG_RSP] & ~stack->mask) | (pointer & stack->mask);
    /* With the privilege of the new level, not of the current one. */
    stack->access = cpl < 3 && tcg_cpl(s) != cpl ? TCG_SYSTEM : TCG_READ;
    stack->error = segment->selector & 0xfffc;
    stack->is_64bit = is_64bit;
}

static guint64 stack_linear(TcgState *s, const TcgStack *stack, guint64 offset, guint size)
{
    if (stack->is_64bit) {
        if (!tcg_is_canonical(offset) || !tcg_is_canonical(offset + size - 1)) {
            tcg_raise_error(s, TCG_SS_FAULT, stack->error);
        }
        return offset;
    }
    if (stack->segment->unusable || !tcg_segment_covers(stack->segment, offset, size)) {
        tcg_raise_error(s, TCG_SS_FAULT, stack->error);
    }
    return (guint32)(stack->segment->base + offset);
}

void tcg_stack_skip(TcgStack *stack, guint64 bytes)
{
    guint64 pointer = (stack->pointer + bytes) & stack->mask;

    stack->pointer = (stack->pointer & ~stack->mask) | pointer;
}

void tcg_stack_check(TcgState *s, const TcgStack *stack, guint count, guint size)
{
    TcgStack at = *stack;

    for (guint i = 0; i < count; i++) {
        tcg_stack_skip(&at, -(guint64)size);
        tcg_check_store(s, stack_linear(s, &at, at.pointer & at.mask, size), size,
                        TCG_WRITE | at.access);
    }
}

void tcg_stack_push(TcgState *s, TcgStack *stack, guint64 value, guint size)
{
    tcg_stack_skip(stack, -(guint64)size);
    tcg_store(s, stack_linear(s, stack, stack->pointer & stack->mask, size), value, size,
              TCG_WRITE | stack->access);
}

guint64 tcg_stack_peek(TcgState *s, const TcgStack *stack, guint64 offset, guint size)
{
    guint64 at = (stack->pointer + offset) & stack->mask;

    return tcg_load(s, stack_linear(s, stack, at, size), size, stack->access);
}

guint64 tcg_stack_pop(TcgState *s, TcgStack *stack, guint size)
{
    guint64 value = tcg_stack_peek(s, stack, 0, size);

    tcg_stack_skip(stack, size);
    return value;
}

/* 16 bits preserve the rest of ESP; 32 bits clear the upper half of RSP. */
void tcg_stack_commit(TcgState *s, const TcgStack *stack)
{
    s->gpr[TCG_RSP] = stack->mask == 0xffffffff ? (guint32)stack->pointer : stack->pointer;
}

/* ---- Inner levels ---- */

/* A value of the TSS; beyond its limit: #TS with TR's selector. */
static guint64 tss_load(TcgState *s, guint32 offset, guint size)
{
    if (offset + size - 1 > s->tr.limit) {
        tcg_raise_selector(s, TCG_TS, s->tr.selector);
    }
    return tcg_load(s, tcg_table_address(s, s->tr.base + offset), size, TCG_SYSTEM);
}

/* SDM vol. 3A, figure 7-11. */
static void inner_stack_long(TcgState *s, guint cpl, guint ist, TcgInnerStack *ret_stack)
{
    ret_stack->pointer = tss_load(s, ist ? 28 + 8 * ist : 4 + 8 * cpl, 8);
    if (!tcg_is_canonical(ret_stack->pointer)) {
        tcg_raise_error(s, TCG_SS_FAULT, 0);
    }
    tcg_stack_segment_null(&ret_stack->segment, cpl);
}

void tcg_inner_stack(TcgState *s, guint cpl, guint ist, TcgInnerStack *ret_stack)
{
    guint16 selector;

    if (tcg_is_long(s)) {
        inner_stack_long(s, cpl, ist, ret_stack);
        return;
    }
    if (s->tr.attributes & 8 << SEG_TYPE_SHIFT) {
        /* The limit is checked for the whole entry before any of it is used. */
        selector = tss_load(s, 8 + 8 * cpl, 2);
        ret_stack->pointer = tss_load(s, 4 + 8 * cpl, 4);
    } else {
        selector = tss_load(s, 4 + 4 * cpl, 2);
        ret_stack->pointer = tss_load(s, 2 + 4 * cpl, 2);
    }
    if (tcg_selector_is_null(selector)) {
        tcg_raise_error(s, TCG_TS, 0);
    }
    tcg_stack_descriptor(s, selector, cpl, TCG_TS, &ret_stack->descriptor);
    tcg_descriptor_segment(&ret_stack->descriptor, selector, &ret_stack->segment);
}

void tcg_inner_stack_load(TcgState *s, TcgInnerStack *stack)
{
    if (!tcg_is_long(s)) {
        tcg_descriptor_accessed(s, &stack->descriptor);
        stack->segment.attributes |= SEG_ACCESSED;
    }
    s->segment[TCG_SS] = stack->segment;
}
