/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors in the GDT and the LDT: SDM vol. 3A, sections 3.4.5 and 3.5.
 *
 * Tables are accessed as supervisor, whatever CPL is.
 */
#include "config.h"
#include "tcg/segment.h"

void tcg_raise_selector(TcgState *s, guint8 vector, guint16 selector)
{
    tcg_raise_error(s, vector, selector & 0xfffc);
}

/* Finds the table's entry; false: size bytes of it are not all in the table. */
static bool find(const TcgState *s, guint16 selector, guint size, guint64 *ret_address)
{
    guint32 offset = selector & 0xfff8;
    guint64 base = selector & 4 ? s->ldt.base : s->gdt.base;
    guint32 limit = selector & 4 ? s->ldt.limit : s->gdt.limit;

    if ((selector & 4 && s->ldt.unusable) || offset + size - 1 > limit) {
        return false;
    }
    *ret_address = tcg_table_address(s, base + offset);
    return true;
}

bool tcg_descriptor_read(TcgState *s, guint16 selector, TcgDescriptor *ret_descriptor)
{
    guint64 address, value;

    if (!find(s, selector, 8, &address)) {
        return false;
    }
    value = tcg_load(s, address, 8, TCG_SYSTEM);
    ret_descriptor->address = address;
    ret_descriptor->low = value;
    ret_descriptor->high = value >> 32;
    ret_descriptor->upper = 0;
    ret_descriptor->selector = selector;
    return true;
}

void tcg_descriptor_get(TcgState *s, guint16 selector, guint8 vector,
                        TcgDescriptor *ret_descriptor)
{
    if (!tcg_descriptor_read(s, selector, ret_descriptor)) {
        tcg_raise_selector(s, vector, selector);
    }
}

void tcg_descriptor_get_upper(TcgState *s, guint8 vector, TcgDescriptor *d)
{
    guint64 address, value;

    if (!find(s, d->selector, 16, &address)) {
        tcg_raise_selector(s, vector, d->selector);
    }
    value = tcg_load(s, address + 8, 8, TCG_SYSTEM);
    if (value >> 32 & 0x1f00) {
        tcg_raise_selector(s, vector, d->selector);
    }
    d->upper = value;
}

static void write_type(TcgState *s, const TcgDescriptor *d)
{
    tcg_store(s, tcg_table_address(s, d->address + 5), d->high >> 8 & 0xff, 1,
              TCG_WRITE | TCG_SYSTEM);
}

void tcg_descriptor_accessed(TcgState *s, TcgDescriptor *d)
{
    if (!(d->high & SEG_ACCESSED)) {
        d->high |= SEG_ACCESSED;
        write_type(s, d);
    }
}

void tcg_descriptor_busy(TcgState *s, TcgDescriptor *d, bool busy)
{
    guint32 bit = SYS_BUSY << SEG_TYPE_SHIFT;

    d->high = busy ? d->high | bit : d->high & ~bit;
    write_type(s, d);
}

guint32 tcg_descriptor_limit(const TcgDescriptor *d)
{
    guint32 limit = (d->low & 0xffff) | (d->high & 0xf0000);

    return d->high & SEG_G ? limit << 12 | 0xfff : limit;
}

guint64 tcg_descriptor_base(const TcgDescriptor *d)
{
    guint32 base = d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000);

    return (guint64)d->upper << 32 | base;
}

void tcg_descriptor_segment(const TcgDescriptor *d, guint16 selector, TcgSegment *ret_segment)
{
    ret_segment->base = tcg_descriptor_base(d);
    ret_segment->limit = tcg_descriptor_limit(d);
    ret_segment->attributes = d->high & 0x00f0ff00;
    ret_segment->selector = selector;
    ret_segment->unusable = 0;
    ret_segment->reserved = 0;
    tcg_segment_cached(ret_segment);
}
