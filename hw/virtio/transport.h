/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between a transport (virtio-mmio, virtio-pci) and a virtio
 * device.  The transport owns registers and interrupts; status machine,
 * features and queue setup are in virtio.c.
 *
 * VIRTIO 1.2 sections 2.1, 2.2, 2.4, 2.5, 3.1.  A driver that does not accept
 * VERSION_1 is refused, unless it uses the legacy interface of a transport that
 * has one: see the end of this file.
 *
 * Threads: functions need the machine lock unless they say otherwise.
 */
#ifndef HW_VIRTIO_TRANSPORT_H
#define HW_VIRTIO_TRANSPORT_H

#include "hw/virtio/virtio.h"

/* VIRTIO 1.2 section 2.1 */
enum {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_NEEDS_RESET = 64,
    VIRTIO_STATUS_FAILED = 128,
};

/* Section 6: feature bits that belong to queues and transports. */
enum {
    VIRTIO_F_NOTIFY_ON_EMPTY = 24,      /* legacy interface only */
    VIRTIO_F_ANY_LAYOUT = 27,           /* the same */
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
};

typedef struct VirtioTransportOps {
    bool queue_per_cpu;         /* each queue interrupts by itself, so that it may have a CPU */
    /* Used buffer notification of queue n.  Any thread, no lock needed. */
    void (*queue_interrupt)(void *opaque, guint n);
    /* Configuration change notification.  Any thread, no lock needed. */
    void (*config_interrupt)(void *opaque);
    /* With on, a notification of queue n by the driver may from now on signal
     * fd instead of calling virtio_queue_kick; else no longer. */
    void (*queue_notifier)(void *opaque, guint n, int fd, bool on);
    /* The device was reset: resets registers of the transport, too. */
    void (*reset)(void *opaque);
} VirtioTransportOps;

/* Connects a device to its transport, before it is realized (in the bus's
 * attach), and disconnects it (transport NULL). */
void virtio_set_transport(VirtioDevice *dev, const VirtioTransportOps *ops, void *opaque);

guint virtio_device_id(const VirtioDevice *dev);

/* ---- Status and features ---- */

guint8 virtio_status(const VirtioDevice *dev);          /* any thread */
/* What the driver writes; 0 resets.  Main thread: a vCPU gets there by machine_call(). */
void virtio_set_status(VirtioDevice *dev, guint8 status);

/* The offered features; word: bits from 32*word on. */
guint32 virtio_offered_features(VirtioDevice *dev, guint word);
/* Sets the features that the driver accepts, before FEATURES_OK; ignored afterwards. */
void virtio_accept_features(VirtioDevice *dev, guint word, guint32 bits);
guint32 virtio_accepted_features(const VirtioDevice *dev, guint word);

/* ---- Configuration ---- */

/* Reads size bytes at offset, zeros beyond the end.  Any offset and size may be passed. */
void virtio_config_read(VirtioDevice *dev, guint offset, guint8 *ret_data, guint size);
void virtio_config_write(VirtioDevice *dev, guint offset, const guint8 *data, guint size);

/* ---- Queues ---- */

guint virtio_n_queues(const VirtioDevice *dev);
/* Largest number of descriptors, 0 if there is no queue n. */
guint virtio_queue_max(const VirtioDevice *dev, guint n);

/* The driver's settings; ignored for queues that do not exist or are enabled. */
void virtio_queue_set_size(VirtioDevice *dev, guint n, guint32 size);
guint virtio_queue_size(const VirtioDevice *dev, guint n);
void virtio_queue_set_area(VirtioDevice *dev, guint n, VirtqArea area, bool high, guint32 half);
guint64 virtio_queue_area(const VirtioDevice *dev, guint n, VirtqArea area);
bool virtio_queue_enabled(const VirtioDevice *dev, guint n);
/* Checks and maps the rings; invalid settings break the device. */
void virtio_queue_enable(VirtioDevice *dev, guint n);
/* Main thread, as virtio_set_status. */
void virtio_queue_disable(VirtioDevice *dev, guint n);

/* The driver notified queue n. */
void virtio_queue_kick(VirtioDevice *dev, guint n);

/* ---- The legacy interface (virtio-legacy.c) ---- */

/*
 * For drivers from before VIRTIO 1.0, as 1.2 requires of a transitional device
 * (sections 2.2.3, 2.7.2, 3.1.2, 4.1.4.8): no FEATURES_OK, 32 feature bits, each
 * queue in one piece of a size that the device chooses, and notifications before
 * DRIVER_OK.  Numbers are little endian, as on x86 guests.
 */
bool virtio_is_legacy(const VirtioDevice *dev);         /* the driver did not accept VERSION_1 */
guint32 virtio_legacy_features(VirtioDevice *dev);      /* offered */
guint32 virtio_legacy_accepted(const VirtioDevice *dev);
/* Bits that are not offered are dropped; ignored once the device runs. */
void virtio_legacy_accept(VirtioDevice *dev, guint32 bits);
guint32 virtio_legacy_queue(const VirtioDevice *dev, guint n);  /* its page, or 0 */
guint8 virtio_legacy_status(const VirtioDevice *dev);           /* any thread */

/* On the main thread only. */
void virtio_legacy_set_status(VirtioDevice *dev, guint8 status);
/* Sets the page (of 4096 bytes) of queue n; 0 resets the device. */
void virtio_legacy_set_queue(VirtioDevice *dev, guint n, guint32 page);
/* The driver notified a queue before DRIVER_OK: the device has to run. */
void virtio_legacy_run(VirtioDevice *dev, guint n);

#endif
