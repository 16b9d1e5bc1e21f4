/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page table walks of the CPU in software, against tables of cases: SDM vol. 3A,
 * chapter 4.  Then the TLBs that walks fill.
 */
#include "config.h"
#include "tests/lib/tcg-standin-mmu.h"

#include <string.h>

enum {
    P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100,
    FULL = P | W | U | A | D,
    RAM_SIZE = 64 << 20,
    TABLES = 0x1000,            /* the first of four pages */
    LEAF = 0x9000,
    LEAF_LARGE = 0x1c00000,     /* 28 MiB: an address of 2 MiB and 4 MiB pages */
};
#define NX (1ull << 63)
#define BIT(n) (1ull << (n))

/* Indexes 17, 33, 65, 129 of the four levels; bit 47 is clear. */
#define LINEAR (17ull << 39 | 33ull << 30 | 65ull << 21 | 129ull << 12 | 0x123)
#define LINEAR_32 (2u << 30 | 65u << 21 | 129u << 12 | 0x123)

typedef enum {
    LONG_4K, LONG_2M, LONG_1G, PAE_4K, PAE_2M, LEGACY_4K, LEGACY_4M,
} Paging;

enum {
    USER = 1 << 0,              /* CPL 3 */
    NXE = 1 << 1,
    WP = 1 << 2,
    SMEP = 1 << 3,
    SMAP = 1 << 4,
    AC = 1 << 5,                /* EFLAGS.AC, at CPL 0 */
    NO_1G = 1 << 6,
    NO_PSE = 1 << 7,
};

typedef struct {
    const char *name;
    Paging paging;
    guint how;
    TcgAccess access;
    guint64 leaf;               /* flags of the entry that maps the page */
    guint64 table;              /* of all above; of PAE's pointers only P */
    int error;                  /* error code, -1: it succeeds */
    guint64 set;                /* what the walk sets in the leaf */
} Case;

