/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment registers: checking accesses through them, and loading them.
 *
 * Sources: SDM vol. 3A, sections 3.4 (registers), 5.3 to 5.7 (limit, type and privilege checks),
 * 20.1 (real mode); vol. 2, MOV and LDS.
 */
#include "config.h"
#include "tcg/segment.h"

bool tcg_segment_covers(const TcgSegment *segment, guint64 offset, guint size)
{
    guint64 last = offset + size - 1;

    if ((segment->attributes & (SEG_S | SEG_CODE | SEG_CE)) == (SEG_S | SEG_CE)) {
        /* Expand-down: valid above the limit. */
        return offset > segment->limit &&
               last <= (segment->attributes & SEG_DB ? 0xffffffff : 0xffff);
    }
    return last <= segment->limit;
}

/* SDM vol. 3A, section 5.4: real and V86 mode check limits only. */
static bool may_access(const TcgState *s, const TcgSegment *segment, TcgAccess access)
{
    if (!tcg_is_protected(s)) {
        return true;
    }
    if (segment->unusable) {
        return false;
    }
    if (segment->attributes & SEG_CODE) {
        return !(access & TCG_WRITE) && segment->attributes & SEG_RW;
    }
    return !(access & TCG_WRITE) || segment->attributes & SEG_RW;
}

static guint64 linear_64bit(TcgState *s, guint segment, guint64 offset, guint size)
{
    bool has_base = segment == TCG_FS || segment == TCG_GS;
    guint64 linear = has_base ? s->segment[segment].base + offset : offset;

    if (!tcg_is_canonical(linear) || !tcg_is_canonical(linear + size - 1)) {
        tcg_raise_error(s, segment == TCG_SS ? TCG_SS_FAULT : TCG_GP, 0);
    }
    return linear;
}

guint64 tcg_linear(TcgState *s, guint segment, guint64 offset, guint size, TcgAccess access)
{
    const TcgSegment *seg = &s->segment[segment];

    if (tcg_is_64bit(s)) {
        return linear_64bit(s, segment, offset, size);
    }
    if (!may_access(s, seg, access) || !tcg_segment_covers(seg, offset, size)) {
        tcg_raise_error(s, segment == TCG_SS ? TCG_SS_FAULT : TCG_GP, 0);
    }
    return (guint32)(seg->base + offset);
}

void tcg_segment_cached(TcgSegment *segment)
{
    guint32 attributes = segment->attributes;
    guint64 end = (guint64)segment->limit + 1;
    bool readable = !(attributes & SEG_CODE) || attributes & SEG_RW;
    bool writable = (attributes & (SEG_CODE | SEG_RW)) == SEG_RW;
    bool expand_down = (attributes & (SEG_CODE | SEG_CE)) == SEG_CE;

    if (segment->unusable || expand_down) {
        readable = writable = false;
    }
    segment->end_read = readable ? end : 0;
    segment->end_write = writable ? end : 0;
}

/* The base MSRs of FS and GS are separate: a null selector clears the base as well. */
void tcg_segment_null(TcgSegment *segment, guint16 selector)
{
    segment->base = 0;
    segment->limit = 0;
    segment->attributes = 0;
    segment->selector = selector;
    segment->unusable = 1;
    tcg_segment_cached(segment);
}

void tcg_stack_segment_null(TcgSegment *segment, guint cpl)
{
    tcg_segment_null(segment, cpl);
    segment->attributes = cpl << SEG_DPL_SHIFT;
}

void tcg_segment_set_real(const TcgState *s, TcgSegment *segment, guint16 selector)
{
    if (s->eflags & EFLAGS_VM) {
        segment->limit = 0xffff;
        segment->attributes = SEG_P | SEG_DPL | SEG_S | SEG_RW | SEG_ACCESSED;
    } else if (segment->unusable) {
        segment->limit = 0xffff;
        segment->attributes = SEG_P | SEG_S | SEG_RW | SEG_ACCESSED;
    }
    segment->base = selector << 4;
    segment->selector = selector;
    segment->unusable = 0;
    tcg_segment_cached(segment);
}

/* Limit and rights of real mode are those of the last load in protected mode, as on processors
 * ("big real mode"). */
void tcg_segment_load_real(TcgState *s, guint segment, guint16 selector)
{
    tcg_segment_set_real(s, &s->segment[segment], selector);
    tcg_mode_update(s);
}

