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
#include "tests/guest/virtio-mmio.h"

enum { SECTOR = 512, DEVICE_BLOCK = 2, FEATURE_INDIRECT = 28 };

typedef struct {
    uint32_t type, reserved;
    uint64_t sector;
} Header;

/* What the device sees beside the queue. */
static struct {
    VirtioDesc table[VIRTIO_SLOTS][3];
    Header header[VIRTIO_SLOTS];
    uint8_t status[VIRTIO_SLOTS];
} requests;

static VirtioQueue queue;

/* ---- Requests ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void make_requests(const BlkBench *bench, uint64_t buffers, uint64_t sectors)
{
    uint64_t places = sectors / (bench->size / SECTOR), seed = 1;

    for (uint64_t i = 0; i < VIRTIO_SLOTS; i++) {
        uint64_t place = bench->random ? next_random(&seed) % places : i % places;
        uint64_t buffer = buffers + i % bench->depth * bench->size;

        requests.header[i] = (Header){ .sector = place * (bench->size / SECTOR) };
        requests.status[i] = 0xff;
        requests.table[i][0] = (VirtioDesc){ (uintptr_t)&requests.header[i], sizeof(Header), VIRTIO_DESC_NEXT, 1 };
        requests.table[i][1] = (VirtioDesc){ buffer, (uint32_t)bench->size, VIRTIO_DESC_NEXT | VIRTIO_DESC_WRITE, 2 };
        requests.table[i][2] = (VirtioDesc){ (uintptr_t)&requests.status[i], 1, VIRTIO_DESC_WRITE, 0 };
        queue.desc[i] = (VirtioDesc){ (uintptr_t)requests.table[i], sizeof(requests.table[i]),
                                VIRTIO_DESC_INDIRECT, 0 };
        queue.avail.ring[i] = (uint16_t)i;
    }
}

/* One round; false if the device does not answer. */
static bool run_round(uint64_t base, uint64_t depth)
{
    uint16_t goal = (uint16_t)(queue.avail.idx + depth);

    virtio_publish(base, 0, &queue, depth);
    for (uint32_t i = 0; i < VIRTIO_PATIENCE; i++) {
        if (queue.used.idx == goal)
            return true;
    }
    return false;
}

static bool all_succeeded(uint64_t count)
{
    for (uint64_t i = 0; i < VIRTIO_SLOTS && i < count; i++) {
        if (requests.status[i] != 0)
            return false;
    }
    return true;
}

void blk_bench(const BootInfo *info, const BlkBench *bench)
{
    uint64_t base = virtio_find(DEVICE_BLOCK), buffers, sectors, start, ticks, rounds = bench->count / bench->depth;

    if (!base) {
        print("bench: blk: no virtio disk\n");
        return;
    }
    sectors = mmio_read32(base + VIRTIO_CONFIG) |
              (uint64_t)mmio_read32(base + VIRTIO_CONFIG + 4) << 32;
    buffers = boot_info_find_free(info, (bench->size * bench->depth + 4095) & ~(uint64_t)4095);
    if (!buffers || sectors * SECTOR < bench->size) {
        print("bench: blk: no memory, or the disk is too small\n");
        return;
    }
    make_requests(bench, buffers, sectors);
    if (!virtio_begin(base, 1u << FEATURE_INDIRECT)) {
        print("bench: blk: the disk refuses the features\n");
        return;
    }
    virtio_start_queue(base, 0, &queue);
    virtio_driver_ok(base);
    start = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!run_round(base, bench->depth)) {
            print("bench: blk: the disk does not answer\n");
            return;
        }
    }
    ticks = time_stamp() - start;
    virtio_end(base);
    if (all_succeeded(rounds * bench->depth))
        print("bench: blk %s %lu x %lu bytes, depth %lu, %lu ticks\n",
              bench->random ? "random" : "sequential", rounds * bench->depth, bench->size,
              bench->depth, ticks);
    else
        print("bench: blk: a read failed\n");
}
