/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA: accesses of devices to guest RAM, from any thread, by addresses that the
 * guest chose.  Only RAM can be accessed, so that a guest cannot make a device
 * call another one, or itself.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include <string.h>

#include "hw/memory/memory-internal.h"

/* The part of size bytes at addr that lies in range (may be NULL), if that is RAM: returns its
 * host address and *ret_size, or NULL. */
static guint8 *ram_piece(const FlatRange *range, guint64 addr, gsize size, bool is_write,
                         gsize *ret_size)
{
    if (!range || !range_is_ram(range, is_write)) {
        return NULL;
    }
    *ret_size = MIN(size - 1, range_last(range) - addr) + 1;
    return range_hva(range, addr);
}

static bool copy(FlatView *view, guint64 addr, guint8 *buf, gsize size, bool is_write)
{
    while (size) {
        gsize n;
        const FlatRange *range = flatview_find(view, addr, NULL);
        guint8 *hva = ram_piece(range, addr, size, is_write, &n);

        if (!hva) {
            return false;
        }
        memcpy(is_write ? hva : buf, is_write ? buf : hva, n);
        if (is_write) {
            range_mark(range, addr, n);
        }
        size -= n;
        buf += n;
        addr += n;
        if (size && !addr) {
            return false;
        }
    }
    return true;
}

bool memory_read(AddressSpace *as, guint64 addr, void *buf, gsize size)
{
    FlatView *view = address_space_view(as);
    bool ok = copy(view, addr, buf, size, false);

    flatview_unref(view);
    return ok;
}

bool memory_write(AddressSpace *as, guint64 addr, const void *buf, gsize size)
{
    FlatView *view = address_space_view(as);
    bool ok = copy(view, addr, (guint8 *)buf, size, true);
    Accel *accel = as->listener.accel;

    flatview_unref(view);
    if (accel && accel_ops(accel)->memory_written) {
        accel_ops(accel)->memory_written(accel, addr, size);
    }
    return ok;
}

void *memory_map(AddressSpace *as, guint64 addr, gsize size, bool is_write)
{
    gsize n;
    const FlatRange *range = size ? flatview_find(as->view, addr, NULL) : NULL;
    guint8 *hva = ram_piece(range, addr, size, is_write, &n);

    return hva && n == size ? hva : NULL;
}
