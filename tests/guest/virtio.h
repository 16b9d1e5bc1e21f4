/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding and starting virtio devices on any transport, and their split queues,
 * for drivers that poll.
 *
 * VIRTIO 1.2 section 2.7; the transports are virtio-mmio.c (section 4.2) and
 * virtio-pci.c (4.1).  No event index is negotiated, so that the flags of the rings
 * control notifications.
 */
#ifndef TESTS_GUEST_VIRTIO_H
#define TESTS_GUEST_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/io.h"

enum {
    VIRTIO_SLOTS = 128,
    VIRTIO_QUEUES = 3,          /* that drivers here use */
};

/* Ticks of the time-stamp counter before a device is given up: many seconds.  Polls would be
 * no measure: a CPU in software has become ten times as fast. */
#define VIRTIO_PATIENCE 30000000000u

/* How long a device is waited for, since when. */
typedef struct {
    uint64_t end;
    uint32_t polls;
} VirtioWait;

/* Whether to look again; asks the counter now and then alone. */
static inline bool virtio_waits(VirtioWait *wait)
{
    if (wait->polls++ % 4096 != 0)
        return true;
    if (wait->end == 0)
        wait->end = time_stamp() + VIRTIO_PATIENCE;
    return time_stamp() < wait->end;
}

enum { VIRTIO_DESC_NEXT = 1, VIRTIO_DESC_WRITE = 2, VIRTIO_DESC_INDIRECT = 4 };

enum {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
};

typedef struct {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
} VirtioDesc;

/* What the device sees, in one piece of memory. */
typedef struct {
    VirtioDesc desc[VIRTIO_SLOTS];
    struct {
        uint16_t flags, idx, ring[VIRTIO_SLOTS];
    } avail;
    volatile struct {
        uint16_t flags, idx;
        struct {
            uint32_t id, len;
        } ring[VIRTIO_SLOTS];
    } used;
} __attribute__((aligned(4096))) VirtioQueue;

typedef struct VirtioTransport VirtioTransport;

/* A device that was found. */
typedef struct {
    const VirtioTransport *transport;
    uint64_t registers;         /* addresses: PCI's are those of the common configuration */
    uint64_t config;            /* of the device's own configuration */
    uint64_t notify[VIRTIO_QUEUES];     /* where queue n is notified */
    uint64_t notify_base;       /* PCI: of the notification structure */
    uint32_t notify_step;
} VirtioDevice;

struct VirtioTransport {
    uint32_t (*status)(const VirtioDevice *device);
    void (*set_status)(const VirtioDevice *device, uint32_t status);
    /* Features 32 * n to 32 * n + 31. */
    void (*set_features)(const VirtioDevice *device, uint32_t n, uint32_t features);
    /* VIRTIO_SLOTS descriptors; knows device->notify[n] from then on. */
    void (*start_queue)(VirtioDevice *device, uint32_t n, const VirtioQueue *queue);
    void (*notify)(const VirtioDevice *device, uint32_t n);
};

/* The first device with this id (section 5): on PCI if the machine has it, else at
 * the places of virtio-mmio.  Says where it is. */
bool virtio_find(uint32_t device_id, VirtioDevice *ret);
bool virtio_mmio_find(uint32_t device_id, VirtioDevice *ret);
bool virtio_pci_find(uint32_t device_id, VirtioDevice *ret);

/* Resets the device and accepts VERSION_1 and these of its first 32 features;
 * false if it refuses. */
bool virtio_begin(const VirtioDevice *device, uint32_t features);
/* Starts queue n, all of whose rings are empty and ask for no interrupt. */
void virtio_start_queue(VirtioDevice *device, uint32_t n, VirtioQueue *queue);
void virtio_driver_ok(const VirtioDevice *device);
void virtio_end(const VirtioDevice *device);    /* resets the device */

/* Makes the next count slots of the available ring visible, and notifies a
 * device that does not look by itself. */
void virtio_publish(const VirtioDevice *device, uint32_t n, VirtioQueue *queue, uint64_t count);
/* The same, and waits until the device has used as many; false if it does not answer. */
bool virtio_round(const VirtioDevice *device, uint32_t n, VirtioQueue *queue, uint64_t count);

#endif
