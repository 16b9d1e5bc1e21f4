/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `virtio-blk-device`: a disk.
 */
#ifndef HW_VIRTIO_VIRTIO_BLK_H
#define HW_VIRTIO_VIRTIO_BLK_H

#include "qom/object.h"

extern const TypeInfo virtio_blk_type;

#endif
