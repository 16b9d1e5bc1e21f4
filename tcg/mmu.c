/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linear to physical addresses: SDM vol. 3A, chapter 4 ("Paging").  32-bit, PAE
 * and 4-level paging with all sizes of pages.
 *
 * As on processors, entries that point to tables get their A bit as soon as they
 * are used, the one that maps the page only after the permission check.  PAE's
 * four page directory pointers are read at each walk: the operations by which
 * the SDM loads them (MOV to CR3 and others) flush the TLB anyway.  Not
 * modelled: protection keys, 5-level paging, PCIDs.
 */
#include "config.h"
#include "tcg/memory.h"

/* Entries of all levels; a leaf has D, G, and above the last level PS set. */
#define ENTRY_P   (1ull << 0)
#define ENTRY_W   (1ull << 1)
#define ENTRY_U   (1ull << 2)
#define ENTRY_A   (1ull << 5)
#define ENTRY_D   (1ull << 6)
#define ENTRY_PS  (1ull << 7)
#define ENTRY_G   (1ull << 8)
#define ENTRY_NX  (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define PDPTE_RESERVED 0x1e6ull         /* of PAE's: bits 1, 2, 5 to 8 */

/* SDM vol. 3A, section 4.7: the error code. */
enum {
    ERROR_P = 1 << 0, ERROR_W = 1 << 1, ERROR_U = 1 << 2, ERROR_RSVD = 1 << 3, ERROR_I = 1 << 4,
};

typedef enum {
    WALK_OK,
    WALK_FAULT,
    WALK_AGAIN,                 /* an entry changed meanwhile */
} WalkResult;

typedef struct {
    guint64 entry;              /* the leaf */
    guint64 entry_gpa;
    guint8 *entry_at;           /* on the host */
    guint64 rights;             /* ENTRY_W, ENTRY_U, and ENTRY_NX if it may be executed */
    guint64 base;               /* of the page */
    guint shift;                /* log2 of its size */
    guint entry_size;
} Leaf;

static inline bool as_user(const TcgState *s, TcgAccess access)
{
    return !(access & TCG_SYSTEM) && tcg_cpl(s) == 3;
}

static bool fault(TcgState *s, guint64 linear, TcgAccess access, guint32 error)
{
    bool says_fetch = s->cr4 & CR4_SMEP || (s->cr4 & CR4_PAE && s->efer & EFER_NXE);

    error |= access & TCG_WRITE ? ERROR_W : 0;
    error |= as_user(s, access) ? ERROR_U : 0;
    error |= access & TCG_FETCH && says_fetch ? ERROR_I : 0;
    s->fault_address = linear;
    s->fault_error = error;
    return false;
}

/* ---- Entries ---- */

/* Where an entry is on the host, or NULL: not in memory, so it reads as not present. */
static inline guint8 *entry_find(TcgState *s, guint64 gpa)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa & s->a20_mask);

    return G_LIKELY(range) ? tcg_range_hva(range, gpa & s->a20_mask) : NULL;
}

static inline guint64 entry_read(const guint8 *at, guint size)
{
    if (!at) {
        return 0;
    }
    return size == 8 ? __atomic_load_n((const guint64 *)at, __ATOMIC_RELAXED)
                     : __atomic_load_n((const guint32 *)at, __ATOMIC_RELAXED);
}

