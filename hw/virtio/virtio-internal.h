/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/virtio/virtio.h and transport.h share:
 *
 *   virtio.c          status, features, configuration
 *   virtio-queues.c   the driver's settings, notifications
 *   virtio-state.c    saving and loading the state   virtio-legacy.c   drivers
 *   from before VIRTIO 1.0
 *
 * They use the rings, virtqueue-internal.h, which do not depend on them.
 */
#ifndef HW_VIRTIO_VIRTIO_INTERNAL_H
#define HW_VIRTIO_VIRTIO_INTERNAL_H

#include "hw/virtio/transport.h"
#include "hw/virtio/virtqueue-internal.h"

struct event;

/* A queue's owner: its device, and how its handler is called. */
typedef struct {
    VirtioDevice *dev;
    void (*handler)(VirtioDevice *dev, VirtQueue *queue);
    AioContext *aio;            /* NULL: the device's */
    int eventfd;                /* -1: none */
    AioWatch *watch;            /* between start and stop, with an AioContext */
    struct event *event;        /* the same without */
} VirtioNotifier;

static inline VirtioNotifier *virtio_notifier(const VirtQueue *queue)
{
    return queue->owner;
}

/* ---- virtio-queues.c ---- */

/* Stops or starts the device as needed, after a change of status, run state or
 * queues. Main thread, machine lock held. */
void virtio_update_started(VirtioDevice *dev);

/* ---- virtio-state.c ---- */

extern const StateRow virtio_state[];
void virtio_state_saving(Device *device);
bool virtio_state_loaded(Device *device, GError **error);

/* ---- virtio.c ---- */

/* All features that the device offers, except bits of the legacy interface. */
guint64 virtio_features(VirtioDevice *dev);
/* Preserves NEEDS_RESET, which the device owns and may set meanwhile. */
void virtio_store_status(VirtioDevice *dev, guint8 status);
/* The driver wrote a status of 0: resets the device as soon as it is idle.  The
 * vCPU that made this machine_call() waits for that. */
void virtio_driver_reset(VirtioDevice *dev);

#endif
