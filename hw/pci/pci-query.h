/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's configuration of its PCI buses, for query-pci.
 */
#ifndef HW_PCI_PCI_QUERY_H
#define HW_PCI_PCI_QUERY_H

#include "qmp/qapi-types-pci.h"
#include "qom/object.h"

/* Lists each root bus of a machine with everything below it; newly allocated, in the
 * caller's list.  Main thread, machine lock held. */
void pci_query(Object *machine, PciInfoList *ret);

#endif
