/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UsbHub: a hub; see usb-hub.c. */
#ifndef HW_USB_USB_HUB_H
#define HW_USB_USB_HUB_H

#include "qom/device.h"

extern const TypeInfo usb_hub_type;

#endif
