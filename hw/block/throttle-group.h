/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `throttle-group`: limits that throttle nodes share.
 */
#ifndef HW_BLOCK_THROTTLE_GROUP_H
#define HW_BLOCK_THROTTLE_GROUP_H

#include "qom/object.h"

typedef struct ThrottleGroup ThrottleGroup;

/* Records a read or write of so many bytes at time `now` (ns, of a monotonic
 * clock) and returns when it may start: now, or later.  Any thread. */
gint64 throttle_group_admit(ThrottleGroup *group, bool write, guint64 bytes, gint64 now);

#endif
