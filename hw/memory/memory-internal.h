/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/memory/memory.h share; no other file includes it:
 *
 *   region.c          the tree of regions and its changes
 *   flatview.c        from a tree to a sorted list of ranges
 *   address-space.c   a tree's current view, transactions
 *   dispatch.c        accesses of vCPUs
 *   dma.c             accesses of devices
 *   memory-view.c     the same by host address
 *   region-log.c      which pages of a region were written
 *   accel-listener.c  from views to an accelerator's slots
 */
#ifndef HW_MEMORY_MEMORY_INTERNAL_H
#define HW_MEMORY_MEMORY_INTERNAL_H

#include "hw/memory/memory.h"

typedef enum {
    REGION_CONTAINER,
    REGION_IO,
    REGION_RAM,
    REGION_ROM_DEVICE,
    REGION_ALIAS,
} RegionKind;

typedef struct {
    guint64 offset;             /* in its region */
    guint8 size;
    bool match;
    guint64 value;
    int fd;
} RegionIoeventfd;

struct MemoryRegion {
    Object object;
    RegionKind kind;
    Object *owner;              /* not counted */
    guint64 size;               /* 0: 2^64 */
    bool enabled, readonly;

    const RegionOps *ops;       /* REGION_IO, REGION_ROM_DEVICE */
    void *opaque;
    guint8 *hva;                /* REGION_RAM, REGION_ROM_DEVICE */
    GArray *ioeventfds;         /* of RegionIoeventfd, or NULL */

    MemoryRegion *target;       /* REGION_ALIAS, counted */
    guint64 target_offset;
    GPtrArray *aliases;         /* of MemoryRegion: aliases of this one, not counted */

    MemoryRegion *container;    /* the container it is in, or NULL; not counted */
    guint64 offset;             /* in container */
    gint32 priority;
    GPtrArray *subregions;      /* counted; in order of visibility */

    AddressSpace *as;           /* the space whose root it is, or NULL */

    guint logs;                 /* calls of region_log_begin(); machine lock */
    guint8 *written;            /* a bit for each page, atomic; from the first log on; or NULL */
    guint log_generation;       /* the listener's, when the log was last read */
};

/* An immutable list of ranges.  It holds references to its regions and their
 * owners, so that an access can end while the tree changes. */
typedef struct {
    gatomicrefcount refs;
    guint hint;                 /* last result of flatview_find(); relaxed */
    /* From the first to the last range whose handlers take no lock; first > last: none. */
    guint64 lockless_first, lockless_last;
    bool logged;                /* it shows a region with a log */
    GArray *ranges;             /* of FlatRange */
} FlatView;

/* A call of a region's handlers in progress, on the caller's stack; machine lock.  As long as the
 * view stays it keeps the region and its owner alive.  Code that replaces the view makes the
 * calls take references themselves: that is rare, and counting references at each access would be
 * costly. */
typedef struct RegionCall {
    struct RegionCall *next, **link;
    MemoryRegion *mr;
    Object *owner;
    bool holds;
} RegionCall;

/* What an address space has given to its accelerator. */
typedef struct {
    Accel *accel;               /* NULL: no listener */
    bool pio;
    bool complained;            /* a warning about memory that was not taken was logged */
    GArray *slots;              /* of AccelSlot, by gpa; NULL without accel */
    guint log_generation;       /* grows when a slot with a log is removed; outlives accel */
    GArray *ioeventfds;         /* of AccelIoeventfd, sorted */
} AccelListener;

struct AddressSpace {
    MemoryRegion *root;         /* counted */
    FairLock *lock;
    GMutex view_mutex;          /* for taking a reference to view */
    FlatView *view;
    /* Copied from view; relaxed, for threads without any lock.  A thread that reads one
     * bound of an old view and one of a new view takes the slow path, at worst
     * needlessly. */
    guint64 lockless_first, lockless_last;
    bool logged;                /* the same */
    RegionCall *calls;          /* calls in progress through this space; machine lock */
    guint transaction;          /* depth */
    bool changed;               /* changed in the transaction */
    AccelListener listener;
};

/* Last offset of a region of this size. */
static inline guint64 size_last(guint64 size)
{
    return size - 1;
}

static inline guint64 range_last(const FlatRange *range)
{
    return range->start + size_last(range->size);
}

/* Whether the bytes of a range can be read (or written) at hva. */
static inline bool range_is_ram(const FlatRange *range, bool is_write)
{
    return range->mr->kind == REGION_RAM ? !(is_write && range->readonly)
                                         : range->mr->kind == REGION_ROM_DEVICE && !is_write;
}

static inline guint8 *range_hva(const FlatRange *range, guint64 addr)
{
    return range->mr->hva + range->offset + (addr - range->start);
}

/* Notifies all address spaces in which mr may be visible. */
void region_changed(MemoryRegion *mr);

/* Marks the pages with size bytes (at least 1) at an offset of mr as written, if it has a log. */
static inline bool region_has_log(const MemoryRegion *mr)
{
    return __atomic_load_n(&mr->written, __ATOMIC_RELAXED) != NULL;
}
void region_mark(MemoryRegion *mr, guint64 offset, guint64 size);
/* The same for a range of a view. */
static inline void range_mark(const FlatRange *range, guint64 addr, guint64 size)
{
    if (region_has_log(range->mr)) {
        region_mark(range->mr, range->offset + (addr - range->start), size);
    }
}

FlatView *flatview_new(MemoryRegion *root);
FlatView *flatview_ref(FlatView *view);
void flatview_unref(FlatView *view);
/* The range that contains addr, or NULL.  ret_last (may be NULL): the last address of the range,
 * or of the gap. */
const FlatRange *flatview_find(FlatView *view, guint64 addr, guint64 *ret_last);

/* The current view with a reference, from any thread. */
FlatView *address_space_view(AddressSpace *as);
/* The tree below `as` has changed: makes a new view now, or at the end of a transaction. */
void address_space_changed(AddressSpace *as);

/* Brings the accelerator up to date with view; fails if the accelerator does
 * not take the slots; it then has the old ones without those that are gone. */
bool accel_listener_update(AccelListener *listener, const FlatView *view, GError **error);

#endif
