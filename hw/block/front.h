/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BlockFront: a disk device's side of a block node: error policy, statistics,
 * and waiting until nothing is in flight.
 *
 * A device embeds one, and a BlockFrontRequest in each of its requests.  A
 * failed request is reported to the guest, ignored, or kept, in which case the
 * machine stops; kept ones are resubmitted when it resumes.
 *
 * A disk whose queues run on several contexts has a lane for each: a request stays on its
 * lane, whose data only that context's thread uses, so no lane waits for another one, and
 * nothing is locked.  Other disks have one lane.
 *
 * Threads: attach, detach, drain, resume, forget and queries on the main thread
 * with the machine lock held; requests on the thread of the lane's context.
 */
#ifndef HW_BLOCK_FRONT_H
#define HW_BLOCK_FRONT_H

#include "hw/block/block.h"
#include "hw/machine/machine.h"
#include "qmp/qapi-types-block-error.h"
#include "qom/device.h"

typedef struct BlockFront BlockFront;
typedef struct BlockLane BlockLane;
typedef struct BlockFrontRequest BlockFrontRequest;

struct BlockFrontRequest {
    BlockRequest block;         /* op, flags, offset, bytes, iov: set by the device */
    /* Called on the context's thread; error is 0 or a positive errno.  Not
     * called for a request that was dropped. */
    void (*done)(BlockFrontRequest *request, int error);

    BlockLane *lane;            /* used by front.c */
    guint64 number;             /* on its lane */
    BlockFrontRequest *next, *prev;     /* of the lane: in flight, or kept */
    gint64 started;             /* ns */
};

typedef enum { BLOCK_STAT_READ, BLOCK_STAT_WRITE, BLOCK_STAT_FLUSH, BLOCK_STAT_UNMAP,
               N_BLOCK_STATS } BlockStat;

/* Written by the lane's thread, read by any. */
typedef struct {
    struct {
        guint64 bytes, operations, time_ns, failed, invalid;
    } of[N_BLOCK_STATS];
    guint64 last;               /* when the last request ended, 0: none yet */
} BlockStatistics;

typedef struct {
    BlockNode *node;            /* NULL: no medium, see block_front_insert() */
    AioContext *aio;            /* of the first lane */
    AioContext *const *more;    /* of further lanes, all different; copied */
    guint n_more;
    BlockdevOnError rerror, werror;
    bool share;                 /* other users that share may use the node, too */
    bool io_status;             /* query-block shows an io-status */
    bool removable, has_tray;   /* what query-block shows of the drive */
    /* The node's size changed; machine lock held. */
    void (*resized)(void *opaque);
    /* Submits what the device has put off, before somebody waits until nothing is in flight; main
     * thread, machine lock held. NULL: it puts nothing off. */
    void (*push)(void *opaque);
    void *opaque;
} BlockFrontConfig;

struct BlockLane {
    BlockFront *front;
    BlockLane *first;           /* the front's lanes are one g_atomic_rc_box: who waits for one
                                   holds it */
    AioContext *aio;
    BlockFrontRequest *oldest, *newest; /* in flight, in order; without kept ones */
    guint64 n_sent;             /* so far: the number of the next one */
    BlockFrontRequest *kept, **kept_end;
    BlockStatistics stats;
    guint8 apart[64];           /* no line of a cache has data of two lanes */
};

struct BlockFront {
    Device *dev;
    Machine *machine;
    BlockFrontConfig config;
    GList link;                 /* in the machine's fronts */
    bool attached;
    char *name;                 /* the first node's: what clients call the disk; or NULL */
    bool is_drive;              /* that node was a format with its file, as -drive makes them */
    gint tray_open, locked;     /* atomic: as DiskOps.has_tray drives have them */
    gint write_cache;           /* atomic: the guest flushes; else each write is flushed */
    gint status;                /* atomic: BlockDeviceIoStatus */
    BlockLane *lanes;           /* while it is attached */
    guint n_lanes;
};

/* Starts using the node, if there is one.  Fails with in-use, not-supported (no io_uring). */
bool block_front_attach(BlockFront *front, Device *dev, const BlockFrontConfig *config,
                        GError **error);
/* To be called when nothing is in flight; a no-op if it is not attached. */
void block_front_detach(BlockFront *front);
/* Puts a node into a front without one; fails as block_front_attach. */
bool block_front_insert(BlockFront *front, BlockNode *node, GError **error);
/* Takes it out, if there is one; nothing may be in flight. Requests that were kept fail with
 * ENOMEDIUM. */
void block_front_remove(BlockFront *front);
/* The disk's `device` in results and events: the name of its first node, if that is a drive's;
 * else "". */
const char *block_front_name(const BlockFront *front);
/* The device's id, or its path; newly allocated. */
char *block_front_device(const BlockFront *front);

/* Lane's thread. */
void block_lane_submit(BlockLane *lane, BlockFrontRequest *request);
/* Counts an invalid request. */
void block_lane_note_invalid(BlockLane *lane, BlockOp op);
/* The same for the first lane. */
static inline void block_front_submit(BlockFront *front, BlockFrontRequest *request)
{
    block_lane_submit(front->lanes, request);
}
static inline void block_front_note_invalid(BlockFront *front, BlockOp op)
{
    block_lane_note_invalid(front->lanes, op);
}
/* The sum of all lanes; any thread. */
void block_front_statistics(const BlockFront *front, BlockStatistics *ret);

/* Has the device submit what it has put off (config.push). */
void block_front_push(BlockFront *front);
/* Waits until no request is in flight: each is done, or kept.  This blocks the main loop:
 * use block_fronts_when_idle() first where possible. */
void block_front_drain(BlockFront *front);
/* Resubmits kept requests; the io-status is ok again. */
void block_front_resume(BlockFront *front);
/* Drops kept requests: the guest was reset. */
void block_front_forget(BlockFront *front);

/*
 * The disks of a branch of the tree (a machine, a device with all it carries, a bus with its
 * devices), whose queues must have stopped; kept requests do not count.  Main thread, lock
 * held.
 */
/* Whether nothing is in flight. */
bool block_fronts_idle(Object *branch);
/* Calls f(opaque) when nothing is in flight: immediately, or later on the main loop, with
 * the lock held. The branch must stay until then, and its queues must not start. */
void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque);
/* Waits for that until a deadline, of g_get_monotonic_time(); false: the deadline came first. */
bool block_fronts_wait(Object *branch, gint64 deadline);

/* The same for the disks above a node, and only for requests that are in flight now: disks run on,
 * and their further requests are not waited for.  Requests of others than disks are not, either. */
void block_fronts_when_past(BlockNode *node, void (*f)(void *opaque), void *opaque);

/* Calls f for the fronts of a tree's machine, in order of creation. */
void block_front_foreach(Object *root, void (*f)(BlockFront *front, void *data), void *data);

/* The disk that a request names, by one of these: device, its name in query-block or else the id
 * of its device; or id, the device's id or path. The first one if there are several. Fails with
 * property-missing and device-not-found. Main thread, lock held. */
BlockFront *block_front_find(Object *root, const char *device, const char *id, GError **error);
/* The node of its medium; a disk without one is not found. */
BlockNode *block_front_find_medium(Object *root, const char *device, const char *id,
                                   GError **error);

#endif
