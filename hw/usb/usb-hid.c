/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-hid: requests of the HID class (HID 1.11 chapter 7), and the endpoint that reports
 * come from.
 */
#include "config.h"
#include "hw/usb/usb-hid.h"

#include <string.h>

#include "hw/core/timer-state.h"
#include "qom/qapi-objects-usb.h"

enum {
    GET_REPORT = 1, GET_IDLE = 2, GET_PROTOCOL = 3, SET_REPORT = 9, SET_IDLE = 10,
    SET_PROTOCOL = 11, GET_DESCRIPTOR = 6,
};

enum {
    CLASS_IN = USB_IN | USB_CLASS | USB_TO_INTERFACE,
    CLASS_OUT = USB_CLASS | USB_TO_INTERFACE,
    STANDARD_IN = USB_IN | USB_STANDARD | USB_TO_INTERFACE,
};

enum { REPORT_INPUT = 1, REPORT_OUTPUT = 2, HID_DESCRIPTOR = 18, HID_DESCRIPTOR_SIZE = 9 };

#define IDLE_UNIT G_GINT64_CONSTANT(4000000)    /* ns */

/* ---- Reports ---- */

static void restart_idle(UsbHid *hid)
{
    hid->due = false;
    if (hid->idle) {
        timer_set_after(hid->timer, hid->idle * IDLE_UNIT);
    } else {
        timer_cancel(hid->timer);
    }
}

static void idle_over(void *opaque, gint64 now)
{
    UsbHid *hid = opaque;

    hid->due = true;
    usb_ready(&hid->usb, USB_IN | 1);
}

UsbResult usb_hid_data(UsbDevice *dev, UsbPacket *packet)
{
    UsbHid *hid = to_usb_hid(dev);
    const UsbHidOps *ops = usb_hid_ops(hid);
    guint8 report[HID_REPORT_MAX] = { 0 };

    if (packet->pid != USB_PID_IN || packet->endpoint != 1) {
        return USB_STALL;
    }
    if (ops->has_news(hid)) {
        ops->next(hid, report);
    } else if (hid->due) {
        ops->last(hid, report);
    } else {
        return USB_NAK;
    }
    restart_idle(hid);
    usb_give(packet, report, ops->size);
    return USB_ACK;
}

void usb_hid_update(UsbHid *hid)
{
    if (usb_hid_ops(hid)->has_news(hid)) {
        usb_wake(&hid->usb);
        usb_ready(&hid->usb, USB_IN | 1);
    }
}

/* ---- Requests ---- */

static guint16 put(guint8 *to, const guint8 *from, guint size)
{
    memcpy(to, from, size);
    return size;
}

/* Of the interface: its HID descriptor, which follows that of the interface, and the reports'. */
static bool get_descriptor(const UsbHid *hid, const UsbSetup *setup, guint8 *data, guint16 *ret)
{
    const UsbDescriptors *now = hid->usb.ops->descriptors(&hid->usb, hid->usb.speed);
    const UsbHidOps *ops = usb_hid_ops(hid);

    switch (setup->value >> 8) {
    case USB_DT_HID:
        *ret = put(data, now->config + HID_DESCRIPTOR, HID_DESCRIPTOR_SIZE);
        return true;
    case USB_DT_REPORT:
        *ret = put(data, ops->report, ops->report_size);
        return true;
    default:
        return false;
    }
}

static bool get_report(const UsbHid *hid, const UsbSetup *setup, guint8 *data, guint16 *ret)
{
    const UsbHidOps *ops = usb_hid_ops(hid);

    if (setup->value >> 8 != REPORT_INPUT) {
        return false;
    }
    ops->last(hid, data);
    *ret = ops->size;
    return true;
}

static bool set_report(UsbHid *hid, const UsbSetup *setup, const guint8 *data)
{
    const UsbHidOps *ops = usb_hid_ops(hid);

    if (setup->value >> 8 != REPORT_OUTPUT || !ops->output || setup->length != 1) {
        return false;
    }
    ops->output(hid, data[0]);
    return true;
}

static bool put_byte(guint8 *data, guint8 value, guint16 *ret)
{
    data[0] = value;
    *ret = 1;
    return true;
}

static bool set_protocol(UsbHid *hid, guint16 value)
{
    if (!usb_hid_ops(hid)->boot || value > 1) {
        return false;
    }
    hid->report_protocol = value;
    return true;
}

static bool set_idle(UsbHid *hid, guint8 idle)
{
    hid->idle = idle;
    restart_idle(hid);
    return true;
}

bool usb_hid_control(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    UsbHid *hid = to_usb_hid(dev);

    if (setup->index) {
        return false;           /* it has one interface */
    }
    switch (setup->request) {
    case USB_REQUEST(STANDARD_IN, GET_DESCRIPTOR):
        return get_descriptor(hid, setup, data, ret_length);
    case USB_REQUEST(CLASS_IN, GET_REPORT):
        return get_report(hid, setup, data, ret_length);
    case USB_REQUEST(CLASS_OUT, SET_REPORT):
        return set_report(hid, setup, data);
    case USB_REQUEST(CLASS_IN, GET_PROTOCOL):
        return usb_hid_ops(hid)->boot && put_byte(data, hid->report_protocol, ret_length);
    case USB_REQUEST(CLASS_OUT, SET_PROTOCOL):
        return set_protocol(hid, setup->value);
    case USB_REQUEST(CLASS_IN, GET_IDLE):
        return put_byte(data, hid->idle, ret_length);
    case USB_REQUEST(CLASS_OUT, SET_IDLE):
        return set_idle(hid, setup->value >> 8);
    default:
        return false;
    }
}

/* ---- Life ---- */

static const StateRow hid_state[] = {
    STATE_FIELD(BOOL, UsbHid, report_protocol, true),
    STATE_FIELD(U8, UsbHid, idle, 0),
    STATE_FIELD(BOOL, UsbHid, due, false),
    STATE_CLOCK_TIMER(UsbHid, timer),
    STATE_ROWS_END
};

void usb_hid_configured(UsbDevice *dev)
{
    UsbHid *hid = to_usb_hid(dev);

    usb_hid_ops(hid)->forget(hid);
    input_activate(&hid->input);
}

void usb_hid_reset(UsbDevice *dev)
{
    UsbHid *hid = to_usb_hid(dev);

    state_reset(hid_state, hid);
    usb_hid_ops(hid)->forget(hid);
}

static bool hid_realize(Device *dev, GError **error)
{
    UsbHid *hid = to_usb_hid(dev);
    Machine *machine = machine_of(dev);

    hid->timer = timer_new(machine->clock, CLOCK_KIND_VIRTUAL, IDLE_UNIT, idle_over, hid);
    input_register(&hid->input, machine, usb_hid_ops(hid)->input, hid);
    return true;
}

static void hid_unrealize(Device *dev)
{
    UsbHid *hid = to_usb_hid(dev);

    input_unregister(&hid->input);
    g_clear_pointer(&hid->timer, timer_free);
}

const TypeInfo usb_hid_type = {
    .schema = &qmp_class_usb_hid,
    .size = sizeof(UsbHid),
    .device = &(const DeviceOps){
        .realize = hid_realize,
        .unrealize = hid_unrealize,
        .state = hid_state,
    },
};
