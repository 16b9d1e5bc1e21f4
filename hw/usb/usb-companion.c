/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Companions: a controller for USB 1 whose ports are those of a controller for USB 2, which has it
 * see their devices as long as it owns them (EHCI 4.2).
 */
#include "config.h"
#include "hw/usb/usb.h"

#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

/* The port of the bus with that name which has no companion yet. */
static UsbPort *host_port(Device *owner, const char *master, guint index, GError **error)
{
    Bus *bus = bus_find(object_root(&owner->object), master, &qmp_class_usb_device, error);
    UsbPort *port;

    if (!bus) {
        qmp_error_blame(error, "masterbus");
        return NULL;
    }
    if (!usb_bus_has_companions(to_usb_bus(bus))) {
        qmp_error_set_at(error, "masterbus", ERROR_REASON_NOT_SUPPORTED,
                         "the controller of bus '%s' takes no companions", bus->object.name);
        return NULL;
    }
    port = usb_bus_port(to_usb_bus(bus), index);
    if (!port) {
        qmp_error_set_at(error, "firstport", ERROR_REASON_OUT_OF_RANGE,
                         "bus '%s' has no port %u", bus->object.name, index);
        return NULL;
    }
    if (port->companion) {
        qmp_error_set_at(error, "firstport", ERROR_REASON_ADDRESS_IN_USE,
                         "port %u of bus '%s' has another companion", index, bus->object.name);
        return NULL;
    }
    return port;
}

bool usb_companion_join(Device *owner, const char *master, guint index, UsbPort *port,
                        GError **error)
{
    UsbPort *host = host_port(owner, master, index, error);

    if (!host) {
        return false;
    }
    host->companion = port;
    host->speeds |= port->speeds;
    port->host = host;
    return true;
}

void usb_companion_leave(UsbPort *port)
{
    UsbPort *host = port->host;

    if (host) {
        usb_companion_unplug(host);
        host->companion = NULL;
        host->speeds &= ~port->speeds;
        port->host = NULL;
    }
}

void usb_companion_set(UsbPort *host, bool owns)
{
    UsbPort *port = host->companion;

    if (!port) {
        return;
    }
    port->dev = NULL;
    if (host->dev && usb_device_slow(host->dev, owns ? port->speeds : host->speeds) && owns) {
        port->dev = host->dev;
    }
}

void usb_companion_plug(UsbPort *host)
{
    usb_companion_set(host, true);
    if (host->companion && host->companion->dev) {
        host->companion->ops->attached(host->companion);
    }
}

void usb_companion_unplug(UsbPort *host)
{
    if (host->companion && host->companion->dev) {
        host->companion->ops->detached(host->companion);
    }
    usb_companion_set(host, false);
}

void usb_companion_wake(UsbPort *host)
{
    if (host->companion && host->companion->dev) {
        host->companion->ops->wake(host->companion);
    }
}

void usb_companion_ready(UsbPort *host)
{
    if (host->companion && host->companion->dev) {
        host->companion->ops->ready(host->companion);
    }
}
