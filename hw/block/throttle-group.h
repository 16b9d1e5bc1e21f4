/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `throttle-group`: limits that throttle nodes share.
 */
#ifndef HW_BLOCK_THROTTLE_GROUP_H
#define HW_BLOCK_THROTTLE_GROUP_H

#include "qom/object.h"

typedef struct ThrottleGroup ThrottleGroup;

/* Takes note of a read or write of that many bytes at time `now` (ns, of a clock
 * that never goes back) and returns when it may go: now, or later.  Any thread. */
gint64 throttle_group_admit(ThrottleGroup *group, bool write, guint64 bytes, gint64 now);

#endif
