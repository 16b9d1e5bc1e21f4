/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of vCPUs: finds what is mapped, splits the access into sizes that
 * the handlers take, and calls them.
 *
 * The machine lock is held for a whole access, and let go for those of its pieces that
 * lock for themselves.  A handler may change the tree (a bridge that moves a
 * window), so nothing found before a call is used after it, and the region and its
 * owner are kept alive during the call, by the view or by the call (RegionCall).
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

/* How many of the len bytes at offset one call of a handler takes.  All sizes are powers of
 * two, which the compiler does not know: it would emit a division. */
static guint chunk_size(const RegionOps *ops, guint64 offset, guint len)
{
    guint n = ops_max(ops);

    while (n > len) {
        n /= 2;
    }
    return (offset & (n - 1)) && !ops->unaligned ? 1 : n;
}

/* size is 1, 2, 4 or 8, each with its own instruction: a wide load right after narrow stores
 * stalls the processor. */
static guint64 load_le(const guint8 *data, guint size)
{
    guint16 two;
    guint32 four;
    guint64 eight;

    switch (size) {
    case 1:
        return *data;
    case 2:
        memcpy(&two, data, sizeof(two));
        return GUINT16_FROM_LE(two);
    case 4:
        memcpy(&four, data, sizeof(four));
        return GUINT32_FROM_LE(four);
    default:
        memcpy(&eight, data, sizeof(eight));
        return GUINT64_FROM_LE(eight);
    }
}

static void store_le(guint8 *data, guint64 value, guint size)
{
    guint16 two = GUINT16_TO_LE((guint16)value);
    guint32 four = GUINT32_TO_LE((guint32)value);
    guint64 eight = GUINT64_TO_LE(value);

    switch (size) {
    case 1:
        *data = value;
        break;
    case 2:
        memcpy(data, &two, sizeof(two));
        break;
    case 4:
        memcpy(data, &four, sizeof(four));
        break;
    default:
        memcpy(data, &eight, sizeof(eight));
    }
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
    guint lane = width > n ? offset & (width - 1) : 0;

    if (is_write && ops->write) {
        ops->write(mr->opaque, offset - lane, load_le(data, n) << lane * 8, width);
    } else if (!is_write) {
        guint64 value = ops->read ? ops->read(mr->opaque, offset - lane, width) : G_MAXUINT64;

        store_le(data, value >> lane * 8, n);
    }
}

/* The caller keeps region and owner alive. */
static void io_access(MemoryRegion *mr, guint64 offset, guint8 *data, guint len, bool is_write)
{
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
}

static void call_begin(AddressSpace *as, RegionCall *call, MemoryRegion *mr)
{
    *call = (RegionCall){ .next = as->calls, .link = &as->calls, .mr = mr, .owner = mr->owner };
    if (call->next) {
        call->next->link = &call->next;
    }
    as->calls = call;
}

static void call_end(RegionCall *call)
{
    *call->link = call->next;
    if (call->next) {
        call->next->link = call->link;
    }
    if (call->holds) {
        object_unref(call->mr);
        object_unref(call->owner);
    }
}

/* Handlers that lock for themselves must not have the lock from here: they may wait for another
 * thread that wants it. */
static void call_region(AddressSpace *as, MemoryRegion *mr, guint64 offset, guint8 *data, guint len,
                        bool is_write)
{
    bool let_go = as->lock && mr->ops->lockless;
    RegionCall call;

    call_begin(as, &call, mr);
    if (let_go) {
        fair_lock_release(as->lock);
    }
    io_access(mr, offset, data, len, is_write);
    if (let_go) {
        fair_lock_acquire(as->lock);
    }
    call_end(&call);
}

/* ---- One address space ---- */

static void ram_access(const FlatRange *range, guint64 addr, guint8 *data, guint len, bool is_write)
{
    guint8 *hva = range_hva(range, addr);

    memcpy(is_write ? hva : data, is_write ? data : hva, len);
    if (is_write) {
        range_mark(range, addr, len);
    }
}

/* Performs the access for as many of the len bytes at addr as lie in one range,
 * or in no range, and returns their number. */
static guint access_piece(AddressSpace *as, guint64 addr, guint8 *data, guint len, bool is_write)
{
    guint64 last;
    const FlatRange *range = flatview_find(as->view, addr, &last);

    len = MIN(len - 1, last - addr) + 1;
    if (!range) {
        if (!is_write) {
            memset(data, 0xff, len);
        }
    } else if (range_is_ram(range, is_write)) {
        ram_access(range, addr, data, len, is_write);
    } else if (range->mr->ops) {
        call_region(as, range->mr, range->offset + (addr - range->start), data, len, is_write);
    }
    return len;
}

static bool may_be_lockless(const AddressSpace *as, guint64 addr)
{
    return addr >= __atomic_load_n(&as->lockless_first, __ATOMIC_RELAXED) &&
           addr <= __atomic_load_n(&as->lockless_last, __ATOMIC_RELAXED);
}

/* True if the access was handled, by handlers that take no lock. */
static bool access_lockless(AddressSpace *as, guint64 addr, guint8 *data, guint len, bool is_write)
{
    FlatView *view = address_space_view(as);
    guint64 last;
    const FlatRange *range = flatview_find(view, addr, &last);
    bool mine = range && range->mr->ops && range->mr->ops->lockless && len - 1 <= last - addr;

    if (mine && range_is_ram(range, is_write)) {
        ram_access(range, addr, data, len, is_write);
    } else if (mine) {
        io_access(range->mr, range->offset + (addr - range->start), data, len, is_write);
    }
    flatview_unref(view);
    return mine;
}

void address_space_access(AddressSpace *as, guint64 addr, void *data, guint size, bool is_write)
{
    guint8 *p = data;

    fair_lock_assert(as->lock);
    while (size) {
        guint n = access_piece(as, addr, p, size, is_write);

        addr += n;
        p += n;
        size -= n;
    }
}

void address_space_exit(AddressSpace *as, guint64 addr, void *data, guint size, bool is_write)
{
    fair_lock_assert_not(as->lock);
    if (!as->lock) {
        address_space_access(as, addr, data, size, is_write);
        return;
    }
    if (may_be_lockless(as, addr) && access_lockless(as, addr, data, size, is_write)) {
        return;
    }
    fair_lock_acquire(as->lock);
    address_space_access(as, addr, data, size, is_write);
    fair_lock_release(as->lock);
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
