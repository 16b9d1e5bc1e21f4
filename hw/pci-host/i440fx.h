/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 82441FX: host bridge `i440FX-pcihost`, which carries the bus `pci.0`, and
 * the function `i440FX` at 00.0, which steers memory below 1 MiB.
 *
 * A board maps its firmware into i440fx_pci_memory(), and says where RAM ends.
 * All functions need the machine lock; host is a realized i440FX-pcihost.
 */
#ifndef HW_PCI_HOST_I440FX_H
#define HW_PCI_HOST_I440FX_H

#include "hw/memory/memory.h"
#include "hw/pci/pci.h"

/* The memory that is visible where there is no RAM: BARs, and firmware. */
MemoryRegion *i440fx_pci_memory(Device *host);
/* The bus pci.0. */
Bus *i440fx_bus(Device *host);

/* RAM ends at ram_low below 4 GiB, and at ram_end above (4 GiB if there is none
 * there). */
void i440fx_set_ram(Device *host, guint64 ram_low, guint64 ram_end);
/* The I/O APIC, which ends the window below 4 GiB. */
#define I440FX_HOLE_END G_GUINT64_CONSTANT(0xfec00000)

/* Accesses to 0xcf8 to 0xcfb that are not 32 bits wide do not reach CONFADD: they
 * are passed to the PCI bus, where ops (offsets from 0xcf8) handle them.  ops NULL:
 * no device. */
void i440fx_pass_ports(Device *host, const RegionOps *ops, void *opaque);

/* The windows for BARs that firmware would use, irq_of left empty. */
void i440fx_windows(Device *host, PciWindows *ret_windows);
/* The registers that control the mapping from 0xc0000 to 0xfffff. */
enum { I440FX_N_PAMS = 7 };
void i440fx_get_pam(Device *host, guint8 ret_pam[I440FX_N_PAMS]);
void i440fx_set_pam(Device *host, const guint8 pam[I440FX_N_PAMS]);
/* Maps RAM there, as firmware does (until a reset). */
void i440fx_show_ram(Device *host);

extern const TypeInfo i440fx_pcihost_type;
extern const TypeInfo i440fx_type;

#endif
