/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-kbd: a keyboard with the reports of the boot protocol (HID 1.11 appendix B.1): a byte
 * with modifiers, and up to six keys.
 *
 * Changes wait in a queue, a report each, so that the guest sees every one.  When the queue is
 * full they are not lost for good: what is down at the end is reported after it.
 */
#include "config.h"
#include "hw/usb/usb-hid.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

enum { QUEUE_SIZE = 64, KEYS = 6, ROLLOVER = 1, DOWN = 0x100, MODIFIERS = 0xe0 / 8, LEDS = 0x1f };

struct UsbKbd {
    UsbHid hid;
    /* Guest-visible. */
    guint16 queue[QUEUE_SIZE];  /* usages, with DOWN */
    guint32 first, n;
    guint8 held[32];            /* bits of usages that are down */
    guint8 shown[32];           /* those of the last report */
    guint8 leds;
};

/* ---- Descriptors ---- */

static const guint8 report_descriptor[] = {
    0x05, 0x01,                 /* usage page: generic desktop */
    0x09, 0x06,                 /* usage: keyboard */
    0xa1, 0x01,                 /* collection: application */
    0x75, 0x01, 0x95, 0x08,     /*   8 fields of 1 bit */
    0x05, 0x07,                 /*   usage page: keyboard */
    0x19, 0xe0, 0x29, 0xe7,     /*   usages: modifiers */
    0x15, 0x00, 0x25, 0x01,     /*   0 or 1 */
    0x81, 0x02,                 /*   input: variables */
    0x95, 0x01, 0x75, 0x08,     /*   1 byte */
    0x81, 0x01,                 /*   input: constant */
    0x95, 0x05, 0x75, 0x01,     /*   5 fields of 1 bit */
    0x05, 0x08,                 /*   usage page: LEDs */
    0x19, 0x01, 0x29, 0x05,     /*   usages: all of them */
    0x91, 0x02,                 /*   output: variables */
    0x95, 0x01, 0x75, 0x03,     /*   3 bits */
    0x91, 0x01,                 /*   output: constant */
    0x95, 0x06, 0x75, 0x08,     /*   6 bytes */
    0x15, 0x00, 0x26, 0xff, 0x00,       /*   0 to 255 */
    0x05, 0x07,                 /*   usage page: keyboard */
    0x19, 0x00, 0x2a, 0xff, 0x00,       /*   usages: all of them */
    0x81, 0x00,                 /*   input: array */
    0xc0,
};

static const guint8 device_full[] = {
    18, USB_DT_DEVICE, 0x00, 0x01, 0, 0, 0, 8, 0x27, 0x06, 0x01, 0x00, 0x00, 0x00, 1, 4, 3, 1,
};

static const guint8 device_high[] = {
    18, USB_DT_DEVICE, 0x00, 0x02, 0, 0, 0, 64, 0x27, 0x06, 0x01, 0x00, 0x00, 0x00, 1, 4, 3, 1,
};

/* The endpoint is asked each 10 ms at full speed, each 2^(7-1) microframes at high speed. */
#define CONFIG(interval) { \
    9, USB_DT_CONFIG, 0, 0, 1, 1, 2, 0xa0, 50, \
    9, USB_DT_INTERFACE, 0, 0, 1, 3, 1, 1, 0, \
    9, USB_DT_HID, 0x11, 0x01, 0, 1, USB_DT_REPORT, sizeof(report_descriptor), 0, \
    7, USB_DT_ENDPOINT, USB_IN | 1, 3, 8, 0, interval, \
}

static const guint8 config_full[] = CONFIG(10);
static const guint8 config_high[] = CONFIG(7);

static const UsbDescriptors full = { device_full, config_full, sizeof(config_full), 0, NULL };
static const UsbDescriptors high = { device_high, config_high, sizeof(config_high), 0, NULL };

static const UsbDescriptors *descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    if (speed == USB_SPEED_FULL) {
        return &full;
    }
    return speed == USB_SPEED_HIGH && usb_hid_props(dev)->usb_version == 2 ? &high : NULL;
}

/* ---- Reports ---- */

static void set_bit(guint8 *bits, guint8 usage, bool on)
{
    bits[usage / 8] = on ? bits[usage / 8] | 1u << usage % 8 : bits[usage / 8] & ~(1u << usage % 8);
}

