/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bridge's interface to the other files of this folder: the addresses that
 * it passes.
 */
#ifndef HW_PCI_PCI_BRIDGE_H
#define HW_PCI_PCI_BRIDGE_H

#include "hw/pci/pci-internal.h"

/* Maps windows as config says. */
void pci_bridge_update(PciDevice *dev);

#endif
