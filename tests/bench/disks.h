/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines whose guest sends requests to a disk and counts the ticks.
 */
#ifndef BENCH_DISKS_H
#define BENCH_DISKS_H

#include "tests/bench/bench.h"

/* Requests of one kind, as the guest's word `bench=blk:` gives them. */
typedef struct {
    FigureId id;
    const char *order;          /* random, sequential-write and so on; NULL: the end */
    guint size, count, depth;
} DiskRequests;

enum { DISK_REQUESTS_MAX = 4 };

typedef struct {
    const char *node;           /* arguments of blockdev-add, without braces; node-name is disk */
    const char *blockdev;       /* the same for QEMU's -blockdev */
    bool iothread;              /* the device's queue is on the iothread io0 */
    bool scsi;                  /* a disk on virtio-scsi, not virtio-blk */
    const DiskRequests *requests;       /* at most DISK_REQUESTS_MAX, or to the end */
} DiskMachine;

/* Runs a machine once and adds what it says to the series of the figures, in us a request. */
bool disk_machine_run(Bench *bench, Column column, const DiskMachine *machine, GError **error);

#endif
