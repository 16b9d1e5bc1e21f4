/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Account: what the exit record (daemon/service/exit-record.h) says of this daemon, from its
 * start to its end.
 */
#ifndef DAEMON_ACCOUNT_H
#define DAEMON_ACCOUNT_H

#include "daemon/vmd.h"

/* At the start: says that this process runs.  Fails with file-not-usable, if there is no space
 * or another daemon has the directory.  Main thread. */
bool account_begin(Vmd *vmd, GError **error);

/* At the end, also of a start that failed: says why.  A failure is logged.  Main thread. */
void account_end(Vmd *vmd);

/* At the end that a fault makes, with detail memory-lost, unless the end had begun.  Any
 * thread.  Returns the exit status. */
int account_fault(Vmd *vmd, const char *message);

#endif
