/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, section
 * 3.2.2.3.2), and enumeration.
 */
#ifndef TESTS_GUEST_PCI_H
#define TESTS_GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_PROG_IF = 0x09,
    PCI_CLASS = 0x0a,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SECONDARY_BUS = 0x19,
    PCI_CAPABILITIES = 0x34,
};

/* bus << 16 | slot << 11 | function << 8, as the address register wants it. */
typedef uint32_t PciAddress;

static inline uint32_t pci_bus(PciAddress where) { return where >> 16 & 0xff; }
static inline uint32_t pci_slot(PciAddress where) { return where >> 11 & 0x1f; }
static inline uint32_t pci_function(PciAddress where) { return where >> 8 & 7; }

/* The machine has PCI. */
bool pci_exists(void);

uint8_t pci_read8(PciAddress where, uint32_t offset);
uint16_t pci_read16(PciAddress where, uint32_t offset);
uint32_t pci_read32(PciAddress where, uint32_t offset);
void pci_write16(PciAddress where, uint32_t offset, uint16_t value);

/* Address of memory BAR n, 0: there is none, or it is not below 4 GiB. */
uint64_t pci_bar(PciAddress where, uint32_t n);
/* Offset of the capability behind the one at `after` (0: the first), 0 at the end. */
uint32_t pci_next_capability(PciAddress where, uint32_t after);
/* Lets the function decode memory and master the bus, without INTx. */
void pci_enable(PciAddress where);

/* Calls f for each function, those behind bridges included, until it returns true;
 * returns whether it did. */
bool pci_foreach(bool (*f)(PciAddress where, void *data), void *data);
/* A line for each function. */
void pci_print(void);

#endif
