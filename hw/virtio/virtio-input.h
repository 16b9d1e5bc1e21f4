/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtioInput: a keyboard or pointing device by VIRTIO; see virtio-input.c. */
#ifndef HW_VIRTIO_VIRTIO_INPUT_H
#define HW_VIRTIO_VIRTIO_INPUT_H

#include "hw/input/input.h"
#include "qom/device.h"

/* For virtio-input.c: the number of a key, or 0. */
guint8 virtio_input_key(guint key);

extern const TypeInfo virtio_input_type, virtio_keyboard_type, virtio_mouse_type,
    virtio_tablet_type;

#endif
