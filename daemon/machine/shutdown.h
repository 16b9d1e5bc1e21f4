/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: how the machine and the daemon end.  Main thread; those that end a machine want
 * the lock to be held.
 */
#ifndef DAEMON_MACHINE_SHUTDOWN_H
#define DAEMON_MACHINE_SHUTDOWN_H

#include "daemon/machine/ending.h"
#include "qmp/dispatch.h"

typedef struct Vmd Vmd;

/* Whether the machine has ended; what its guest asks for is void then. */
bool shutdown_has_come(const Vmd *vmd);

/* Notes how it ends, and sends SHUTDOWN; detail: NULL if the cause says it all.  The machine
 * and the loop go on. */
void shutdown_tell(Vmd *vmd, ShutdownCause cause, const ShutdownDetail *detail, int status);
/* Ends the loop, and with it the daemon. */
void shutdown_end_loop(Vmd *vmd);

/* Ends the machine: SHUTDOWN is sent, then set-action decides whether the
 * daemon ends, too. */
void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status);

/* Resets the machine, unless set-action made a shutdown of every reset, no matter
 * who asks for it (as in QEMU).  Ends req (or NULL) when that has happened. */
void shutdown_or_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req);

/* As shutdown_machine(), because a program of the host's wants it (cause host-ui), unless the
 * machine has ended already. */
void shutdown_by_host(Vmd *vmd);

/* Ends the daemon whatever set-action said (quit, signals). */
void shutdown_daemon(Vmd *vmd, ShutdownCause cause);
void shutdown_by_signal(Vmd *vmd, const SignalSender *sender);

/* Writes down for the exit record why the daemon never became ready. */
void shutdown_note_failure(Vmd *vmd, int status, const char *message);

/* Ends the daemon, which never became ready; message is logged and recorded. */
void shutdown_failed(Vmd *vmd, int status, const char *message);

#endif
