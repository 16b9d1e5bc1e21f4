/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: how the machine and the daemon end.  Main thread; functions that end a machine
 * need the lock.
 */
#ifndef DAEMON_MACHINE_SHUTDOWN_H
#define DAEMON_MACHINE_SHUTDOWN_H

#include "daemon/machine/ending.h"
#include "qmp/dispatch.h"

typedef struct Vmd Vmd;

/* Whether the machine has ended; requests of its guest are then ignored. */
bool shutdown_has_come(const Vmd *vmd);

/* Records how it ends, and sends SHUTDOWN; detail: NULL if the cause is sufficient.  The
 * machine and the loop keep running. */
void shutdown_tell(Vmd *vmd, ShutdownCause cause, const ShutdownDetail *detail, int status);
/* Ends the loop, and with it the daemon. */
void shutdown_end_loop(Vmd *vmd);

/* Ends the machine: SHUTDOWN is sent, then set-action decides whether the
 * daemon ends, too. */
void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status);

/* Resets the machine, unless set-action turns every reset into a shutdown,
 * whatever its origin (as in QEMU).  Ends req (or NULL) afterwards. */
void shutdown_or_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req);

/* As shutdown_machine(), on behalf of a program of the host (cause host-ui), unless the
 * machine has ended already. */
void shutdown_by_host(Vmd *vmd);

/* Ends the daemon regardless of set-action (quit, signals). */
void shutdown_daemon(Vmd *vmd, ShutdownCause cause);
void shutdown_by_signal(Vmd *vmd, const SignalSender *sender);

/* Stores for the exit record why the daemon never became ready. */
void shutdown_note_failure(Vmd *vmd, int status, const char *message);

/* Ends the daemon, which never became ready; message is recorded. */
void shutdown_failed(Vmd *vmd, int status, const char *message);

#endif
