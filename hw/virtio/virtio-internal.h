/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/virtio/virtio.h and transport.h share:
 *
 *   virtio.c          status, features, configuration
 *   virtio-queues.c   the driver's settings, notifications
 *   virtio-state.c    the state of all that, saved and loaded
 *   virtio-legacy.c   what drivers from before VIRTIO 1.0 do otherwise
 *
 * They stand on the rings, virtqueue-internal.h, which do not know them.
 */
#ifndef HW_VIRTIO_VIRTIO_INTERNAL_H
#define HW_VIRTIO_VIRTIO_INTERNAL_H

#include "hw/virtio/transport.h"
#include "hw/virtio/virtqueue-internal.h"

struct event;

/* A queue's owner: whose it is, and how its handler comes to be called. */
typedef struct {
    VirtioDevice *dev;
    void (*handler)(VirtioDevice *dev, VirtQueue *queue);
    int eventfd;                /* -1: none */
    AioWatch *watch;            /* between start and stop, with an AioContext */
    struct event *event;        /* the same without */
} VirtioNotifier;

static inline VirtioNotifier *virtio_notifier(const VirtQueue *queue)
{
    return queue->owner;
}

/* ---- virtio-queues.c ---- */

/* Stops, or starts, if that is due: status, run state or queues changed.
 * Main thread, machine lock held. */
void virtio_update_started(VirtioDevice *dev);

/* ---- virtio-state.c ---- */

extern const StateRow virtio_state[];
void virtio_state_saving(Device *device);
bool virtio_state_loaded(Device *device, GError **error);

/* ---- virtio.c ---- */

/* All that the device offers, except for bits of the legacy interface. */
guint64 virtio_features(VirtioDevice *dev);
/* Keeps NEEDS_RESET, which is the device's, and may be set meanwhile. */
void virtio_store_status(VirtioDevice *dev, guint8 status);
/* The driver wrote a status of 0: resets it as soon as it is idle.  The vCPU whose
 * machine_call() this is waits for that. */
void virtio_driver_reset(VirtioDevice *dev);

#endif
