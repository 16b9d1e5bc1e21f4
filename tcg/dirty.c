/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wrote guest memory: the log of pages that became dirty, and what devices
 * say that they wrote.
 *
 * A page whose flag TCG_PAGE_LOG is set is not dirty, and no TLB lets it be
 * written.  Whoever writes it clears the flag, after the write; reading the log
 * sets it again, before anybody looks at the page.
 */
#include "config.h"
#include "tcg/slots.h"

#include <string.h>

#include "qmp/error.h"

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
        guint32 flags = __atomic_fetch_or(&page_of(tcg, slot, i)->flags, TCG_PAGE_LOG,
                                          __ATOMIC_RELAXED);

        if (!(flags & TCG_PAGE_LOG)) {
            ret_bitmap[i / 8] |= 1 << i % 8;
        }
    }
}

static void protect_all(TcgAccel *tcg)
{
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(tcg->vcpus, i);

        if (vcpu->state) {
            tcg_tlb_protect(vcpu->state, NULL);
        }
    }
}

bool tcg_dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error)
{
    TcgAccel *tcg = tcg_accel(accel);
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
        protect_all(tcg);
        tcg_vcpus_release(tcg);
    }
    return true;
}

/* ---- What devices wrote ---- */

/* Marks what was written of a page dirty; true: there is code. */
static bool note_page(TcgPhysPage *page, guint64 gpa, guint64 size)
{
    if (tcg_page_flags(page) & TCG_PAGE_LOG) {
        __atomic_fetch_and(&page->flags, ~(guint32)TCG_PAGE_LOG, __ATOMIC_RELAXED);
    }
    return tcg_page_has_code(page, gpa, size);
}

/* The same of all pages; ret_code is the first page's address that has code. */
static bool note_range(TcgMemory *memory, guint64 gpa, guint64 size, guint64 *ret_code)
{
    const TcgRange *range = NULL;
    bool has_code = false;

    for (guint64 n; size; gpa += n, size -= n) {
        n = MIN(size, 4096 - (gpa & 0xfff));
        if (!range || gpa - range->gpa >= range->size) {
            range = tcg_range_find(memory, gpa);
        }
        if (range && note_page(tcg_host_page(memory, tcg_range_hva(range, gpa)), gpa, n) &&
            !has_code) {
            *ret_code = gpa;
            has_code = true;
        }
    }
    return has_code;
}

void tcg_memory_written(Accel *accel, guint64 gpa, guint64 size)
{
    TcgAccel *tcg = tcg_accel(accel);
    GRWLock *lock = &tcg->memory->slots->lock;
    guint64 code = 0;
    bool has_code;

    g_rw_lock_reader_lock(lock);
    has_code = note_range(tcg->memory, gpa, size, &code);
    g_rw_lock_reader_unlock(lock);
    if (has_code) {
        tcg_cache_drop_range(tcg, code, gpa + size - code);
    }
}
