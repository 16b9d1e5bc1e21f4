/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLB as C looks into it.
 */
#ifndef TCG_TLB_H
#define TCG_TLB_H

#include "tcg/light.h"

/* The table for accesses as CPL and EFLAGS.AC say. */
static inline TcgTlbEntry *tcg_tlb_table(TcgState *s)
{
    return s->tlb[tcg_tlb_index(s->mode)];
}

/* Where size bytes at linear lie on the host, if they are in one page that may be accessed
 * without C's looking; else NULL. */
static inline guint8 *tcg_tlb_find(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    const TcgTlbEntry *entry = &tcg_tlb_table(s)[linear >> 12 & (TCG_TLB_SIZE - 1)];
    guint64 offset = linear ^ (access & TCG_WRITE ? entry->tag_write : entry->tag_read);

    return offset <= 4096 - size ? entry->page + offset : NULL;
}

#endif
