/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for the end of the machine: what `wait`, `stop` and `apply --wait`
 * have in common.
 */
#ifndef CLIENT_ENDING_H
#define CLIENT_ENDING_H

#include "client/connection.h"

/* Called with each event on the way, the last one included. */
typedef void (*EndingReport)(const Message *event, gpointer data);

/*
 * Waits until the machine has ended, and returns the exit status (verb.h):
 *
 *   EXIT_OK       the guest or the host shut it down, or it is in run state
 *                 `shutdown` already
 *   EXIT_BAD_END  it panicked, it cannot go on (`internal-error`), or the
 *                 connection ended without a SHUTDOWN event
 *   EXIT_TIMEOUT  the deadline passed first
 *   EXIT_ERROR    something else failed
 *
 * and *error says why in all cases but the first.  report may be NULL.
 */
int ending_wait(Connection *conn, gint64 deadline, EndingReport report, gpointer data,
                GError **error);

#endif
