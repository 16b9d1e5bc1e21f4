/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a machine that has a configuration: by its unit, or else as a daemon of this user
 * that stays, and that gets the requests of the configuration.
 */
#ifndef CLIENT_MACHINE_START_H
#define CLIENT_MACHINE_START_H

#include <glib.h>
#include <stdbool.h>

/*
 * Returns when the requests have been executed.  *ret_changed: false if the machine ran already.
 * If one of them fails, the daemon and what it made are gone, and *error locates it in the
 * configuration.  program: as LaunchOptions.
 */
bool machine_start(const char *name, const char *program, bool *ret_changed, GError **error);

#endif
