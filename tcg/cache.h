/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated code: its memory, blocks, the jumps between them, and dropping them.
 *
 * Code memory is a memfd mapped twice, for writing and for executing.  Blocks and
 * their metadata are in an arena.  Both only grow; when either is full,
 * everything is dropped at a safepoint (no vCPU in generated code).
 *
 * Changes are made under TcgAccel.translate.  Look-ups by vCPUs take no lock.
 */
#ifndef TCG_CACHE_H
#define TCG_CACHE_H

#include "tcg/memory.h"
#include "tcg/state.h"

typedef struct TcgAccel TcgAccel;
typedef struct TcgVcpu TcgVcpu;
typedef struct TcgBlock TcgBlock;
typedef struct TcgCache TcgCache;

/* The key of a block. */
typedef struct {
    const guint8 *page;         /* host page in which the block begins */
    guint64 rip, cs_base;
    guint32 mode;
} TcgBlockKey;

/* A jump from a block to an address in its page. */
struct TcgExit {
    TcgBlock *from, *to;        /* to: NULL if it points at its stub */
    TcgExit *next;              /* of to->incoming */
    guint8 *site;               /* its displacement, in the writable view */
    guint8 *stub;
    guint8 turns;               /* turns of a loop that it closes, while they are counted */
};

/* Where the code of an instruction begins, for faults of the host. */
typedef struct {
    guint16 host;               /* from the block's code */
    guint16 guest : 15;         /* from the block's first byte */
    guint16 flags_in_host : 1;
} TcgNote;

struct TcgBlock {
    TcgBlock *next;             /* in the hash chain */
    TcgBlockKey key;
    const guint8 *next_page;    /* the second page of a crossing instruction, or NULL */
    TcgPhysPage *phys[2];
    TcgBlock *page_next[2];     /* in the lists of its pages */
    TcgExit *incoming;
    guint32 code;               /* offset from the executable memory's begin */
    guint32 code_size;
    guint16 length;             /* bytes of guest code */
    /* One bit per 64 bytes of its pages: the source of the block, including look-ahead. */
    guint64 granules[2];
    bool dropped, trace;
    guint16 n_notes;
    TcgNote *notes;             /* in order of host */
};

/* What C needs to know about an access of generated code; placed after its copy, at any address. */
struct __attribute__((packed)) TcgMemop {
    guint64 rip;
    gint32 checked, copy, cont; /* from this record */
    guint8 size, how, segment, length;
    bool may_leave, flags_in_host;
    /* Of the first access of a group: r10 is the start of the range, in which the
     * access is at offset.  span 0: it is none. */
    guint16 span, offset;
    bool group_writes;
};
typedef struct TcgMemop TcgMemop;

enum {
    TCG_HASH_SIZE = 1 << 17,
    TCG_MAX_NOTES = 512,
    TCG_ENTRY_VALUE = 3,        /* in a block's code: what `pending` is compared with, */
    TCG_CLOSED_ENTRY = 0x7f,    /* 0, or this, which it never is */
};

struct TcgCache {
    TcgAccel *tcg;
    int fd;
    guint8 *write, *execute;    /* both views */
    gsize size, used;
    guint8 *arena;              /* of the same size */
    gsize arena_used;
    TcgBlock **hash;
    TcgBlock **by_code;         /* in order of code */
    guint n_blocks, max_blocks;
    guint generation;           /* of code memory: how often everything was dropped; atomic */
    guint next_site, next_guess;        /* assigned round robin */
    bool exact_flags;
    bool has_rorx;              /* the host has BMI2 */
};

/* jump[]: index by the top bits of a 32-bit product, which spreads pages and small steps alike. */
#define TCG_JUMP_FACTOR 0x9e3779b1u

static inline guint tcg_jump_index(guint64 rip)
{
    return (guint32)rip * TCG_JUMP_FACTOR >> 21;
}

static inline guint tcg_jump_cache(guint32 mode)
{
    return (mode & TCG_MODE_CPL) == TCG_MODE_CPL ? TCG_JUMPS_USER : TCG_JUMPS_KERNEL;
}

static inline guint tcg_hash_index(const TcgBlockKey *key)
{
    guint64 address = (guint64)(guintptr)key->page ^ (key->rip & 0xfff) ^ (guint64)key->mode << 40;

    return address * 0x9e3779b97f4a7c15ull >> 47;
}

/* ---- cache.c ---- */

/* mib: of code memory; fails with the host's error. */
TcgCache *tcg_cache_new(TcgAccel *tcg, guint mib, bool exact_flags, GError **error);
void tcg_cache_free(TcgCache *cache);

/* Metadata, zeroed; for blocks being made.  Never NULL: when the arena is full it comes from
 * a reserve, and tcg_cache_full() says so. */
void *tcg_cache_alloc(TcgCache *cache, gsize size);
bool tcg_cache_full(const TcgCache *cache);
TcgInsn *tcg_block_insn(TcgCache *cache);
TcgExit *tcg_block_exit(TcgCache *cache, TcgBlock *block);

/* Makes the block visible; page: of its pages. */
void tcg_cache_insert(TcgCache *cache, TcgBlock *block);
/*
 * Drops everything, under TcgAccel.translate; no vCPU may be in generated code, nor in C code that
 * was called by it: see tcg_vcpus_gather().
 */
void tcg_cache_flush(TcgCache *cache);
/*
 * If everything has been dropped since the vCPU ran code last, it forgets its jumps to that, and
 * its processor the old code.  Heavy; its own thread.
 */
void tcg_cache_renew(TcgVcpu *vcpu);
/* Whether the block whose code begins there has been dropped. */
static inline bool tcg_entry_is_closed(const guint8 *code)
{
    return __atomic_load_n(code + TCG_ENTRY_VALUE, __ATOMIC_ACQUIRE) == TCG_CLOSED_ENTRY;
}

/* Hides the block from all vCPUs; one that is running it may continue to its end. */
void tcg_cache_drop_block(TcgCache *cache, TcgBlock *block);
/* Makes the jump point at the block. */
void tcg_cache_chain(TcgExit *exit, TcgBlock *to, TcgCache *cache);

/* Bits of the 64-byte pieces of a page between two offsets, both included. */
static inline guint64 tcg_granules(guint first, guint last)
{
    guint n = last / 64 - first / 64 + 1;

    return (n == 64 ? ~0ull : (1ull << n) - 1) << first / 64;
}

/* All blocks that have bytes in gpa..gpa+size-1 of a page with translated code. */
void tcg_cache_drop(TcgCache *cache, TcgPhysPage *page, guint64 gpa, guint size);
/* All blocks of the page; vCPUs are held. */
void tcg_cache_drop_page(TcgAccel *tcg, TcgPhysPage *page);
/* The page at hva is written to, but its blocks have all been dropped: unless it got new ones,
 * vCPUs may write to it without C again.  Heavy, with no lock held; holds vCPUs. */
void tcg_cache_forget_idle(TcgAccel *tcg, const guint8 *hva);
/* Something other than the vCPU wrote there; any thread, no lock. */
void tcg_cache_drop_range(TcgAccel *tcg, guint64 gpa, guint64 size);

#endif
