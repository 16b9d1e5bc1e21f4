/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hotplug by ACPI: the register block at port 0xa00 by which a PC's ACPI methods
 * find out which slots have changed, and release memory.  QEMU's "QEMU<->ACPI BIOS
 * memory hotplug interface" (docs/specs/acpi_mem_hotplug.rst) defines it.  Offsets 0x00
 * to 0x13 are accessed in 32 bits, 0x14 in 8:
 *
 *     read                                write
 *     0x00  address, low half             selects the slot for all others
 *     0x04  address, high half            event that the guest reports on (_OST)
 *     0x08  size, low half                status of it; reports both
 *     0x0c  size, high half
 *     0x10  NUMA node
 *     0x14  1: the slot has memory        2, 4: takes note of the same bits
 *           2: it is new                  8: releases the memory
 *           4: it is to be released
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_ACPI_MEMORY_HOTPLUG_H
#define HW_ACPI_ACPI_MEMORY_HOTPLUG_H

#include "hw/acpi/acpi-slot.h"
#include "hw/mem/device-memory.h"
#include "qmp/qapi-types-memory.h"

enum {
    ACPI_MEMORY_HOTPLUG_BASE = 0xa00,
    ACPI_MEMORY_HOTPLUG_SIZE = 0x18,
};

typedef struct {
    guint32 selector;
    guint32 n_slots;
    AcpiSlot slots[DEVICE_MEMORY_MAX_SLOTS];
    /* Wiring. */
    Device *owner;
    DeviceMemory *memory;       /* NULL: the machine has no slots for memory */
    void (*event)(void *opaque);
    void *opaque;
    MemoryRegion *region;
} AcpiMemoryHotplug;

/* In the owner's realize: maps the registers, if the machine has slots, and becomes the
 * controller of its device memory.  event(opaque): a slot has something new to say. */
void acpi_memory_hotplug_init(AcpiMemoryHotplug *s, Device *owner, void (*event)(void *opaque),
                              void *opaque);
void acpi_memory_hotplug_done(AcpiMemoryHotplug *s);
/* Requests that the guest has not answered stay. */
void acpi_memory_hotplug_reset(AcpiMemoryHotplug *s);
/* Checks state that was loaded into the slots.  Fails with invalid-value. */
bool acpi_memory_hotplug_loaded(AcpiMemoryHotplug *s, GError **error);

/* What the guest has said of each slot of the machine, newly allocated. */
void acpi_memory_hotplug_query(const Machine *machine, ACPIOSTInfoList *ret);

#endif
