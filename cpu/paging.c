/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See paging.h.  A mode is its levels: shift of the index in the address, and bytes of an entry.
 */
#include "config.h"
#include "cpu/paging.h"

#include <string.h>

enum {
    TABLE_SIZE = 4096,
    ENTRY_LARGE = 1 << 7,       /* PS: it is a page */
    ENTRY_RIGHTS = PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER,
    ENTRY_FLAGS = 0x1ff,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_LA57 = 1 << 12,
};

#define CR0_PG (1u << 31)
#define ADDRESS_MASK 0xffffffffff000ull
#define NO_EXECUTE (1ull << 63)

typedef struct {
    const X86CpuState *state;
    PagingRead *read;
    void *opaque;
    guint levels;
    bool wide;                  /* entries of 8 bytes */
} Walk;

static bool is_on(const X86CpuState *state)
{
    return state->cr0 & CR0_PG;
}

static Walk begin(const X86CpuState *state, PagingRead *read, void *opaque)
{
    Walk walk = { .state = state, .read = read, .opaque = opaque };

    walk.wide = state->cr4 & CR4_PAE;
    walk.levels = !walk.wide ? 2 : !(state->efer & EFER_LMA) ? 3
                  : state->cr4 & CR4_LA57 ? 5 : 4;
    return walk;
}

/* Where the index of a level begins in an address; level 0 is the last one. */
static guint shift_of(const Walk *walk, guint level)
{
    return 12 + level * (walk->wide ? 9 : 10);
}

/* Entries of a table: the top one with PAE has four. */
static guint entries_of(const Walk *walk, guint level)
{
    return !walk->wide ? 1024 : walk->levels == 3 && level == 2 ? 4 : 512;
}

static guint64 root_of(const Walk *walk)
{
    /* With PAE the four entries may be anywhere in a page. */
    guint64 mask = walk->levels == 3 ? 0xffffffe0 : walk->wide ? ADDRESS_MASK : 0xfffff000;

    return walk->state->cr3 & mask;
}

static guint64 entry_at(const Walk *walk, const guint8 *table, guint i)
{
    guint64 wide = 0;
    guint32 narrow = 0;

    if (walk->wide) {
        memcpy(&wide, table + i * 8, 8);
        return GUINT64_FROM_LE(wide);
    }
    memcpy(&narrow, table + i * 4, 4);
    return GUINT32_FROM_LE(narrow);
}

static bool is_page(const Walk *walk, guint level, guint64 entry)
{
    bool large = walk->wide ? level == 1 || (level == 2 && walk->levels > 3)
                            : level == 1 && walk->state->cr4 & CR4_PSE;

    return level == 0 || (large && entry & ENTRY_LARGE);
}

/* The rights so far, reduced by those of an entry; the top ones of PAE have none. */
static guint32 add_rights(const Walk *walk, guint level, guint32 rights, guint64 entry)
{
    if (walk->levels == 3 && level == 2) {
        return rights;
    }
    if (walk->wide && walk->state->efer & EFER_NXE && entry & NO_EXECUTE) {
        rights |= PAGE_NO_EXECUTE;
    }
    return rights & (~(guint32)ENTRY_RIGHTS | (entry & ENTRY_RIGHTS));
}

static guint64 extend_sign(const Walk *walk, guint64 address)
{
    guint bits = walk->levels > 3 ? shift_of(walk, walk->levels) : 64;

    return bits < 64 && address >> (bits - 1) & 1 ? address | ~0ull << bits : address;
}

static Page page_of(const Walk *walk, guint level, guint64 virtual, guint64 entry, guint32 rights)
{
    guint64 size = 1ull << shift_of(walk, level);
    guint64 physical = entry & ADDRESS_MASK & ~(size - 1);

    if (!walk->wide && level == 1) {
        /* PSE-36: bits 13 to 20 are bits 32 to 39 of the address (SDM table 4-4). */
        physical = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
    }
    return (Page){
        .virtual = extend_sign(walk, virtual), .physical = physical, .size = size,
        .flags = rights | (entry & ENTRY_FLAGS & ~(guint32)ENTRY_RIGHTS),
    };
}

/* ---- One address ---- */

static bool find(const Walk *walk, guint64 address, Page *ret)
{
    guint64 table = root_of(walk), entry;
    guint32 rights = ENTRY_RIGHTS;

    for (guint level = walk->levels; level-- > 0;) {
        guint shift = shift_of(walk, level), width = walk->wide ? 8 : 4;
        guint i = address >> shift & (entries_of(walk, level) - 1);
        guint8 bytes[8] = { 0 };

        if (!walk->read(walk->opaque, table + i * width, bytes, width)) {
            return false;
        }
        entry = entry_at(walk, bytes, 0);
        if (!(entry & PAGE_PRESENT)) {
            return false;
        }
        rights = add_rights(walk, level, rights, entry);
        if (is_page(walk, level, entry)) {
            *ret = page_of(walk, level, address & ~0ull << shift, entry, rights);
            return true;
        }
        table = entry & ADDRESS_MASK;
    }
    return false;
}

/* An address of the width that the mode has; false: none is like it. */
static bool fit(const Walk *walk, guint64 *address)
{
    if (walk->levels <= 3) {
        *address &= G_MAXUINT32;
        return true;
    }
    return extend_sign(walk, *address & ((1ull << shift_of(walk, walk->levels)) - 1)) == *address;
}

bool paging_find(const X86CpuState *state, PagingRead *read, void *opaque, guint64 address,
                 Page *ret)
{
    const Walk walk = begin(state, read, opaque);

    if (!is_on(state)) {
        *ret = (Page){ address & ~4095ull, address & ~4095ull, TABLE_SIZE, ENTRY_RIGHTS };
        return true;
    }
    return fit(&walk, &address) && find(&walk, address, ret);
}

/* ---- All ---- */

typedef struct {
    Walk walk;
    PagingFunc *f;
    void *data;
    guint tables;               /* that were read */
} Visit;

static bool visit(Visit *v, guint level, guint64 table, guint64 virtual, guint32 rights)
{
    const Walk *walk = &v->walk;
    guint n = entries_of(walk, level);
    guint8 entries[TABLE_SIZE];
    bool more = true;

    if (v->tables++ == PAGING_TABLES_MAX) {
        return false;
    }
    if (!walk->read(walk->opaque, table, entries, n * (walk->wide ? 8 : 4))) {
        return true;
    }
    for (guint i = 0; i < n && more; i++) {
        guint64 entry = entry_at(walk, entries, i);
        guint64 at = virtual | (guint64)i << shift_of(walk, level);
        guint32 now = add_rights(walk, level, rights, entry);

        if (!(entry & PAGE_PRESENT)) {
            continue;
        }
        if (is_page(walk, level, entry)) {
            const Page page = page_of(walk, level, at, entry, now);

            more = v->f(&page, v->data);
        } else {
            more = visit(v, level - 1, entry & ADDRESS_MASK, at, now);
        }
    }
    return more;
}

bool paging_foreach(const X86CpuState *state, PagingRead *read, void *opaque, PagingFunc *f,
                    void *data)
{
    Visit v = { begin(state, read, opaque), f, data, 0 };

    return !is_on(state) || visit(&v, v.walk.levels - 1, root_of(&v.walk), 0, ENTRY_RIGHTS);
}
