/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `virtio-scsi-device`: a SCSI host adapter.
 */
#ifndef HW_VIRTIO_VIRTIO_SCSI_H
#define HW_VIRTIO_VIRTIO_SCSI_H

#include "qom/object.h"

extern const TypeInfo virtio_scsi_type;

#endif
