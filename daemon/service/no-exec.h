/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NoExec: forbids the execution of programs.  A ready daemon starts none, so a daemon that was
 * taken over by its guest cannot execute another program either.
 */
#ifndef DAEMON_SERVICE_NO_EXEC_H
#define DAEMON_SERVICE_NO_EXEC_H

/* No thread of this process, and no child, can execute a program from now on: it gets EPERM.
 * If the kernel does not support this, that is logged.  Main thread, before a vCPU
 * runs. */
void no_exec(void);

#endif
