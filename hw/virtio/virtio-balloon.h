/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon-device: memory that the guest gives back.  A machine has one.
 *
 * All functions need the machine lock.
 */
#ifndef HW_VIRTIO_VIRTIO_BALLOON_H
#define HW_VIRTIO_VIRTIO_BALLOON_H

#include "hw/machine/machine.h"

typedef struct VirtioBalloon VirtioBalloon;

/* The machine's balloon, realized, or NULL. */
VirtioBalloon *virtio_balloon_find(Machine *machine);
/* Asks the guest to use `size` bytes of its RAM, limited to all of it. */
void virtio_balloon_set_target(VirtioBalloon *balloon, guint64 size);
/* Bytes that the guest has. */
guint64 virtio_balloon_actual(const VirtioBalloon *balloon);

extern const TypeInfo virtio_balloon_type;

#endif
