/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ehci: a controller for USB 2; see ehci.c. */
#ifndef HW_USB_EHCI_H
#define HW_USB_EHCI_H

#include "qom/device.h"

extern const TypeInfo ich9_usb_ehci1_type;
extern const TypeInfo pci_ehci_usb_type;
extern const TypeInfo usb_ehci_type;

#endif
