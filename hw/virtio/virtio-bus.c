/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class virtio-bus; see hw/virtio/virtio-bus.h.
 */
#include "config.h"
#include "hw/virtio/virtio-bus.h"

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-virtio.h"

struct VirtioBus {
    Bus bus;
    const VirtioTransportOps *ops;
    void *opaque;
};

Bus *virtio_bus_new(Device *owner, const QmpClass *klass, const char *name,
                    const VirtioTransportOps *ops, void *opaque)
{
    Bus *bus = bus_new(owner, klass, name);

    to_virtio_bus(bus)->ops = ops;
    to_virtio_bus(bus)->opaque = opaque;
    return bus;
}

VirtioDevice *virtio_bus_device(Bus *bus)
{
    Device *dev = bus->devices.head ? bus->devices.head->data : NULL;

    return dev && dev->realized ? to_virtio_device(dev) : NULL;
}

static bool note_named(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    *(bool *)opaque |= named;
    return !named;
}

/* A bus that a pending device names is not for devices that name none. */
static bool virtio_bus_full(Bus *bus, const QmpClass *klass)
{
    bool spoken_for = false;

    env_foreach_pending(&bus->object, &bus->object, note_named, &spoken_for);
    return spoken_for || bus->devices.length > 0;
}

static bool virtio_bus_attach(Bus *bus, Device *dev, GError **error)
{
    const VirtioBus *s = to_virtio_bus(bus);

    if (bus->devices.length > 0) {
        qmp_error_set_at(error, "bus", ERROR_REASON_BUS_FULL,
                         "bus '%s' has a device already, and takes only one", bus->object.name);
        return false;
    }
    virtio_set_transport(to_virtio_device(dev), s->ops, s->opaque);
    return true;
}

static void virtio_bus_detach(Bus *bus, Device *dev)
{
    virtio_set_transport(to_virtio_device(dev), NULL, NULL);
}

const TypeInfo virtio_bus_type = {
    .schema = &qmp_class_virtio_bus,
    .size = sizeof(VirtioBus),
    .kind = &(const BusOps){
        .attach = virtio_bus_attach,
        .detach = virtio_bus_detach,
        .full = virtio_bus_full,
    },
};
