/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio network driver; see net.h.
 *
 * Slot i of either queue is descriptor i, whose buffer never changes.  A round
 * makes `depth` frames available, notifies once, waits until as many came back,
 * and makes their buffers available again.
 */
#include "tests/guest/net.h"

#include <stddef.h>

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/virtio.h"

enum { DEVICE_NET = 1, RX = 0, TX = 1, HEADER = 12, BUFFER = 2048 };

static VirtioQueue queues[2];

/* ---- Frames ---- */

static void make_queue(VirtioQueue *queue, uint64_t buffers, uint32_t size, uint16_t flags)
{
    for (uint64_t i = 0; i < VIRTIO_SLOTS; i++) {
        queue->desc[i] = (VirtioDesc){ buffers + i * BUFFER, size, flags, 0 };
        queue->avail.ring[i] = (uint16_t)i;
    }
}

/* A broadcast of an experimental type, behind a header that asks for nothing. */
static void make_frames(uint64_t buffers)
{
    for (uint64_t i = 0; i < VIRTIO_SLOTS; i++) {
        uint8_t *p = (uint8_t *)(uintptr_t)(buffers + i * BUFFER);

        for (uint64_t k = 0; k < BUFFER; k++)
            p[k] = k >= HEADER && k < HEADER + 6 ? 0xff : 0;
        p[HEADER + 12] = 0x88;
        p[HEADER + 13] = 0xb5;
    }
}

/* False if the frames do not come back. */
static bool run_round(const VirtioDevice *card, uint64_t depth)
{
    uint16_t goal = (uint16_t)(queues[TX].avail.idx + depth);
    VirtioWait wait = { 0 };

    virtio_publish(card, TX, &queues[TX], depth);
    while (virtio_waits(&wait)) {
        if (queues[RX].used.idx == goal && queues[TX].used.idx == goal) {
            virtio_publish(card, RX, &queues[RX], depth);
            return true;
        }
    }
    return false;
}

void net_bench(const BootInfo *info, const NetBench *bench)
{
    uint64_t buffers, start, ticks, rounds = bench->count / bench->depth;
    VirtioDevice card;

    if (!virtio_find(DEVICE_NET, &card)) {
        print("bench: net: no virtio network card\n");
        return;
    }
    buffers = boot_info_find_free(info, 2 * VIRTIO_SLOTS * BUFFER);
    if (!buffers) {
        print("bench: net: no memory\n");
        return;
    }
    make_frames(buffers);
    make_queue(&queues[TX], buffers, (uint32_t)(HEADER + bench->size), 0);
    make_queue(&queues[RX], buffers + VIRTIO_SLOTS * BUFFER, BUFFER, VIRTIO_DESC_WRITE);
    if (!virtio_begin(&card, 0)) {
        print("bench: net: the card refuses the features\n");
        return;
    }
    virtio_start_queue(&card, RX, &queues[RX]);
    virtio_start_queue(&card, TX, &queues[TX]);
    virtio_driver_ok(&card);
    virtio_publish(&card, RX, &queues[RX], VIRTIO_SLOTS);
    start = time_stamp();
    for (uint64_t i = 0; i < rounds; i++) {
        if (!run_round(&card, bench->depth)) {
            print("bench: net: frames were lost\n");
            return;
        }
    }
    ticks = time_stamp() - start;
    virtio_end(&card);
    print("bench: net %lu x %lu bytes, depth %lu, %lu ticks\n", rounds * bench->depth, bench->size,
          bench->depth, ticks);
}
