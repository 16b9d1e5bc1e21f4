/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-bus: the ports of a controller and of hubs, and which device is in which.
 */
#include "config.h"
#include "hw/usb/usb.h"

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

struct UsbBus {
    Bus bus;
    const UsbBusOps *ops;
    void *opaque;
    GQueue ports;               /* of UsbPort, in order of creation */
};

UsbBus *usb_bus_new(Device *owner, const UsbBusOps *ops, void *opaque)
{
    UsbBus *bus = to_usb_bus(bus_new(owner, &qmp_class_usb_bus, NULL));

    bus->ops = ops;
    bus->opaque = opaque;
    return bus;
}

/* ---- Ports ---- */

void usb_port_add(UsbBus *bus, UsbPort *port, const UsbDevice *hub)
{
    port->bus = bus;
    port->dev = NULL;
    port->companion = NULL;
    port->link.data = port;
    if (hub) {
        g_snprintf(port->path, sizeof(port->path), "%s.%u", hub->port->path, port->index + 1);
    } else {
        g_snprintf(port->path, sizeof(port->path), "%u", port->index + 1);
    }
    g_queue_push_tail_link(&bus->ports, &port->link);
}

void usb_port_remove(UsbPort *port)
{
    if (port->companion) {
        usb_companion_leave(port->companion);
    }
    g_queue_unlink(&port->bus->ports, &port->link);
    port->bus = NULL;
}

UsbDevice *usb_port_device(const UsbPort *port)
{
    return port->dev && usb_present(port->dev) ? port->dev : NULL;
}

static UsbPort *find_port(const UsbBus *bus, const char *path)
{
    for (const GList *l = bus->ports.head; l; l = l->next) {
        UsbPort *port = l->data;

        if (g_str_equal(port->path, path)) {
            return port;
        }
    }
    return NULL;
}

UsbDevice *usb_bus_device(const UsbBus *bus, const char *path)
{
    const UsbPort *port = find_port(bus, path);

    return port ? usb_port_device(port) : NULL;
}

UsbPort *usb_bus_port(const UsbBus *bus, guint index)
{
    char path[USB_PATH_SIZE];

    g_snprintf(path, sizeof(path), "%u", index + 1);
    return find_port(bus, path);
}

bool usb_bus_has_companions(const UsbBus *bus)
{
    return bus->ops->has_companions;
}

/* ---- Choosing a port ---- */

/* The speeds that a device has, as bits. */
static guint speeds_of(const UsbDevice *dev, const UsbDeviceOps *ops)
{
    guint speeds = 0;

    for (guint i = 0; i < USB_N_SPEEDS; i++) {
        speeds |= ops->descriptors(dev, i) ? 1u << i : 0;
    }
    return speeds;
}

typedef struct {
    const char *path;
    bool named;
} PathSearch;

static bool note_path(const QmpClass *klass, const void *data, bool named, void *opaque)
{
    const UsbDeviceProps *props = data;
    PathSearch *search = opaque;

    search->named = search->named || g_strcmp0(props->port, search->path) == 0;
    return true;
}

/* Whether a request that is still to come names the port. */
static bool is_reserved(const UsbPort *port, UsbDevice *dev)
{
    PathSearch search = { .path = port->path };

    env_foreach_pending(&dev->device.object, &port->bus->bus.object, note_path, &search);
    return search.named;
}

/* The first free port for one of these speeds; *ret_free: there are others. */
static UsbPort *choose_port(const UsbBus *bus, UsbDevice *dev, guint speeds, bool *ret_free)
{
    *ret_free = false;
    for (const GList *l = bus->ports.head; l; l = l->next) {
        UsbPort *port = l->data;

        if (port->dev || is_reserved(port, dev)) {
            continue;
        }
        if (port->speeds & speeds) {
            return port;
        }
        *ret_free = true;
    }
    return NULL;
}

static UsbPort *named_port(const UsbBus *bus, const char *path, guint speeds, GError **error)
{
    UsbPort *port = find_port(bus, path);

    if (!port) {
        qmp_error_set_at(error, "port", ERROR_REASON_OBJECT_NOT_FOUND, "bus '%s' has no port '%s'",
                         bus->bus.object.name, path);
        return NULL;
    }
    if (port->dev) {
        qmp_error_set_at(error, "port", ERROR_REASON_ADDRESS_IN_USE,
                         "port '%s' of bus '%s' is in use by '%s'", path, bus->bus.object.name,
                         port->dev->device.object.name);
        return NULL;
    }
    if (!(port->speeds & speeds)) {
        qmp_error_set_at(error, "port", ERROR_REASON_NOT_SUPPORTED,
                         "port '%s' of bus '%s' has none of the device's speeds", path,
                         bus->bus.object.name);
        return NULL;
    }
    return port;
}

