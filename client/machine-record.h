/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon leaves behind: the exit record (type ExitRecord of the schema) in its
 * machine's folder of the state directory, or of the run directory for a daemon that vmctl
 * started.
 */
#ifndef CLIENT_MACHINE_RECORD_H
#define CLIENT_MACHINE_RECORD_H

#include <glib.h>

#include "qmp/qapi-types-exit-record.h"

/* A machine's record, the later one if there are two; or NULL if there is none, without *error,
 * or with *error if it cannot be read. */
ExitRecord *machine_record_read(const char *name, GError **error);
void machine_record_free(ExitRecord *record);       /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExitRecord, machine_record_free)

/* Removes what a daemon has left in its folder, unless the daemon is running. */
void machine_record_remove(const char *folder);

/* Whether the daemon that wrote it is running.  Connecting to find out would start a
 * machine whose socket a service manager holds. */
bool machine_record_is_live(const ExitRecord *record);
/* Whether its process is there: for a moment it is, after the record of its end. */
bool machine_record_has_process(const ExitRecord *record);

/* "ended, guest-shutdown", "killed", "ended, host-signal (Terminated from process 1 of user 0)". */
char *machine_record_describe(const ExitRecord *record);

/* Prints the record as JSON, in one line. */
void machine_record_print(const ExitRecord *record);

#endif
