/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest address spaces: trees of MemoryRegion objects, flattened into a sorted
 * view that serves exits, DMA and the accelerator's slots.
 *
 * A region does not know its address.  Containers hold subregions at offsets;
 * where two overlap, the higher priority wins, then the later one.
 *
 * Threads: changing the tree and dispatching an access need the machine lock;
 * memory_read/memory_write (DMA to RAM) may be called from any thread.
 */
#ifndef HW_MEMORY_MEMORY_H
#define HW_MEMORY_MEMORY_H

#include "cpu/accel.h"
#include "hw/core/lock.h"
#include "qom/object.h"

typedef struct MemoryRegion MemoryRegion;
typedef struct AddressSpace AddressSpace;

/* How a device handles accesses.  value and the result are in the low size
 * bytes; offset and size are always within the region. */
typedef struct {
    guint64 (*read)(void *opaque, guint64 offset, guint size);  /* NULL: all ones */
    void (*write)(void *opaque, guint64 offset, guint64 value, guint size); /* NULL: ignored */
    /* Sizes that the handlers take, 1, 2, 4 or 8; 0 means 1 and 4.  Longer
     * accesses are split, lowest address first; shorter ones are widened to the
     * aligned min_size bytes around them, with zeros beside the bytes of a
     * write; unaligned ones are split into bytes. */
    guint8 min_size, max_size;
    /* Unaligned accesses of such a size are not split. */
    bool unaligned;
    /* The handlers never have the lock, whatever the access came from: they lock for
     * themselves, and may be called for a moment after the region was removed. */
    bool lockless;
    /* The data may be a client's secret: no trace point shows it. */
    bool secret;
} RegionOps;

/* All constructors: a new region object as child `name` of owner, which owns
 * it; size in bytes, 1 to 2^64-1 (0 stands for 2^64).  opaque must live as long
 * as owner, to which a reference is held while the region is mapped.  A name
 * that is taken gets a number: "NAME[0]".  To destroy a region before its
 * owner: region_remove(), then region_free(). */
MemoryRegion *region_new_container(Object *owner, const char *name, guint64 size);
MemoryRegion *region_new_io(Object *owner, const char *name, const RegionOps *ops, void *opaque,
                            guint64 size);
/* hva: page-aligned host memory of size bytes, which must outlive the region. */
MemoryRegion *region_new_ram(Object *owner, const char *name, void *hva, guint64 size);
/* Guest writes are dropped. */
MemoryRegion *region_new_rom(Object *owner, const char *name, void *hva, guint64 size);
/* Reads as memory, writes go to ops: flash.  ops->read is not used. */
MemoryRegion *region_new_rom_device(Object *owner, const char *name, const RegionOps *ops,
                                    void *opaque, void *hva, guint64 size);
/* Shows size bytes of target from offset, whether or not target is mapped
 * elsewhere; takes a reference to it. */
MemoryRegion *region_new_alias(Object *owner, const char *name, MemoryRegion *target,
                               guint64 offset, guint64 size);

/* The counterpart, for a region that is destroyed before its owner: takes it, which is in no
 * container, from its owner. */
void region_free(MemoryRegion *mr);

guint64 region_size(const MemoryRegion *mr);
/* The host address of size bytes at offset of RAM, or of a container of RAM (no aliases): NULL
 * unless all of them are in one piece. */
void *region_host(const MemoryRegion *mr, guint64 offset, guint64 size);
/* Whether size bytes at a host address are in such a piece. */
bool region_has_host(const MemoryRegion *mr, const void *host, guint64 size);

/* Maps mr, which must not be in a container, into one at offset; container
 * takes a reference.  Parts beyond the container's end are clipped. */
void region_add(MemoryRegion *container, guint64 offset, MemoryRegion *mr, int priority);
void region_remove(MemoryRegion *container, MemoryRegion *mr);
void region_set_offset(MemoryRegion *mr, guint64 offset);       /* in its container */
void region_set_enabled(MemoryRegion *mr, bool enabled);
void region_set_readonly(MemoryRegion *mr, bool readonly);

/* Changes between begin and commit (nesting allowed) become visible together at
 * the outermost commit; a single call is a transaction of its own. */
void region_transaction_begin(AddressSpace *as);
void region_transaction_commit(AddressSpace *as);

/* ioeventfd: writes of this size (and value) at offset signal fd without an
 * exit reaching the handlers. */
void region_add_ioeventfd(MemoryRegion *mr, guint64 offset, guint size, bool match, guint64 value,
                          int fd);
