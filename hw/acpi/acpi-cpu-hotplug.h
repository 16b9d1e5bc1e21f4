/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU hotplug by ACPI: the register block at port 0xaf00 by which a PC's ACPI methods find out
 * which CPUs have come or are to go, and release them.  QEMU's "QEMU<->ACPI BIOS CPU hotplug
 * interface" (docs/specs/acpi_cpu_hotplug.rst) defines it.
 *
 * It begins as the older interface: a bitmap, with a bit for each APIC id that a CPU has, which is
 * only read.  A write of 0 to its first byte switches to the newer interface, for good:
 *
 *           read                              write
 *     0x00  upper half of what 0x08 has, 0    selects the CPU, by its place, for all others
 *     0x04  1: there is a CPU                 2, 4: takes note of the same bits
 *           2: it is new                      8: releases the CPU
 *           4: it is to be released           16: asks firmware to release it
 *           16: firmware is to release it
 *     0x05                                    command, which says what 0x08 is:
 *                                             0 selects the next CPU of which there is news
 *     0x08  0: the selected CPU               1: event that the guest reports on (_OST)
 *           3: its APIC id                    2: status of it; reports both
 *
 * 0x00 and 0x08 are accessed in 32 bits, the others in 8.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_ACPI_CPU_HOTPLUG_H
#define HW_ACPI_ACPI_CPU_HOTPLUG_H

#include "cpu/hotplug.h"
#include "hw/acpi/acpi-slot.h"
#include "hw/machine/machine.h"

enum {
    ACPI_CPU_HOTPLUG_BASE = 0xaf00,
    ACPI_CPU_HOTPLUG_SIZE = 12,         /* of the newer interface */
    ACPI_CPU_HOTPLUG_MAX = 256,         /* places */
};

typedef struct {
    bool modern;                /* switched to the newer interface */
    guint32 selector;
    guint8 command;
    guint32 n_slots;
    AcpiSlot slots[ACPI_CPU_HOTPLUG_MAX];       /* by index of the CPU */
    /* Wiring. */
    Cpu *cpus[ACPI_CPU_HOTPLUG_MAX];            /* NULL: there is none */
    Device *owner;              /* NULL: the machine's CPUs do not come and go */
    void (*event)(void *opaque);
    void *opaque;
    MemoryRegion *region;
} AcpiCpuHotplug;

/* In the owner's realize: maps the registers, if the number of places for CPUs is limited, and
 * becomes the one that is told of CPUs.  event(opaque): there is something new to say. */
void acpi_cpu_hotplug_init(AcpiCpuHotplug *s, Device *owner, void (*event)(void *opaque),
                           void *opaque);
void acpi_cpu_hotplug_done(AcpiCpuHotplug *s);
/* Requests that the guest has not answered stay, and so does the interface. */
void acpi_cpu_hotplug_reset(AcpiCpuHotplug *s);
/* Checks state that was loaded.  Fails with invalid-value. */
bool acpi_cpu_hotplug_loaded(AcpiCpuHotplug *s, GError **error);

/* Appends what the guest has said of each place; nothing before it uses the newer interface. */
void acpi_cpu_hotplug_query(const Machine *machine, ACPIOSTInfoList *ret);

#endif