static const Case cases[] = {
    /* Plain successes of each mode, and the bits that they set. */
    { "4-level read", LONG_4K, 0, TCG_READ, P | W | U, P | W | U, -1, A },
    { "4-level write", LONG_4K, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "4-level 2M read", LONG_2M, 0, TCG_READ, P | W | U, P | W | U, -1, A },
    { "4-level 2M write", LONG_2M, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "4-level 1G write", LONG_1G, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "PAE write", PAE_4K, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "PAE 2M write", PAE_2M, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "32-bit read", LEGACY_4K, 0, TCG_READ, P | W | U, P | W | U, -1, A },
    { "32-bit write", LEGACY_4K, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "32-bit 4M write", LEGACY_4M, 0, TCG_WRITE, P | W | U, P | W | U, -1, A | D },
    { "fetch", LONG_4K, NXE, TCG_FETCH, P, P, -1, A },
    { "probe", LONG_4K, 0, TCG_READ | TCG_PROBE, P | W | U, P | W | U, -1, 0 },
    { "a write that finds D", LONG_4K, 0, TCG_WRITE, FULL, FULL, -1, 0 },
    /* Not present: P is 0, and RSVD with it, whatever the other bits are. */
    { "not present, read", LONG_4K, 0, TCG_READ, W | U, FULL, 0, 0 },
    { "not present, write", LONG_4K, 0, TCG_WRITE, W | U, FULL, 2, 0 },
    { "not present, user", LONG_4K, USER, TCG_READ, W | U, FULL, 4, 0 },
    { "not present, user write", PAE_4K, USER, TCG_WRITE, 0, FULL, 6, 0 },
    { "not present, fetch with NX", LONG_4K, NXE, TCG_FETCH, 0, FULL, 0x10, 0 },
    { "not present, fetch with SMEP", LEGACY_4K, SMEP, TCG_FETCH, 0, FULL, 0x10, 0 },
    { "not present, fetch with neither", LONG_4K, 0, TCG_FETCH, 0, FULL, 0, 0 },
    { "NXE without PAE says no fetch", LEGACY_4K, NXE, TCG_FETCH, 0, FULL, 0, 0 },
    { "not present and reserved", LONG_4K, 0, TCG_READ, BIT(51), FULL, 0, 0 },
    { "table not present", LONG_4K, USER, TCG_WRITE, FULL, W | U, 6, 0 },
    { "32-bit table not present", LEGACY_4K, 0, TCG_WRITE, FULL, 0, 2, 0 },
    { "PAE pointer not present", PAE_4K, 0, TCG_READ, FULL, 0, 0, 0 },
    /* Reserved bits. */
    { "bit 40 of 40", LONG_4K, 0, TCG_READ, FULL | BIT(40), FULL, 9, 0 },
    { "bit 51", LONG_4K, USER, TCG_WRITE, FULL | BIT(51), FULL, 0xf, 0 },
    { "bit 52 is free", LONG_4K, 0, TCG_READ, FULL | BIT(52), FULL, -1, 0 },
    { "bit 62 is free", LONG_4K, 0, TCG_READ, FULL | BIT(62), FULL, -1, 0 },
    { "PAE: bit 52 is not", PAE_4K, 0, TCG_READ, FULL | BIT(52), FULL, 9, 0 },
    { "PAE: bit 62 is not", PAE_4K, 0, TCG_READ, FULL | BIT(62), FULL, 9, 0 },
    { "NX without NXE", LONG_4K, 0, TCG_READ, FULL | NX, FULL, 9, 0 },
    { "PAE: NX without NXE", PAE_4K, 0, TCG_READ, FULL | NX, FULL, 9, 0 },
    { "table's NX without NXE", LONG_4K, 0, TCG_READ, FULL, FULL | NX, 9, 0 },
    { "2M: bit 13", LONG_2M, 0, TCG_READ, FULL | BIT(13), FULL, 9, 0 },
    { "2M: bit 20", LONG_2M, 0, TCG_READ, FULL | BIT(20), FULL, 9, 0 },
    { "2M: bit 12 is PAT", LONG_2M, 0, TCG_READ, FULL | BIT(12), FULL, -1, 0 },
    { "1G: bit 29", LONG_1G, 0, TCG_READ, FULL | BIT(29), FULL, 9, 0 },
    { "1G: not in CPUID", LONG_1G, NO_1G, TCG_READ, FULL, FULL, 9, 0 },
    { "PAE 2M: bit 13", PAE_2M, 0, TCG_READ, FULL | BIT(13), FULL, 9, 0 },
    { "4M: bit 21", LEGACY_4M, 0, TCG_READ, FULL | BIT(21), FULL, 9, 0 },
    { "4K: bit 7 is PAT", LONG_4K, 0, TCG_READ, FULL | BIT(7), FULL, -1, 0 },
    { "32-bit: bit 7 of the last level", LEGACY_4K, 0, TCG_READ, FULL | BIT(7), FULL, -1, 0 },
    { "reserved before rights", LONG_4K, USER, TCG_READ, P | BIT(51), P, 0xd, 0 },
    { "reserved, fetch", LONG_4K, NXE, TCG_FETCH, FULL | BIT(45), FULL, 0x19, 0 },
    /* User and supervisor, read and write. */
    { "user, supervisor page", LONG_4K, USER, TCG_READ, P | W, FULL, 5, 0 },
    { "user, supervisor table", LONG_4K, USER, TCG_READ, FULL, P | W, 5, 0 },
    { "user writes", LONG_4K, USER, TCG_WRITE, P | W | U, FULL, -1, A | D },
    { "user writes read-only", LONG_4K, USER, TCG_WRITE, P | U, FULL, 7, 0 },
    { "user writes, read-only table", PAE_4K, USER, TCG_WRITE, FULL, P | U | A, 7, 0 },
    { "user writes read-only without WP", LEGACY_4K, USER, TCG_WRITE, P | U, FULL, 7, 0 },
    { "user writes, 32-bit read-only table", LEGACY_4K, USER, TCG_WRITE, FULL, P | U | A, 7, 0 },
    { "kernel writes read-only", LONG_4K, 0, TCG_WRITE, P | U, FULL, -1, A | D },
    { "kernel writes read-only, WP", LONG_4K, WP, TCG_WRITE, P | U, FULL, 3, 0 },
    { "kernel writes, read-only table, WP", LONG_4K, WP, TCG_WRITE, FULL, P | U, 3, 0 },
    { "kernel reads read-only, WP", LONG_4K, WP, TCG_READ, P | U, FULL, -1, A },
    { "for the processor at CPL 3", LONG_4K, USER, TCG_READ | TCG_SYSTEM, P | W, P | W, -1, A },
    { "for the processor, WP", LONG_4K, USER | WP, TCG_WRITE | TCG_SYSTEM, P, P, 3, 0 },
    { "for the processor, missing", LONG_4K, USER, TCG_READ | TCG_SYSTEM, 0, P | W, 0, 0 },
    /* Execution. */
    { "fetch, NX", LONG_4K, NXE, TCG_FETCH, FULL | NX, FULL, 0x11, 0 },
    { "fetch, NX table", LONG_4K, NXE, TCG_FETCH, FULL, FULL | NX, 0x11, 0 },
    { "user fetch, NX", LONG_2M, NXE | USER, TCG_FETCH, FULL | NX, FULL, 0x15, 0 },
    { "user fetch, supervisor page", LONG_4K, USER, TCG_FETCH, P, FULL, 5, 0 },
    { "read, NX", LONG_4K, NXE, TCG_READ, FULL | NX, FULL, -1, 0 },
    { "fetch, user page", LONG_4K, 0, TCG_FETCH, FULL, FULL, -1, 0 },
    { "fetch, user page, SMEP", LONG_4K, SMEP, TCG_FETCH, FULL, FULL, 0x11, 0 },
    { "fetch, supervisor table, SMEP", LONG_4K, SMEP, TCG_FETCH, FULL, P | W, -1, 0 },
    { "user fetch, SMEP", LONG_4K, SMEP | USER, TCG_FETCH, FULL, FULL, -1, 0 },
    { "32-bit fetch, SMEP", LEGACY_4K, SMEP, TCG_FETCH, FULL, FULL, 0x11, 0 },
    /* SMAP. */
    { "SMAP, read", LONG_4K, SMAP, TCG_READ, FULL, FULL, 1, 0 },
    { "SMAP, write", LONG_4K, SMAP, TCG_WRITE, FULL, FULL, 3, 0 },
    { "SMAP, AC", LONG_4K, SMAP | AC, TCG_WRITE, FULL, FULL, -1, 0 },
    { "SMAP, supervisor page", LONG_4K, SMAP, TCG_READ, FULL & ~U, FULL, -1, 0 },
    { "SMAP, AC, for the processor", LONG_4K, SMAP | AC, TCG_READ | TCG_SYSTEM, FULL, FULL, 1, 0 },
    { "SMAP, CPL 3", LONG_4K, SMAP | USER, TCG_READ, FULL, FULL, -1, 0 },
    { "SMAP, CPL 3, for the processor", LONG_4K, SMAP | USER, TCG_READ | TCG_SYSTEM, FULL, FULL,
      1, 0 },
    { "SMAP lets be fetched", LONG_4K, SMAP, TCG_FETCH, FULL, FULL, -1, 0 },
    { "no PSE: PS is ignored", LEGACY_4K, NO_PSE, TCG_READ, FULL, FULL | PS, -1, 0 },
};

