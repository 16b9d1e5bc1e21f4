/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UsbStorage: a disk on USB; see usb-storage.c. */
#ifndef HW_USB_USB_STORAGE_H
#define HW_USB_USB_STORAGE_H

#include "qom/device.h"

extern const TypeInfo usb_storage_type;

#endif
