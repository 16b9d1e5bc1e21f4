/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: limits of a -drive, which become a throttle-group.
 */
#ifndef CLIENT_TRANSLATE_DRIVE_LIMITS_H
#define CLIENT_TRANSLATE_DRIVE_LIMITS_H

#include "client/translate/plan.h"

/* Takes the keys about limits (bps=, iops_rd=, throttling.*) out of options.  If there is a
 * limit, adds a request for the group, unless a drive before had the same one, and makes it
 * node's io-limits.  name: the drive's, which is the group's by default.  Fails with
 * invalid-value. */
bool drive_add_limits(Plan *plan, QmpOptions *options, const char *name, QmpOptions *node,
                      GError **error);

#endif
