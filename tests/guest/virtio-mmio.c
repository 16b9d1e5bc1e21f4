/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See virtio-mmio.h.
 */
#include "tests/guest/virtio-mmio.h"

#include "tests/guest/io.h"

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
};

enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
};

enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

uint64_t virtio_find(uint32_t device_id)
{
    for (uint64_t i = 0; i < MMIO_PLACES; i++) {
        uint64_t base = MMIO_BASE + i * MMIO_STEP;

        if (mmio_read32(base + REG_MAGIC) == MMIO_MAGIC &&
            mmio_read32(base + REG_VERSION) == 2 &&
            mmio_read32(base + REG_DEVICE_ID) == device_id)
            return base;
    }
    return 0;
}

bool virtio_begin(uint64_t base, uint32_t features)
{
    uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

    mmio_write32(base + REG_STATUS, 0);
    mmio_write32(base + REG_STATUS, status);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 0);
    mmio_write32(base + REG_DRIVER_FEATURES, features);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 1);
    mmio_write32(base + REG_DRIVER_FEATURES, 1);
    mmio_write32(base + REG_STATUS, status | STATUS_FEATURES_OK);
    return mmio_read32(base + REG_STATUS) & STATUS_FEATURES_OK;
}

static void write_address(uint64_t reg, const volatile void *p)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)p);
    mmio_write32(reg + 4, 0);
}

void virtio_start_queue(uint64_t base, uint32_t n, VirtioQueue *queue)
{
    queue->avail.flags = AVAIL_NO_INTERRUPT;
    queue->avail.idx = 0;
    queue->used.idx = 0;
    mmio_write32(base + REG_QUEUE_SEL, n);
    mmio_write32(base + REG_QUEUE_NUM, VIRTIO_SLOTS);
    write_address(base + REG_QUEUE_DESC, queue->desc);
    write_address(base + REG_QUEUE_DRIVER, &queue->avail);
    write_address(base + REG_QUEUE_DEVICE, &queue->used);
    mmio_write32(base + REG_QUEUE_READY, 1);
}

void virtio_driver_ok(uint64_t base)
{
    mmio_write32(base + REG_STATUS, mmio_read32(base + REG_STATUS) | STATUS_DRIVER_OK);
}

void virtio_end(uint64_t base)
{
    mmio_write32(base + REG_STATUS, 0);
}

void virtio_publish(uint64_t base, uint32_t n, VirtioQueue *queue, uint64_t count)
{
    volatile uint16_t *available = &queue->avail.idx;

    *available = (uint16_t)(*available + count);
    /* The device may say in its turn that it looks by itself. */
    __asm__ volatile("lock; orl $0, (%%rsp)" : : : "memory", "cc");
    if (!(queue->used.flags & USED_NO_NOTIFY))
        mmio_write32(base + REG_QUEUE_NOTIFY, n);
}
