/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BlockFront: a disk device's side of a block node: what is done when requests
 * fail, what is counted, and how to wait until nothing is in flight.
 *
 * A device embeds one, and a BlockFrontRequest in each of its requests.  A
 * request that fails is told to the guest, hidden, or kept, in which case the
 * machine stops; kept ones are sent again when it goes on.
 *
 * Threads: attach, detach, drain, resume, forget and queries on the main thread
 * with the machine lock held; requests on the context's thread.
 */
#ifndef HW_BLOCK_FRONT_H
#define HW_BLOCK_FRONT_H

#include "hw/block/block.h"
#include "hw/machine/machine.h"
#include "qmp/qapi-types-block.h"
#include "qom/device.h"

typedef struct BlockFront BlockFront;
typedef struct BlockFrontRequest BlockFrontRequest;

struct BlockFrontRequest {
    BlockRequest block;         /* op, flags, offset, bytes, iov: the device's */
    /* On the context's thread; error 0 or a positive errno.  Not called for a
     * request that was forgotten. */
    void (*done)(BlockFrontRequest *request, int error);

    BlockFront *front;          /* of front.c */
    BlockFrontRequest *next;    /* while it is kept */
    gint64 started;             /* ns */
};

typedef enum { BLOCK_STAT_READ, BLOCK_STAT_WRITE, BLOCK_STAT_FLUSH, BLOCK_STAT_UNMAP,
               N_BLOCK_STATS } BlockStat;

/* Written by the context's thread, read by any. */
typedef struct {
    struct {
        guint64 bytes, operations, time_ns, failed, invalid;
    } of[N_BLOCK_STATS];
    guint64 last;               /* end of the last request, 0: none yet */
} BlockStatistics;

typedef struct {
    BlockNode *node;
    AioContext *aio;
    BlockdevOnError rerror, werror;
    bool share;                 /* others that share may use the node, too */
    bool io_status;             /* query-block shows one */
    /* The node's size changed; machine lock held. */
    void (*resized)(void *opaque);
    void *opaque;
} BlockFrontConfig;

struct BlockFront {
    Device *dev;
    Machine *machine;
    BlockFrontConfig config;
    GList link;                 /* in the machine's fronts */
    bool attached;
    gint write_cache;           /* atomic: the guest flushes; else each write is */
    gint status;                /* atomic: BlockDeviceIoStatus */
    guint in_flight;            /* kept ones excluded; of the context's thread */
    BlockFrontRequest *kept, **kept_end;
    BlockStatistics stats;
};

/* Takes the node into use.  Fails with in-use, not-supported (no io_uring). */
bool block_front_attach(BlockFront *front, Device *dev, const BlockFrontConfig *config,
                        GError **error);
/* When nothing is in flight; a no-op if it is not attached. */
void block_front_detach(BlockFront *front);

/* Context's thread. */
void block_front_submit(BlockFront *front, BlockFrontRequest *request);
/* Counts a request that made no sense. */
void block_front_note_invalid(BlockFront *front, BlockOp op);

/* Waits until no request is in flight: each is done, or kept.  The main loop stands still
 * meanwhile: whoever can, comes here by block_fronts_when_idle(). */
void block_front_drain(BlockFront *front);
/* Sends kept requests again; the io-status is ok again. */
void block_front_resume(BlockFront *front);
/* Drops kept requests: the guest has forgotten them. */
void block_front_forget(BlockFront *front);

/*
 * The disks of a branch of the tree (a machine, a device with what it carries, a bus with what
 * sits on it) that take no more work, as their queues have stopped; kept requests do not count.
 * Main thread, lock held.
 */
/* Nothing is in flight. */
bool block_fronts_idle(Object *branch);
/* Calls f(opaque) when that is so: at once, or later on the main loop, with the lock held.
 * The branch stays until then, and its queues do not start. */
void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque);
/* Waits for it until a deadline, of g_get_monotonic_time(); false: it came first. */
bool block_fronts_wait(Object *branch, gint64 deadline);

/* The fronts of a tree's machine, in order of their making. */
void block_front_foreach(Object *root, void (*f)(BlockFront *front, void *data), void *data);

#endif
