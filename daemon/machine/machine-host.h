/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine tells its daemon: that its guest wants to end, has panicked, sleeps.  What
 * follows is what set-action decided.
 */
#ifndef DAEMON_MACHINE_MACHINE_HOST_H
#define DAEMON_MACHINE_MACHINE_HOST_H

#include "daemon/machine/run-state.h"
#include "hw/machine/machine.h"

/* For machine_set_host(); the opaque pointer is the Vmd. */
extern const MachineHost machine_host;

/* A RunListener: what was logged before a reset is news after it. */
void machine_host_news(void *opaque, const RunControl *run, RunNews news);

#endif
