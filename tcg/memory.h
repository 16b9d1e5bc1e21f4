/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical memory for generated and light code: the mapping of ranges to
 * host memory, and data about each page.  Read without a lock.
 *
 * Ranges change only while no vCPU runs (slots_commit).  Data about a page is
 * kept by host page, since memory may be mapped at two addresses: in arrays, one
 * for each GiB of host addresses that slots use, of which only the touched parts
 * use memory.
 */
#ifndef TCG_MEMORY_H
#define TCG_MEMORY_H

#include "tcg/light.h"

struct TcgBlock;

struct TcgPhysPage {
    guint8 *page;               /* on the host; set at the first lookup */
    guint32 flags;              /* TCG_PAGE_CODE, TCG_PAGE_LOG, atomic */
    guint16 writers;            /* TcgState.writer of those that may have it in a TLB; atomic */
    guint16 idle;               /* writes that came to C since its last block; atomic */
    /* Bits by 64 bytes of the page: whether translated code has bytes there. */
    guint64 code;               /* atomic */
    struct TcgBlock *blocks;    /* that have bytes here; under TcgAccel.translate */
};

G_STATIC_ASSERT(sizeof(TcgPhysPage) == 32);

typedef struct TcgSlots TcgSlots;

typedef struct {
    guint64 gpa, size;
    guint64 delta;              /* host address minus gpa */
    guint32 flags;              /* TCG_PAGE_ROM: of the range, not of the host's page */
} TcgRange;

enum {
    TCG_N_LARGE_RANGES = 4,
    TCG_GRANULE_SHIFT = 30,
    TCG_HVA_BITS = 47,          /* Linux's default address space of a process */
};

typedef struct {
    TcgPhysPage *pages;         /* of 1 GiB of host addresses */
    /* A bit for each page that has, or had, flags: scans of many pages skip the others. */
    guint64 *noted;             /* atomic */
    guint users;                /* slots */
} TcgGranule;

struct TcgMemory {
    /* The largest ranges, checked first; nearly all accesses are to one of them. */
    TcgRange large[TCG_N_LARGE_RANGES];
    TcgRange *ranges;           /* all, sorted */
    guint n_ranges;
    TcgGranule *granules;       /* by host address >> TCG_GRANULE_SHIFT */
    TcgSlots *slots;            /* used by slots.c */
};

/* ---- phys.c; light, or while the ranges cannot change ---- */

/* The range of a guest physical address that is not in one of the largest ones, or NULL. */
const TcgRange *tcg_range_search(const TcgMemory *memory, guint64 gpa);

/* An access of at most 4096 bytes where there is no memory. */
void tcg_device_access(TcgState *s, guint64 gpa, guint8 *data, guint size, bool is_write);

/* Copies in the largest possible pieces, to preserve atomicity. */
void tcg_copy(guint8 *to, const guint8 *from, guint size);

/* The page of a guest physical address, or NULL: MMIO. */
TcgPhysPage *tcg_phys_page(TcgState *s, guint64 gpa);

static inline const TcgRange *tcg_range_find(const TcgMemory *memory, guint64 gpa)
{
    for (guint i = 0; i < TCG_N_LARGE_RANGES; i++) {
        if (gpa - memory->large[i].gpa < memory->large[i].size) {
            return &memory->large[i];
        }
    }
    return tcg_range_search(memory, gpa);
}

static inline guint8 *tcg_range_hva(const TcgRange *range, guint64 gpa)
{
    return (guint8 *)(guintptr)(gpa + range->delta);
}

static inline const TcgGranule *tcg_host_granule(const TcgMemory *memory, const guint8 *hva)
{
    return &memory->granules[(guintptr)hva >> TCG_GRANULE_SHIFT];
}

/* Index of the page in its granule. */
static inline guint tcg_page_index(const guint8 *hva)
{
    return (guintptr)hva >> 12 & ((1u << (TCG_GRANULE_SHIFT - 12)) - 1);
}

static inline TcgPhysPage *tcg_host_page(const TcgMemory *memory, const guint8 *hva)
{
    return &tcg_host_granule(memory, hva)->pages[tcg_page_index(hva)];
}

/* Sets flags of the page, and returns the old ones. */
static inline guint32 tcg_page_set_flags(const TcgMemory *memory, const guint8 *hva, guint32 flags)
{
    const TcgGranule *granule = tcg_host_granule(memory, hva);
    guint i = tcg_page_index(hva);

    __atomic_fetch_or(&granule->noted[i / 64], 1ull << i % 64, __ATOMIC_RELAXED);
    return __atomic_fetch_or(&granule->pages[i].flags, flags, __ATOMIC_RELEASE);
}

static inline guint32 tcg_page_flags(const TcgPhysPage *page)
{
    return __atomic_load_n(&page->flags, __ATOMIC_ACQUIRE);
}

/*
 * The vCPU is about to write to the page without telling, until its TLB is next protected or it
 * leaves light code.  Returns the flags; if there are any, it must not.  See make_code() in
 * publish.c.
 */
static inline guint32 tcg_page_claim(const TcgState *s, TcgPhysPage *page)
{
    if (!(__atomic_load_n(&page->writers, __ATOMIC_ACQUIRE) & s->writer)) {
        __atomic_fetch_or(&page->writers, s->writer, __ATOMIC_SEQ_CST);
    }
    return tcg_page_flags(page);
}

/* The flags after a write: the fence is between the two, since a vCPU that translates sets the
 * flag first, and reads the bytes then. */
static inline guint32 tcg_page_flags_after_write(const TcgPhysPage *page)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return tcg_page_flags(page);
}

/* Whether translated code has bytes among the size bytes at gpa, within a page. */
static inline bool tcg_page_has_code(const TcgPhysPage *page, guint64 gpa, guint64 size)
{
    guint first = gpa >> 6 & 63, last = (gpa + size - 1) >> 6 & 63;
    guint64 bits = (~0ull >> (63 - last)) & (~0ull << first);

    return tcg_page_flags(page) & TCG_PAGE_CODE &&
           __atomic_load_n(&page->code, __ATOMIC_ACQUIRE) & bits;
}

/* ---- Self-modifying code; cache.c.  Light; called by code that writes guest RAM. ---- */

/* Bytes of a page with TCG_PAGE_CODE are about to change, or have changed: drops the blocks
 * there. */
void tcg_code_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size);

/* ---- phys.c, for those who write through a host address ---- */

/* Bytes of a page with flags have changed: marks it dirty, and drops code there. */
void tcg_page_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size);

#endif
