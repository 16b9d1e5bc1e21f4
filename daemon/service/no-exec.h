/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NoExec: the end of starting programs.  A daemon that is ready starts none, so that one which
 * its guest took over cannot become another program either.
 */
#ifndef DAEMON_SERVICE_NO_EXEC_H
#define DAEMON_SERVICE_NO_EXEC_H

/* No thread of this process, and no child, can execute a program from now on: it gets EPERM.
 * A kernel that cannot see to that is logged.  Main thread, before a vCPU runs. */
void no_exec(void);

#endif