void tcg_stack_descriptor(TcgState *s, guint16 selector, guint cpl, guint8 vector,
                          TcgDescriptor *ret_descriptor)
{
    TcgDescriptor *d = ret_descriptor;

    tcg_descriptor_get(s, selector, vector, d);
    if ((selector & 3) != cpl || !tcg_descriptor_is_writable_data(d) ||
        tcg_descriptor_dpl(d) != cpl) {
        tcg_raise_selector(s, vector, selector);
    }
    if (!(d->high & SEG_P)) {
        tcg_raise_selector(s, TCG_SS_FAULT, selector);
    }
}

static void load_stack_segment(TcgState *s, guint16 selector)
{
    TcgDescriptor d;

    if (tcg_selector_is_null(selector)) {
        if (!tcg_is_64bit(s) || tcg_cpl(s) == 3 || (selector & 3) != tcg_cpl(s)) {
            tcg_raise_error(s, TCG_GP, 0);
        }
        tcg_stack_segment_null(&s->segment[TCG_SS], tcg_cpl(s));
        return;
    }
    tcg_stack_descriptor(s, selector, tcg_cpl(s), TCG_GP, &d);
    tcg_descriptor_accessed(s, &d);
    tcg_descriptor_segment(&d, selector, &s->segment[TCG_SS]);
}

/* Data, or code that can be read, and privileged enough unless it is conforming. */
static bool is_data_for(const TcgDescriptor *d, guint rpl, guint cpl)
{
    guint dpl = tcg_descriptor_dpl(d);

    if (!(d->high & SEG_S) || (d->high & (SEG_CODE | SEG_RW)) == SEG_CODE) {
        return false;
    }
    if (tcg_descriptor_is_code(d) && tcg_descriptor_is_conforming(d)) {
        return true;
    }
    return rpl <= dpl && cpl <= dpl;
}

void tcg_segment_load_data(TcgState *s, guint segment, guint16 selector, guint8 vector)
{
    TcgDescriptor d;

    if (tcg_selector_is_null(selector)) {
        tcg_segment_null(&s->segment[segment], selector);
        return;
    }
    tcg_descriptor_get(s, selector, vector, &d);
    if (!is_data_for(&d, selector & 3, tcg_cpl(s))) {
        tcg_raise_selector(s, vector, selector);
    }
    if (!(d.high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
    tcg_descriptor_accessed(s, &d);
    tcg_descriptor_segment(&d, selector, &s->segment[segment]);
}

void tcg_segment_load(TcgState *s, guint segment, guint16 selector)
{
    if (!tcg_is_protected(s)) {
        tcg_segment_load_real(s, segment, selector);
        return;
    }
    if (segment == TCG_SS) {
        load_stack_segment(s, selector);
    } else {
        tcg_segment_load_data(s, segment, selector, TCG_GP);
    }
    tcg_mode_update(s);
}

void tcg_code_load(TcgState *s, TcgDescriptor *d, guint cpl)
{
    tcg_descriptor_accessed(s, d);
    tcg_descriptor_segment(d, (d->selector & ~3) | cpl, &s->segment[TCG_CS]);
}

/* SDM vol. 2, RET: "to outer privilege level". */
void tcg_segments_drop(TcgState *s, guint cpl)
{
    static const guint8 data[] = { TCG_ES, TCG_DS, TCG_FS, TCG_GS };

    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        TcgSegment *segment = &s->segment[data[i]];
        guint dpl = (segment->attributes & SEG_DPL) >> SEG_DPL_SHIFT;
        bool conforming = (segment->attributes & (SEG_CODE | SEG_CE)) == (SEG_CODE | SEG_CE);
        /* Software set the bases of FS and GS by MSRs, without a segment. */
        bool only_base = tcg_is_long(s) && data[i] >= TCG_FS &&
                         tcg_selector_is_null(segment->selector);

        if (!segment->unusable && !only_base && !conforming && dpl < cpl) {
            tcg_segment_null(segment, 0);
        }
    }
}

static void check_target(TcgState *s, bool is_64bit, guint32 limit, guint64 ip)
{
    if (is_64bit ? !tcg_is_canonical(ip) : ip > limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

void tcg_check_target(TcgState *s, guint64 ip)
{
    check_target(s, tcg_is_64bit(s), s->segment[TCG_CS].limit, ip);
}

void tcg_check_target_in(TcgState *s, const TcgDescriptor *code, guint64 ip)
{
    check_target(s, tcg_is_long(s) && code->high & SEG_L, tcg_descriptor_limit(code), ip);
}
