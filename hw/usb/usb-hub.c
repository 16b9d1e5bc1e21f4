/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-hub: a hub of full speed (USB 2.0 chapter 11).  Its ports are on the bus that it is on
 * itself.
 */
#include "config.h"
#include "hw/usb/usb-hub.h"

#include <string.h>

#include "hw/usb/usb.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

enum { MAX_PORTS = 8, MAX_DEPTH = 5 };

/* 11.24.2 */
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, GET_DESCRIPTOR = 6 };
enum {
    HUB_IN = USB_IN | USB_CLASS | USB_TO_DEVICE, HUB_OUT = USB_CLASS | USB_TO_DEVICE,
    PORT_IN = USB_IN | USB_CLASS | USB_TO_OTHER, PORT_OUT = USB_CLASS | USB_TO_OTHER,
};
enum { FEATURE_ENABLE = 1, FEATURE_SUSPEND = 2, FEATURE_RESET = 4, FEATURE_POWER = 8,
       FEATURE_CHANGES = 16, N_CHANGES = 5 };

/* Of a port (11.24.2.7): states, and changes of those. */
enum {
    CONNECTION = 1 << 0, ENABLE = 1 << 1, SUSPEND = 1 << 2, RESET = 1 << 4, POWER = 1 << 8,
    LOW_SPEED = 1 << 9,
    STATES = CONNECTION | ENABLE | SUSPEND | POWER | LOW_SPEED,
    CHANGES = CONNECTION | ENABLE | SUSPEND | RESET,
};

typedef struct {
    UsbPort usb;
    guint16 status, change;     /* guest-visible */
} HubPort;

struct UsbHub {
    UsbDevice usb;
    HubPort ports[MAX_PORTS];
    guint n;
};

/* ---- Descriptors ---- */

static const guint8 device_descriptor[] = {
    18, USB_DT_DEVICE, 0x10, 0x01, 9, 0, 0, 8, 0x09, 0x04, 0xaa, 0x55, 0x01, 0x01, 1, 2, 3, 1,
};

static const guint8 config_descriptor[] = {
    9, USB_DT_CONFIG, 0, 0, 1, 1, 0, 0xe0, 0,
    9, USB_DT_INTERFACE, 0, 0, 1, 9, 0, 0, 0,
    7, USB_DT_ENDPOINT, USB_IN | 1, 3, 2, 0, 255,
};

static const UsbDescriptors full = {
    device_descriptor, config_descriptor, sizeof(config_descriptor), 0, NULL,
};

static const UsbDescriptors *descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    return speed == USB_SPEED_FULL ? &full : NULL;
}

/* 11.23.2.1: no switches of power, each port its own overcurrent protection; all devices can be
 * removed. */
static bool get_descriptor(const UsbHub *s, guint8 *data, guint16 *ret_length)
{
    const guint8 bytes[] = { 11, USB_DT_HUB, s->n, 0x0a, 0, 1, 0, 0, 0, 0xff, 0xff };

    memcpy(data, bytes, sizeof(bytes));
    *ret_length = sizeof(bytes);
    return true;
}

/* ---- Ports ---- */

static HubPort *hub_port(UsbPort *port)
{
    return container_of(port, HubPort, usb);
}

static void changed(HubPort *port, guint16 bits)
{
    UsbHub *s = port->usb.opaque;

    port->change |= bits;
    usb_wake(&s->usb);
    usb_ready(&s->usb, USB_IN | 1);
}

static void show_device(HubPort *port)
{
    const UsbDevice *dev = usb_port_device(&port->usb);

    port->status = POWER;
    port->change = 0;
    if (dev) {
        port->status |= CONNECTION | (dev->speed == USB_SPEED_LOW ? LOW_SPEED : 0);
        port->change = CONNECTION;
    }
}

static void attached(UsbPort *port)
{
    usb_reset(port->dev);
    show_device(hub_port(port));
    changed(hub_port(port), CONNECTION);
}

