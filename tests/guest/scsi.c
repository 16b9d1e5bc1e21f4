/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-scsi driver; see scsi.h.
 *
 * As that of virtio disks, it prepares all requests in advance: READ (10) by indirect
 * descriptors of request, response and data.
 */
#include "tests/guest/scsi.h"

#include <stddef.h>

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/virtio.h"

enum {
    SECTOR = 512, DEVICE_SCSI = 8, FEATURE_INDIRECT = 28, QUEUE_REQUEST = 2,
    CDB_SIZE = 32, SENSE_SIZE = 96,
    TEST_UNIT_READY = 0x00, READ_CAPACITY = 0x25, READ_10 = 0x28,
    UNSENT = 0xff,
    NEWS = 8,                   /* that a disk has after its reset, at most */
};

/* Section 5.6.6.1 */
typedef struct {
    uint8_t lun[8];
    uint64_t id;
    uint8_t attributes[3];
    uint8_t cdb[CDB_SIZE];
} __attribute__((packed)) Request;

typedef struct {
    uint32_t sense_len, residual;
    uint16_t qualifier;
    uint8_t status, response, sense[SENSE_SIZE];
} __attribute__((packed)) Response;

/* What the device sees beside the queues. */
static struct {
    VirtioDesc table[VIRTIO_SLOTS][3];
    Request request[VIRTIO_SLOTS];
    Response response[VIRTIO_SLOTS];
    uint8_t capacity[8];
} requests;

static VirtioQueue queues[QUEUE_REQUEST + 1];

static VirtioQueue *queue = &queues[QUEUE_REQUEST];

/* ---- Requests ---- */

static void put_be32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Request i, into a buffer of size bytes. */
static void make_request(uint64_t i, uint8_t opcode, uint32_t lba, uint64_t buffer, uint32_t size)
{
    VirtioDesc *table = requests.table[i];
    Request *request = &requests.request[i];

    *request = (Request){ .lun = { 1, 0, 0x40, 0 }, .id = i, .cdb = { opcode } };
    if (opcode == READ_10) {
        put_be32(request->cdb + 2, lba);
        request->cdb[7] = (uint8_t)(size / SECTOR >> 8);
        request->cdb[8] = (uint8_t)(size / SECTOR);
    }
    requests.response[i].response = UNSENT;
    table[0] = (VirtioDesc){ (uintptr_t)request, sizeof(*request), VIRTIO_DESC_NEXT, 1 };
    table[1] = (VirtioDesc){ (uintptr_t)&requests.response[i], sizeof(Response),
                             VIRTIO_DESC_WRITE | (size ? VIRTIO_DESC_NEXT : 0), 2 };
    table[2] = (VirtioDesc){ buffer, size, VIRTIO_DESC_WRITE, 0 };
    queue->desc[i] = (VirtioDesc){ (uintptr_t)table, (size ? 3 : 2) * sizeof(VirtioDesc),
                                   VIRTIO_DESC_INDIRECT, 0 };
    queue->avail.ring[i] = (uint16_t)i;
}

static bool succeeded(uint64_t i)
{
    return requests.response[i].response == 0 && requests.response[i].status == 0;
}

/* All requests that were sent. */
static bool all_succeeded(void)
{
    for (uint64_t i = 0; i < VIRTIO_SLOTS; i++) {
        if (requests.response[i].response != UNSENT && !succeeded(i))
            return false;
    }
    return succeeded((queue->avail.idx - 1u) % VIRTIO_SLOTS);
}

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

        make_request(i, READ_10, (uint32_t)(place * (bench->size / SECTOR)), buffer,
                     (uint32_t)bench->size);
    }
}

/* ---- The disk ---- */

static void start(VirtioDevice *device)
{
    for (uint32_t i = 0; i <= QUEUE_REQUEST; i++)
        virtio_start_queue(device, i, &queues[i]);
    virtio_driver_ok(device);
}

/* Executes a command in the ring's next slot. */
static bool execute(const VirtioDevice *device, uint8_t opcode, uint64_t buffer, uint32_t size)
{
    uint64_t slot = queue->avail.idx % VIRTIO_SLOTS;

    make_request(slot, opcode, 0, buffer, size);
    return virtio_round(device, QUEUE_REQUEST, queue, 1) && succeeded(slot);
}

/* Its sectors; 0: there is no disk. */
static uint64_t find_size(const VirtioDevice *device)
{
    for (int i = 0; i < NEWS; i++) {
        if (execute(device, TEST_UNIT_READY, 0, 0))
            break;
    }
    return execute(device, READ_CAPACITY, (uintptr_t)requests.capacity, sizeof(requests.capacity))
        ? (uint64_t)get_be32(requests.capacity) + 1 : 0;
}

static bool open_disk(const BootInfo *info, const BlkBench *bench, VirtioDevice *device,
                      uint64_t *ret_buffers, uint64_t *ret_sectors)
{
    uint64_t size = bench->size * bench->depth;

    if (!virtio_find(DEVICE_SCSI, device) || !virtio_begin(device, 1u << FEATURE_INDIRECT)) {
        print("bench: scsi: no virtio-scsi\n");
        return false;
    }
    start(device);
    *ret_sectors = find_size(device);
    *ret_buffers = boot_info_find_free(info, (size + 4095) & ~(uint64_t)4095);
    if (!*ret_buffers || *ret_sectors * SECTOR < bench->size) {
        print("bench: scsi: no memory, or the disk is too small\n");
        return false;
    }
    return true;
}

void scsi_bench(const BootInfo *info, const BlkBench *bench)
{
    uint64_t buffers, sectors, begin, ticks, rounds = bench->count / bench->depth;
    VirtioDevice device;

    if (!open_disk(info, bench, &device, &buffers, &sectors))
        return;
    make_requests(bench, buffers, sectors);
    begin = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!virtio_round(&device, QUEUE_REQUEST, queue, bench->depth)) {
            print("bench: scsi: the disk does not answer\n");
            return;
        }
    }
    ticks = time_stamp() - begin;
    virtio_end(&device);
    if (all_succeeded())
        print("bench: scsi %s %lu x %lu bytes, depth %lu, %lu ticks\n",
              bench->random ? "random" : "sequential", rounds * bench->depth, bench->size,
              bench->depth, ticks);
    else
        print("bench: scsi: a read failed\n");
}
