/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uhci: a controller for USB 1; see uhci-internal.h. */
#ifndef HW_USB_UHCI_H
#define HW_USB_UHCI_H

#include "qom/device.h"

extern const TypeInfo ich9_usb_uhci_type;
extern const TypeInfo ich9_usb_uhci1_type;
extern const TypeInfo ich9_usb_uhci2_type;
extern const TypeInfo ich9_usb_uhci3_type;
extern const TypeInfo piix3_usb_uhci_type;
extern const TypeInfo usb_uhci_type;

#endif
