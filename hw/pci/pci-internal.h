/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/pci/pci.h share; no other file includes it:
 *
 *   pci-device.c   class pci-device: header, reset, state
 *   pci-config.c   accesses to configuration space and what follows from them
 *   pci-bar.c      base address registers
 *   pci-rom.c      expansion ROM
 *   pci-intx.c     interrupt pins and the lines of root buses
 *   pci-msi.c      message signalled interrupts
 *   pci-msix.c     the same with a table: the guest's side
 *   pci-msix-vector.c  and the accelerator's
 *   pci-bus.c      class PCI, hotplug
 *   pci-address.c  addresses of functions   pci-bridge.c   class pci-bridge
 *   pci-setup.c    numbers and addresses without firmware
 */
#ifndef HW_PCI_PCI_INTERNAL_H
#define HW_PCI_PCI_INTERNAL_H

#include "hw/pci/pci.h"
#include "qom/qapi-objects-pci.h"

enum { PCI_MAX_LINES = 32 };

typedef struct PciBus {
    Bus bus;
    PciDevice *functions[PCI_N_DEVFN];
    PciDevice *bridge;          /* the bridge that carries it; NULL: a root bus */
    MemoryRegion *memory, *io;  /* where BARs are mapped */
    /* Root buses only. */
    const PciIrqOps *irq_ops;   /* or NULL */
    void *irq_opaque;
    guint n_lines;
    guint counts[PCI_MAX_LINES];        /* functions that drive the line */
    const PciHotplugOps *hotplug;       /* or NULL */
    void *hotplug_opaque;
} PciBus;

static inline PciBus *pci_bus_of(const PciDevice *dev)
{
    return to_pci_bus(dev->device.bus);
}

/* The root that a bus is below, or the bus itself. */
PciBus *pci_root_of(PciBus *bus);

/* Assigns dev an address on bus and writes it to its properties.  Fails with
 * invalid-value, out-of-range, address-in-use, bus-full. */
bool pci_address_assign(PciBus *bus, PciDevice *dev, GError **error);
/* Whether no slot is empty. */
bool pci_address_full(PciBus *bus);

/* At attach and detach of a function: header and ROM; and everything that it
 * registered. */
void pci_device_enter(PciDevice *dev);
void pci_device_leave(PciDevice *dev);

/* Calls f for each function of a bus and of those below it. */
void pci_foreach_below(PciBus *bus, void (*f)(PciDevice *dev, void *opaque), void *opaque);

/* Applies config: decoding, bus mastering, lines. */
void pci_config_settle(PciDevice *dev);
/* Restores what the guest can change. */
void pci_config_reset(PciDevice *dev);
/* A write by the guest within the 256 bytes. */
void pci_function_write(PciDevice *dev, guint offset, guint32 value, guint size);

/* Maps BARs as config says, in one transaction. */
void pci_bars_update(PciDevice *dev);
void pci_bars_free(PciDevice *dev);
/* The offset of the register of BAR n (or of the ROM). */
guint pci_bar_offset(const PciDevice *dev, guint n);

/* Reads the file (dev->rom is freed with the object); makes and unmakes its BAR;
 * writes the function's ids into it, once they are known. */
bool pci_rom_prepare(PciDevice *dev, GError **error);
void pci_rom_enter(PciDevice *dev);
void pci_rom_leave(PciDevice *dev);
void pci_rom_settle(PciDevice *dev);

/* Whether this address is that of the local APICs. */
bool pci_message_is_apic(guint64 address);
/* Sends pending messages that are no longer masked. */
void pci_msix_update(PciDevice *dev);
void pci_msix_loaded(PciDevice *dev);
void pci_msix_reset(PciDevice *dev);
void pci_msix_free(PciDevice *dev);

/* The line of the root bus that dev's pin is connected to, or -1. */
int pci_intx_line(const PciDevice *dev);
/* The only function that drives a pin's line. */
void pci_intx_update(PciDevice *dev);

#endif
