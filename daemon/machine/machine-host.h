/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications from a machine to its daemon: that its guest shuts down, has panicked, or
 * sleeps.  set-action decides what follows.
 */
#ifndef DAEMON_MACHINE_MACHINE_HOST_H
#define DAEMON_MACHINE_MACHINE_HOST_H

#include "daemon/machine/run-state.h"
#include "hw/machine/machine.h"

/* For machine_set_host(); the opaque pointer is the Vmd. */
extern const MachineHost machine_host;

/* A RunListener: messages that were logged before a reset may be logged again after it. */
void machine_host_news(void *opaque, const RunControl *run, RunNews news);

#endif