static void detached(UsbPort *port)
{
    HubPort *p = hub_port(port);
    guint16 enabled = p->status & ENABLE;

    p->status = POWER;
    changed(p, CONNECTION | enabled);
}

static void wake(UsbPort *port)
{
    HubPort *p = hub_port(port);

    if (p->status & SUSPEND) {
        p->status &= ~SUSPEND;
        changed(p, SUSPEND);
    }
}

static const UsbPortOps port_ops = {
    .attached = attached,
    .detached = detached,
    .wake = wake,
};

static UsbDevice *find(UsbDevice *dev, guint8 address)
{
    UsbHub *s = to_usb_hub(dev);

    for (guint i = 0; i < s->n; i++) {
        UsbDevice *there = usb_port_device(&s->ports[i].usb);

        if (!there || !(s->ports[i].status & ENABLE)) {
            continue;
        }
        if (there->address == address) {
            return there;
        }
        there = there->ops->find ? there->ops->find(there, address) : NULL;
        if (there) {
            return there;
        }
    }
    return NULL;
}

/* ---- Requests ---- */

static bool set_feature(HubPort *port, guint16 feature)
{
    UsbDevice *dev = usb_port_device(&port->usb);

    switch (feature) {
    case FEATURE_SUSPEND:
        port->status |= port->status & ENABLE ? SUSPEND : 0;
        return true;
    case FEATURE_RESET:
        if (dev) {
            usb_reset(dev);
            port->status = (port->status | ENABLE) & ~SUSPEND;
            changed(port, RESET);
        }
        return true;
    case FEATURE_POWER:
        return true;
    default:
        return false;
    }
}

static bool clear_feature(HubPort *port, guint16 feature)
{
    if (feature >= FEATURE_CHANGES && feature < FEATURE_CHANGES + N_CHANGES) {
        port->change &= ~(1u << (feature - FEATURE_CHANGES));
        return true;
    }
    switch (feature) {
    case FEATURE_ENABLE:
        port->status &= ~ENABLE;
        return true;
    case FEATURE_SUSPEND:
        if (port->status & SUSPEND) {
            port->status &= ~SUSPEND;
            changed(port, SUSPEND);
        }
        return true;
    case FEATURE_POWER:
        return true;
    default:
        return false;
    }
}

static bool get_status(const HubPort *port, guint8 *data, guint16 *ret_length)
{
    put_le(data, port ? port->status : 0, 2);
    put_le(data + 2, port ? port->change : 0, 2);
    *ret_length = 4;
    return true;
}

static bool control(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    UsbHub *s = to_usb_hub(dev);
    HubPort *port = setup->index >= 1 && setup->index <= s->n ? &s->ports[setup->index - 1] : NULL;

    switch (setup->request) {
    case USB_REQUEST(HUB_IN, GET_DESCRIPTOR):
        return get_descriptor(s, data, ret_length);
    case USB_REQUEST(HUB_IN, GET_STATUS):
        return get_status(NULL, data, ret_length);
    case USB_REQUEST(HUB_OUT, CLEAR_FEATURE):
    case USB_REQUEST(HUB_OUT, SET_FEATURE):
        return setup->value <= 1;
    case USB_REQUEST(PORT_IN, GET_STATUS):
        return port && get_status(port, data, ret_length);
    case USB_REQUEST(PORT_OUT, SET_FEATURE):
        return port && set_feature(port, setup->value);
    case USB_REQUEST(PORT_OUT, CLEAR_FEATURE):
        return port && clear_feature(port, setup->value);
    default:
        return false;
    }
}