/* ---- One case ---- */

typedef struct {
    guint levels;               /* of tables, the leaf's included */
    guint first_shift, bits;    /* of the first table's index; of an index */
    guint entry_size;
} Shape;

static const Shape shapes[] = {
    [LONG_4K] = { 4, 39, 9, 8 }, [LONG_2M] = { 3, 39, 9, 8 }, [LONG_1G] = { 2, 39, 9, 8 },
    [PAE_4K] = { 3, 30, 9, 8 }, [PAE_2M] = { 2, 30, 9, 8 },
    [LEGACY_4K] = { 2, 22, 10, 4 }, [LEGACY_4M] = { 1, 22, 10, 4 },
};

static bool is_pae(const Case *c)
{
    return c->paging == PAE_4K || c->paging == PAE_2M;
}

static bool is_legacy(const Case *c)
{
    return c->paging == LEGACY_4K || c->paging == LEGACY_4M;
}

static guint64 linear_of(const Case *c)
{
    return is_pae(c) || is_legacy(c) ? LINEAR_32 : LINEAR;
}

/* A page of its own for each level, and in it the entry that the address takes. */
static guint8 *entry_at(MmuRig *rig, const Case *c, guint level)
{
    const Shape *shape = &shapes[c->paging];
    guint shift = shape->first_shift - level * shape->bits;
    guint64 mask = is_pae(c) && level == 0 ? 3 : (1 << shape->bits) - 1;

    return rig->ram + TABLES + level * 4096 + (linear_of(c) >> shift & mask) * shape->entry_size;
}

