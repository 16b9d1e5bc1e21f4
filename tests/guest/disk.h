/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of a virtio disk whose results are printed one by one, for tests in
 * which some fail; blk.h is for measurements.
 */
#ifndef TESTS_GUEST_DISK_H
#define TESTS_GUEST_DISK_H

#include <stdint.h>

#include "tests/guest/boot-info.h"

enum { DISK_BLOCK = 4096 };

typedef enum { DISK_READ = 0, DISK_WRITE = 1, DISK_FLUSH = 4 } DiskOperation;

typedef struct {
    DiskOperation operation;
    uint64_t first, count;      /* blocks; at most 128, all in flight at once */
} DiskRequests;

/* On the first virtio disk.  Block n is written as the 64-bit words n * 512 to
 * n * 512 + 511, and must read as such. */
void disk_run(const BootInfo *info, const DiskRequests *requests);

#endif
