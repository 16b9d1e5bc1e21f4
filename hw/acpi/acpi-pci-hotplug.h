/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI hotplug by ACPI: the register block at port 0xae00 by which a PC's ACPI
 * methods find out which slots have changed, and eject devices.  QEMU's "ACPI
 * PCI hotplug interface" defines it:
 *
 *     0x00  up: slots with new devices, cleared by reading
 *     0x04  down: slots whose devices are to be removed     0x08  eject:
 *     writing 1 << slot ejects the devices of a slot     0x0c  removable:
 *     slots that may be ejected     0x10  selects the bus for the others: 0 is
 *     the root bus     0x14  writing 1 << slot, then reading: the acpi-index
 *     of its device
 *
 * Registers have 32 bits; there are no features for a read of eject to report.
 * Buses are numbered in the order of a walk from the root, by slot; bridges
 * that were plugged later have no number, and nothing can be plugged behind
 * them.
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
    /* Guest-visible; the owner has the rows. */
    guint32 up[ACPI_PCI_HOTPLUG_MAX_BUSES];
    guint32 down[ACPI_PCI_HOTPLUG_MAX_BUSES];   /* a reset removes these */
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
/* Removes devices that the guest was asked to eject and has not yet ejected. */
void acpi_pci_hotplug_reset(AcpiPciHotplug *s);

/* The number of a bus for the guest's tables, or -1: no hotplug there. */
int acpi_pci_hotplug_number(const AcpiPciHotplug *s, Bus *bus);

/* The slots of a bus whose devices may be ejected, one bit each. */
guint32 acpi_pci_hotplug_removable(Bus *bus);

#endif