void region_del_ioeventfd(MemoryRegion *mr, guint64 offset, guint size, bool match, guint64 value,
                          int fd);

/* A log of the writes to a region of RAM, whoever makes them: guest, devices, clients; for what
 * shows memory.  Pages have 4 KiB.  Machine lock, also of the address space that shows it. */
/* From the first begin to the last end there is a log. */
void region_log_begin(MemoryRegion *mr);
void region_log_end(MemoryRegion *mr);
/* Sets a bit for each page that was written since the last call, or may have been; after the
 * first begin, for each page.  ret has a byte for 8 pages. */
void region_log_take(MemoryRegion *mr, AddressSpace *as, guint8 *ret);
/* The region's owner has written size bytes by its host address.  A no-op without a log. */
void region_wrote(MemoryRegion *mr, guint64 offset, guint64 size);

/* ---- Address spaces ---- */

/* One range of the flat view; ranges do not overlap and are sorted. */
typedef struct {
    guint64 start, size;        /* bytes; size 0 stands for 2^64 */
    MemoryRegion *mr;           /* never a container or alias */
    guint64 offset;             /* offset of start in mr */
    bool readonly;
} FlatRange;

/* Makes an address space with a new root container, as child `name` of owner;
 * size as of a region.  lock is the machine's; NULL in tests of one thread.
 * Freed before owner. */
AddressSpace *address_space_new(Object *owner, const char *name, guint64 size, FairLock *lock);
void address_space_free(AddressSpace *as);
MemoryRegion *address_space_root(AddressSpace *as);
/* The current view, valid until the next change. */
const FlatRange *address_space_ranges(AddressSpace *as, guint *ret_n);

/* Sends RAM ranges as slots and ioeventfds to an accelerator, now and at each
 * change; NULL ends it.  pio: the I/O space, which has ioeventfds only.  RAM
 * that fills no whole host page, or that the accelerator has no slot for, is
 * served by MMIO exits.  Fails with the accelerator's error, nothing mapped. */
bool address_space_set_accel(AddressSpace *as, Accel *accel, bool pio, GError **error);

/* An access to what is mapped there, split at region ends; unmapped addresses read as all
 * ones.  Lock held; it is released while a lockless handler runs. */
void address_space_access(AddressSpace *as, guint64 addr, void *data, guint size, bool is_write);
guint64 address_space_read(AddressSpace *as, guint64 addr, guint size);     /* little endian */
void address_space_write(AddressSpace *as, guint64 addr, guint64 value, guint size);
/* The same by a vCPU that comes from the guest without the lock, which is taken where needed. */
void address_space_exit(AddressSpace *as, guint64 addr, void *data, guint size, bool is_write);

/* DMA: RAM only, bounds-checked; false (nothing or part done) if any byte of
 * the range is not RAM (for writes: writable RAM).  addr and size may be any
 * values from a guest. */
bool memory_read(AddressSpace *as, guint64 addr, void *buf, gsize size);
bool memory_write(AddressSpace *as, guint64 addr, const void *buf, gsize size);
/* Host address of a range that lies in one RAM region (for writes: of writable RAM), else NULL.
 * Machine lock held; valid until it is released.  Writes there are reported afterwards, with
 * memory_wrote(). */
void *memory_map(AddressSpace *as, guint64 addr, gsize size, bool is_write);

/* ---- Views: RAM by host address, for data paths ---- */

/* A snapshot of an address space.  All functions: any thread, no lock.  Host
 * addresses are valid as long as a reference to the view is held. */
typedef struct MemoryView MemoryView;

MemoryView *memory_view_new(AddressSpace *as);  /* the current one, with a reference */
MemoryView *memory_view_ref(MemoryView *view);
void memory_view_unref(MemoryView *view);       /* accepts NULL */
/* False once the address space has changed: code that keeps a view then takes a
 * new one. */
bool memory_view_is_current(AddressSpace *as, const MemoryView *view);
/* Host address of the bytes from addr that lie in one piece of RAM (for writes:
 * writable RAM), with their number in *ret_size, at least 1 and at most size;
 * NULL if the first is not RAM or size is 0.  addr and size may be any
 * values. */
void *memory_view_map(MemoryView *view, guint64 addr, guint64 size, bool is_write,
                      guint64 *ret_size);
/* Reports that bytes were written at a mapped address. */
void memory_wrote(AddressSpace *as, guint64 addr, guint64 size);

extern const TypeInfo memory_region_type;

#endif
