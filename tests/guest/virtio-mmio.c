/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio devices behind memory-mapped registers: VIRTIO 1.2 section 4.2, version 2,
 * at the places of microvm.
 */
#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/virtio.h"

enum {
    MMIO_BASE = 0xfeb00000,
    MMIO_STEP = 512,
    MMIO_PLACES = 24,
    MMIO_MAGIC = 0x74726976,
};

/* Registers, section 4.2.2. */
enum {
    REG_MAGIC = 0x00,
    REG_VERSION = 0x04,
    REG_DEVICE_ID = 0x08,
    REG_DRIVER_FEATURES = 0x20,
    REG_DRIVER_FEATURES_SEL = 0x24,
    REG_QUEUE_SEL = 0x30,
    REG_QUEUE_NUM = 0x38,
    REG_QUEUE_READY = 0x44,
    REG_QUEUE_NOTIFY = 0x50,
    REG_STATUS = 0x70,
    REG_QUEUE_DESC = 0x80,
    REG_QUEUE_DRIVER = 0x90,
    REG_QUEUE_DEVICE = 0xa0,
    REG_CONFIG = 0x100,
};

static uint32_t status(const VirtioDevice *device)
{
    return mmio_read32(device->registers + REG_STATUS);
}

static void set_status(const VirtioDevice *device, uint32_t value)
{
    mmio_write32(device->registers + REG_STATUS, value);
}

static void set_features(const VirtioDevice *device, uint32_t n, uint32_t features)
{
    mmio_write32(device->registers + REG_DRIVER_FEATURES_SEL, n);
    mmio_write32(device->registers + REG_DRIVER_FEATURES, features);
}

static void write_address(uint64_t reg, const volatile void *p)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)p);
    mmio_write32(reg + 4, 0);
}

static void start_queue(VirtioDevice *device, uint32_t n, const VirtioQueue *queue)
{
    uint64_t base = device->registers;

    mmio_write32(base + REG_QUEUE_SEL, n);
    mmio_write32(base + REG_QUEUE_NUM, VIRTIO_SLOTS);
    write_address(base + REG_QUEUE_DESC, queue->desc);
    write_address(base + REG_QUEUE_DRIVER, &queue->avail);
    write_address(base + REG_QUEUE_DEVICE, &queue->used);
    mmio_write32(base + REG_QUEUE_READY, 1);
    device->notify[n] = base + REG_QUEUE_NOTIFY;
}

static void notify(const VirtioDevice *device, uint32_t n)
{
    mmio_write32(device->notify[n], n);
}

static const VirtioTransport mmio_transport = {
    .status = status,
    .set_status = set_status,
    .set_features = set_features,
    .start_queue = start_queue,
    .notify = notify,
};

bool virtio_mmio_find(uint32_t device_id, VirtioDevice *ret)
{
    for (uint64_t i = 0; i < MMIO_PLACES; i++) {
        uint64_t base = MMIO_BASE + i * MMIO_STEP;

        if (mmio_read32(base + REG_MAGIC) == MMIO_MAGIC &&
            mmio_read32(base + REG_VERSION) == 2 &&
            mmio_read32(base + REG_DEVICE_ID) == device_id) {
            *ret = (VirtioDevice){ .transport = &mmio_transport, .registers = base,
                                   .config = base + REG_CONFIG };
            print("virtio: device %u at 0x%lx\n", device_id, base);
            return true;
        }
    }
    return false;
}