static guint leaf_shift(const Case *c)
{
    const Shape *shape = &shapes[c->paging];

    return shape->first_shift - (shape->levels - 1) * shape->bits;
}

static guint64 leaf_base(const Case *c)
{
    return leaf_shift(c) == 12 ? LEAF : leaf_shift(c) == 30 ? 0 : LEAF_LARGE;
}

static guint64 read_entry(MmuRig *rig, const Case *c, guint level)
{
    guint64 entry = 0;

    memcpy(&entry, entry_at(rig, c, level), shapes[c->paging].entry_size);
    return entry;
}

static void build(MmuRig *rig, const Case *c)
{
    const Shape *shape = &shapes[c->paging];

    memset(rig->ram + TABLES, 0, 4 * 4096);
    for (guint level = 0; level < shape->levels; level++) {
        bool is_leaf = level == shape->levels - 1;
        guint64 flags = is_leaf ? c->leaf | (leaf_shift(c) > 12 ? PS : 0) : c->table;
        guint64 entry = is_leaf ? leaf_base(c) : TABLES + (level + 1) * 4096;

        if (is_pae(c) && level == 0) {
            flags = c->table & P;
        }
        entry |= flags;
        memcpy(entry_at(rig, c, level), &entry, shape->entry_size);
    }
}

static void set_mode(TcgState *s, const Case *c)
{
    guint how = c->how;

    s->cr0 = CR0_PE | CR0_PG | (how & WP ? CR0_WP : 0);
    s->cr3 = TABLES;
    s->cr4 = (is_legacy(c) ? how & NO_PSE ? 0 : CR4_PSE : CR4_PAE) |
             (how & SMEP ? CR4_SMEP : 0) | (how & SMAP ? CR4_SMAP : 0);
    s->efer = (how & NXE ? EFER_NXE : 0) |
              (is_pae(c) || is_legacy(c) ? 0 : EFER_LME | EFER_LMA);
    s->mode = TCG_MODE_PROTECTED | (how & USER ? TCG_MODE_CPL : 0) | (how & AC ? TCG_MODE_AC : 0) |
              (s->efer & EFER_LMA ? TCG_MODE_CODE64 : TCG_MODE_CODE32);
    s->pages_1g = !(how & NO_1G);
}

static void check_success(MmuRig *rig, const Case *c, const TcgPage *page)
{
    guint64 span = 1ull << leaf_shift(c);
    guint64 gpa = leaf_base(c) | (linear_of(c) & (span - 1));

    g_assert_cmphex(page->gpa, ==, gpa);
    g_assert_cmpuint(page->span, ==, span);
    g_assert_true(page->page == (gpa < RAM_SIZE ? rig->ram + (gpa & ~0xfffull) : NULL));
}

static void run_case(MmuRig *rig, const Case *c)
{
    guint last = shapes[c->paging].levels - 1;
    guint64 leaf;
    TcgPage page;
    bool ok;

    build(rig, c);
    set_mode(rig->s, c);
    leaf = read_entry(rig, c, last);
    ok = tcg_walk(rig->s, linear_of(c), c->access, &page);
    if (ok != (c->error == -1) || (!ok && rig->s->fault_error != (guint)c->error)) {
        g_test_message("%s: %s, error 0x%x", c->name, ok ? "succeeds" : "fails",
                       rig->s->fault_error);
        g_test_fail();
        return;
    }
    if (ok) {
        check_success(rig, c, &page);
    } else {
        g_assert_cmphex(rig->s->fault_address, ==, linear_of(c));
    }
    if (read_entry(rig, c, last) != (leaf | c->set)) {
        g_test_message("%s: the entry is 0x%" G_GINT64_MODIFIER "x", c->name,
                       read_entry(rig, c, last));
        g_test_fail();
    }
}

static void test_cases(void)
{
    MmuRig *rig = mmu_rig_new(RAM_SIZE);

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        run_case(rig, &cases[i]);
    }
    mmu_rig_free(rig);
}

