/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio disk driver; see blk.h.
 *
 * Each of the 128 slots of the queue is an indirect descriptor, whose table of
 * three (header, data, status) never changes.  A round makes `depth` of them
 * available, notifies once, and waits until as many were used.
 */
#include "tests/guest/blk.h"

#include <stddef.h>

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum {
    MMIO_BASE = 0xfeb00000,
    MMIO_STEP = 512,
    MMIO_PLACES = 24,
    MMIO_MAGIC = 0x74726976,

    SLOTS = 128,
    SECTOR = 512,
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
    REG_CONFIG = 0x100,
};

enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
};

enum { DEVICE_BLOCK = 2, FEATURE_INDIRECT = 28, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4,
       AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

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

typedef struct {
    uint32_t type, reserved;
    uint64_t sector;
} Header;

/* What the device sees, in one piece of memory. */
typedef struct {
    Desc desc[SLOTS];
    Desc table[SLOTS][3];
    Header header[SLOTS];
    uint8_t status[SLOTS];
    Avail avail;
    volatile Used used;
} __attribute__((aligned(4096))) Queue;

static Queue queue;

/* ---- The device ---- */

static uint64_t find_disk(void)
{
    for (uint64_t i = 0; i < MMIO_PLACES; i++) {
        uint64_t base = MMIO_BASE + i * MMIO_STEP;

        if (mmio_read32(base + REG_MAGIC) == MMIO_MAGIC &&
            mmio_read32(base + REG_VERSION) == 2 &&
            mmio_read32(base + REG_DEVICE_ID) == DEVICE_BLOCK)
            return base;
    }
    return 0;
}

static void write_address(uint64_t reg, const volatile void *p)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)p);
    mmio_write32(reg + 4, 0);
}

/* VERSION_1 and indirect descriptors: no event index, so that flags decide. */
static bool start_disk(uint64_t base)
{
    uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

    mmio_write32(base + REG_STATUS, 0);
    mmio_write32(base + REG_STATUS, status);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 0);
    mmio_write32(base + REG_DRIVER_FEATURES, 1u << FEATURE_INDIRECT);
    mmio_write32(base + REG_DRIVER_FEATURES_SEL, 1);
    mmio_write32(base + REG_DRIVER_FEATURES, 1);
    status |= STATUS_FEATURES_OK;
    mmio_write32(base + REG_STATUS, status);
    if (!(mmio_read32(base + REG_STATUS) & STATUS_FEATURES_OK))
        return false;
    mmio_write32(base + REG_QUEUE_SEL, 0);
    mmio_write32(base + REG_QUEUE_NUM, SLOTS);
    write_address(base + REG_QUEUE_DESC, queue.desc);
    write_address(base + REG_QUEUE_DRIVER, &queue.avail);
    write_address(base + REG_QUEUE_DEVICE, &queue.used);
    mmio_write32(base + REG_QUEUE_READY, 1);
    mmio_write32(base + REG_STATUS, status | STATUS_DRIVER_OK);
    return true;
}

/* ---- Requests ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void make_requests(const BlkBench *bench, uint64_t buffers, uint64_t sectors)
{
    uint64_t places = sectors / (bench->size / SECTOR), seed = 1;

    for (uint64_t i = 0; i < SLOTS; i++) {
        uint64_t place = bench->random ? next_random(&seed) % places : i % places;
        uint64_t buffer = buffers + i % bench->depth * bench->size;

        queue.header[i] = (Header){ .sector = place * (bench->size / SECTOR) };
        queue.status[i] = 0xff;
        queue.table[i][0] = (Desc){ (uintptr_t)&queue.header[i], sizeof(Header), DESC_NEXT, 1 };
        queue.table[i][1] = (Desc){ buffer, (uint32_t)bench->size, DESC_NEXT | DESC_WRITE, 2 };
        queue.table[i][2] = (Desc){ (uintptr_t)&queue.status[i], 1, DESC_WRITE, 0 };
        queue.desc[i] = (Desc){ (uintptr_t)queue.table[i], sizeof(queue.table[i]),
                                DESC_INDIRECT, 0 };
        queue.avail.ring[i] = (uint16_t)i;
    }
    queue.avail.flags = AVAIL_NO_INTERRUPT;
    queue.avail.idx = 0;
    queue.used.idx = 0;
}

/* One round; false if the device does not answer. */
static bool run_round(uint64_t base, uint64_t depth)
{
    volatile uint16_t *available = &queue.avail.idx;
    uint16_t goal = (uint16_t)(*available + depth);

    *available = goal;
    /* The device may say in its turn that it looks by itself. */
    __asm__ volatile("lock; orl $0, (%%rsp)" : : : "memory", "cc");
    if (!(queue.used.flags & USED_NO_NOTIFY))
        mmio_write32(base + REG_QUEUE_NOTIFY, 0);
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if (queue.used.idx == goal)
            return true;
    }
    return false;
}

static bool all_succeeded(uint64_t count)
{
    for (uint64_t i = 0; i < SLOTS && i < count; i++) {
        if (queue.status[i] != 0)
            return false;
    }
    return true;
}

void blk_bench(const BootInfo *info, const BlkBench *bench)
{
    uint64_t base = find_disk(), buffers, sectors, start, ticks, rounds = bench->count / bench->depth;

    if (!base) {
        print("bench: blk: no virtio disk\n");
        return;
    }
    sectors = mmio_read32(base + REG_CONFIG) |
              (uint64_t)mmio_read32(base + REG_CONFIG + 4) << 32;
    buffers = boot_info_find_free(info, (bench->size * bench->depth + 4095) & ~(uint64_t)4095);
    if (!buffers || sectors * SECTOR < bench->size) {
        print("bench: blk: no memory, or the disk is too small\n");
        return;
    }
    make_requests(bench, buffers, sectors);
    if (!start_disk(base)) {
        print("bench: blk: the disk refuses the features\n");
        return;
    }
    start = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!run_round(base, bench->depth)) {
            print("bench: blk: the disk does not answer\n");
            return;
        }
    }
    ticks = time_stamp() - start;
    mmio_write32(base + REG_STATUS, 0);
    if (all_succeeded(rounds * bench->depth))
        print("bench: blk %s %lu x %lu bytes, depth %lu, %lu ticks\n",
              bench->random ? "random" : "sequential", rounds * bench->depth, bench->size,
              bench->depth, ticks);
    else
        print("bench: blk: a read failed\n");
}
