/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-mem: memory that the guest takes and returns in blocks; see virtio-mem.c. */
#ifndef HW_VIRTIO_VIRTIO_MEM_H
#define HW_VIRTIO_VIRTIO_MEM_H

#include "qom/object.h"

extern const TypeInfo virtio_mem_type;

#endif
