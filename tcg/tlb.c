/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLBs that generated code searches, and the one for code fetches: filling,
 * flushing, protecting.
 *
 * Pages of devices have a small table of their own, which only C code searches.
 *
 * Global pages do not survive a flush: a miss costs less than finding them.
 * A large page fills one entry for each 4 KiB of it that is touched; the interval
 * that covers all large pages is recorded, since INVLPG of any address in a large
 * page invalidates all of it.
 */
#include "config.h"
#include "tcg/memory.h"

#define PAGE_MASK (~0xfffull)

/* A tag that no address with this index equals. */
static inline guint64 no_tag(guint index)
{
    return index ? 0 : 0x1000;
}

static inline guint tlb_index(guint64 linear)
{
    return linear >> 12 & (TCG_TLB_SIZE - 1);
}

/* ---- Flushing ---- */

/* A string instruction: gcc might turn a loop into a call of memset. */
static inline void set_words(void *at, gsize size, guint64 value)
{
    gsize n = size / 8;

    __asm__ volatile("rep stosq" : "+D"(at), "+c"(n) : "a"(value) : "memory");
}

static inline void flush_group(TcgTlbEntry *entries, guint first)
{
    for (guint i = first; i < first + TCG_TLB_GROUP; i++) {
        entries[i].tag_read = entries[i].tag_write = no_tag(i);
    }
}

/* Flushes only groups that were filled: most flushes come after few misses. */
static void flush_table(TcgState *s, guint table)
{
    const guint n_words = G_N_ELEMENTS(s->tlb_filled[table]);

    for (guint i = 0; i < n_words; i++) {
        TcgTlbEntry *entries = &s->tlb[table][i * 64 * TCG_TLB_GROUP];
        guint64 bits = s->tlb_filled[table][i];

        if (bits == 0) {
            continue;
        }
        s->tlb_filled[table][i] = 0;
        if (bits == ~0ull) {
            set_words(entries, 64 * TCG_TLB_GROUP * sizeof(*entries), 0);
            bits = i == 0;              /* entry 0 is not empty with tag 0 */
        }
        for (; bits; bits &= bits - 1) {
            flush_group(s->tlb[table], (i * 64 + __builtin_ctzll(bits)) * TCG_TLB_GROUP);
        }
    }
}

/* Entries that are still in the TLBs may be copied to the sites again. */
static void empty_sites(TcgState *s)
{
    set_words(s->site_tag, sizeof(s->site_tag), TCG_NO_SITE);
    set_words(s->site_delta, sizeof(s->site_delta), 0);
}

/* Writes the mode TCG_JUMP_NONE to every 8 bytes: the second half of each entry ends with its
 * mode. */
static void flush_jumps_of(TcgState *s, guint cache)
{
    if (!s->jumps_clean[cache]) {
        set_words(s->jump[cache], sizeof(s->jump[cache]), (guint64)TCG_JUMP_NONE << 32);
        s->jumps_clean[cache] = true;
    }
}

void tcg_jumps_flush(TcgState *s)
{
    flush_jumps_of(s, TCG_JUMPS_KERNEL);
    flush_jumps_of(s, TCG_JUMPS_USER);
    s->kernel_jumps_local = false;
}

static void flush_fetch(TcgState *s)
{
    if (!s->fetch_clean) {
        set_words(s->fetch, sizeof(s->fetch), ~0ull);
        s->fetch_clean = true;
    }
}

static void flush_devices(TcgState *s)
{
    if (!s->devices_clean) {
        set_words(s->device, sizeof(s->device), 0);
        s->devices_clean = true;
    }
}

static void flush_tables(TcgState *s)
{
    for (guint table = 0; table < TCG_N_TLBS; table++) {
        flush_table(s, table);
    }
    if (!s->sites_clean) {
        empty_sites(s);
        s->sites_clean = true;
    }
    s->large_first = ~0ull;
    s->large_last = 0;
    flush_devices(s);
    flush_fetch(s);
}

void tcg_tlb_flush(TcgState *s)
{
    flush_tables(s);
    tcg_jumps_flush(s);
}

void tcg_tlb_forget(TcgState *s)
{
    set_words(s->tlb_filled, sizeof(s->tlb_filled), ~0ull);
    s->jumps_clean[TCG_JUMPS_KERNEL] = s->jumps_clean[TCG_JUMPS_USER] = false;
    s->fetch_clean = s->sites_clean = false;
}

/* Drops global entries of the TLB as well: filling them again is cheap. */
void tcg_tlb_flush_local(TcgState *s)
{
    flush_tables(s);
    flush_jumps_of(s, TCG_JUMPS_USER);
    if (s->kernel_jumps_local) {
        flush_jumps_of(s, TCG_JUMPS_KERNEL);
        s->kernel_jumps_local = false;
    }
}

void tcg_tlb_flush_page(TcgState *s, guint64 linear)
{
    guint index = tlb_index(linear);

    if (linear >= s->large_first && linear <= s->large_last) {
        tcg_tlb_flush(s);
        return;
    }
    for (guint table = 0; table < TCG_N_TLBS; table++) {
        s->tlb[table][index].tag_read = no_tag(index);
        s->tlb[table][index].tag_write = no_tag(index);
    }
    empty_sites(s);
    flush_devices(s);
    tcg_jumps_flush(s);
    tcg_fetch_entry(s, linear)->tag = ~0ull;
}

