/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where machines by name are: three directories, which have one entry for each machine, and who
 * starts it.
 *
 *   configuration  NAME.conf: the requests that make it
 *   state          NAME/exit.json: how its last daemon ended; NAME/log: its messages
 *   run            NAME/qmp.sock, while its daemon runs
 *
 * For root they are those of the unit vmd@NAME.service, below /etc, /var/lib and /run, and where
 * systemd runs, it starts the machine.  For other users they are XDG's, and vmctl starts it.
 * VMD_CONFIG_DIR, VMD_STATE_DIR and VMD_RUN_DIR name others; with the last, too, vmctl starts it.
 */
#ifndef CLIENT_MACHINE_PLACE_H
#define CLIENT_MACHINE_PLACE_H

#include <glib.h>
#include <stdbool.h>

/* The directory of running machines.  NULL with *error if no variable gives its location. */
char *machine_run_directory(GError **error);
/* Those of the others; they need not exist. */
char *machine_state_directory(void);
char *machine_config_directory(void);

/* A machine's configuration, whether it is there or not. */
char *machine_config_path(const char *name);
/* Its log, where vmctl starts it. */
char *machine_log_path(const char *name);

/* Whether units of systemd start machines. */
bool machine_is_service(void);

/* Whether name may be a machine's: that of a folder, and under systemd that of a user after
 * "vmd-".  False with *error: invalid-value. */
bool machine_check_name(const char *name, GError **error);
/* The same for one that is about to exist. */
bool machine_check_new_name(const char *name, GError **error);

/* Whether it has a configuration. */
bool machine_is_created(const char *name);

/* Names of the machines that have an entry in any of the directories, sorted; to be freed with
 * its elements.  NULL with *error. */
GPtrArray *machine_names(GError **error);

/* object-not-found: there is no such machine, and the nearest name if there is one. */
void machine_set_unknown(const char *name, GError **error);

#endif