/* Bits of ports with changes. */
static UsbResult status_data(UsbDevice *dev, UsbPacket *packet)
{
    const UsbHub *s = to_usb_hub(dev);
    guint bits = 0;
    guint8 bytes[2];

    if (packet->pid != USB_PID_IN || packet->endpoint != 1) {
        return USB_STALL;
    }
    for (guint i = 0; i < s->n; i++) {
        bits |= s->ports[i].change ? 2u << i : 0;
    }
    if (!bits) {
        return USB_NAK;
    }
    put_le(bytes, bits, 2);
    usb_give(packet, bytes, (s->n + 8) / 8);
    return USB_ACK;
}

/* ---- Life ---- */

static void hub_reset(UsbDevice *dev)
{
    UsbHub *s = to_usb_hub(dev);

    for (guint i = 0; i < s->n; i++) {
        show_device(&s->ports[i]);
    }
}

static guint depth(const UsbDevice *dev)
{
    guint n = 1;

    for (const char *c = dev->port->path; *c; c++) {
        n += *c == '.';
    }
    return n;
}

static bool hub_realize(Device *device, GError **error)
{
    UsbHub *s = to_usb_hub(device);

    if (depth(&s->usb) > MAX_DEPTH) {
        qmp_error_set_at(error, "port", ERROR_REASON_NOT_SUPPORTED,
                         "no more than %d hubs can follow each other", MAX_DEPTH);
        return false;
    }
    s->n = usb_hub_props(s)->ports;
    for (guint i = 0; i < s->n; i++) {
        s->ports[i].usb.ops = &port_ops;
        s->ports[i].usb.opaque = s;
        s->ports[i].usb.index = i;
        s->ports[i].usb.speeds = 1u << USB_SPEED_LOW | 1u << USB_SPEED_FULL;
        usb_port_add(s->usb.port->bus, &s->ports[i].usb, &s->usb);
    }
    return true;
}

static void hub_unrealize(Device *device)
{
    UsbHub *s = to_usb_hub(device);

    for (guint i = 0; i < s->n; i++) {
        usb_port_remove(&s->ports[i].usb);
    }
    s->n = 0;
}

static bool hub_may_delete(Object *obj, GError **error)
{
    const UsbHub *s = to_usb_hub(obj);

    for (guint i = 0; i < s->n; i++) {
        if (s->ports[i].usb.dev) {
            qmp_error_set(error, ERROR_REASON_IN_USE, "'%s' is plugged into hub '%s'",
                          s->ports[i].usb.dev->device.object.name, obj->name);
            return false;
        }
    }
    return true;
}

static const StateRow port_rows[] = {
    STATE_FIELD(U16, HubPort, status, POWER),
    STATE_FIELD(U16, HubPort, change, 0),
    STATE_ROWS_END
};

static const StateRow hub_state[] = {
    STATE_STRUCTS(UsbHub, ports, port_rows),
    STATE_ROWS_END
};

/* Its devices have been reset before, or are afterwards. */
static void hub_reset_exit(Device *device)
{
    hub_reset(to_usb_device(device));
}

static bool hub_state_loaded(Device *device, GError **error)
{
    const UsbHub *s = to_usb_hub(device);

    for (guint i = 0; i < MAX_PORTS; i++) {
        if (s->ports[i].status & ~STATES || s->ports[i].change & ~CHANGES) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of a hub",
                          device->object.name);
            return false;
        }
    }
    return true;
}

const TypeInfo usb_hub_type = {
    .schema = &qmp_class_usb_hub,
    .size = sizeof(UsbHub),
    .object = &(const ObjectOps){
        .may_delete = hub_may_delete,
    },
    .device = &(const DeviceOps){
        .realize = hub_realize,
        .unrealize = hub_unrealize,
        .reset_exit = hub_reset_exit,
        .state = hub_state,
        .state_loaded = hub_state_loaded,
    },
    .kind = &(const UsbDeviceOps){
        .descriptors = descriptors,
        .strings = "QEMU\0" "QEMU USB Hub\0" "314159",
        .n_strings = 3,
        .serial = 3,
        .control = control,
        .data = status_data,
        .reset = hub_reset,
        .find = find,
    },
};
