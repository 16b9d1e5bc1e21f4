/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class pci-testdev.
 */
#ifndef HW_MISC_PCI_TESTDEV_H
#define HW_MISC_PCI_TESTDEV_H

#include "qom/object.h"

extern const TypeInfo pci_testdev_type;

#endif
