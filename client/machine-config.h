/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of a machine by name: a file of requests, which is replaced as a whole, and
 * whose lock keeps two commands from starting, changing or deleting one machine at once.
 */
#ifndef CLIENT_MACHINE_CONFIG_H
#define CLIENT_MACHINE_CONFIG_H

#include <glib.h>
#include <stdbool.h>

/* Writes a new one; its directory is made if there is none.  Fails with id-in-use if the machine
 * has one, also if another process makes it at the same time. */
bool machine_config_create(const char *name, const char *text, GError **error);

/* Replaces one. */
bool machine_config_replace(const char *name, const char *text, GError **error);

/* Checks text by the schema, and that it names no file without its folder, as the daemon has no
 * working directory.  Prints a line on standard error for each mistake; whether there is none. */
bool machine_config_check(const char *file, const char *text);

/* Waits for the lock of a machine's configuration.  The descriptor, which is closed by the
 * caller; -1 with *error: object-not-found if there is no such machine. */
int machine_config_lock(const char *name, GError **error);

/* Renames it, its state and its autostart; all or nothing.  Fails with id-in-use if there is a
 * machine of the new name.  It is locked and does not run. */
bool machine_config_rename(const char *name, const char *to, GError **error);

/* Removes it, and what its daemons left behind.  *ret_kept: folder with files that are not theirs,
 * which stays, or NULL. */
bool machine_config_delete(const char *name, char **ret_kept, GError **error);

/* Whether the machine starts with the host or, without systemd, by `vmctl start --autostart`. */
bool machine_autostart_is_set(const char *name);
/* *ret_changed: whether it was otherwise. */
bool machine_autostart_set(const char *name, bool on, bool *ret_changed, GError **error);

#endif
