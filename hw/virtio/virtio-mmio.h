/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-mmio: a virtio device behind memory-mapped registers.
 */
#ifndef HW_VIRTIO_VIRTIO_MMIO_H
#define HW_VIRTIO_VIRTIO_MMIO_H

#include "qom/device.h"

enum { VIRTIO_MMIO_SIZE = 0x200 };      /* bytes of its registers */

typedef struct VirtioMmio VirtioMmio;

/* Whether there is a device behind it. */
bool virtio_mmio_has_device(const VirtioMmio *s);

extern const TypeInfo virtio_mmio_type;

#endif
