/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of a region were written; see memory.h.
 *
 * Writes of the guest are in the accelerator's log, where the region is a slot; all others go
 * through this folder, which marks pages (region_mark).  Where a slot with a log is removed, its
 * last writes are lost: then all pages count as written.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include <string.h>

#include "hw/memory/memory-internal.h"

enum { PAGE = 4096 };

static guint64 bitmap_size(const MemoryRegion *mr)
{
    return (mr->size / PAGE + 7) / 8;
}

void region_mark(MemoryRegion *mr, guint64 offset, guint64 size)
{
    guint8 *written = __atomic_load_n(&mr->written, __ATOMIC_ACQUIRE);
    guint64 last = MIN(offset + size - 1, mr->size - 1) / PAGE;

    for (guint64 page = offset / PAGE; page <= last; page++) {
        __atomic_fetch_or(&written[page / 8], 1 << page % 8, __ATOMIC_RELAXED);
    }
}

void region_wrote(MemoryRegion *mr, guint64 offset, guint64 size)
{
    if (size && region_has_log(mr)) {
        region_mark(mr, offset, size);
    }
}

/* Other threads may be marking pages of a bitmap, so it stays once it is there. */
void region_log_begin(MemoryRegion *mr)
{
    if (!mr->written) {
        __atomic_store_n(&mr->written, g_malloc0(bitmap_size(mr)), __ATOMIC_RELEASE);
    }
    if (mr->logs++ == 0) {
        memset(mr->written, 0xff, bitmap_size(mr));
        region_changed(mr);
    }
}

void region_log_end(MemoryRegion *mr)
{
    if (--mr->logs == 0) {
        region_changed(mr);
    }
}

static void merge(MemoryRegion *mr, const AccelSlot *slot, const guint8 *bitmap)
{
    guint64 first = ((guint8 *)slot->hva - mr->hva) / PAGE;

    for (guint64 i = 0; i < slot->size / PAGE; i++) {
        if (bitmap[i / 8] & 1 << i % 8) {
            region_mark(mr, (first + i) * PAGE, 1);
        }
    }
}

/* Adds what the accelerator has logged for those slots that show the region. */
static void add_guest(MemoryRegion *mr, const AccelListener *listener)
{
    const AccelOps *ops = accel_ops(listener->accel);

    for (guint i = 0; ops->dirty_log && i < listener->slots->len; i++) {
        const AccelSlot *slot = &g_array_index(listener->slots, AccelSlot, i);
        const guint8 *hva = slot->hva;
        g_autofree guint8 *bitmap = NULL;

        if (!(slot->flags & ACCEL_SLOT_LOG_DIRTY) || hva < mr->hva || hva >= mr->hva + mr->size) {
            continue;
        }
        bitmap = g_malloc0((slot->size / PAGE + 7) / 8);
        if (ops->dirty_log(listener->accel, slot, bitmap, NULL)) {
            merge(mr, slot, bitmap);
        } else {
            region_mark(mr, 0, mr->size);
        }
    }
}

void region_log_take(MemoryRegion *mr, AddressSpace *as, guint8 *ret)
{
    const AccelListener *listener = &as->listener;

    if (listener->accel) {
        add_guest(mr, listener);
    }
    if (mr->log_generation != listener->log_generation) {
        mr->log_generation = listener->log_generation;
        region_mark(mr, 0, mr->size);
    }
    for (guint64 i = 0; i < bitmap_size(mr); i++) {
        ret[i] = __atomic_exchange_n(&mr->written[i], 0, __ATOMIC_ACQ_REL);
    }
}