static bool has_news(const UsbHid *hid)
{
    const UsbKbd *s = to_usb_kbd(hid);

    return s->n || memcmp(s->held, s->shown, sizeof(s->held)) != 0;
}

/* With more keys than there is room for, all say so. */
static void last(const UsbHid *hid, guint8 report[HID_REPORT_MAX])
{
    const UsbKbd *s = to_usb_kbd(hid);
    guint n = 0;

    report[0] = s->shown[MODIFIERS];
    report[1] = 0;
    memset(report + 2, 0, KEYS);
    for (guint usage = 1; usage < MODIFIERS * 8; usage++) {
        if (!(s->shown[usage / 8] >> usage % 8 & 1)) {
            continue;
        }
        if (n == KEYS) {
            memset(report + 2, ROLLOVER, KEYS);
            return;
        }
        report[2 + n++] = usage;
    }
}

static void next(UsbHid *hid, guint8 report[HID_REPORT_MAX])
{
    UsbKbd *s = to_usb_kbd(hid);

    if (s->n) {
        guint16 change = s->queue[s->first];

        s->first = (s->first + 1) % QUEUE_SIZE;
        s->n--;
        set_bit(s->shown, change, change & DOWN);
    } else {
        memcpy(s->shown, s->held, sizeof(s->held));
    }
    last(hid, report);
}

static void output(UsbHid *hid, guint8 value)
{
    to_usb_kbd(hid)->leds = value & LEDS;
}

/* Keys that are held down are not forgotten. */
static void forget(UsbHid *hid)
{
    UsbKbd *s = to_usb_kbd(hid);

    s->first = s->n = 0;
    memcpy(s->shown, s->held, sizeof(s->held));
}

/* ---- Input ---- */

static void on_event(void *opaque, const InputItem *item)
{
    UsbKbd *s = opaque;
    guint8 usage = usb_usage(item->code);

    if (!usage) {
        return;
    }
    set_bit(s->held, usage, item->value);
    if (s->n < QUEUE_SIZE) {
        s->queue[(s->first + s->n++) % QUEUE_SIZE] = usage | (item->value ? DOWN : 0);
    }
}

static void on_sync(void *opaque)
{
    usb_hid_update(opaque);
}

static const InputDeviceOps input_ops = {
    .name = "QEMU USB Keyboard",
    .kinds = 1 << INPUT_EVENT_KIND_KEY,
    .event = on_event,
    .sync = on_sync,
};

/* ---- Life ---- */

static const StateRow kbd_state[] = {
    STATE_RING(U16, UsbKbd, queue, first, n),
    STATE_ARRAY(U8, UsbKbd, held, 0),
    STATE_ARRAY(U8, UsbKbd, shown, 0),
    STATE_FIELD(U8, UsbKbd, leds, 0),
    STATE_ROWS_END
};

static bool kbd_state_loaded(Device *dev, GError **error)
{
    const UsbKbd *s = to_usb_kbd(dev);
    bool ok = !(s->leds & ~LEDS);

    for (guint i = 0; i < s->n; i++) {
        ok = ok && s->queue[(s->first + i) % QUEUE_SIZE] < 2 * DOWN;
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of a keyboard",
                      dev->object.name);
    }
    return ok;
}

const TypeInfo usb_kbd_type = {
    .schema = &qmp_class_usb_kbd,
    .size = sizeof(UsbKbd),
    .device = &(const DeviceOps){
        .state = kbd_state,
        .state_loaded = kbd_state_loaded,
    },
    .kind = &(const UsbHidOps){
        .usb = {
            .descriptors = descriptors,
            .strings = "QEMU\0" "HID Keyboard\0" "68284\0" "QEMU USB Keyboard",
            .n_strings = 4,
            .serial = 3,
            .control = usb_hid_control,
            .data = usb_hid_data,
            .configured = usb_hid_configured,
            .reset = usb_hid_reset,
        },
        .report = report_descriptor,
        .report_size = sizeof(report_descriptor),
        .size = 8,
        .boot = true,
        .input = &input_ops,
        .has_news = has_news,
        .next = next,
        .last = last,
        .output = output,
        .forget = forget,
    },
};
