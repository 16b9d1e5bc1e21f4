/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translates bytes of guest memory to a block, and publishes it so that vCPUs find it.
 *
 * Devices write memory at any time, and check afterwards whether it contains code
 * (tcg_memory_written).  So a block is translated from a copy of its bytes and published; then the
 * bytes are compared with the copy, and if they differ, the block is dropped again.  Of the write
 * and the publication, the later one sees the earlier one.
 *
 * vCPUs write through their TLBs without a check.  So before a page gets its first code, all TLBs
 * are protected: that of the translating vCPU, and those of others if they may have the page, for
 * which they are held.
 *
 * Memory slots do not change meanwhile (tcg_heavy_inside).
 */
#include "config.h"

#include <string.h>

#include "tcg/dispatch.h"
#include "tcg/tcg-accel.h"
#include "tcg/tlb.h"
#include "tcg/translate.h"

enum { PAGE = 0x1000, GRANULE = 64 };

/* The bytes to translate: the page in which a block begins, and the beginning of the next page, in
 * which an instruction may end. */
typedef struct {
    guint8 page[PAGE], next[GRANULE];
} Text;

static void copy_text(Text *text, const guint8 *page, const guint8 *next)
{
    memcpy(text->page, page, sizeof(text->page));
    if (next) {
        memcpy(text->next, next, sizeof(text->next));
    }
}

static bool is_same(const guint8 *page, const guint8 *copy, guint64 granules)
{
    for (; granules; granules &= granules - 1) {
        const guint at = __builtin_ctzll(granules) * GRANULE;

        if (memcmp(page + at, copy + at, GRANULE) != 0) {
            return false;
        }
    }
    return true;
}

/* Publishes the block.  The fence is between marking the page as code and reading the bytes; the
 * writer's fence is the locked instruction of TcgSlots.lock. */
static void publish(TcgCache *cache, TcgBlock *block, const Text *text)
{
    tcg_cache_insert(cache, block);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!is_same(block->key.page, text->page, block->granules[0]) ||
        (block->next_page && !is_same(block->next_page, text->next, block->granules[1]))) {
        tcg_cache_drop_block(cache, block);
    }
}

static TcgTranslateResult translate_text(TcgState *s, const TcgBlockKey *key, const Text *text,
                                         bool has_next, bool trace, TcgBlock **ret_block)
{
    const guint offset = (key->cs_base + key->rip) & (PAGE - 1);

    return tcg_translate_block(s->vcpu->tcg->cache, s, key, text->page + offset, PAGE - offset,
                               has_next ? text->next : NULL, trace, ret_block);
}

/* NULL: with what is wanted. */
static TcgBlock *translate_locked(TcgState *s, TcgFetched *fetched, const Text *text)
{
    TcgBlock *block = NULL;

    if (translate_text(s, &fetched->key, text, fetched->next, false, &block) ==
        TCG_TRANSLATE_FULL) {
        fetched->wanted = TCG_WANTED_ROOM;
        return NULL;
    }
    if (!block) {
        fetched->wanted = TCG_WANTED_NEXT;
    } else if (block->next_page) {
        block->next_page = fetched->next;
    }
    return block;
}

/*
 * Makes the page one with code: from now on, writes to it go through C.  False: another vCPU may
 * still write to it without, since it has, or had, the page in its TLB.
 *
 * Here: set the flag, fence, read `writers`; a vCPU that wants to write: set its bit there, fence,
 * read the flags (tcg_page_claim).  At least one sees the other's write.  Bits are cleared only
 * when the TLB has been protected.
 */
