/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of vCPUs: find what is mapped, cut the access into what its
 * handlers take, call them.
 *
 * The machine lock is taken once for a whole access, and let go for those of its
 * pieces that take none.  A handler may change the tree (a bridge that moves a
 * window), so nothing found before a call is used after it, and the region's owner
 * is kept alive during the call.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include <string.h>

#include "hw/memory/memory-internal.h"
#include "qom/qapi-trace.h"

/* ---- One region ---- */

static guint ops_min(const RegionOps *ops)
{
    return ops->min_size ? ops->min_size : 1;
}

static guint ops_max(const RegionOps *ops)
{
    return ops->max_size ? ops->max_size : 4;
}

/* How much of len bytes at offset one call of a handler does. */
static guint chunk_size(const RegionOps *ops, guint64 offset, guint len)
{
    guint n = ops_max(ops);

    while (n > len) {
        n /= 2;
    }
    return offset % n ? 1 : n;
}

static guint64 load_le(const guint8 *data, guint size)
{
    guint64 value = 0;

    memcpy(&value, data, size);
    return GUINT64_FROM_LE(value);
}

static void store_le(guint8 *data, guint64 value, guint size)
{
    value = GUINT64_TO_LE(value);
    memcpy(data, &value, size);
}

static void show(const MemoryRegion *mr, guint64 offset, const guint8 *data, guint n, bool is_write)
{
    if (mr->ops->secret) {
        return;
    }
    if (is_write) {
        trace_memory_region_ops_write(mr, offset, n, load_le(data, n));
    } else {
        trace_memory_region_ops_read(mr, offset, n, load_le(data, n));
    }
}

/* One call of a handler for n bytes, widened to what it takes. */
static void io_chunk(MemoryRegion *mr, guint64 offset, guint8 *data, guint n, bool is_write)
{
    const RegionOps *ops = mr->ops;
    guint width = MAX(n, ops_min(ops));
    guint lane = offset % width;

    if (is_write && ops->write) {
        ops->write(mr->opaque, offset - lane, load_le(data, n) << lane * 8, width);
    } else if (!is_write) {
        guint64 value = ops->read ? ops->read(mr->opaque, offset - lane, width) : G_MAXUINT64;

        store_le(data, value >> lane * 8, n);
    }
}

/* taken: the lock that this access took for itself, or NULL.  Handlers that lock
 * for themselves must not have it from here: they may wait for who else wants it. */
static void io_access(MemoryRegion *mr, guint64 offset, guint8 *data, guint len, bool is_write,
                      FairLock *taken)
{
    Object *owner = object_ref(mr->owner);

    taken = mr->ops->lockless ? taken : NULL;
    object_ref(mr);
    if (taken) {
        fair_lock_release(taken);
    }
    while (len) {
        guint n = chunk_size(mr->ops, offset, len);

        if (is_write && trace_wanted(TRACE_MEMORY_REGION_OPS_WRITE)) {
            show(mr, offset, data, n, true);
        }
        io_chunk(mr, offset, data, n, is_write);
        if (!is_write && trace_wanted(TRACE_MEMORY_REGION_OPS_READ)) {
            show(mr, offset, data, n, false);
        }
        offset += n;
        data += n;
        len -= n;
    }
    if (taken) {
        fair_lock_acquire(taken);
    }
    object_unref(mr);
    object_unref(owner);
}

/* ---- One address space ---- */

/* len bytes at addr, all in range. */
static void range_access(const FlatRange *range, guint64 addr, guint8 *data, guint len,
                         bool is_write, FairLock *taken)
{
    if (range_is_ram(range, is_write)) {
        guint8 *hva = range_hva(range, addr);

        memcpy(is_write ? hva : data, is_write ? data : hva, len);
    } else if (range->mr->ops) {
        io_access(range->mr, range->offset + (addr - range->start), data, len, is_write, taken);
    }
}

/* Does as much of len bytes at addr as lies in one range, or in no range, and
 * returns how much that was. */
static guint access_piece(AddressSpace *as, guint64 addr, guint8 *data, guint len, bool is_write,
                          FairLock *taken)
{
    const FlatRange *range = flatview_find(as->view, addr);

    if (range) {
        len = MIN(len - 1, range_last(range) - addr) + 1;
        range_access(range, addr, data, len, is_write, taken);
        return len;
    }
    if (!is_write) {
        *data = 0xff;
    }
    return 1;
}

/* True if the access was one for handlers that take no lock.  A space without
 * any is told by one word, which is what most exits read. */
static bool access_lockless(AddressSpace *as, guint64 addr, guint8 *data, guint len, bool is_write)
{
    FlatView *view = address_space_view(as);
    const FlatRange *range = view->lockless ? flatview_find(view, addr) : NULL;
    bool mine = range && range->mr->ops && range->mr->ops->lockless &&
                len - 1 <= range_last(range) - addr;

    if (mine) {
        range_access(range, addr, data, len, is_write, NULL);
    }
    flatview_unref(view);
    return mine;
}

void address_space_access(AddressSpace *as, guint64 addr, void *data, guint size, bool is_write)
{
    bool unlocked = as->lock && !fair_lock_mine(as->lock);
    guint8 *p = data;

    if (unlocked) {
        if (g_atomic_int_get(&as->lockless) && access_lockless(as, addr, p, size, is_write)) {
            return;
        }
        fair_lock_acquire(as->lock);
    }
    while (size) {
        guint n = access_piece(as, addr, p, size, is_write, unlocked ? as->lock : NULL);

        addr += n;
        p += n;
        size -= n;
    }
    if (unlocked) {
        fair_lock_release(as->lock);
    }
}

guint64 address_space_read(AddressSpace *as, guint64 addr, guint size)
{
    guint8 data[8] = { 0 };

    address_space_access(as, addr, data, MIN(size, sizeof(data)), false);
    return load_le(data, sizeof(data));
}

void address_space_write(AddressSpace *as, guint64 addr, guint64 value, guint size)
{
    guint8 data[8];

    store_le(data, value, sizeof(data));
    address_space_access(as, addr, data, MIN(size, sizeof(data)), true);
}
