/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record: exit.json in the state directory, by which `vmctl status` and others
 * know how a daemon ended that is no longer there.  Its members are the schema's
 * ExitRecord.  Without a state directory nothing is written.
 *
 * It begins before anybody can connect, and the space of the last one is taken then
 * (daemon/service/record-slots.h).  Main thread.
 */
#ifndef DAEMON_SERVICE_EXIT_RECORD_H
#define DAEMON_SERVICE_EXIT_RECORD_H

#include <glib.h>
#include <stdbool.h>

typedef struct Vmd Vmd;

/* At the start: says that this process runs.  Fails with file-not-usable, if there is no space
 * or another daemon has the directory. */
bool exit_record_begin(Vmd *vmd, GError **error);

/* At the end, also of a start that failed: says why.  A failure is logged. */
void exit_record_end(Vmd *vmd);

/* At the end that a fault makes, with detail memory-lost, unless the end had begun.  Any
 * thread.  Returns the exit status. */
int exit_record_fault(Vmd *vmd, const char *message);

#endif
