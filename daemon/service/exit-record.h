/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record: exit.json in the state directory, from which `vmctl status` and
 * others know how a daemon ended.  Its members are the schema's ExitRecord.
 *
 * The first record is written before any client can connect, and the space of the
 * last one is reserved then (daemon/service/record-slots.h).
 */
#ifndef DAEMON_SERVICE_EXIT_RECORD_H
#define DAEMON_SERVICE_EXIT_RECORD_H

#include <glib.h>
#include <stdbool.h>

#include "qmp/qapi-types-exit-record.h"

typedef struct ExitRecorder ExitRecorder;

/* A recorder without directory. */
ExitRecorder *exit_recorder_new(void);
void exit_recorder_free(ExitRecorder *recorder);        /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExitRecorder, exit_recorder_free)

/* Writes the record of a running process.  Fails with file-not-usable if there is no space or
 * another daemon uses the directory; then there is no exit.json of this process.  A message
 * that does not fit is truncated.  Main thread. */
bool exit_recorder_begin(ExitRecorder *recorder, const char *directory, const ExitRecord *record,
                         GError **error);

/* Writes the last record, if there is a directory.  Of two concurrent ends the first one
 * counts: false if this was not it.  A failure is logged.  Any thread. */
bool exit_recorder_end(ExitRecorder *recorder, const ExitRecord *record);

#endif