static void protect_group(TcgTlbEntry *entries, guint first, const guint8 *page)
{
    for (guint i = first; i < first + TCG_TLB_GROUP; i++) {
        if (!page || entries[i].page == page) {
            entries[i].tag_write = no_tag(i);
        }
    }
}

void tcg_tlb_protect(TcgState *s, const guint8 *page)
{
    empty_sites(s);
    for (guint table = 0; table < TCG_N_TLBS; table++) {
        for (guint i = 0; i < G_N_ELEMENTS(s->tlb_filled[table]); i++) {
            for (guint64 bits = s->tlb_filled[table][i]; bits; bits &= bits - 1) {
                protect_group(s->tlb[table],
                              (i * 64 + __builtin_ctzll(bits)) * TCG_TLB_GROUP, page);
            }
        }
    }
}

/* ---- Filling ---- */

/* Whether a data breakpoint lies in the page (SDM vol. 3B, section 17.2): C code has to
 * check each access there. */
static bool is_watched(const TcgState *s, guint64 page)
{
    for (guint i = 0; i < 4; i++) {
        bool is_data = s->dr[7] >> (16 + 4 * i) & 1;

        if (s->dr[7] >> 2 * i & 3 && is_data &&
            ((s->dr[i] & PAGE_MASK) == page || ((s->dr[i] + 7) & PAGE_MASK) == page)) {
            return true;
        }
    }
    return false;
}

static inline void note_large(TcgState *s, guint64 linear, guint64 span)
{
    guint64 first = linear & ~(span - 1);

    s->large_first = MIN(s->large_first, first);
    s->large_last = MAX(s->large_last, first + span - 1);
}

static void fill_device(TcgState *s, guint table, guint64 tag, const TcgPage *page)
{
    s->device[table][tag >> 12 & (TCG_N_DEVICE_PAGES - 1)] = (TcgDevicePage){
        .tag_read = tag | 1, .tag_write = page->writable ? tag | 1 : 0,
        .gpa = page->gpa & PAGE_MASK,
    };
    s->devices_clean = false;
}

static inline void fill(TcgState *s, guint64 linear, TcgAccess access, const TcgPage *page)
{
    guint table = access & TCG_SYSTEM ? TCG_TLB_KERNEL : tcg_tlb_index(s->mode);
    guint index = tlb_index(linear);
    TcgTlbEntry *entry = &s->tlb[table][index];
    guint64 tag = linear & PAGE_MASK;

    if (access & TCG_FETCH || (G_UNLIKELY(s->dr[7] & 0xff) && is_watched(s, tag))) {
        return;
    }
    if (page->span > 4096) {
        note_large(s, linear, page->span);
    }
    if (!page->page) {
        fill_device(s, table, tag, page);
        return;
    }
    entry->tag_read = tag;
    entry->tag_write = page->writable && !page->flags && !tcg_page_claim(s, page->phys)
        ? tag : no_tag(index);
    entry->page = page->page;
    entry->delta = (guintptr)page->page - tag;
    s->sites_clean = false;
    s->tlb_filled[table][index / TCG_TLB_GROUP / 64] |= 1ull << (index / TCG_TLB_GROUP & 63);
}

static inline bool is_canonical(const TcgState *s, guint64 linear)
{
    return (guint64)((gint64)(linear << 16) >> 16) == linear || !(s->efer & EFER_LMA);
}

/* A non-canonical address raises #GP(0), or #SS(0). */
static void check_canonical(TcgState *s, guint64 linear, TcgAccess access)
{
    if (G_UNLIKELY(!is_canonical(s, linear))) {
        tcg_raise_error(s, access & TCG_STACK ? TCG_SS_FAULT : TCG_GP, 0);
    }
}

void tcg_translate(TcgState *s, guint64 linear, TcgAccess access, TcgPage *ret_page)
{
    check_canonical(s, linear, access);
    if (!tcg_walk(s, linear, access, ret_page)) {
        tcg_raise_page(s, s->fault_address, s->fault_error);
    }
    fill(s, linear, access, ret_page);
}

/* ---- Fetching ---- */

const guint8 *tcg_fetch(TcgState *s, guint64 linear, guint64 *ret_gpa)
{
    TcgFetchEntry *entry = tcg_fetch_entry(s, linear);
    guint64 tag = (linear & PAGE_MASK) | (tcg_cpl(s) == 3);
    TcgPage page;

    if (G_UNLIKELY(entry->tag != tag)) {
        check_canonical(s, linear, TCG_FETCH);
        if (!tcg_walk(s, linear, TCG_FETCH, &page)) {
            tcg_raise_page(s, s->fault_address, s->fault_error);
        }
        *entry = (TcgFetchEntry){ .tag = tag, .page = page.page, .gpa = page.gpa & PAGE_MASK,
                                  .global = page.global && page.supervisor };
        s->fetch_clean = false;
        if (page.span > 4096) {
            note_large(s, linear, page.span);
        }
    }
    *ret_gpa = entry->gpa | (linear & 0xfff);
    return entry->page ? entry->page + (linear & 0xfff) : NULL;
}