static bool make_code(TcgState *s, TcgPhysPage *phys, const guint8 *page)
{
    guint16 writers;

    if (!(tcg_page_flags(phys) & TCG_PAGE_CODE)) {
        tcg_page_set_flags(s->memory, page, TCG_PAGE_CODE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    writers = __atomic_load_n(&phys->writers, __ATOMIC_ACQUIRE);
    if (writers & (~s->writer | TCG_WRITER_SHARED)) {
        return false;
    }
    if (writers) {
        tcg_tlb_protect(s, page);
        __atomic_fetch_and(&phys->writers, ~s->writer, __ATOMIC_RELAXED);
    }
    return true;
}

static bool make_all_code(TcgState *s, TcgFetched *fetched, TcgPhysPage *phys[2])
{
    phys[0] = tcg_phys_page(s, fetched->gpa);
    phys[1] = fetched->next ? tcg_phys_page(s, fetched->next_gpa) : NULL;
    fetched->wanted = TCG_WANTED_PROTECTION;
    return (!phys[0] || make_code(s, phys[0], fetched->key.page)) &&
           (!phys[1] || make_code(s, phys[1], fetched->next));
}

guint64 tcg_translate_heavy(TcgState *s, void *argument)
{
    TcgFetched *fetched = argument;
    TcgAccel *tcg = s->vcpu->tcg;
    TcgBlock *block = NULL;
    TcgPhysPage *phys[2];
    Text text;

    g_mutex_lock(&tcg->translate);
    if (make_all_code(s, fetched, phys)) {
        copy_text(&text, fetched->key.page, fetched->next);
        block = translate_locked(s, fetched, &text);
    }
    if (block) {
        block->phys[0] = phys[0];
        block->phys[1] = block->next_page ? phys[1] : NULL;
        publish(tcg->cache, block, &text);
    }
    g_mutex_unlock(&tcg->translate);
    return (guintptr)block;
}

static void protect(TcgState *s, const void *page)
{
    tcg_tlb_protect(s, page);
}

/* vCPUs are held. */
static void protect_page(TcgAccel *tcg, guint64 gpa, const guint8 *page)
{
    const TcgRange *range = tcg_range_find(tcg->memory, gpa);

    /* Memory may have changed until vCPUs were held. */
    if (range && tcg_range_hva(range, gpa & ~0xfffull) == page) {
        tcg_vcpus_each(tcg, protect, page);
        __atomic_store_n(&tcg_host_page(tcg->memory, page)->writers, 0, __ATOMIC_RELAXED);
    }
}

guint64 tcg_protect_heavy(TcgState *s, void *argument)
{
    const TcgFetched *fetched = argument;
    TcgAccel *tcg = s->vcpu->tcg;

    tcg_vcpus_hold(tcg);
    protect_page(tcg, fetched->gpa, fetched->key.page);
    if (fetched->next) {
        protect_page(tcg, fetched->next_gpa, fetched->next);
    }
    tcg_vcpus_release(tcg);
    return 0;
}

guint64 tcg_flush_heavy(TcgState *s, void *argument)
{
    TcgVcpu *vcpu = s->vcpu;
    TcgCache *cache = vcpu->tcg->cache;

    tcg_vcpus_gather(vcpu);
    g_mutex_lock(&vcpu->tcg->translate);
    if (vcpu->code_generation == cache->generation) {
        tcg_cache_flush(cache);         /* otherwise another vCPU has done it meanwhile */
    }
    g_mutex_unlock(&vcpu->tcg->translate);
    tcg_vcpus_disperse(vcpu);
    return 0;
}

/* Replaces a block by a trace; returns the block itself if there is no room, or if the block has
 * been dropped.  The trace is published before the block is dropped, so that the page has code all
 * the time. */
static TcgBlock *trace_locked(TcgState *s, TcgCache *cache, TcgBlock *block)
{
    TcgBlock *trace = NULL;
    Text text;

    if (block->dropped) {
        return block;
    }
    copy_text(&text, block->key.page, NULL);
    if (translate_text(s, &block->key, &text, false, true, &trace) != TCG_TRANSLATED) {
        return block;
    }
    trace->phys[0] = block->phys[0];
    publish(cache, trace, &text);
    tcg_cache_drop_block(cache, block);
    return trace;
}

guint64 tcg_chain_heavy(TcgState *s, void *argument)
{
    const TcgChaining *chaining = argument;
    TcgAccel *tcg = s->vcpu->tcg;
    TcgBlock *to = chaining->to;

    g_mutex_lock(&tcg->translate);
    if (chaining->trace) {
        to = trace_locked(s, tcg->cache, to);
    }
    tcg_cache_chain(chaining->exit, to, tcg->cache);
    g_mutex_unlock(&tcg->translate);
    return (guintptr)to;
}
