/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a machine's address space that memory devices are mapped in, and the
 * slots that modules take.
 *
 * The board makes it (device_memory_new), a controller that tells the guest of changes
 * registers (device_memory_set_hotplug), and memory devices find their places there.
 * Ranges are chosen as QEMU chooses them: the lowest aligned gap that is large enough.
 *
 * All functions need the machine lock.
 */
#ifndef HW_MEM_DEVICE_MEMORY_H
#define HW_MEM_DEVICE_MEMORY_H

#include "hw/machine/machine.h"

/* More slots than ACPI's interface has room for are refused. */
enum { DEVICE_MEMORY_MAX_SLOTS = 256 };
/* The slot of a device that needs none, as the guest finds it otherwise. */
enum { DEVICE_MEMORY_NO_SLOT = DEVICE_MEMORY_MAX_SLOTS };

/* Where a device is; the device owns it. */
typedef struct {
    Device *device;
    MemoryRegion *region;       /* what is mapped */
    guint64 addr, size;
    guint64 plugged;            /* bytes that the guest has, up to size */
    guint slot, node;
    bool persistent;            /* an NVDIMM: the guest finds it in another way */
    bool ejected;               /* the guest has released it, and it will be removed soon */
} MemoryPlace;

/* How the guest is told of changes. */
typedef struct {
    void (*plugged)(void *opaque, const MemoryPlace *place);
    void (*unplugged)(void *opaque, const MemoryPlace *place);
    bool (*unplug_request)(void *opaque, const MemoryPlace *place, GError **error);
} MemoryHotplugOps;

typedef struct {
    Machine *machine;
    MemoryRegion *region;       /* container, mapped at base */
    guint64 base;
    guint64 limit;              /* bytes that all devices may have together */
    guint n_slots;
    bool acpi;                  /* the board gives the guest ACPI tables */
    guint32 persistence;        /* of NVDIMMs: bits of an NFIT's capabilities; 0: not said */
    GPtrArray *places;          /* of MemoryPlace, borrowed; by address */
    const MemoryHotplugOps *ops;        /* or NULL */
    void *opaque;
    const MemoryHotplugOps *nvdimm_ops; /* the same of NVDIMMs, which stay */
    void *nvdimm_opaque;
} DeviceMemory;

/* Makes it and maps size bytes at base, of which devices may use limit.  The machine
 * has at most one. */
DeviceMemory *device_memory_new(Machine *machine, guint64 base, guint64 size, guint64 limit,
                                guint n_slots);
/* All devices are gone.  Accepts NULL. */
void device_memory_free(DeviceMemory *memory);
/* The machine's, or NULL. */
DeviceMemory *device_memory_of(const Machine *machine);
/* Bytes of the range that it occupies. */
guint64 device_memory_size(const DeviceMemory *memory);
/* Bytes of all devices that the guest has. */
guint64 device_memory_plugged(const DeviceMemory *memory);
/* The same of devices of this very class; 0 if the machine takes no memory devices. */
guint64 device_memory_modules(const Machine *machine, const QmpClass *klass);
/* Whether size bytes at this host address are the memory of one device, and may be lost. */
bool device_memory_contains(const Machine *machine, const void *hva, gsize size);

/* The controller; ops NULL: there is none any more. */
void device_memory_set_hotplug(DeviceMemory *memory, const MemoryHotplugOps *ops, void *opaque);
void device_memory_set_nvdimm(DeviceMemory *memory, const MemoryHotplugOps *ops, void *opaque);

/* What is in a slot, or NULL. */
MemoryPlace *device_memory_at(const DeviceMemory *memory, guint slot);

/*
 * Chooses a slot, and an address for a device of place->size bytes; the wish is a slot or
 * -1, or an address or 0.  Fails with limit-exceeded, out-of-range, address-in-use or
 * invalid-value, naming `slot`, `memdev` or the property with the address; place is
 * unchanged then.
 */
bool device_memory_choose_slot(const DeviceMemory *memory, MemoryPlace *place, gint32 wish,
                               GError **error);
bool device_memory_choose_addr(const DeviceMemory *memory, MemoryPlace *place, guint64 wish,
                               guint64 align, const char *property, GError **error);
/* Maps place->region there and tells the controller; place lives until it is removed. */
void device_memory_add(DeviceMemory *memory, MemoryPlace *place);
void device_memory_remove(DeviceMemory *memory, MemoryPlace *place);
/* The guest has released it: unmapped at once, and removed by the main loop. */
void device_memory_eject(DeviceMemory *memory, MemoryPlace *place);

#endif
