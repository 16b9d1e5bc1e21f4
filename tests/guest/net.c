/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio network driver; see net.h.
 *
 * Slot i of either queue is descriptor i, whose buffer never changes.  A round
 * makes `depth` frames available, notifies once, waits until as many came back,
 * and gives their buffers to the device again.
 */
#include "tests/guest/net.h"

#include <stddef.h>

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum {
    MMIO_BASE = 0xfeb00000,
    MMIO_STEP = 512,
    MMIO_PLACES = 24,
    MMIO_MAGIC = 0x74726976,

    SLOTS = 128,
    HEADER = 12,
    BUFFER = 2048,
    /* Polls before the device is given up: many seconds. */
    PATIENCE = 200000000,
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

enum { DEVICE_NET = 1, RX = 0, TX = 1, DESC_WRITE = 2, AVAIL_NO_INTERRUPT = 1,
       USED_NO_NOTIFY = 1 };

typedef struct {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
} Desc;

typedef struct {
    uint16_t flags, idx, ring[SLOTS];
} Avail;

typedef struct {
    uint16_t flags, idx;
    struct {
        uint32_t id, len;
    } ring[SLOTS];
} Used;

/* What the device sees, in one piece of memory. */
typedef struct {
    Desc desc[SLOTS];
    Avail avail;
    volatile Used used;
} __attribute__((aligned(4096))) Queue;

static Queue queues[2];

/* ---- The device ---- */

static uint64_t find_card(void)
{
    for (uint64_t i = 0; i < MMIO_PLACES; i++) {
        uint64_t base = MMIO_BASE + i * MMIO_STEP;

        if (mmio_read32(base + REG_MAGIC) == MMIO_MAGIC &&
            mmio_read32(base + REG_VERSION) == 2 &&
            mmio_read32(base + REG_DEVICE_ID) == DEVICE_NET)
            return base;
    }
    return 0;
}

static void write_address(uint64_t reg, const volatile void *p)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)p);
    mmio_write32(reg + 4, 0);
}

static void start_queue(uint64_t base, uint32_t n)
{
    mmio_write32(base + REG_QUEUE_SEL, n);
    mmio_write32(base + REG_QUEUE_NUM, SLOTS);
    write_address(base + REG_QUEUE_DESC, queues[n].desc);
    write_address(base + REG_QUEUE_DRIVER, &queues[n].avail);
    write_address(base + REG_QUEUE_DEVICE, &queues[n].used);
    mmio_write32(base + REG_QUEUE_READY, 1);
}

/* VERSION_1 alone: no event index, so that flags decide, and no offloads. */
static bool start_card(uint64_t base)
{
    uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

    mmio_write32(base + REG_STATUS, 0);
    mmio_write32(base + REG_STATUS, status);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 0);
    mmio_write32(base + REG_DRIVER_FEATURES, 0);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 1);
    mmio_write32(base + REG_DRIVER_FEATURES, 1);
    status |= STATUS_FEATURES_OK;
    mmio_write32(base + REG_STATUS, status);
    if (!(mmio_read32(base + REG_STATUS) & STATUS_FEATURES_OK))
        return false;
    start_queue(base, RX);
    start_queue(base, TX);
    mmio_write32(base + REG_STATUS, status | STATUS_DRIVER_OK);
    return true;
}

/* ---- Frames ---- */

static void make_queue(Queue *queue, uint64_t buffers, uint32_t size, uint16_t flags)
{
    for (uint64_t i = 0; i < SLOTS; i++) {
        queue->desc[i] = (Desc){ buffers + i * BUFFER, size, flags, 0 };
        queue->avail.ring[i] = (uint16_t)i;
    }
    queue->avail.flags = AVAIL_NO_INTERRUPT;
    queue->avail.idx = 0;
    queue->used.idx = 0;
}

/* A broadcast of an experimental type, behind a header that asks for nothing. */
static void make_frames(uint64_t buffers)
{
    for (uint64_t i = 0; i < SLOTS; i++) {
        uint8_t *p = (uint8_t *)(uintptr_t)(buffers + i * BUFFER);

        for (uint64_t k = 0; k < BUFFER; k++)
            p[k] = k >= HEADER && k < HEADER + 6 ? 0xff : 0;
        p[HEADER + 12] = 0x88;
        p[HEADER + 13] = 0xb5;
    }
}

/* Makes n more available, and notifies a device that does not look by itself. */
static void publish(uint64_t base, uint32_t n, uint64_t count)
{
    volatile uint16_t *available = &queues[n].avail.idx;

    *available = (uint16_t)(*available + count);
    __asm__ volatile("lock; orl $0, (%%rsp)" : : : "memory", "cc");
    if (!(queues[n].used.flags & USED_NO_NOTIFY))
        mmio_write32(base + REG_QUEUE_NOTIFY, n);
}

/* False if the frames do not come back. */
static bool run_round(uint64_t base, uint64_t depth)
{
    uint16_t goal = (uint16_t)(queues[TX].avail.idx + depth);

    publish(base, TX, depth);
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if (queues[RX].used.idx == goal && queues[TX].used.idx == goal) {
            publish(base, RX, depth);
            return true;
        }
    }
    return false;
}

void net_bench(const BootInfo *info, const NetBench *bench)
{
    uint64_t base = find_card(), buffers, start, ticks, rounds = bench->count / bench->depth;

    if (!base) {
        print("bench: net: no virtio network card\n");
        return;
    }
    buffers = boot_info_find_free(info, 2 * SLOTS * BUFFER);
    if (!buffers) {
        print("bench: net: no memory\n");
        return;
    }
    make_frames(buffers);
    make_queue(&queues[TX], buffers, (uint32_t)(HEADER + bench->size), 0);
    make_queue(&queues[RX], buffers + SLOTS * BUFFER, BUFFER, DESC_WRITE);
    if (!start_card(base)) {
        print("bench: net: the card refuses the features\n");
        return;
    }
    publish(base, RX, SLOTS);
    start = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!run_round(base, bench->depth)) {
            print("bench: net: frames were lost\n");
            return;
        }
    }
    ticks = time_stamp() - start;
    mmio_write32(base + REG_STATUS, 0);
    print("bench: net %lu x %lu bytes, depth %lu, %lu ticks\n", rounds * bench->depth, bench->size,
          bench->depth, ticks);
}
