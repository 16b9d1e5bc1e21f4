/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables by which a service manager speaks to one process.
 */
#ifndef SYSTEMD_ENVIRONMENT_H
#define SYSTEMD_ENVIRONMENT_H

#include <stdbool.h>

/* Whether a variable (LISTEN_PID, WATCHDOG_PID) has the number of this process.  If it has
 * another's, what comes with it was meant for a parent, whose environment was inherited. */
bool environment_names_us(const char *variable);

#endif
