/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Account: the content of the exit record (daemon/service/exit-record.h) for this daemon,
 * from its start to its end.
 */
#ifndef DAEMON_ACCOUNT_H
#define DAEMON_ACCOUNT_H

#include "daemon/vmd.h"

/* At the start: records that this process runs.  Fails with file-not-usable if there is no
 * space or another daemon uses the directory.  Main thread. */
bool account_begin(Vmd *vmd, GError **error);

/* At the end, also of a failed start: records the reason.  A failure is logged.  Main thread. */
void account_end(Vmd *vmd);

/* At the end after a memory fault, with detail memory-lost, unless the end had begun.
 * Any thread.  Returns the exit status. */
int account_fault(Vmd *vmd, const char *message);

#endif
