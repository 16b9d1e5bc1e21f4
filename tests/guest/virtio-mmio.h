/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding and starting virtio devices behind the MMIO transport, and their
 * split queues, for drivers that poll.
 *
 * VIRTIO 1.2 sections 2.7 and 4.2.  No event index is negotiated, so that the
 * flags of the rings decide who is told of what.
 */
#ifndef TESTS_GUEST_VIRTIO_MMIO_H
#define TESTS_GUEST_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VIRTIO_SLOTS = 128,
    VIRTIO_CONFIG = 0x100,      /* offset of the device's configuration */
    /* Polls before a device is given up: many seconds. */
    VIRTIO_PATIENCE = 200000000,
};

enum { VIRTIO_DESC_NEXT = 1, VIRTIO_DESC_WRITE = 2, VIRTIO_DESC_INDIRECT = 4 };

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

/* Address of the first device with this id (section 5), 0: there is none. */
uint64_t virtio_find(uint32_t device_id);

/* Resets the device and accepts VERSION_1 and these of its first 32 features;
 * false if it refuses. */
bool virtio_begin(uint64_t base, uint32_t features);
/* Starts queue n, all of whose rings are empty and ask for no interrupt. */
void virtio_start_queue(uint64_t base, uint32_t n, VirtioQueue *queue);
void virtio_driver_ok(uint64_t base);
void virtio_end(uint64_t base);                 /* resets the device */

/* Makes the next count slots of the available ring visible, and notifies a
 * device that does not look by itself. */
void virtio_publish(uint64_t base, uint32_t n, VirtioQueue *queue, uint64_t count);

#endif
