/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices, independent of their transport.
 *
 * Virtual I/O Device (VIRTIO) 1.2, chapters 2 and 3.  A function device
 * (virtio-blk-device, ...) extends class virtio-device, sits on a virtio-bus,
 * and gives a VirtioOps as TypeInfo.kind; it never sees its transport.  The
 * transport owns registers, notification and interrupts, and calls the
 * virtio_* functions of hw/virtio/transport.h.  Guest memory is reached through
 * hw/virtio/virtqueue.h only.
 *
 * Threads: start, stop and reset are called on the main thread with the machine
 * lock held, regardless of the thread of the driver's access; the other hooks
 * with the machine lock held, on any thread.  A device's queues are processed
 *
 *   - on its AioContext `aio` (the main loop's or an iothread's), or one of their own
 *     (virtio_queue_set_aio), without the machine lock, which their handlers must never
 *     take: for data paths;
 *   - or, with aio NULL, on the main loop with the machine lock held: for devices
 *     whose backends ask for that (chardevs) or that are rarely used.
 *
 * A handler runs only between start and stop, never concurrently with them.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include "hw/aio/aio.h"
#include "hw/machine/machine.h"
#include "hw/virtio/virtqueue.h"
#include "qom/device.h"

typedef struct VirtioDevice VirtioDevice;

typedef struct {
    guint16 device_id;          /* VIRTIO 1.2 section 5 */
    gsize config_size;          /* bytes of device configuration space, at most */
    /* Features that the device offers, besides those of the queues. */
    guint64 (*features)(VirtioDevice *dev);
    /* The driver accepted these (FEATURES_OK).  Fails: FEATURES_OK stays 0. */
    bool (*features_ok)(VirtioDevice *dev, guint64 features);
    /* Fills the configuration space (little endian), all of it. */
    void (*get_config)(VirtioDevice *dev, guint8 *config);
    /* The driver wrote size bytes at offset of it. */
    void (*set_config)(VirtioDevice *dev, guint offset, const guint8 *data, guint size);
    /* The machine runs and the driver has set DRIVER_OK: queues start.  A
     * failure breaks the device (DEVICE_NEEDS_RESET). */
    bool (*start)(VirtioDevice *dev, GError **error);
    /* Mirror of start, when the machine stops or before a reset.  No handler is
     * called any more; a device without when_idle returns when no request is in
     * flight: each popped element was pushed, or is kept for the next start, or is
     * dropped at reset. */
    void (*stop)(VirtioDevice *dev);
    /* After stop, for a device whose requests may hang in the host: calls f
     * when none is in flight, immediately or later on the main loop. */
    void (*when_idle)(VirtioDevice *dev, void (*f)(void *opaque), void *opaque);
    /* Device reset by the driver or the machine, after stop, when it is idle.  All
     * elements that were not pushed are invalid. */
    void (*reset)(VirtioDevice *dev);
} VirtioOps;                    /* each hook but get_config may be NULL, which
                                   may be, too, if config_size is 0 */

struct VirtioDevice {
    Device device;
    const VirtioOps *ops;       /* of its class */
    Machine *machine;           /* from realize to unrealize */
    VirtQueue **queues;
    guint n_queues;
    /* Where the queues run: the device sets it in realize, before it adds queues,
     * or in start (and clears it in stop); NULL as described above. */
    AioContext *aio;
    bool started;
    gsize config_size;          /* ops->config_size, or less if realize says so */
    guint64 features;           /* negotiated; 0 before FEATURES_OK */
    guint64 accepted;           /* what the driver wrote, before FEATURES_OK */

    /* Used by virtio.c only. */
    gint status;                /* atomic: any thread may break the device */
    gint broken;                /* atomic; until the next reset */
    bool has_run;               /* started since the last reset */
    bool resetting;             /* the driver's reset waits until it is idle */
    bool quiesced;              /* it takes no more work, until a reset */
    bool legacy;                /* features were set through the legacy interface */
    bool early;                 /* runs before DRIVER_OK, as legacy drivers want it */
    gint complained;            /* atomic; a failure of the host was logged */
    guint8 *config;             /* from get_config, as the driver sees it */
    bool config_valid;
    guint32 generation;         /* of the configuration */
    const struct VirtioTransportOps *transport; /* NULL: not on a transport */
    void *transport_opaque;
    MachineListener *listener;
};

/* For the device's realize, after everything that may fail: adds a queue of at
 * most `size` descriptors (a power of two, 2 to 32768); handler runs when the
 * driver has made buffers available. */
VirtQueue *virtio_add_queue(VirtioDevice *dev, guint16 size, void (*handler)(VirtioDevice *dev,
                            VirtQueue *queue));
/* For the device's realize: the queue runs on this context, not on the device's, which must
 * have one. */
void virtio_queue_set_aio(VirtQueue *queue, AioContext *aio);
/* How many queues a device has by default that has `others`, too: one for each CPU if its
 * transport takes them. */
guint virtio_auto_queues(const VirtioDevice *dev, guint others);
/* For a handler that has done enough for one turn of the loop: true if it will be
 * called again, false if there is no loop (tests) and it must continue. */
bool virtio_yield(VirtQueue *queue);
/* Stops calls of its handlers, until it starts again.  Main thread, machine lock held. */
void virtio_stop(VirtioDevice *dev);
/* Must be the first step of the device's unrealize, after it has waited for requests in
 * flight: stops it and frees its queues. */
void virtio_del_queues(VirtioDevice *dev);

/* The configuration changed: new generation, interrupt.  Machine lock held. */
void virtio_config_changed(VirtioDevice *dev);
/* The same by what the driver itself did: no interrupt. */
void virtio_config_stale(VirtioDevice *dev);

/* The driver broke the rules (a guest error, qom/guest-error.h): sets DEVICE_NEEDS_RESET;
 * its queues are empty from now on, until it is reset.  Any thread. */
void virtio_broken(VirtioDevice *dev, const char *why);
/* The same for a failure of the host, which is logged once as a warning. */
void virtio_failed(VirtioDevice *dev, const char *why);

static inline bool virtio_has_feature(const VirtioDevice *dev, guint bit)
{
    return dev->features >> bit & 1;
}

extern const TypeInfo virtio_device_type;

#endif