static UsbPort *free_port(const UsbBus *bus, UsbDevice *dev, guint speeds, GError **error)
{
    bool others;
    UsbPort *port = choose_port(bus, dev, speeds, &others);

    if (!port && others) {
        qmp_error_set_at(error, "bus", ERROR_REASON_NOT_SUPPORTED,
                         "no free port of bus '%s' has one of the device's speeds",
                         bus->bus.object.name);
    } else if (!port) {
        qmp_error_set_at(error, "bus", ERROR_REASON_BUS_FULL, "bus '%s' has no free port",
                         bus->bus.object.name);
    }
    return port;
}

/* The fastest of these. */
static UsbSpeed fastest(guint speeds)
{
    return g_bit_nth_msf(speeds, -1);
}

bool usb_device_slow(UsbDevice *dev, guint speeds)
{
    speeds &= speeds_of(dev, dev->ops);
    dev->speed = speeds ? fastest(speeds) : dev->speed;
    return speeds;
}

static bool usb_bus_attach(Bus *bus, Device *device, GError **error)
{
    UsbBus *b = to_usb_bus(bus);
    UsbDevice *dev = to_usb_device(device);
    UsbDeviceProps *props = usb_device_props(dev);
    const UsbDeviceOps *ops = object_kind(dev);
    guint speeds = speeds_of(dev, ops);
    UsbPort *port = props->port ? named_port(b, props->port, speeds, error)
                                : free_port(b, dev, speeds, error);

    if (!port) {
        return false;
    }
    if (!props->port) {
        props->port = g_strdup(port->path);
    }
    dev->ops = ops;
    dev->port = port;
    dev->speed = fastest(port->speeds & speeds);
    dev->gone = false;
    port->dev = dev;
    return true;
}

/* ---- Coming and going ---- */

static void pull_out(UsbBus *bus, UsbDevice *dev)
{
    trace_usb_port_detach(bus, dev->port->path);
    dev->gone = true;
    if (bus->ops->gone) {
        bus->ops->gone(bus->opaque, dev);
    }
    dev->port->ops->detached(dev->port);
}

static void usb_bus_detach(Bus *bus, Device *device)
{
    UsbDevice *dev = to_usb_device(device);

    if (!dev->gone) {
        pull_out(to_usb_bus(bus), dev);
    }
    dev->port->dev = NULL;
    dev->port = NULL;
}

static void usb_bus_plugged(Bus *bus, Device *device)
{
    UsbDevice *dev = to_usb_device(device);

    trace_usb_port_attach(to_usb_bus(bus), dev->port->path, object_class_name(dev));
    dev->port->ops->attached(dev->port);
}

/* The guest has no say: it finds the device pulled out. */
static bool usb_bus_unplug_request(Bus *bus, Device *device, GError **error)
{
    UsbDevice *dev = to_usb_device(device);

    if (!dev->gone) {
        pull_out(to_usb_bus(bus), dev);
        machine_request_removal(machine_of(dev), device);
    }
    return true;
}

static bool usb_bus_full(Bus *bus, const QmpClass *klass)
{
    for (const GList *l = to_usb_bus(bus)->ports.head; l; l = l->next) {
        const UsbPort *port = l->data;

        if (!port->dev) {
            return false;
        }
    }
    return true;
}

static char *usb_bus_address(Bus *bus, Device *device)
{
    return g_strdup(to_usb_device(device)->port->path);
}

/* ---- For devices ---- */

void usb_ready(UsbDevice *dev, guint8 endpoint)
{
    const UsbBus *bus = dev->port ? dev->port->bus : NULL;

    if (bus && usb_present(dev)) {
        bus->ops->ready(bus->opaque, dev, endpoint);
    }
}

void usb_wake(UsbDevice *dev)
{
    if (dev->port && usb_present(dev) && dev->remote_wakeup) {
        machine_request_wake(machine_of(dev), WAKE_REASON_OTHER);
        dev->port->ops->wake(dev->port);
    }
}

const TypeInfo usb_bus_type = {
    .schema = &qmp_class_usb_bus,
    .size = sizeof(UsbBus),
    .kind = &(const BusOps){
        .attach = usb_bus_attach,
        .detach = usb_bus_detach,
        .full = usb_bus_full,
        .plugged = usb_bus_plugged,
        .unplug_request = usb_bus_unplug_request,
        .carries_along = true,
        .address = usb_bus_address,
    },
};
