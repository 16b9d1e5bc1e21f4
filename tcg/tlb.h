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
    if (tcg_cpl(s) == 3) {
        return s->tlb[TCG_TLB_USER];
    }
    return s->tlb[s->mode & TCG_MODE_AC || !(s->cr4 & CR4_SMAP) ? TCG_TLB_KERNEL_AC
                                                                : TCG_TLB_KERNEL];
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
