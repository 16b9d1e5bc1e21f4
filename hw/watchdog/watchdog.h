/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchdog devices: timers that a guest sets again and again as long as it is
 * well.  One that expires calls machine_request_watchdog(); what follows is the run
 * state's owner's matter (set-action).
 *
 * Their time is the machine's: a machine that is stopped does not expire.
 */
#ifndef HW_WATCHDOG_WATCHDOG_H
#define HW_WATCHDOG_WATCHDOG_H

#include "qom/object.h"

extern const TypeInfo ib700_type;
extern const TypeInfo i6300esb_type;

#endif
