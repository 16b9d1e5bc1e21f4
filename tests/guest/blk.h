/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for a virtio disk (VIRTIO 1.2 section 5.2), which polls for
 * completions.  For measurements, all requests are prepared in advance, so that a
 * round costs the guest a few instructions.
 */
#ifndef GUEST_BLK_H
#define GUEST_BLK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/boot-info.h"

typedef struct {
    uint64_t size;              /* bytes of a request, a multiple of 512 */
    uint64_t count;             /* requests in all */
    uint64_t depth;             /* requests in flight, 1 to 128 */
    bool random;                /* where: anywhere on the disk, or one behind the other */
    bool write;                 /* they write */
} BlkBench;

/* Reads or writes the first virtio disk; prints the time stamp counter's ticks, or
 * what is wrong. */
void blk_bench(const BootInfo *info, const BlkBench *bench);

/* Prints the text at the disk's start, up to 4096 bytes or the first one that is no
 * text, each line as "disk: LINE". */
void blk_print(const BootInfo *info);

#endif
