/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `throttle-group`: limits that throttle nodes share.
 */
#ifndef HW_BLOCK_THROTTLE_GROUP_H
#define HW_BLOCK_THROTTLE_GROUP_H

#include "hw/block/block.h"

typedef struct ThrottleGroup ThrottleGroup;
typedef struct ThrottleLimits ThrottleLimits;   /* qmp/qapi-types-block.h */

/* Records a read or write of so many bytes at time `now` (ns, of a monotonic
 * clock) and returns when it may start: now, or later.  Any thread. */
gint64 throttle_group_admit(ThrottleGroup *group, bool write, guint64 bytes, gint64 now);

/* A new group below /objects, which goes away with throttle_group_leave(); limits are copied.
 * Fails with id-invalid, id-in-use, invalid-value.  Main thread, lock held, as for the rest. */
ThrottleGroup *throttle_group_make(Object *root, const char *name,
                                   const ThrottleLimits *limits, GError **error);
/* Removes a group that throttle_group_make() made, if nothing uses it any more. */
void throttle_group_leave(ThrottleGroup *group);

#endif
