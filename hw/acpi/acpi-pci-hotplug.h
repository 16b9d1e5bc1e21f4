/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI hotplug by ACPI: the register block at port 0xae00 through which a PC's
 * ACPI methods learn which slots have changed, and take devices out.  QEMU's
 * "ACPI PCI hotplug interface" defines it:
 *
 *     0x00  up: slots with new devices, cleared by reading
 *     0x04  down: slots whose devices are to go
 *     0x08  eject: writing 1 << slot takes the devices of a slot out
 *     0x0c  removable: slots that may be ejected
 *     0x10  the bus that the others are about: 0 is the root bus
 *     0x14  writing 1 << slot, then reading: the acpi-index of its device
 *
 * Registers have 32 bits; there are no features that eject could read as.
 * Buses are numbered in the order in which a walk from the root finds them, by
 * slot; bridges that were plugged later have no number, and nothing can be
 * plugged behind them.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_ACPI_PCI_HOTPLUG_H
#define HW_ACPI_ACPI_PCI_HOTPLUG_H

#include "hw/pci/pci.h"

enum {
    ACPI_PCI_HOTPLUG_BASE = 0xae00,
    ACPI_PCI_HOTPLUG_SIZE = 0x18,
    ACPI_PCI_HOTPLUG_MAX_BUSES = 64,
};

typedef struct {
    /* Guest-visible, rows are the owner's. */
    guint32 up[ACPI_PCI_HOTPLUG_MAX_BUSES];
    guint32 down[ACPI_PCI_HOTPLUG_MAX_BUSES];   /* a reset executes these */
    guint32 select, acpi_index;
    /* Wiring. */
    Device *owner;
    Bus *root;
    bool with_root, with_bridges;
    void (*event)(void *opaque);
    void *opaque;
    MemoryRegion *region;
} AcpiPciHotplug;

/* In the owner's realize: maps the registers and takes over root's hotplug.
 * with_root, with_bridges: whether the root bus and buses behind bridges can be
 * plugged into; event(opaque): up or down has a new bit. */
void acpi_pci_hotplug_init(AcpiPciHotplug *s, Device *owner, Bus *root, bool with_root,
                           bool with_bridges, void (*event)(void *opaque), void *opaque);
void acpi_pci_hotplug_done(AcpiPciHotplug *s);
/* Devices that the guest has not ejected yet are removed now, as it will not
 * find them. */
void acpi_pci_hotplug_reset(AcpiPciHotplug *s);

/* The number of a bus, as tables are to tell the guest, or -1: no hotplug there. */
int acpi_pci_hotplug_number(const AcpiPciHotplug *s, Bus *bus);

/* Slots of a bus, a bit each, whose devices may be ejected. */
guint32 acpi_pci_hotplug_removable(Bus *bus);

#endif
