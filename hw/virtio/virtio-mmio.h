/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-mmio: a virtio device behind memory-mapped registers.
 */
#ifndef HW_VIRTIO_VIRTIO_MMIO_H
#define HW_VIRTIO_VIRTIO_MMIO_H

#include "qom/device.h"

enum { VIRTIO_MMIO_SIZE = 0x200 };      /* bytes of its registers */

/* Whether there is a device behind dev, which is a virtio-mmio. */
bool virtio_mmio_has_device(Device *dev);

extern const TypeInfo virtio_mmio_type;

#endif
