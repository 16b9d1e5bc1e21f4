/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uhci: a controller for USB 1; see uhci.c. */
#ifndef HW_USB_UHCI_H
#define HW_USB_UHCI_H

#include "qom/device.h"

extern const TypeInfo piix3_usb_uhci_type;
extern const TypeInfo usb_uhci_type;

#endif
