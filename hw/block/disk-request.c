/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of drives with registers: see disk-request.h.
 */
#include "config.h"
#include "hw/block/disk-request.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/block/disk.h"
#include "qmp/error.h"
#include "qom/checks.h"

static void signal_loop(Disk *disk)
{
    /* It fails only when the counter is full: the signal is there already. */
    if (eventfd_write(disk->queue.eventfd, 1) < 0 && errno != EAGAIN) {
        g_warning("disk '%s': eventfd: %s", disk->device.object.name, g_strerror(errno));
    }
}

/* Takes a list, whose end it restores. */
static DiskRequest *take(DiskRequest **list, DiskRequest ***end)
{
    DiskRequest *first = *list;

    *list = NULL;
    *end = list;
    return first;
}

static void append(DiskRequest ***end, DiskRequest *request)
{
    request->next = NULL;
    **end = request;
    *end = &request->next;
}

/* ---- To the node ---- */

/* On the main thread, with or without the lock: the result is delivered later. */
static void front_done(BlockFrontRequest *front, int error)
{
    DiskRequest *request = container_of(front, DiskRequest, front);
    Disk *disk = request->disk;

    request->error = error;
    append(&disk->queue.ended_end, request);
    signal_loop(disk);
}

void disk_queue_push(Disk *disk)
{
    DiskRequest *request = take(&disk->queue.waiting, &disk->queue.waiting_end);

    while (request) {
        DiskRequest *next = request->next;

        block_front_submit(&disk->front, &request->front);
        request = next;
    }
}

void disk_submit(Disk *disk, DiskRequest *request)
{
    machine_lock_assert(disk->front.machine);
    request->disk = disk;
    request->busy = true;
    request->front.done = front_done;
    append(&disk->queue.waiting_end, request);
    signal_loop(disk);
}

/* ---- And back ---- */

/* One by one, since a device may drop the others (disk_drop). It comes to an end: what a
 * device submits meanwhile is pushed afterwards. */
static void deliver(Disk *disk)
{
    DiskQueue *queue = &disk->queue;
    DiskRequest *request;

    while ((request = queue->ended)) {
        queue->ended = request->next;
        if (!queue->ended) {
            queue->ended_end = &queue->ended;
        }
        request->busy = false;
        request->done(request, request->error);
    }
}

static void queue_ready(void *opaque)
{
    Disk *disk = opaque;
    Machine *machine = disk->front.machine;

    machine_lock(machine);
    if (machine->running) {
        deliver(disk);
    }
    disk_queue_push(disk);
    machine_unlock(machine);
}

void disk_queue_resume(Disk *disk)
{
    if (disk->queue.ended) {
        signal_loop(disk);
    }
}

void disk_drop(Disk *disk)
{
    main_thread_assert();
    machine_lock_assert(disk->front.machine);
    for (DiskRequest *i = take(&disk->queue.ended, &disk->queue.ended_end); i; i = i->next) {
        i->busy = false;
    }
    for (BlockFrontRequest *i = disk->front.lanes->kept; i; i = i->next) {
        container_of(i, DiskRequest, front)->busy = false;
    }
    block_front_forget(&disk->front);
}

/* ---- Life ---- */

bool disk_queue_init(Disk *disk, GError **error)
{
    DiskQueue *queue = &disk->queue;

    take(&queue->waiting, &queue->waiting_end);
    take(&queue->ended, &queue->ended_end);
    queue->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->eventfd >= 0) {
        queue->watch = aio_watch(disk->front.config.aio, queue->eventfd, queue_ready, disk);
    }
    if (!queue->watch) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot make an event descriptor for a "
                      "disk: %s", g_strerror(errno));
        disk_queue_clear(disk);
        return false;
    }
    return true;
}

void disk_queue_clear(Disk *disk)
{
    DiskQueue *queue = &disk->queue;

    aio_unwatch(g_steal_pointer(&queue->watch));
    if (queue->eventfd >= 0) {
        close(queue->eventfd);
        queue->eventfd = -1;
    }
    take(&queue->ended, &queue->ended_end);
}