/* Tables get A when they were used, even if the page then faults; PAE's pointers never. */
static void test_accessed_tables(void)
{
    const Case fails = { "", LONG_4K, 0, TCG_READ, 0, P | W | U, 0, 0 };
    const Case pae = { "", PAE_4K, 0, TCG_READ, P, P, -1, A };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    run_case(rig, &fails);
    for (guint level = 0; level < 3; level++) {
        g_assert_true(read_entry(rig, &fails, level) & A);
    }
    run_case(rig, &pae);
    g_assert_false(read_entry(rig, &pae, 0) & A);
    g_assert_true(read_entry(rig, &pae, 1) & A);
    mmu_rig_free(rig);
}

/* PSE-36: bits 32 to 39 of a 4 MiB page's address. */
static void test_pse36(void)
{
    const Case c = { "", LEGACY_4M, 0, TCG_READ, FULL | 5 << 13, 0, -1, 0 };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    g_assert_true(tcg_walk(rig->s, LINEAR_32, TCG_READ, &page));
    g_assert_cmphex(page.gpa, ==, 5ull << 32 | LEAF_LARGE | (LINEAR_32 & 0x3fffff));
    g_assert_null(page.page);
    rig->s->phys_mask = 0xffffffff;
    g_assert_false(tcg_walk(rig->s, LINEAR_32, TCG_READ, &page));
    g_assert_cmphex(rig->s->fault_error, ==, 9);
    mmu_rig_free(rig);
}

/* The pointers of PAE paging have fewer bits than other entries. */
static void test_pdptes(void)
{
    const Case c = { "", PAE_4K, 0, TCG_READ, FULL, FULL, -1, 0 };
    static const guint64 bad[] = { BIT(1), BIT(2), BIT(5), BIT(8), BIT(40), BIT(63) };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    guint64 *pointers = (guint64 *)(rig->ram + TABLES);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    rig->s->cr3 |= 0x18;
    pointers[2] |= 3 << 3 | 7 << 9;
    g_assert_true(tcg_walk(rig->s, LINEAR_32, TCG_READ, &page));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        pointers[2] ^= bad[i];
        g_assert_false(tcg_walk(rig->s, LINEAR_32, TCG_READ, &page));
        g_assert_cmphex(rig->s->fault_error, ==, 9);
        pointers[2] ^= bad[i];
    }
    mmu_rig_free(rig);
}

static void test_no_paging(void)
{
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    g_assert_true(tcg_walk(rig->s, 0x301234, TCG_WRITE, &page));
    g_assert_cmphex(page.gpa, ==, 0x301234);
    g_assert_true(page.page == rig->ram + 0x301000 && page.writable);
    rig->s->a20_mask = ~(1ull << 20);
    g_assert_true(tcg_walk(rig->s, 0x301234, TCG_WRITE, &page));
    g_assert_cmphex(page.gpa, ==, 0x201234);
    mmu_rig_free(rig);
}

/* Address line 20 is off for the tables as well. */
static void test_a20_tables(void)
{
    const Case c = { "", LONG_4K, 0, TCG_READ, P | W | U, P | W | U, -1, A };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    rig->s->cr3 |= 1 << 20;
    rig->s->a20_mask = ~(1ull << 20);
    g_assert_true(tcg_walk(rig->s, LINEAR, TCG_READ, &page));
    g_assert_cmphex(page.gpa, ==, LEAF | 0x123);
    g_assert_true(read_entry(rig, &c, 3) & A);
    mmu_rig_free(rig);
}

static void test_probe(void)
{
    const Case c = { "", LONG_4K, SMAP, TCG_READ, P | U, P | U, -1, 0 };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    rig->s->fault_address = 42;
    g_assert_true(tcg_walk_probe(rig->s, LINEAR, &page));
    g_assert_cmphex(page.gpa, ==, LEAF | 0x123);
    g_assert_false(read_entry(rig, &c, 3) & A);
    g_assert_false(tcg_walk_probe(rig->s, 0, &page));
    g_assert_cmpuint(rig->s->fault_address, ==, 42);
    mmu_rig_free(rig);
}

/* ---- TLBs ---- */

static TcgTlbEntry *tlb_entry(MmuRig *rig, guint table, guint64 linear)
{
    return &rig->s->tlb[table][linear >> 12 & (TCG_TLB_SIZE - 1)];
}

static bool hits(guint64 tag, guint64 linear)
{
    return (linear ^ tag) < 4096;
}

