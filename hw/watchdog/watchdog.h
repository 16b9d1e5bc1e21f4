/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchdog devices: timers that a healthy guest restarts regularly.  One that
 * expires calls machine_request_watchdog(); the owner of the run state decides what
 * follows (set-action).
 *
 * They count the machine's time: they do not expire while it is stopped.
 */
#ifndef HW_WATCHDOG_WATCHDOG_H
#define HW_WATCHDOG_WATCHDOG_H

#include "qom/object.h"

extern const TypeInfo ib700_type;
extern const TypeInfo i6300esb_type;

#endif
