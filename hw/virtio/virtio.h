/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices, apart from how the guest reaches them.
 *
 * Virtual I/O Device (VIRTIO) 1.2, chapters 2 and 3.  A function device
 * (virtio-blk-device, ...) extends class virtio-device, sits on a virtio-bus,
 * and gives a VirtioOps as TypeInfo.kind; it never sees its transport.  The
 * transport owns registers, notification and interrupts, and calls the
 * virtio_* functions of hw/virtio/transport.h.  Guest memory is reached through
 * hw/virtio/virtqueue.h only.
 *
 * Threads: a device's queues are processed on its AioContext: the main loop, or
 * an iothread.  Configuration, status and reset happen under the machine lock,
 * when the queues are stopped.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include "hw/core/aio.h"
#include "hw/virtio/virtqueue.h"
#include "qom/device.h"

typedef struct VirtioDevice VirtioDevice;

typedef struct {
    guint16 device_id;          /* VIRTIO 1.2 section 5 */
    gsize config_size;          /* bytes of device configuration space */
    /* Features that the device offers, beside the queues' own. */
    guint64 (*features)(VirtioDevice *dev);
    /* The driver accepted these (FEATURES_OK).  Fails: FEATURES_OK stays 0. */
    bool (*features_ok)(VirtioDevice *dev, guint64 features);
    /* Fills the configuration space (little endian), all of it. */
    void (*get_config)(VirtioDevice *dev, guint8 *config);
    /* The driver wrote size bytes at offset of it. */
    void (*set_config)(VirtioDevice *dev, guint offset, const guint8 *data, guint size);
    /* DRIVER_OK: queues start; and the way back, which returns when no request
     * is in flight (device reset, machine stop with drain). */
    bool (*start)(VirtioDevice *dev, GError **error);
    void (*stop)(VirtioDevice *dev);
    /* Device reset by the driver or the machine; queues are stopped. */
    void (*reset)(VirtioDevice *dev);
} VirtioOps;

struct VirtioDevice {
    Device device;
    VirtQueue **queues;
    guint n_queues;
    AioContext *aio;            /* where the queues run */
    guint8 status;
    bool started;
    guint64 features;           /* negotiated */
    guint8 *config;             /* get_config's, as the driver sees it */
    guint32 generation;         /* of the configuration */
    const struct VirtioTransportOps *transport;
    void *transport_opaque;
};

/* In the device's realize, after what may fail: adds a queue of at most `size`
 * descriptors (a power of two, 2 to 32768); handler runs on the AioContext when
 * the driver has made buffers available. */
VirtQueue *virtio_add_queue(VirtioDevice *dev, guint16 size, void (*handler)(VirtioDevice *dev,
                            VirtQueue *queue));
void virtio_del_queues(VirtioDevice *dev);

/* The configuration changed: new generation, interrupt.  Machine lock held. */
void virtio_config_changed(VirtioDevice *dev);

/* The driver broke the rules: DEVICE_NEEDS_RESET, the queues stop; logged once.
 * Any thread. */
void virtio_broken(VirtioDevice *dev, const char *why);

static inline bool virtio_has_feature(const VirtioDevice *dev, guint bit)
{
    return dev->features >> bit & 1;
}

extern const TypeInfo virtio_device_type;

#endif
