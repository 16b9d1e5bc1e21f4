/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical pages as generated and light code sees them: a directory by guest
 * physical address of what lies there, read without a lock.  It changes only
 * while no vCPU runs (slots_commit), but for the flags, which are atomic.
 */
#ifndef TCG_MEMORY_H
#define TCG_MEMORY_H

#include "tcg/light.h"

struct TcgBlock;

typedef struct {
    guint8 *page;               /* on the host; NULL: MMIO */
    guint32 flags;              /* TCG_PAGE_*, atomic */
    /* Bits by 64 bytes of the page: whether translated code has bytes there. */
    guint64 code;               /* atomic */
    struct TcgBlock *blocks;    /* that have bytes here; under TcgAccel.translate */
} TcgPhysPage;

/* The page of a guest physical address, or NULL: nothing, so MMIO.  Light. */
TcgPhysPage *tcg_phys_page(TcgState *s, guint64 gpa);

/* ---- Self-modifying code; cache.c.  Light, called by whoever writes guest RAM. ---- */

/* Bytes of a page with TCG_PAGE_CODE are about to change, or have changed: drops the blocks
 * that lie there. */
void tcg_code_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size);

#endif
