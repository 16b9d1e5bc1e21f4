/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the machine: the common part of `wait`, `stop`, `run` and `apply
 * --wait`.
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
 *   EXIT_BAD_END  it panicked, it cannot continue (`internal-error`), or the
 *                 connection ended without a SHUTDOWN event
 *   EXIT_TIMEOUT  the deadline passed first
 *   EXIT_ERROR    something else failed
 *
 * and *error gives the reason in all cases except the first.  report may be
 * NULL.
 */
int ending_wait(Connection *conn, gint64 deadline, EndingReport report, gpointer data,
                GError **error);

/*
 * *ret: whether a guest could notice that its power button is pressed.  It has to
 * run, and an accelerator that executes nothing (qtest) has no guest; if the
 * daemon does not report its accelerator, a guest is assumed.  Whether the
 * machine has a button is a separate question.  False with *error if the daemon
 * does not answer.
 */
bool ending_guest_hears(Connection *conn, bool *ret, GError **error);

#endif
