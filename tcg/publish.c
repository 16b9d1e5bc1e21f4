/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translates bytes of guest memory to a block, and publishes it so that vCPUs find it.
 *
 * Devices write memory at any time, and check afterwards whether it contains code
 * (tcg_memory_written).  So a block is translated from a copy of its bytes and published; then the
 * bytes are compared with the copy, and if they differ, the block is dropped again.  Of the write
 * and the publication, the later one sees the earlier one.
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

/* Only this vCPU's own jumps can be stale, as it is the only one. */
static TcgBlock *translate_locked(TcgState *s, const TcgFetched *fetched, const Text *text)
{
    TcgCache *cache = s->vcpu->tcg->cache;
    TcgBlock *block = NULL;

    if (translate_text(s, &fetched->key, text, fetched->next, false, &block) ==
        TCG_TRANSLATE_FULL) {
        tcg_cache_flush(cache);
        s->chain = NULL;
        tcg_jumps_flush(s);
        translate_text(s, &fetched->key, text, fetched->next, false, &block);
    }
    if (block && block->next_page) {
        block->next_page = fetched->next;
    }
    return block;
}

/* Called for the first code in a page: from now on writes to the page go through C code. */
static void protect(TcgState *s, const TcgPhysPage *phys, const guint8 *page)
{
    if (phys && !(tcg_page_flags(phys) & TCG_PAGE_CODE)) {
        tcg_tlb_protect(s, page);
    }
}

guint64 tcg_translate_heavy(TcgState *s, void *argument)
{
    const TcgFetched *fetched = argument;
    TcgAccel *tcg = s->vcpu->tcg;
    TcgBlock *block;
    Text text;

    g_mutex_lock(&tcg->translate);
    copy_text(&text, fetched->key.page, fetched->next);
    block = translate_locked(s, fetched, &text);
    if (block) {
        block->phys[0] = tcg_phys_page(s, fetched->gpa);
        block->phys[1] = block->next_page ? tcg_phys_page(s, fetched->next_gpa) : NULL;
        protect(s, block->phys[0], block->key.page);
        protect(s, block->phys[1], block->next_page);
        publish(tcg->cache, block, &text);
    }
    g_mutex_unlock(&tcg->translate);
    return (guintptr)block;
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
