/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code memory and blocks; see cache.h.
 */
#include "config.h"
#include "tcg/cache.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qmp/error.h"
#include "tcg/tcg-accel.h"

enum {
    RESERVE = 64 * 1024,        /* of the arena, for the block being translated */
    MEAN_BLOCK = 128,           /* bytes of code, at least */
    FIRST_CODE = 64,            /* no block has offset 0 */
};

/* ---- Memory ---- */

static guint8 *map(int fd, gsize size, int protection)
{
    void *memory = mmap(NULL, size, protection, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
                                                       : MAP_SHARED, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static bool map_code(TcgCache *cache, GError **error)
{
    cache->fd = memfd_create("vmd-code", MFD_CLOEXEC);
    if (cache->fd < 0 || ftruncate(cache->fd, cache->size) < 0 ||
        !(cache->write = map(cache->fd, cache->size, PROT_READ | PROT_WRITE)) ||
        !(cache->execute = map(cache->fd, cache->size, PROT_READ | PROT_EXEC)) ||
        !(cache->arena = map(-1, cache->size, PROT_READ | PROT_WRITE))) {
        qmp_error_set_errno(error, errno == ENOMEM ? ERROR_REASON_NO_MEMORY
                                                   : ERROR_REASON_HOST_ERROR, errno,
                            "the host gives no memory for %zu MiB of code", cache->size >> 20);
        return false;
    }
    return true;
}

TcgCache *tcg_cache_new(TcgAccel *tcg, guint mib, bool exact_flags, GError **error)
{
    TcgCache *cache = g_new0(TcgCache, 1);

    cache->tcg = tcg;
    cache->size = (gsize)mib << 20;
    cache->exact_flags = exact_flags;
    cache->max_blocks = cache->size / MEAN_BLOCK;
    cache->hash = (TcgBlock **)map(-1, TCG_HASH_SIZE * sizeof(*cache->hash),
                                   PROT_READ | PROT_WRITE);
    cache->by_code = (TcgBlock **)map(-1, cache->max_blocks * sizeof(*cache->by_code),
                                      PROT_READ | PROT_WRITE);
    cache->used = FIRST_CODE;
    cache->has_rorx = __builtin_cpu_supports("bmi2");
    if (!map_code(cache, error)) {
        tcg_cache_free(cache);
        return NULL;
    }
    return cache;
}

static void unmap(void *memory, gsize size)
{
    if (memory) {
        munmap(memory, size);
    }
}

void tcg_cache_free(TcgCache *cache)
{
    if (!cache) {
        return;
    }
    unmap(cache->write, cache->size);
    unmap(cache->execute, cache->size);
    unmap(cache->arena, cache->size);
    unmap(cache->hash, TCG_HASH_SIZE * sizeof(*cache->hash));
    unmap(cache->by_code, cache->max_blocks * sizeof(*cache->by_code));
    if (cache->fd >= 0) {
        close(cache->fd);
    }
    g_free(cache);
}

bool tcg_cache_full(const TcgCache *cache)
{
    return cache->arena_used + RESERVE > cache->size || cache->n_blocks == cache->max_blocks;
}

void *tcg_cache_alloc(TcgCache *cache, gsize size)
{
    void *memory = cache->arena + cache->arena_used;

    cache->arena_used += (size + 15) & ~(gsize)15;
    memset(memory, 0, size);
    return memory;
}

/* ---- What belongs to a block ---- */

TcgInsn *tcg_block_insn(TcgCache *cache)
{
    return tcg_cache_alloc(cache, sizeof(TcgInsn));
}

TcgExit *tcg_block_exit(TcgCache *cache, TcgBlock *block)
{
    TcgExit *exit = tcg_cache_alloc(cache, sizeof(TcgExit));

    exit->from = block;
    return exit;
}

/* ---- Known blocks ---- */

static void add_to_page(TcgCache *cache, TcgBlock *block, guint i)
{
    TcgPhysPage *page = block->phys[i];

    if (!page) {
        return;
    }
    block->page_next[i] = page->blocks;
    page->blocks = block;
    __atomic_store_n(&page->idle, 0, __ATOMIC_RELAXED);
    __atomic_fetch_or(&page->code, block->granules[i], __ATOMIC_RELAXED);
    tcg_page_set_flags(cache->tcg->memory, page->page, TCG_PAGE_CODE);
}

void tcg_cache_insert(TcgCache *cache, TcgBlock *block)
{
    guint i = tcg_hash_index(&block->key);

    add_to_page(cache, block, 0);
    add_to_page(cache, block, 1);
    cache->by_code[cache->n_blocks] = block;
    __atomic_store_n(&cache->n_blocks, cache->n_blocks + 1, __ATOMIC_RELEASE);
    block->next = cache->hash[i];
    __atomic_store_n(&cache->hash[i], block, __ATOMIC_RELEASE);
}

/* ---- Jumps ---- */

static void aim(TcgExit *exit, const guint8 *target)
{
    gint32 displacement = target - (exit->site + 4);
    guint64 *word = (guint64 *)(void *)((guintptr)exit->site & ~(guintptr)7);
    guint64 value = *word;

    memcpy((guint8 *)&value + ((guintptr)exit->site & 7), &displacement, sizeof(displacement));
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void tcg_cache_chain(TcgExit *exit, TcgBlock *to, TcgCache *cache)
{
    if (exit->to || exit->from->dropped || to->dropped || to->next_page) {
        return;
    }
    exit->to = to;
    exit->next = to->incoming;
    to->incoming = exit;
    aim(exit, cache->write + to->code);
}

static void unchain_incoming(TcgBlock *block)
{
    while (block->incoming) {
        TcgExit *exit = block->incoming;

        block->incoming = exit->next;
        exit->to = NULL;
        aim(exit, exit->stub);
    }
}

/* ---- Dropping ---- */

static void remove_from_hash(TcgCache *cache, TcgBlock *block)
{
    TcgBlock **link = &cache->hash[tcg_hash_index(&block->key)];

    while (*link && *link != block) {
        link = &(*link)->next;
    }
    if (*link) {
        __atomic_store_n(link, block->next, __ATOMIC_RELEASE);
    }
}

static TcgBlock **page_link(TcgBlock *block, const TcgPhysPage *page)
{
    return block->phys[0] == page ? &block->page_next[0] : &block->page_next[1];
}

/* The page becomes data: vCPUs may write to it without C. */
static void forget_code(TcgPhysPage *page)
{
    __atomic_fetch_and(&page->flags, ~(guint32)TCG_PAGE_CODE, __ATOMIC_RELAXED);
    __atomic_store_n(&page->idle, 0, __ATOMIC_RELAXED);
}

/* quiet: no vCPU runs that block, except one that is about to leave it.  Otherwise one may, and
 * when it writes to the page, it has to learn that the rest of the block may be no longer right: so
 * the page stays a page with code (tcg_cache_forget_idle). */
static void remove_from_page(TcgBlock *block, TcgPhysPage *page, bool quiet)
{
    TcgBlock **link = &page->blocks;

    while (*link && *link != block) {
        link = page_link(*link, page);
    }
    if (*link) {
        *link = *page_link(block, page);
    }
    if (!page->blocks) {
        __atomic_store_n(&page->code, 0, __ATOMIC_RELAXED);
        if (quiet) {
            forget_code(page);
        }
    }
}

/* A vCPU that still gets here, by the jump cache, goes to the dispatcher: the block's head compares
 * `pending` with a byte that it never equals.  A vCPU may be between any two instructions of the
 * head meanwhile, so one byte changes, and no instruction's length. */
static void close_entry(TcgCache *cache, TcgBlock *block)
{
    if (block->key.mode & TCG_MODE_STEP) {
        return;                 /* only the dispatcher enters this block */
    }
    __atomic_store_n(cache->write + block->code + TCG_ENTRY_VALUE, TCG_CLOSED_ENTRY,
                     __ATOMIC_RELEASE);
}

static void drop_block(TcgCache *cache, TcgBlock *block, bool quiet)
{
    if (block->dropped) {
        return;
    }
    block->dropped = true;
    remove_from_hash(cache, block);
    for (guint i = 0; i < 2; i++) {
        if (block->phys[i] && (i == 0 || block->phys[1] != block->phys[0])) {
            remove_from_page(block, block->phys[i], quiet);
        }
    }
    unchain_incoming(block);
    close_entry(cache, block);
}

void tcg_cache_drop_block(TcgCache *cache, TcgBlock *block)
{
    drop_block(cache, block, tcg_is_alone(cache->tcg));
}

/* Two pages of a block may be one page of RAM, seen at two addresses. */
static guint64 granules_in(const TcgBlock *block, const TcgPhysPage *page)
{
    return (block->phys[0] == page ? block->granules[0] : 0) |
           (block->phys[1] == page ? block->granules[1] : 0);
}

static void drop_locked(TcgCache *cache, TcgPhysPage *page, guint64 granules, bool quiet)
{
    TcgBlock *block = page->blocks;

    while (block) {
        TcgBlock *next = *page_link(block, page);

        if (granules_in(block, page) & granules) {
            drop_block(cache, block, quiet);
        }
        block = next;
    }
}

static void drop(TcgCache *cache, TcgPhysPage *page, guint64 gpa, guint size, bool quiet)
{
    guint first = gpa & 0xfff;

    g_mutex_lock(&cache->tcg->translate);
    drop_locked(cache, page, tcg_granules(first, MIN(first + size, 0x1000) - 1), quiet);
    g_mutex_unlock(&cache->tcg->translate);
}

void tcg_cache_drop(TcgCache *cache, TcgPhysPage *page, guint64 gpa, guint size)
{
    drop(cache, page, gpa, size, tcg_is_alone(cache->tcg));
}

void tcg_cache_drop_page(TcgAccel *tcg, TcgPhysPage *page)
{
    drop(tcg->cache, page, 0, 0x1000, true);
}

/* vCPUs are held, so that no head changes while one of them runs it. */
void tcg_cache_drop_range(TcgAccel *tcg, guint64 gpa, guint64 size)
{
    guint64 end = gpa + size;

    tcg_vcpus_hold(tcg);
    while (gpa < end) {
        guint n = MIN(end - gpa, 0x1000 - (gpa & 0xfff));
        const TcgRange *range = tcg_range_find(tcg->memory, gpa);
        TcgPhysPage *page = range ? tcg_host_page(tcg->memory, tcg_range_hva(range, gpa)) : NULL;

        if (page && tcg_page_has_code(page, gpa, n)) {
            drop(tcg->cache, page, gpa, n, true);
        }
        gpa += n;
    }
    tcg_vcpus_release(tcg);
}

void tcg_cache_forget_idle(TcgAccel *tcg, const guint8 *hva)
{
    tcg_vcpus_hold(tcg);
    if (tcg_host_granule(tcg->memory, hva)->pages) {
        TcgPhysPage *page = tcg_host_page(tcg->memory, hva);

        g_mutex_lock(&tcg->translate);
        if (!page->blocks) {
            forget_code(page);
        }
        g_mutex_unlock(&tcg->translate);
    }
    tcg_vcpus_release(tcg);
}

static void unlist_pages(TcgBlock *block)
{
    for (guint i = 0; i < 2; i++) {
        TcgPhysPage *page = block->phys[i];

        if (page) {
            page->blocks = NULL;
            __atomic_store_n(&page->code, 0, __ATOMIC_RELAXED);
            forget_code(page);
        }
    }
}

/* New code replaces code that has run: SDM vol. 3A, section 8.1.3. */
static void serialize(void)
{
    guint eax, ebx, ecx, edx;

    __cpuid(0, eax, ebx, ecx, edx);
}

void tcg_cache_flush(TcgCache *cache)
{
    for (guint i = 0; i < cache->n_blocks; i++) {
        if (!cache->by_code[i]->dropped) {
            unlist_pages(cache->by_code[i]);
        }
    }
    memset(cache->hash, 0, TCG_HASH_SIZE * sizeof(*cache->hash));
    cache->n_blocks = 0;
    cache->used = FIRST_CODE;
    cache->arena_used = 0;
    __atomic_store_n(&cache->generation, cache->generation + 1, __ATOMIC_RELEASE);
    serialize();
}

void tcg_cache_renew(TcgVcpu *vcpu)
{
    guint generation = __atomic_load_n(&vcpu->tcg->cache->generation, __ATOMIC_ACQUIRE);

    if (vcpu->code_generation == generation) {
        return;
    }
    vcpu->code_generation = generation;
    vcpu->state->chain = NULL;
    tcg_jumps_flush(vcpu->state);
    serialize();
}
