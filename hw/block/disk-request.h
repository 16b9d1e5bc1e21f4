/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of drives with registers (DiskOps.registers), which a vCPU sends with the machine lock
 * held: they go to the main loop, which submits them, and come back with the lock held.
 *
 * A signal carries either way: an eventfd that the main loop watches. So neither waits for the
 * other, nothing is allocated, and no handler of a device runs while the main thread waits for
 * requests in flight. Results are delivered only while the machine runs.
 */
#ifndef HW_BLOCK_DISK_REQUEST_H
#define HW_BLOCK_DISK_REQUEST_H

#include "hw/block/front.h"

typedef struct Disk Disk;
typedef struct DiskRequest DiskRequest;

struct DiskRequest {
    BlockFrontRequest front;    /* front.block.op, flags, offset, bytes, iov: set by the device */
    /* Main thread, machine lock held; error is 0 or a positive errno. Not called for a request
     * that was dropped (disk_drop). */
    void (*done)(DiskRequest *request, int error);

    /* Used by disk-request.c. */
    DiskRequest *next;
    Disk *disk;
    int error;
    bool busy;                  /* from disk_submit() until done, or dropped */
};

typedef struct {
    int eventfd;
    AioWatch *watch;
    DiskRequest *waiting, **waiting_end;        /* to be submitted; machine lock */
    DiskRequest *ended, **ended_end;            /* whose results wait; main thread */
} DiskQueue;

/* For disk.c. Fails with host-error. */
bool disk_queue_init(Disk *disk, GError **error);
/* Nothing may be in flight; undelivered results are dropped. */
void disk_queue_clear(Disk *disk);
/* Submits what waits. Main thread, machine lock held. */
void disk_queue_push(Disk *disk);
/* The machine runs again: results are delivered soon. */
void disk_queue_resume(Disk *disk);

/* Starts a request; any thread, machine lock held. There must be a medium (disk_medium()). */
void disk_submit(Disk *disk, DiskRequest *request);
/* Drops requests that were kept after an error, and results that were not delivered; nothing is
 * in flight. For the drive's reset. Main thread, machine lock held. */
void disk_drop(Disk *disk);

#endif
