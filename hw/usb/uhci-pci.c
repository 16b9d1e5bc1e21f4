/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes piix3-usb-uhci (function 2 of Intel's 82371SB) and ich9-usb-uhci1 to 3 (functions of its
 * ICH9): a controller for USB 1 with a bus of its own, or as a companion of one for USB 2.
 */
#include "config.h"
#include "hw/usb/uhci-internal.h"

#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

struct Ich9Uhci {
    Uhci uhci;
};

/* ---- A bus of its own ---- */

static void ready(void *opaque, UsbDevice *dev, guint8 endpoint)
{
    uhci_kick(opaque);
}

static const UsbBusOps bus_ops = {
    .ready = ready,
};

static void add_ports(Uhci *s)
{
    UsbBus *bus = usb_bus_new(&s->parent.device, &bus_ops, s);

    for (guint i = 0; i < UHCI_PORTS; i++) {
        usb_port_add(bus, &s->ports[i].usb, NULL);
    }
}

static void remove_ports(Uhci *s)
{
    for (guint i = 0; i < UHCI_PORTS; i++) {
        usb_port_remove(&s->ports[i].usb);
    }
}

static bool piix3_realize(Device *dev, GError **error)
{
    add_ports(to_uhci(dev));
    return true;
}

static void piix3_unrealize(Device *dev)
{
    remove_ports(to_uhci(dev));
}

/* ---- Companions ---- */

static void leave(Uhci *s)
{
    for (guint i = 0; i < UHCI_PORTS; i++) {
        usb_companion_leave(&s->ports[i].usb);
    }
}

static bool join(Uhci *s, const Ich9UsbUhciProps *props, GError **error)
{
    for (guint i = 0; i < UHCI_PORTS; i++) {
        if (!usb_companion_join(&s->parent.device, props->masterbus, props->firstport + i,
                                &s->ports[i].usb, error)) {
            leave(s);
            return false;
        }
    }
    return true;
}

static bool ich9_realize(Device *dev, GError **error)
{
    const Ich9UsbUhciProps *props = ich9_usb_uhci_props(to_ich9_uhci(dev));

    if (props->masterbus) {
        return join(to_uhci(dev), props, error);
    }
    add_ports(to_uhci(dev));
    return true;
}

static void ich9_unrealize(Device *dev)
{
    Uhci *s = to_uhci(dev);

    if (s->ports[0].usb.bus) {
        remove_ports(s);
    }
    leave(s);
}

/* A device of full speed needs it, even while it is not the one that sees the device. */
static bool ich9_may_delete(Object *obj, GError **error)
{
    const Uhci *s = to_uhci(obj);

    for (guint i = 0; i < UHCI_PORTS; i++) {
        const UsbPort *host = s->ports[i].usb.host;

        if (host && host->dev) {
            qmp_error_set(error, ERROR_REASON_IN_USE, "'%s' is plugged into a port of '%s'",
                          host->dev->device.object.name, obj->name);
            return false;
        }
    }
    return true;
}

const TypeInfo ich9_usb_uhci_type = {
    .schema = &qmp_class_ich9_usb_uhci,
    .size = sizeof(Ich9Uhci),
    .object = &(const ObjectOps){
        .may_delete = ich9_may_delete,
    },
    .device = &(const DeviceOps){
        .realize = ich9_realize,
        .unrealize = ich9_unrealize,
        .no_state = "its registers are those of its parent",
    },
};

/* ---- Functions ---- */

const TypeInfo piix3_usb_uhci_type = {
    .schema = &qmp_class_piix3_usb_uhci,
    .device = &(const DeviceOps){
        .realize = piix3_realize,
        .unrealize = piix3_unrealize,
        .no_state = "its registers are those of its parent",
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x7020,
        .class_id = 0x0c03,
        .revision = 1,
        .pin = 4,
    },
};

#define ICH9_UHCI(n_, device_id_) \
    const TypeInfo ich9_usb_uhci##n_##_type = { \
        .schema = &qmp_class_ich9_usb_uhci##n_, \
        .kind = &(const PciFunction){ \
            .vendor_id = 0x8086, \
            .device_id = device_id_, \
            .class_id = 0x0c03, \
            .revision = 3, \
            .pin = n_, \
        }, \
    }

ICH9_UHCI(1, 0x2934);
ICH9_UHCI(2, 0x2935);
ICH9_UHCI(3, 0x2936);
