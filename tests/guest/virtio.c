/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See virtio.h.
 */
#include "tests/guest/virtio.h"

#include "tests/guest/pci.h"

enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

bool virtio_find(uint32_t device_id, VirtioDevice *ret)
{
    return pci_exists() ? virtio_pci_find(device_id, ret) : virtio_mmio_find(device_id, ret);
}

bool virtio_begin(const VirtioDevice *device, uint32_t features)
{
    const VirtioTransport *t = device->transport;
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

    t->set_status(device, 0);
    t->set_status(device, status);
    t->set_features(device, 0, features);
    t->set_features(device, 1, 1);
    t->set_status(device, status | VIRTIO_STATUS_FEATURES_OK);
    return t->status(device) & VIRTIO_STATUS_FEATURES_OK;
}

void virtio_start_queue(VirtioDevice *device, uint32_t n, VirtioQueue *queue)
{
    queue->avail.flags = AVAIL_NO_INTERRUPT;
    queue->avail.idx = 0;
    queue->used.idx = 0;
    device->transport->start_queue(device, n, queue);
}

void virtio_driver_ok(const VirtioDevice *device)
{
    const VirtioTransport *t = device->transport;

    t->set_status(device, t->status(device) | VIRTIO_STATUS_DRIVER_OK);
}

void virtio_end(const VirtioDevice *device)
{
    device->transport->set_status(device, 0);
}

void virtio_publish(const VirtioDevice *device, uint32_t n, VirtioQueue *queue, uint64_t count)
{
    volatile uint16_t *available = &queue->avail.idx;

    *available = (uint16_t)(*available + count);
    /* The device may say in its turn that it looks by itself. */
    __asm__ volatile("lock; orl $0, (%%rsp)" : : : "memory", "cc");
    if (!(queue->used.flags & USED_NO_NOTIFY))
        device->transport->notify(device, n);
}

bool virtio_round(const VirtioDevice *device, uint32_t n, VirtioQueue *queue, uint64_t count)
{
    uint16_t goal = (uint16_t)(queue->avail.idx + count);
    VirtioWait wait = { 0 };

    virtio_publish(device, n, queue, count);
    while (virtio_waits(&wait)) {
        if (queue->used.idx == goal)
            return true;
    }
    return false;
}
