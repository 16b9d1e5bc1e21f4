/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ending a machine: with its guest's help, with its daemon's, or without either.
 */
#ifndef CLIENT_MACHINE_END_H
#define CLIENT_MACHINE_END_H

#include "client/verb.h"

/*
 * Presses the power button of a running guest, if its machine has one, and waits; tells the
 * daemon of any other machine, or with force, to quit.  Returns the exit status, with *error unless
 * it is EXIT_OK: EXIT_TIMEOUT if it did not end in that many seconds, or as ending_wait().
 */
int machine_stop(Connection *conn, bool force, double timeout, GError **error);

/* Waits for the end of the daemon of that name, which comes after its last event and its record. */
bool machine_await_end(const char *name, gint64 deadline);

/* Ends a daemon even if it does not answer.  *ret_changed: whether it was running. */
bool machine_kill(const char *name, bool *ret_changed, GError **error);

#endif