/* All tables miss everywhere, first of all at address 0. */
static void check_empty(MmuRig *rig)
{
    for (guint table = 0; table < TCG_N_TLBS; table++) {
        for (guint64 i = 0; i < TCG_TLB_SIZE; i++) {
            g_assert_false(hits(rig->s->tlb[table][i].tag_read, i << 12));
            g_assert_false(hits(rig->s->tlb[table][i].tag_write, i << 12));
        }
        for (guint i = 0; i < G_N_ELEMENTS(rig->s->tlb_filled[table]); i++) {
            g_assert_cmphex(rig->s->tlb_filled[table][i], ==, 0);
        }
    }
}

static void test_fill(void)
{
    const Case c = { "", LONG_4K, 0, TCG_READ, P | W | U, P | W | U, -1, A };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgTlbEntry *entry = tlb_entry(rig, TCG_TLB_KERNEL, LINEAR);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    check_empty(rig);
    build(rig, &c);
    set_mode(rig->s, &c);
    tcg_translate(rig->s, LINEAR, TCG_READ, &page);
    g_assert_true(hits(entry->tag_read, LINEAR));
    g_assert_false(hits(entry->tag_write, LINEAR));     /* D is not set */
    g_assert_true(entry->page == rig->ram + LEAF);
    g_assert_true((guint8 *)(entry->delta + LINEAR) == rig->ram + LEAF + 0x123);
    tcg_translate(rig->s, LINEAR, TCG_WRITE, &page);
    g_assert_true(hits(entry->tag_write, LINEAR));
    g_assert_false(hits(tlb_entry(rig, TCG_TLB_USER, LINEAR)->tag_read, LINEAR));
    g_assert_false(hits(tlb_entry(rig, TCG_TLB_KERNEL_AC, LINEAR)->tag_read, LINEAR));
    tcg_tlb_protect(rig->s, rig->ram);
    g_assert_true(hits(entry->tag_write, LINEAR));
    tcg_tlb_protect(rig->s, rig->ram + LEAF);
    g_assert_true(hits(entry->tag_read, LINEAR) && !hits(entry->tag_write, LINEAR));
    tcg_tlb_flush_page(rig->s, LINEAR | 0xfff);
    g_assert_false(hits(entry->tag_read, LINEAR));
    tcg_tlb_flush(rig->s);
    check_empty(rig);
    mmu_rig_free(rig);
}

/* Each privilege has a table of its own. */
static void test_tables(void)
{
    static const struct {
        guint how;
        TcgAccess access;
        guint table;
    } rows[] = {
        { USER, TCG_READ, TCG_TLB_USER },
        { 0, TCG_READ, TCG_TLB_KERNEL },
        { SMAP | AC, TCG_READ, TCG_TLB_KERNEL_AC },
        { USER, TCG_READ | TCG_SYSTEM, TCG_TLB_KERNEL },
    };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Case c = { "", LONG_4K, rows[i].how, TCG_READ, FULL, FULL, -1, 0 };

        build(rig, &c);
        set_mode(rig->s, &c);
        tcg_translate(rig->s, LINEAR, rows[i].access, &page);
        for (guint table = 0; table < TCG_N_TLBS; table++) {
            g_assert_true(hits(tlb_entry(rig, table, LINEAR)->tag_read, LINEAR) ==
                          (table == rows[i].table));
        }
        tcg_tlb_flush(rig->s);
    }
    mmu_rig_free(rig);
}

/* INVLPG anywhere in a large page takes what it filled elsewhere. */
static void test_large_flush(void)
{
    const Case c = { "", LONG_2M, 0, TCG_READ, FULL, FULL, -1, 0 };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    guint64 other = LINEAR + 0x5000;
    TcgPage page;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    tcg_translate(rig->s, LINEAR, TCG_READ, &page);
    tcg_tlb_flush_page(rig->s, LINEAR + (4 << 20) + 0x1000);
    g_assert_true(hits(tlb_entry(rig, TCG_TLB_KERNEL, LINEAR)->tag_read, LINEAR));
    tcg_tlb_flush_page(rig->s, other);
    g_assert_false(hits(tlb_entry(rig, TCG_TLB_KERNEL, LINEAR)->tag_read, LINEAR));
    check_empty(rig);
    mmu_rig_free(rig);
}

