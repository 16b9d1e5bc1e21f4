/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for a virtio network card (VIRTIO 1.2 section 5.1), for measuring on a network that
 * echoes every frame: all frames and buffers are prepared in advance, and the driver polls for
 * completions.
 */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/boot-info.h"

typedef struct {
    uint64_t size;              /* bytes of a frame, 60 to 1514 */
    uint64_t count;             /* frames in all */
    uint64_t depth;             /* frames that are on their way, 1 to 128 */
} NetBench;

/* Sends frames by the first virtio network card and waits for their return;
 * prints the time stamp counter's ticks, or what is wrong. */
void net_bench(const BootInfo *info, const NetBench *bench);

#endif
