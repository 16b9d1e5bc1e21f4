/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus between a transport and its virtio device: room for one.
 *
 * All functions need the machine lock.
 */
#ifndef HW_VIRTIO_VIRTIO_BUS_H
#define HW_VIRTIO_VIRTIO_BUS_H

#include "hw/virtio/transport.h"

/* Makes the bus of a transport, of a class that descends from virtio-bus; name
 * as for bus_new.  opaque is passed to ops, which must live as long as
 * owner. */
Bus *virtio_bus_new(Device *owner, const QmpClass *klass, const char *name,
                    const VirtioTransportOps *ops, void *opaque);

/* The realized device on it, or NULL. */
VirtioDevice *virtio_bus_device(Bus *bus);

extern const TypeInfo virtio_bus_type;

#endif