static bool entry_exchange(guint8 *at, guint size, guint64 old, guint64 value)
{
    guint32 old4 = old;

    return size == 8 ? __atomic_compare_exchange_n((guint64 *)at, &old, value, false,
                                                   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
                     : __atomic_compare_exchange_n((guint32 *)at, &old4, (guint32)value, false,
                                                   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Sets A and D bits.  False: the entry has changed.  In ROM they do not change. */
static bool entry_mark(TcgState *s, guint64 gpa, guint8 *at, guint size, guint64 entry,
                       guint64 bits)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa & s->a20_mask);
    TcgPhysPage *page;

    if (range->flags & TCG_PAGE_ROM) {
        return true;
    }
    if (!entry_exchange(at, size, entry, entry | bits)) {
        return false;
    }
    page = tcg_phys_page(s, gpa & s->a20_mask);
    if (tcg_page_flags(page)) {
        tcg_page_written(s, page, gpa & s->a20_mask, size);
    }
    return true;
}

/* ---- Paging modes ---- */

/* Reserved bits of all 8-byte entries: SDM vol. 3A, tables 4-8 to 4-20. */
static inline guint64 reserved_bits(const TcgState *s, bool is_long)
{
    guint64 reserved = ~s->phys_mask & ENTRY_ADDRESS;

    return reserved | (s->efer & EFER_NXE ? 0 : ENTRY_NX) | (is_long ? 0 : 0x7ffull << 52);
}

/* Of an entry with PS above the last level. */
static guint64 large_reserved(const TcgState *s, guint shift)
{
    bool may_map = shift == 21 || (shift == 30 && s->pages_1g);

    return may_map ? ((1ull << shift) - 1) & ~0x1fffull : ENTRY_PS;
}

/* Tables of 512 entries, the first of which resolves bits from shift on.  In line and unrolled,
 * so that shift is a constant: this is most of what a miss of the TLB costs. */
static inline __attribute__((always_inline)) WalkResult
walk_tables(TcgState *s, guint64 linear, TcgAccess access, guint64 table, guint shift,
            guint64 reserved, Leaf *leaf)
{
    guint64 rights = ENTRY_W | ENTRY_U | ENTRY_NX;

#pragma GCC unroll 4
    for (; shift >= 12; shift -= 9) {
        guint64 gpa = table + (linear >> shift & 511) * 8;
        guint8 *at = entry_find(s, gpa);
        guint64 entry = entry_read(at, 8);
        bool is_large = entry & ENTRY_PS && shift > 12;

        if (G_UNLIKELY(!(entry & ENTRY_P))) {
            fault(s, linear, access, 0);
            return WALK_FAULT;
        }
        if (G_UNLIKELY(entry & reserved || (is_large && entry & large_reserved(s, shift)))) {
            fault(s, linear, access, ERROR_P | ERROR_RSVD);
            return WALK_FAULT;
        }
        rights &= entry ^ ENTRY_NX;
        if (shift == 12 || is_large) {
            *leaf = (Leaf){ .entry = entry, .entry_gpa = gpa, .entry_at = at, .rights = rights,
                            .base = entry & ENTRY_ADDRESS & ~((1ull << shift) - 1),
                            .shift = shift, .entry_size = 8 };
            break;
        }
        if (G_UNLIKELY(!(entry & ENTRY_A)) && !(access & TCG_PROBE) &&
            !entry_mark(s, gpa, at, 8, entry, ENTRY_A)) {
            return WALK_AGAIN;
        }
        table = entry & ENTRY_ADDRESS;
    }
    return WALK_OK;
}

static guint64 pdpte_reserved(const TcgState *s)
{
    return PDPTE_RESERVED | (~s->phys_mask & ~0xfffull);
}

/* SDM vol. 3A, section 4.4. */
static WalkResult walk_pae(TcgState *s, guint64 linear, TcgAccess access, Leaf *leaf)
{
    guint64 entry = entry_read(entry_find(s, (s->cr3 & 0xffffffe0) + (linear >> 30 & 3) * 8), 8);

    if (!(entry & ENTRY_P) || entry & pdpte_reserved(s)) {
        fault(s, linear, access, entry & ENTRY_P ? ERROR_P | ERROR_RSVD : 0);
        return WALK_FAULT;
    }
    return walk_tables(s, linear, access, entry & ENTRY_ADDRESS, 21, reserved_bits(s, false),
                       leaf);
}

/* A 4 MiB page, with PSE-36: bits 13 to 20 of the entry are 32 to 39 of the address, as far as
 * the processor has them; the rest and bit 21 are reserved (SDM vol. 3A, table 4-4). */
static WalkResult walk_4m(TcgState *s, guint64 linear, TcgAccess access, Leaf *leaf)
{
    guint64 high = (leaf->entry >> 13 & 0xff) << 32;

    if (leaf->entry & 1 << 21 || high & ~s->phys_mask) {
        fault(s, linear, access, ERROR_P | ERROR_RSVD);
        return WALK_FAULT;
    }
    leaf->base = (leaf->entry & 0xffc00000) | high;
    leaf->shift = 22;
    return WALK_OK;
}

/* SDM vol. 3A, section 4.3. */
static WalkResult walk_32bit(TcgState *s, guint64 linear, TcgAccess access, Leaf *leaf)
{
    guint64 table = s->cr3 & 0xfffff000;

    *leaf = (Leaf){ .rights = ENTRY_W | ENTRY_U | ENTRY_NX, .entry_size = 4, .shift = 22 };
    for (;;) {
        leaf->entry_gpa = table + (linear >> leaf->shift & 1023) * 4;
        leaf->entry_at = entry_find(s, leaf->entry_gpa);
        leaf->entry = entry_read(leaf->entry_at, 4);
        if (!(leaf->entry & ENTRY_P)) {
            fault(s, linear, access, 0);
            return WALK_FAULT;
        }
        leaf->rights &= leaf->entry | ENTRY_NX;
        leaf->base = leaf->entry & 0xfffff000;
        if (leaf->shift == 12) {
            return WALK_OK;
        }
        if (leaf->entry & ENTRY_PS && s->cr4 & CR4_PSE) {
            return walk_4m(s, linear, access, leaf);
        }
        if (!(leaf->entry & ENTRY_A) && !(access & TCG_PROBE) &&
            !entry_mark(s, leaf->entry_gpa, leaf->entry_at, 4, leaf->entry, ENTRY_A)) {
            return WALK_AGAIN;
        }
        table = leaf->base;
        leaf->shift = 12;
    }
}

static inline __attribute__((always_inline)) WalkResult
walk(TcgState *s, guint64 linear, TcgAccess access, Leaf *leaf)
{
    if (G_LIKELY(s->efer & EFER_LMA)) {
        return walk_tables(s, linear, access, s->cr3 & ENTRY_ADDRESS, 39, reserved_bits(s, true),
                           leaf);
    }
    return s->cr4 & CR4_PAE ? walk_pae(s, linear, access, leaf)
                            : walk_32bit(s, linear, access, leaf);
}

/* ---- Rights ---- */

/* SDM vol. 3A, section 4.6.1. */
static inline bool may_write(const TcgState *s, TcgAccess access, guint64 rights)
{
    return rights & ENTRY_W || (!as_user(s, access) && !(s->cr0 & CR0_WP));
}

static inline bool may_access(const TcgState *s, TcgAccess access, guint64 rights)
{
    bool user_page = rights & ENTRY_U;

    if (as_user(s, access)) {
        if (!user_page) {
            return false;
        }
    } else if (user_page && access & TCG_FETCH) {
        if (s->cr4 & CR4_SMEP) {
            return false;
        }
    } else if (user_page && s->cr4 & CR4_SMAP && !(access & TCG_FETCH)) {
        /* EFLAGS.AC has no effect on implicit supervisor accesses. */
        if (access & TCG_SYSTEM || !(s->mode & TCG_MODE_AC)) {
            return false;
        }
    }
    return access & TCG_FETCH ? rights & ENTRY_NX : !(access & TCG_WRITE) ||
                                                    may_write(s, access, rights);
}

/* A, and D for a write, unless they are set.  False: the entry changed. */
static inline bool mark_leaf(TcgState *s, TcgAccess access, Leaf *leaf)
{
    guint64 bits = ENTRY_A | (access & TCG_WRITE ? ENTRY_D : 0);

    if (G_LIKELY((leaf->entry & bits) == bits) || access & TCG_PROBE) {
        return true;
    }
    if (!entry_mark(s, leaf->entry_gpa, leaf->entry_at, leaf->entry_size, leaf->entry, bits)) {
        return false;
    }
    leaf->entry |= bits;
    return true;
}

/* ---- The walk ---- */

/* Finds the memory at ret_page->gpa. */
static inline void find_page(TcgState *s, TcgPage *ret_page)
{
    const TcgRange *range;
    TcgPhysPage *page;

    ret_page->gpa &= s->a20_mask;
    range = tcg_range_find(s->memory, ret_page->gpa);
    if (G_UNLIKELY(!range)) {
        ret_page->page = NULL;
        ret_page->flags = 0;
        return;
    }
    ret_page->page = tcg_range_hva(range, ret_page->gpa & ~0xfffull);
    page = tcg_host_page(s->memory, ret_page->page);
    ret_page->phys = page;
    ret_page->flags = range->flags | tcg_page_flags(page);
}

static bool not_paged(TcgState *s, guint64 linear, TcgPage *ret_page)
{
    *ret_page = (TcgPage){ .gpa = (guint32)linear, .writable = true, .global = true };
    find_page(s, ret_page);
    return true;
}

static inline void describe(TcgState *s, guint64 linear, TcgAccess access, const Leaf *leaf,
                            TcgPage *ret_page)
{
    guint64 span = 1ull << leaf->shift;

    ret_page->gpa = leaf->base | (linear & (span - 1));
    ret_page->span = span;
    ret_page->writable = leaf->entry & ENTRY_D && may_write(s, access, leaf->rights);
    ret_page->global = leaf->entry & ENTRY_G && s->cr4 & CR4_PGE;
    ret_page->supervisor = !(leaf->rights & ENTRY_U);
    find_page(s, ret_page);
}

bool tcg_walk(TcgState *s, guint64 linear, TcgAccess access, TcgPage *ret_page)
{
    Leaf leaf;

    if (!(s->cr0 & CR0_PG)) {
        return not_paged(s, linear, ret_page);
    }
    for (;;) {
        WalkResult result = walk(s, linear, access, &leaf);

        if (G_UNLIKELY(result == WALK_FAULT)) {
            return false;
        }
        if (G_UNLIKELY(result == WALK_AGAIN)) {
            continue;
        }
        if (G_UNLIKELY(!may_access(s, access, leaf.rights))) {
            return fault(s, linear, access, ERROR_P);
        }
        if (G_LIKELY(mark_leaf(s, access, &leaf))) {
            describe(s, linear, access, &leaf, ret_page);
            return true;
        }
    }
}

bool tcg_walk_probe(TcgState *s, guint64 linear, TcgPage *ret_page)
{
    guint64 address = s->fault_address;
    guint32 error = s->fault_error;
    Leaf leaf;

    if (!(s->cr0 & CR0_PG)) {
        return not_paged(s, linear, ret_page);
    }
    if (walk(s, linear, TCG_SYSTEM | TCG_PROBE, &leaf) != WALK_OK) {
        s->fault_address = address;
        s->fault_error = error;
        return false;
    }
    describe(s, linear, TCG_SYSTEM | TCG_PROBE, &leaf, ret_page);
    return true;
}

bool tcg_pdptes_valid(TcgState *s, guint64 cr3)
{
    for (guint i = 0; i < 4; i++) {
        guint64 entry = entry_read(entry_find(s, (cr3 & 0xffffffe0) + i * 8), 8);

        if (entry & ENTRY_P && entry & pdpte_reserved(s)) {
            return false;
        }
    }
    return true;
}
