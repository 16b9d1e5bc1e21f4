/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removal of devices, by a client or because the guest has ejected them.
 */
#ifndef DAEMON_MACHINE_REMOVAL_H
#define DAEMON_MACHINE_REMOVAL_H

#include "qom/device.h"

typedef struct Vmd Vmd;

/* Unmakes a device of device_add, and sends DEVICE_DELETED for each device on its buses,
 * for each of its parts, and for itself.  Main thread, lock held. */
void removal_unmake(Vmd *vmd, Device *dev);
/* The same for a device whose requests may still be in flight: it takes no more work, and is
 * unmade as soon as it is idle, immediately or later. */
void removal_when_idle(Vmd *vmd, Device *dev);

#endif
