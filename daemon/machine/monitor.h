/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors on character devices.  `monitor-qmp` is QMP for clients that the daemon's own sockets
 * cannot serve: standard input and output, TCP, terminals, servers that the daemon connects to.
 * `monitor-hmp` is the human monitor.
 *
 * Main thread, with the machine lock.
 */
#ifndef DAEMON_MACHINE_MONITOR_H
#define DAEMON_MACHINE_MONITOR_H

#include "qom/object.h"

extern const TypeInfo monitor_hmp_type;
extern const TypeInfo monitor_qmp_type;

/* For the end of the daemon, when the loop has ended: passes what the sessions have written to
 * the chardevs.  Takes the lock. */
void monitors_flush(Object *root);

#endif
