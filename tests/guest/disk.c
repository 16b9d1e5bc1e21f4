/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See disk.h.
 */
#include "tests/guest/disk.h"

#include <stdbool.h>

#include "tests/guest/console.h"
#include "tests/guest/virtio.h"

enum {
    SECTOR = 512,
    WORDS = DISK_BLOCK / 8,
    DEVICE_BLOCK = 2,
    FEATURE_FLUSH = 9,
    FEATURE_INDIRECT = 28,
};

typedef struct {
    uint32_t type, reserved;
    uint64_t sector;
} Header;

static struct {
    VirtioDesc table[VIRTIO_SLOTS][3];
    Header header[VIRTIO_SLOTS];
    volatile uint8_t status[VIRTIO_SLOTS];
} disk;

static VirtioQueue queue;

static void make_request(const DiskRequests *r, uint64_t i, uint64_t buffer)
{
    uint64_t *words = (uint64_t *)(uintptr_t)buffer, block = r->first + i;
    bool flush = r->operation == DISK_FLUSH;

    for (uint64_t k = 0; k < WORDS; k++)
        words[k] = r->operation == DISK_WRITE ? block * WORDS + k : 0;
    disk.header[i] = (Header){ .type = r->operation,
                               .sector = flush ? 0 : block * (DISK_BLOCK / SECTOR) };
    disk.status[i] = 0xff;
    disk.table[i][0] = (VirtioDesc){ (uintptr_t)&disk.header[i], sizeof(Header),
                                     VIRTIO_DESC_NEXT, flush ? 2 : 1 };
    disk.table[i][1] = (VirtioDesc){ buffer, DISK_BLOCK, VIRTIO_DESC_NEXT |
                                     (r->operation == DISK_READ ? VIRTIO_DESC_WRITE : 0), 2 };
    disk.table[i][2] = (VirtioDesc){ (uintptr_t)&disk.status[i], 1, VIRTIO_DESC_WRITE, 0 };
    queue.desc[i] = (VirtioDesc){ (uintptr_t)disk.table[i], sizeof(disk.table[i]),
                                  VIRTIO_DESC_INDIRECT, 0 };
    queue.avail.ring[i] = (uint16_t)i;
}

static bool reads_right(const DiskRequests *r, uint64_t i, uint64_t buffer)
{
    const uint64_t *words = (const uint64_t *)(uintptr_t)buffer;

    for (uint64_t k = 0; k < WORDS; k++) {
        if (words[k] != (r->first + i) * WORDS + k)
            return false;
    }
    return true;
}

static void report(const DiskRequests *r, uint64_t buffers)
{
    uint64_t ok = 0, failed = 0, wrong = 0;

    for (uint64_t i = 0; i < r->count; i++) {
        if (disk.status[i] != 0)
            failed++;
        else if (r->operation == DISK_READ && !reads_right(r, i, buffers + i * DISK_BLOCK))
            wrong++;
        else
            ok++;
    }
    print("disk: %s at %lu: %lu ok, %lu failed, %lu wrong\n",
          r->operation == DISK_READ ? "read" : r->operation == DISK_WRITE ? "write" : "flush",
          r->first, ok, failed, wrong);
}

void disk_run(const BootInfo *info, const DiskRequests *r)
{
    uint64_t buffers = boot_info_find_free(info, r->count * DISK_BLOCK);
    VirtioDevice device;
    VirtioWait wait = { 0 };

    if (!buffers || !virtio_find(DEVICE_BLOCK, &device) ||
        !virtio_begin(&device, 1u << FEATURE_INDIRECT | 1u << FEATURE_FLUSH)) {
        print("disk: no disk, no memory, or the disk refuses the features\n");
        return;
    }
    for (uint64_t i = 0; i < r->count; i++)
        make_request(r, i, buffers + i * DISK_BLOCK);
    virtio_start_queue(&device, 0, &queue);
    virtio_driver_ok(&device);
    virtio_publish(&device, 0, &queue, r->count);
    while (virtio_waits(&wait)) {
        if (queue.used.idx == r->count) {
            virtio_end(&device);
            report(r, buffers);
            return;
        }
    }
    print("disk: no answer\n");
}
