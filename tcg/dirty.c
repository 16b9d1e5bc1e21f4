/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to guest memory: the dirty log, and writes reported by devices.
 *
 * A page whose flag TCG_PAGE_LOG is set is not dirty, and no TLB lets it be
 * written.  A writer clears the flag, after the write; reading the log sets it
 * again, before the page is read.
 */
#include "config.h"
#include "tcg/slots.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

/* ---- The log ---- */

static TcgPhysPage *page_of(TcgAccel *tcg, const AccelSlot *slot, gsize i)
{
    return tcg_host_page(tcg->memory, (guint8 *)slot->hva + i * 4096);
}

static bool any_dirty(TcgAccel *tcg, const AccelSlot *slot)
{
    for (gsize i = 0; i < slot->size / 4096; i++) {
        if (!(tcg_page_flags(page_of(tcg, slot, i)) & TCG_PAGE_LOG)) {
            return true;
        }
    }
    return false;
}

static void collect(TcgAccel *tcg, const AccelSlot *slot, guint8 *ret_bitmap)
{
    for (gsize i = 0; i < slot->size / 4096; i++) {
        guint32 flags = tcg_page_set_flags(tcg->memory, (const guint8 *)slot->hva + i * 4096,
                                           TCG_PAGE_LOG);

        if (!(flags & TCG_PAGE_LOG)) {
            ret_bitmap[i / 8] |= 1 << i % 8;
        }
    }
}

static void protect(TcgState *s, const void *argument)
{
    tcg_tlb_protect(s, NULL);
}

bool tcg_dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    const AccelSlot *found = tcg_slot_find(tcg->memory->slots->slots, slot);

    if (!found || !(found->flags & ACCEL_SLOT_LOG_DIRTY)) {
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "no dirty log is kept at 0x%" G_GINT64_MODIFIER "x", slot->gpa);
        return false;
    }
    memset(ret_bitmap, 0, (slot->size / 4096 + 7) / 8);
    if (any_dirty(tcg, found)) {
        tcg_vcpus_hold(tcg);
        collect(tcg, found, ret_bitmap);
        tcg_vcpus_each(tcg, protect, NULL);
        tcg_vcpus_release(tcg);
    }
    return true;
}

/* ---- What devices wrote ---- */

/* A write: size bytes at hva, and the offset of the first code among them. */
typedef struct {
    TcgMemory *memory;
    const guint8 *hva;
    guint64 size, code;         /* code: size if there is none */
} Written;

/* Marks the written part of a page dirty. */
static void note_page(Written *w, const guint8 *page_hva)
{
    TcgPhysPage *page = tcg_host_page(w->memory, page_hva);
    const guint8 *first = MAX(page_hva, w->hva), *end = MIN(page_hva + 4096, w->hva + w->size);

    if (tcg_page_flags(page) & TCG_PAGE_LOG) {
        __atomic_fetch_and(&page->flags, ~(guint32)TCG_PAGE_LOG, __ATOMIC_RELAXED);
    }
    if (tcg_page_has_code(page, (guintptr)first, end - first)) {
        w->code = MIN(w->code, (guint64)(first - w->hva));
    }
}

/* The same for up to 64 pages, whose bits are in one word, from that of `at` on.  Almost
 * always none of them has flags.  Returns the start of the next ones. */
static const guint8 *note_pages(Written *w, const guint8 *at)
{
    guint i = tcg_page_index(at);
    const guint8 *page = at - ((guintptr)at & 0xfff);
    guint64 bits = __atomic_load_n(&tcg_host_granule(w->memory, at)->noted[i / 64],
                                   __ATOMIC_ACQUIRE) >> i % 64;

    for (; bits; bits &= bits - 1) {
        const guint8 *noted = page + 4096ull * __builtin_ctzll(bits);

        if (noted >= w->hva + w->size) {
            break;
        }
        note_page(w, noted);
    }
    return page + 4096ull * (64 - i % 64);
}

/*
 * Marks size bytes at hva dirty, and returns the offset of the first code among
 * them; size: none.
 */
static guint64 note_memory(TcgMemory *memory, const guint8 *hva, guint64 size)
{
    Written written = { .memory = memory, .hva = hva, .size = size, .code = size };

    for (const guint8 *at = hva; at < hva + size; ) {
        at = note_pages(&written, at);
    }
    return written.code;
}

/* The same for guest physical addresses, which may be in several ranges, or in none. */
static guint64 note_range(TcgMemory *memory, guint64 gpa, guint64 size)
{
    guint64 code = size;

    for (guint64 done = 0, n; done < size; done += n) {
        const TcgRange *range = tcg_range_find(memory, gpa + done);

        n = 4096 - ((gpa + done) & 0xfff);
        if (range) {
            guint64 found;

            n = MIN(size - done, range->gpa + range->size - (gpa + done));
            found = note_memory(memory, tcg_range_hva(range, gpa + done), n);
            code = found < n ? MIN(code, done + found) : code;
        }
    }
    return code;
}

void tcg_memory_written(Accel *accel, guint64 gpa, guint64 size)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    GRWLock *lock = &tcg->memory->slots->lock;
    guint64 code;

    g_rw_lock_reader_lock(lock);
    code = note_range(tcg->memory, gpa, size);
    g_rw_lock_reader_unlock(lock);
    if (code < size) {
        tcg_cache_drop_range(tcg, gpa + code, size - code);
    }
}
