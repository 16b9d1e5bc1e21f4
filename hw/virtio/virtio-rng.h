/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng-device: an entropy device.
 */
#ifndef HW_VIRTIO_VIRTIO_RNG_H
#define HW_VIRTIO_VIRTIO_RNG_H

#include "qom/object.h"

extern const TypeInfo virtio_rng_type;

#endif
