/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes usb-mouse and usb-tablet: pointing devices that report movements, or positions, with
 * buttons and a wheel.
 *
 * What a client sends together becomes an entry of a queue; movements after a change of buttons
 * wait until the guest has seen that.  When nothing but movement is added, or the queue is full,
 * the last entry takes it.
 */
#include "config.h"
#include "hw/usb/usb-hid.h"

#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

enum { QUEUE_SIZE = 16, STEP_MAX = 127, FAR = 32767, POSITION_MAX = 0x7fff, BUTTONS = 0x1f };

/* Position or movement, steps of the wheel (away from the user), buttons; as a number: bits 0,
 * 16, 32, 40. */
typedef struct {
    gint16 x, y;
    gint8 wheel;
    guint8 buttons;
} Motion;

struct UsbPointer {
    UsbHid hid;
    bool absolute;
    /* Guest-visible. */
    guint64 queue[QUEUE_SIZE];  /* of Motion */
    guint32 first, n;
    guint64 now;                /* what a client is sending; after that, where it is */
    guint64 shown;              /* the last report */
};

static Motion unpack(guint64 number)
{
    return (Motion){ number, number >> 16, number >> 32, number >> 40 };
}

static guint64 pack(Motion m)
{
    return (guint16)m.x | (guint64)(guint16)m.y << 16 | (guint64)(guint8)m.wheel << 32 |
           (guint64)m.buttons << 40;
}

/* ---- Descriptors ---- */

#define BUTTON_FIELDS(n) \
    0x05, 0x09,                 /* usage page: buttons */ \
    0x19, 0x01, 0x29, n,        /* usages: n of them */ \
    0x15, 0x00, 0x25, 0x01,     /* 0 or 1 */ \
    0x95, n, 0x75, 0x01,        /* n fields of 1 bit */ \
    0x81, 0x02,                 /* input: variables */ \
    0x95, 0x01, 0x75, 8 - (n),  /* the rest of the byte */ \
    0x81, 0x01                  /* input: constant */

static const guint8 mouse_report[] = {
    0x05, 0x01,                 /* usage page: generic desktop */
    0x09, 0x02,                 /* usage: mouse */
    0xa1, 0x01,                 /* collection: application */
    0x09, 0x01,                 /*   usage: pointer */
    0xa1, 0x00,                 /*   collection: physical */
    BUTTON_FIELDS(5),
    0x05, 0x01,                 /*     usage page: generic desktop */
    0x09, 0x30, 0x09, 0x31, 0x09, 0x38,         /*     usages: x, y, wheel */
    0x15, 0x81, 0x25, 0x7f,     /*     -127 to 127 */
    0x75, 0x08, 0x95, 0x03,     /*     3 bytes */
    0x81, 0x06,                 /*     input: relative variables */
    0xc0,
    0xc0,
};

static const guint8 tablet_report[] = {
    0x05, 0x01,                 /* usage page: generic desktop */
    0x09, 0x02,                 /* usage: mouse */
    0xa1, 0x01,                 /* collection: application */
    0x09, 0x01,                 /*   usage: pointer */
    0xa1, 0x00,                 /*   collection: physical */
    BUTTON_FIELDS(3),
    0x05, 0x01,                 /*     usage page: generic desktop */
    0x09, 0x30, 0x09, 0x31,     /*     usages: x, y */
    0x15, 0x00, 0x26, 0xff, 0x7f,               /*     0 to 0x7fff */
    0x35, 0x00, 0x46, 0xff, 0x7f,               /*     the same physically */
    0x75, 0x10, 0x95, 0x02,     /*     2 words */
    0x81, 0x02,                 /*     input: variables */
    0x09, 0x38,                 /*     usage: wheel */
    0x15, 0x81, 0x25, 0x7f,     /*     -127 to 127 */
    0x35, 0x00, 0x45, 0x00,     /*     physically the same */
    0x75, 0x08, 0x95, 0x01,     /*     1 byte */
    0x81, 0x06,                 /*     input: relative variable */
    0xc0,
    0xc0,
};

static const guint8 device_full[] = {
    18, USB_DT_DEVICE, 0x00, 0x01, 0, 0, 0, 8, 0x27, 0x06, 0x01, 0x00, 0x00, 0x00, 1, 4, 3, 1,
};

static const guint8 device_high[] = {
    18, USB_DT_DEVICE, 0x00, 0x02, 0, 0, 0, 64, 0x27, 0x06, 0x01, 0x00, 0x00, 0x00, 1, 4, 3, 1,
};

#define CONFIG(report, boot, protocol, packet, interval) { \
    9, USB_DT_CONFIG, 0, 0, 1, 1, 2, 0xa0, 50, \
    9, USB_DT_INTERFACE, 0, 0, 1, 3, boot, protocol, 0, \
    9, USB_DT_HID, 0x01, 0x00, 0, 1, USB_DT_REPORT, sizeof(report), 0, \
    7, USB_DT_ENDPOINT, USB_IN | 1, 3, packet, 0, interval, \
}