static void test_no_fill(void)
{
    const Case c = { "", LONG_4K, 0, TCG_READ, FULL, FULL, -1, 0 };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgTlbEntry *entry = tlb_entry(rig, TCG_TLB_KERNEL, LINEAR);
    TcgPage page;

    mmu_rig_add(rig, 0, 0, 0x9000, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    tcg_translate(rig->s, LINEAR, TCG_READ, &page);
    g_assert_null(page.page);
    check_empty(rig);
    mmu_rig_add(rig, LEAF, LEAF, 0x1000, ACCEL_SLOT_READONLY);
    tcg_translate(rig->s, LINEAR, TCG_WRITE, &page);
    g_assert_true(hits(entry->tag_read, LINEAR) && !hits(entry->tag_write, LINEAR));
    tcg_tlb_flush(rig->s);
    rig->s->dr[0] = LINEAR + 8;
    rig->s->dr[7] = 1 | 3 << 16;
    tcg_translate(rig->s, LINEAR, TCG_READ, &page);
    check_empty(rig);
    mmu_rig_free(rig);
}

static void test_canonical(void)
{
    const Case c = { "", LONG_4K, 0, TCG_READ, FULL, FULL, -1, 0 };
    static const guint64 bad[] = { 1ull << 47, 0xffff7fffffffffff, 1ull << 63, LINEAR | BIT(48) };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    TcgPage page;

    build(rig, &c);
    set_mode(rig->s, &c);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_true(MMU_RIG_RAISES(rig, tcg_translate(rig->s, bad[i], TCG_READ, &page)));
        g_assert_cmpuint(rig->vector, ==, TCG_GP);
        g_assert_true(MMU_RIG_RAISES(rig, tcg_translate(rig->s, bad[i], TCG_STACK, &page)));
        g_assert_cmpuint(rig->vector, ==, TCG_SS_FAULT);
        g_assert_cmpuint(rig->error, ==, 0);
    }
    check_empty(rig);
    mmu_rig_free(rig);
}

static void test_fetch(void)
{
    const Case c = { "", LONG_4K, NXE | USER, TCG_READ, FULL, FULL, -1, 0 };
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    guint64 gpa;

    mmu_rig_add(rig, 0, 0, RAM_SIZE, 0);
    build(rig, &c);
    set_mode(rig->s, &c);
    g_assert_true(tcg_fetch(rig->s, LINEAR, &gpa) == rig->ram + LEAF + 0x123);
    g_assert_cmphex(gpa, ==, LEAF + 0x123);
    g_assert_true(tcg_fetch(rig->s, LINEAR + 1, &gpa) == rig->ram + LEAF + 0x124);
    /* Rights are those of the present CPL, though the page is known. */
    rig->s->mode &= ~TCG_MODE_CPL;
    rig->s->cr4 |= CR4_SMEP;
    g_assert_true(MMU_RIG_RAISES(rig, tcg_fetch(rig->s, LINEAR, &gpa)));
    g_assert_cmpuint(rig->vector, ==, TCG_PF);
    g_assert_cmphex(rig->error, ==, 0x11);
    g_assert_cmphex(rig->address, ==, LINEAR);
    mmu_rig_del(rig, 0, RAM_SIZE);
    mmu_rig_add(rig, 0, 0, LEAF, 0);
    rig->s->cr4 &= ~CR4_SMEP;
    g_assert_null(tcg_fetch(rig->s, LINEAR, &gpa));
    g_assert_cmphex(gpa, ==, LEAF + 0x123);
    mmu_rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/walk/cases", test_cases);
    g_test_add_func("/tcg/walk/accessed-tables", test_accessed_tables);
    g_test_add_func("/tcg/walk/pse36", test_pse36);
    g_test_add_func("/tcg/walk/pdptes", test_pdptes);
    g_test_add_func("/tcg/walk/no-paging", test_no_paging);
    g_test_add_func("/tcg/walk/a20", test_a20_tables);
    g_test_add_func("/tcg/walk/probe", test_probe);
    g_test_add_func("/tcg/tlb/fill", test_fill);
    g_test_add_func("/tcg/tlb/tables", test_tables);
    g_test_add_func("/tcg/tlb/large-flush", test_large_flush);
    g_test_add_func("/tcg/tlb/no-fill", test_no_fill);
    g_test_add_func("/tcg/tlb/canonical", test_canonical);
    g_test_add_func("/tcg/fetch", test_fetch);
    return g_test_run();
}
