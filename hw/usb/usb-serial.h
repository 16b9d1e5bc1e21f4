/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UsbSerial: a serial port on USB; see usb-serial.c. */
#ifndef HW_USB_USB_SERIAL_H
#define HW_USB_USB_SERIAL_H

#include "qom/device.h"

extern const TypeInfo usb_serial_type;

#endif