static const guint8 mouse_config_full[] = CONFIG(mouse_report, 1, 2, 4, 10);
static const guint8 mouse_config_high[] = CONFIG(mouse_report, 1, 2, 4, 7);
static const guint8 tablet_config_full[] = CONFIG(tablet_report, 0, 0, 8, 10);
static const guint8 tablet_config_high[] = CONFIG(tablet_report, 0, 0, 8, 4);

static const UsbDescriptors mouse_speeds[] = {
    { device_full, mouse_config_full, sizeof(mouse_config_full), 0, NULL },
    { device_high, mouse_config_high, sizeof(mouse_config_high), 0, NULL },
};

static const UsbDescriptors tablet_speeds[] = {
    { device_full, tablet_config_full, sizeof(tablet_config_full), 0, NULL },
    { device_high, tablet_config_high, sizeof(tablet_config_high), 0, NULL },
};

static const UsbDescriptors *choose(const UsbDevice *dev, UsbSpeed speed,
                                    const UsbDescriptors speeds[2])
{
    if (speed == USB_SPEED_FULL) {
        return &speeds[0];
    }
    return speed == USB_SPEED_HIGH && usb_hid_props(dev)->usb_version == 2 ? &speeds[1] : NULL;
}

static const UsbDescriptors *mouse_descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    return choose(dev, speed, mouse_speeds);
}

static const UsbDescriptors *tablet_descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    return choose(dev, speed, tablet_speeds);
}

/* ---- The queue ---- */

static gint32 added(gint32 to, gint64 by, gint32 limit)
{
    return CLAMP(to + CLAMP(by, -FAR, FAR), -limit, limit);
}

static guint64 *entry(UsbPointer *s, guint i)
{
    return &s->queue[(s->first + i) % QUEUE_SIZE];
}

static void put(UsbPointer *s, Motion m)
{
    Motion end = s->n ? unpack(*entry(s, s->n - 1)) : m;

    if (s->n == 0 || (end.buttons != m.buttons && s->n < QUEUE_SIZE)) {
        *entry(s, s->n++) = pack(m);
        return;
    }
    if (s->absolute) {
        end.x = m.x;
        end.y = m.y;
    } else {
        end.x = added(end.x, m.x, FAR);
        end.y = added(end.y, m.y, FAR);
    }
    end.wheel = added(end.wheel, m.wheel, STEP_MAX);
    end.buttons = m.buttons;
    *entry(s, s->n - 1) = pack(end);
}

/* ---- Reports ---- */

static bool has_news(const UsbHid *hid)
{
    return to_usb_pointer(hid)->n > 0;
}

static void print(const UsbPointer *s, Motion m, guint8 report[HID_REPORT_MAX])
{
    report[0] = m.buttons;
    if (s->absolute) {
        put_le(report + 1, (guint16)m.x, 2);
        put_le(report + 3, (guint16)m.y, 2);
        report[5] = m.wheel;
    } else {
        report[1] = m.x;
        report[2] = m.y;
        report[3] = m.wheel;
    }
}

/* The part of a movement that a report has room for. */
static gint16 step(gint16 *from)
{
    gint16 part = CLAMP(*from, -STEP_MAX, STEP_MAX);

    *from -= part;
    return part;
}

static void next(UsbHid *hid, guint8 report[HID_REPORT_MAX])
{
    UsbPointer *s = to_usb_pointer(hid);
    Motion left = unpack(*entry(s, 0)), m = left;
    bool all = true;

    if (!s->absolute) {
        m.x = step(&left.x);
        m.y = step(&left.y);
        all = !left.x && !left.y;
        left.wheel = 0;
        *entry(s, 0) = pack(left);
    }
    if (all) {
        s->first = (s->first + 1) % QUEUE_SIZE;
        s->n--;
    }
    print(s, m, report);
    m.wheel = 0;
    if (!s->absolute) {
        m.x = m.y = 0;
    }
    s->shown = pack(m);
}

static void last(const UsbHid *hid, guint8 report[HID_REPORT_MAX])
{
    const UsbPointer *s = to_usb_pointer(hid);

    print(s, unpack(s->shown), report);
}

/* Where it is, and what is down, stays. */
static void forget(UsbHid *hid)
{
    UsbPointer *s = to_usb_pointer(hid);

    s->first = s->n = 0;
    s->shown = s->now;
}

/* ---- Input ---- */

static guint8 button_bit(const UsbPointer *s, InputButton button)
{
    switch (button) {
    case INPUT_BUTTON_LEFT:
        return 1 << 0;
    case INPUT_BUTTON_RIGHT:
        return 1 << 1;
    case INPUT_BUTTON_MIDDLE:
        return 1 << 2;
    case INPUT_BUTTON_SIDE:
        return s->absolute ? 0 : 1 << 3;
    case INPUT_BUTTON_EXTRA:
        return s->absolute ? 0 : 1 << 4;
    default:
        return 0;
    }
}

