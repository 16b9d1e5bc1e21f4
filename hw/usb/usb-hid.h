/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboards and pointing devices, after "Device Class Definition for Human Interface Devices"
 * 1.11 (HID):
 *
 *   usb-hid.c       requests of the class, the idle rate, the endpoint with reports
 *   usb-kbd.c       the keyboard
 *   usb-pointer.c   mouse and tablet
 *   usb-usages.c    numbers of keys
 *
 * Private to these files, except for the types.  Machine lock held.
 */
#ifndef HW_USB_USB_HID_H
#define HW_USB_USB_HID_H

#include "hw/input/input.h"
#include "hw/usb/usb.h"

typedef struct UsbHid UsbHid;

enum { HID_REPORT_MAX = 8 };

typedef struct {
    UsbDeviceOps usb;
    const guint8 *report;       /* its report descriptor */
    guint8 report_size;
    guint8 size;                /* of a report */
    bool boot;                  /* it has the boot protocol */
    const InputDeviceOps *input;
    /* Whether there is something that was not reported. */
    bool (*has_news)(const UsbHid *hid);
    /* Makes the next report. */
    void (*next)(UsbHid *hid, guint8 report[HID_REPORT_MAX]);
    /* Makes the last report again. */
    void (*last)(const UsbHid *hid, guint8 report[HID_REPORT_MAX]);
    /* An output report; or NULL. */
    void (*output)(UsbHid *hid, guint8 value);
    /* Forgets what was not reported. */
    void (*forget)(UsbHid *hid);
} UsbHidOps;

struct UsbHid {
    UsbDevice usb;
    InputDevice input;
    /* Guest-visible. */
    bool report_protocol;       /* not the boot protocol */
    guint8 idle;                /* a report is repeated after that many times 4 ms; 0: never */
    bool due;                   /* it is to be repeated */
    Timer *timer;               /* until it is; NULL while not realized */
};

static inline const UsbHidOps *usb_hid_ops(const UsbHid *hid)
{
    return container_of(hid->usb.ops, const UsbHidOps, usb);
}

/* For UsbHidOps.usb. */
bool usb_hid_control(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length);
UsbResult usb_hid_data(UsbDevice *dev, UsbPacket *packet);
void usb_hid_configured(UsbDevice *dev);
void usb_hid_reset(UsbDevice *dev);

/* There may be news. */
void usb_hid_update(UsbHid *hid);

/* The usage of a key on page 7 (Keyboard/Keypad), or 0: it has none. */
guint8 usb_usage(guint key);

extern const TypeInfo usb_hid_type;
extern const TypeInfo usb_kbd_type;
extern const TypeInfo usb_mouse_type;
extern const TypeInfo usb_pointer_type;
extern const TypeInfo usb_tablet_type;

#endif
