/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest made of its PCI buses, for query-pci.
 */
#ifndef HW_PCI_PCI_QUERY_H
#define HW_PCI_PCI_QUERY_H

#include "qmp/qapi-types-pci.h"
#include "qom/object.h"

/* Each root bus of a machine with all below it; newly allocated, in the caller's list.  Main
 * thread, machine lock held. */
void pci_query(Object *machine, PciInfoList *ret);

#endif