static void on_button(const UsbPointer *s, Motion *m, InputButton button, bool down)
{
    guint8 bit = button_bit(s, button);

    m->buttons = down ? m->buttons | bit : m->buttons & ~bit;
    if (down && button == INPUT_BUTTON_WHEEL_UP) {
        m->wheel = added(m->wheel, 1, STEP_MAX);
    } else if (down && button == INPUT_BUTTON_WHEEL_DOWN) {
        m->wheel = added(m->wheel, -1, STEP_MAX);
    }
}

static void on_event(void *opaque, const InputItem *item)
{
    UsbPointer *s = opaque;
    Motion m = unpack(s->now);
    gint16 *axis = item->code == INPUT_AXIS_X ? &m.x : &m.y;

    switch (item->kind) {
    case INPUT_EVENT_KIND_BTN:
        on_button(s, &m, item->code, item->value);
        break;
    case INPUT_EVENT_KIND_REL:
        *axis = added(*axis, item->value, FAR);
        break;
    default:
        *axis = CLAMP(item->value, 0, POSITION_MAX);
    }
    s->now = pack(m);
}

static void on_sync(void *opaque)
{
    UsbPointer *s = opaque;
    Motion m = unpack(s->now);

    put(s, m);
    m.wheel = 0;
    if (!s->absolute) {
        m.x = m.y = 0;
    }
    s->now = pack(m);
    usb_hid_update(&s->hid);
}

static const InputDeviceOps mouse_input = {
    .name = "QEMU USB Mouse",
    .kinds = 1 << INPUT_EVENT_KIND_BTN | 1 << INPUT_EVENT_KIND_REL,
    .event = on_event,
    .sync = on_sync,
};

static const InputDeviceOps tablet_input = {
    .name = "QEMU USB Tablet",
    .kinds = 1 << INPUT_EVENT_KIND_BTN | 1 << INPUT_EVENT_KIND_ABS,
    .event = on_event,
    .sync = on_sync,
};

/* ---- Life ---- */

static const StateRow pointer_state[] = {
    STATE_RING(U64, UsbPointer, queue, first, n),
    STATE_FIELD(U64, UsbPointer, now, 0),
    STATE_FIELD(U64, UsbPointer, shown, 0),
    STATE_ROWS_END
};

static bool motion_valid(const UsbPointer *s, guint64 number)
{
    Motion m = unpack(number);

    return number >> 48 == 0 && !(m.buttons & ~BUTTONS) && m.wheel >= -STEP_MAX &&
           m.x >= (s->absolute ? 0 : -FAR) && m.y >= (s->absolute ? 0 : -FAR);
}

static bool pointer_state_loaded(Device *dev, GError **error)
{
    UsbPointer *s = to_usb_pointer(dev);
    bool ok = motion_valid(s, s->now) && motion_valid(s, s->shown);

    for (guint i = 0; i < s->n; i++) {
        ok = ok && motion_valid(s, *entry(s, i));
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a pointing device", dev->object.name);
    }
    return ok;
}

static bool pointer_realize(Device *dev, GError **error)
{
    to_usb_pointer(dev)->absolute = object_is_a(dev, &qmp_class_usb_tablet);
    return true;
}

const TypeInfo usb_pointer_type = {
    .schema = &qmp_class_usb_pointer,
    .size = sizeof(UsbPointer),
    .device = &(const DeviceOps){
        .realize = pointer_realize,
        .state = pointer_state,
        .state_loaded = pointer_state_loaded,
    },
};

const TypeInfo usb_mouse_type = {
    .schema = &qmp_class_usb_mouse,
    .kind = &(const UsbHidOps){
        .usb = {
            .descriptors = mouse_descriptors,
            .strings = "QEMU\0" "HID Mouse\0" "89126\0" "QEMU USB Mouse",
            .n_strings = 4,
            .serial = 3,
            .control = usb_hid_control,
            .data = usb_hid_data,
            .configured = usb_hid_configured,
            .reset = usb_hid_reset,
        },
        .report = mouse_report,
        .report_size = sizeof(mouse_report),
        .size = 4,
        .boot = true,
        .input = &mouse_input,
        .has_news = has_news,
        .next = next,
        .last = last,
        .forget = forget,
    },
};

const TypeInfo usb_tablet_type = {
    .schema = &qmp_class_usb_tablet,
    .kind = &(const UsbHidOps){
        .usb = {
            .descriptors = tablet_descriptors,
            .strings = "QEMU\0" "HID Tablet\0" "28754\0" "QEMU USB Tablet",
            .n_strings = 4,
            .serial = 3,
            .control = usb_hid_control,
            .data = usb_hid_data,
            .configured = usb_hid_configured,
            .reset = usb_hid_reset,
        },
        .report = tablet_report,
        .report_size = sizeof(tablet_report),
        .size = 6,
        .input = &tablet_input,
        .has_news = has_news,
        .next = next,
        .last = last,
        .forget = forget,
    },
};
