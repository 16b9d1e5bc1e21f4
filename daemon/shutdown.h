/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: how the machine and the daemon end, and with which exit status.
 */
#ifndef DAEMON_SHUTDOWN_H
#define DAEMON_SHUTDOWN_H

#include <event2/event.h>

#include "hw/core/machine.h"
#include "qmp/qapi-types.h"

typedef struct Vmd Vmd;

/* Exit statuses.  isa-debug-exit ends the daemon with odd ones. */
enum {
    EXIT_STATUS_OK = 0,         /* guest shutdown, quit, signal */
    EXIT_STATUS_USAGE = 2,      /* command line */
    EXIT_STATUS_START = 4,      /* sockets, threads, loop */
    EXIT_STATUS_PANIC = 6,      /* guest panicked, panic=exit-failure */
};

typedef struct {
    ShutdownCause cause;        /* NONE until the machine ended */
    int status;                 /* exit status of the daemon */
    struct event *signals[3];   /* SIGTERM, SIGINT, SIGHUP */
} Shutdown;

/* Whether the guest itself asked for it. */
bool shutdown_cause_is_guest(ShutdownCause cause);

/* Watches the signals that end the daemon. */
bool shutdown_watch_signals(Vmd *vmd, GError **error);
void shutdown_unwatch_signals(Vmd *vmd);

/* Ends the machine: SHUTDOWN is sent, then set-action decides whether the
 * daemon ends, too.  Main thread, lock held. */
void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status);

/* Ends the daemon whatever set-action said (quit, signals). */
void shutdown_daemon(Vmd *vmd, ShutdownCause cause);

/* What a machine tells its daemon; the opaque pointer is the Vmd. */
extern const MachineHost shutdown_machine_host;

#endif
