/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ThrottlePoint: where the requests of a node pass a throttle-group, which may be exchanged
 * while they do.  They come from any thread: of a disk's lanes, of an image's worker, of a job.
 */
#ifndef HW_BLOCK_THROTTLE_POINT_H
#define HW_BLOCK_THROTTLE_POINT_H

#include "hw/aio/aio.h"

typedef struct BlockRequest BlockRequest;

typedef struct {
    GMutex mutex;               /* held while the group is in use */
    struct ThrottleGroup *group;        /* NULL: no limits; atomic for those who only look for it */
} ThrottlePoint;

void throttle_point_init(ThrottlePoint *point);
void throttle_point_clear(ThrottlePoint *point);

/* Sets the group, or none (NULL).  When this returns, no thread uses the former one: it may go.
 * Main thread, machine lock held. */
void throttle_point_set(ThrottlePoint *point, struct ThrottleGroup *group);

/* Records a request, a write or a read, that arrives now.  True: it may start at once; false:
 * then(io, 0) is called when it may, on the request's context.  The thread of that context. */
bool throttle_point_enter(ThrottlePoint *point, BlockRequest *request, bool write,
                          void (*then)(AioRequest *io, int result));

#endif
