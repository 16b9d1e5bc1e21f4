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
#include "tests/guest/virtio.h"

enum { SECTOR = 512, DEVICE_BLOCK = 2, FEATURE_INDIRECT = 28, TEXT_MAX = 4096 };

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

/* Request i reads size bytes from a sector into buffer, or writes them from there. */
static void make_request(uint64_t i, bool write, uint64_t sector, uint64_t buffer, uint32_t size)
{
    VirtioDesc *table = requests.table[i];
    uint16_t direction = write ? 0 : VIRTIO_DESC_WRITE;

    requests.header[i] = (Header){ .type = write, .sector = sector };
    requests.status[i] = 0xff;
    table[0] = (VirtioDesc){ (uintptr_t)&requests.header[i], sizeof(Header), VIRTIO_DESC_NEXT, 1 };
    table[1] = (VirtioDesc){ buffer, size, (uint16_t)(VIRTIO_DESC_NEXT | direction), 2 };
    table[2] = (VirtioDesc){ (uintptr_t)&requests.status[i], 1, VIRTIO_DESC_WRITE, 0 };
    queue.desc[i] = (VirtioDesc){ (uintptr_t)table, sizeof(requests.table[i]),
                                  VIRTIO_DESC_INDIRECT, 0 };
    queue.avail.ring[i] = (uint16_t)i;
}

static void make_requests(const BlkBench *bench, uint64_t buffers, uint64_t sectors)
{
    uint64_t places = sectors / (bench->size / SECTOR), seed = 1;

    for (uint64_t i = 0; i < VIRTIO_SLOTS; i++) {
        uint64_t place = bench->random ? next_random(&seed) % places : i % places;
        uint64_t buffer = buffers + i % bench->depth * bench->size;

        make_request(i, bench->write, place * (bench->size / SECTOR), buffer,
                     (uint32_t)bench->size);
    }
}

static bool all_succeeded(uint64_t count)
{
    for (uint64_t i = 0; i < VIRTIO_SLOTS && i < count; i++) {
        if (requests.status[i] != 0)
            return false;
    }
    return true;
}

/* ---- The disk ---- */

/* Finds it, and memory for buffers of size bytes in all; false if there is none, having
 * said so.  least: bytes that the disk must have. */
static bool open_disk(const BootInfo *info, const char *who, uint64_t size, uint64_t least,
                      VirtioDevice *disk, uint64_t *ret_buffers, uint64_t *ret_sectors)
{
    if (!virtio_find(DEVICE_BLOCK, disk)) {
        print("%s: no virtio disk\n", who);
        return false;
    }
    *ret_sectors = mmio_read32(disk->config) | (uint64_t)mmio_read32(disk->config + 4) << 32;
    *ret_buffers = boot_info_find_free(info, (size + 4095) & ~(uint64_t)4095);
    if (!*ret_buffers || *ret_sectors * SECTOR < least) {
        print("%s: no memory, or the disk is too small\n", who);
        return false;
    }
    if (!virtio_begin(disk, 1u << FEATURE_INDIRECT)) {
        print("%s: the disk refuses the features\n", who);
        return false;
    }
    return true;
}

static void start_disk(VirtioDevice *disk)
{
    virtio_start_queue(disk, 0, &queue);
    virtio_driver_ok(disk);
}

void blk_bench(const BootInfo *info, const BlkBench *bench)
{
    uint64_t buffers, sectors, start, ticks, rounds = bench->count / bench->depth;
    VirtioDevice disk;

    if (!open_disk(info, "bench: blk", bench->size * bench->depth, bench->size, &disk, &buffers,
                   &sectors))
        return;
    make_requests(bench, buffers, sectors);
    start_disk(&disk);
    start = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!virtio_round(&disk, 0, &queue, bench->depth)) {
            print("bench: blk: the disk does not answer\n");
            return;
        }
    }
    ticks = time_stamp() - start;
    virtio_end(&disk);
    if (all_succeeded(rounds * bench->depth))
        print("bench: blk %s%s %lu x %lu bytes, depth %lu, %lu ticks\n",
              bench->random ? "random" : "sequential", bench->write ? "-write" : "", rounds * bench->depth, bench->size,
              bench->depth, ticks);
    else
        print("bench: blk: a request failed\n");
}

/* Bytes up to the first one that is no text, without what is blank at the end. */
static uint64_t text_size(const char *text, uint64_t limit)
{
    uint64_t size = 0;

    while (size < limit && (text[size] == '\n' || (uint8_t)text[size] >= ' '))
        size++;
    while (size && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    return size;
}

static void print_lines(const char *text, uint64_t limit)
{
    uint64_t size = text_size(text, limit);

    for (uint64_t i = 0; i < size; i++) {
        if (i == 0 || text[i - 1] == '\n')
            print("disk: ");
        print("%c", text[i]);
    }
    print("\n");
}

void blk_print(const BootInfo *info)
{
    uint64_t buffer, sectors, size;
    VirtioDevice disk;

    if (!open_disk(info, "disk", TEXT_MAX, SECTOR, &disk, &buffer, &sectors))
        return;
    size = sectors * SECTOR < TEXT_MAX ? sectors * SECTOR : TEXT_MAX;
    print("disk: %lu bytes\n", sectors * SECTOR);
    make_request(0, false, 0, buffer, (uint32_t)size);
    start_disk(&disk);
    if (!virtio_round(&disk, 0, &queue, 1) || !all_succeeded(1))
        print("disk: the read failed\n");
    else
        print_lines((const char *)(uintptr_t)buffer, size);
    virtio_end(&disk);
}
