/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views for data paths: guest RAM by host address, from any thread and without
 * the machine lock.  A MemoryView is a FlatView by another name; its reference
 * keeps the regions that it shows, and their owners.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include "hw/memory/memory-internal.h"

static FlatView *flat(MemoryView *view)
{
    return (FlatView *)view;
}

MemoryView *memory_view_new(AddressSpace *as)
{
    return (MemoryView *)address_space_view(as);
}

MemoryView *memory_view_ref(MemoryView *view)
{
    return (MemoryView *)flatview_ref(flat(view));
}

void memory_view_unref(MemoryView *view)
{
    if (view) {
        flatview_unref(flat(view));
    }
}

bool memory_view_is_current(AddressSpace *as, const MemoryView *view)
{
    return (const MemoryView *)__atomic_load_n(&as->view, __ATOMIC_ACQUIRE) == view;
}

void *memory_view_map(MemoryView *view, guint64 addr, guint64 size, bool is_write,
                      guint64 *ret_size)
{
    const FlatRange *range = size ? flatview_find(flat(view), addr, NULL) : NULL;

    if (!range || !range_is_ram(range, is_write)) {
        return NULL;
    }
    *ret_size = MIN(size - 1, range_last(range) - addr) + 1;
    return range_hva(range, addr);
}

static void mark(AddressSpace *as, guint64 addr, guint64 size)
{
    FlatView *view = address_space_view(as);

    for (guint64 done = 0, n; done < size; done += n) {
        const FlatRange *range = flatview_find(view, addr + done, NULL);

        if (!range) {
            break;
        }
        n = MIN(size - done - 1, range_last(range) - (addr + done)) + 1;
        range_mark(range, addr + done, n);
    }
    flatview_unref(view);
}

void memory_wrote(AddressSpace *as, guint64 addr, guint64 size)
{
    Accel *accel = as->listener.accel;

    if (__atomic_load_n(&as->logged, __ATOMIC_RELAXED)) {
        mark(as, addr, size);
    }
    if (accel && accel_ops(accel)->memory_written) {
        accel_ops(accel)->memory_written(accel, addr, size);
    }
}
