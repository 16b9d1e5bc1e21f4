/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLB lookups by C.
 */
#ifndef TCG_TLB_H
#define TCG_TLB_H

#include "tcg/light.h"

/* The table for an access: that of CPL and EFLAGS.AC, or of the system. */
static inline TcgTlbEntry *tcg_tlb_table(TcgState *s, TcgAccess access)
{
    return s->tlb[access & TCG_SYSTEM ? TCG_TLB_KERNEL : tcg_tlb_index(s->mode)];
}

/* The host address of size bytes at linear, if they are in one page that may be accessed without
 * C; else NULL.  Not for fetches: a readable page need not be executable. */
static inline guint8 *tcg_tlb_find(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    const TcgTlbEntry *entry = &tcg_tlb_table(s, access)[linear >> 12 & (TCG_TLB_SIZE - 1)];
    guint64 offset = linear ^ (access & TCG_WRITE ? entry->tag_write : entry->tag_read);

    return offset <= 4096 - size && !(access & TCG_FETCH) ? entry->page + offset : NULL;
}

/* The same for a page that is known to have no memory: its address. */
static inline bool tcg_tlb_find_device(const TcgState *s, guint64 linear, TcgAccess access,
                                       guint64 *ret_gpa)
{
    const TcgDevicePage *page =
        &s->device[tcg_tlb_index(s->mode)][linear >> 12 & (TCG_N_DEVICE_PAGES - 1)];

    *ret_gpa = page->gpa | (linear & 0xfff);
    return (access & TCG_WRITE ? page->tag_write : page->tag_read) == ((linear & ~0xfffull) | 1);
}

#endif
