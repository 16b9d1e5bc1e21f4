/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: how the machine and the daemon end, and with which exit status.
 */
#ifndef DAEMON_SHUTDOWN_H
#define DAEMON_SHUTDOWN_H

#include <sys/types.h>

#include <event2/event.h>

#include "hw/machine/machine.h"
#include "qmp/dispatch.h"

typedef struct Vmd Vmd;

/* Exit statuses.  isa-debug-exit ends the daemon with odd ones. */
enum {
    EXIT_STATUS_OK = 0,         /* guest shutdown, quit, signal */
    EXIT_STATUS_USAGE = 2,      /* command line */
    EXIT_STATUS_START = 4,      /* sockets, threads, loop */
    EXIT_STATUS_PANIC = 6,      /* guest panicked, panic=exit-failure */
    EXIT_STATUS_BUILD = 8,      /* the command of --before-ready failed */
    EXIT_STATUS_INTERNAL = 10,  /* a vCPU could not go on, internal-error=exit-failure */
    EXIT_STATUS_ACCEL = 12,     /* the accelerator is lost, internal-error=exit-failure */
    EXIT_STATUS_WATCHDOG = 14,  /* a watchdog device expired, and that ends the machine */
    EXIT_STATUS_MEMORY = 16,    /* guest memory is lost (memory-fault.c) */
};

typedef struct {
    ShutdownCause cause;        /* NONE until the machine ended */
    bool has_detail;
    ShutdownDetail detail;
    int status;                 /* exit status of the daemon */
    int signal;                 /* that ended it, or 0; and who sent it: */
    pid_t sender_pid;
    uid_t sender_uid;
    char *message;              /* what went wrong, or NULL */
    bool accel_lost;            /* since the last reset */
    bool ending;                /* the loop has been told */
    bool panic_logged, crash_logged, watchdog_logged;   /* since the last reset */
    int signal_fd;              /* for SIGTERM, SIGINT, SIGHUP; -1: not watched */
    struct event *signal_event;
} Shutdown;

/* Blocks the signals that end the daemon, in this thread and those that it makes: they are
 * read, with their senders, from a descriptor.  First thing in main. */
void shutdown_block_signals(void);
/* For child processes: signals as they were. */
void shutdown_unblock_signals(void);

/* Whether the guest itself asked for it. */
bool shutdown_cause_is_guest(ShutdownCause cause);

/* Watches the signals that end the daemon. */
bool shutdown_watch_signals(Vmd *vmd, GError **error);
void shutdown_unwatch_signals(Vmd *vmd);

/* Ends the machine: SHUTDOWN is sent, then set-action decides whether the
 * daemon ends, too.  Main thread, lock held. */
void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status);

/* Resets the machine, unless set-action made a shutdown of every reset, whoever asks
 * for it (as in QEMU).  Ends req (or NULL) when that has happened.  Main thread, lock
 * held. */
void shutdown_or_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req);

/* As shutdown_machine(), because a program of the host's wants it (cause host-ui), unless the
 * machine has ended already. */
void shutdown_by_host(Vmd *vmd);

/* Ends the daemon whatever set-action said (quit, signals). */
void shutdown_daemon(Vmd *vmd, ShutdownCause cause);

/* Writes down for the exit record why the daemon never became ready. */
void shutdown_note_failure(Vmd *vmd, int status, const char *message);

/* Ends the daemon, which never became ready; message is logged and recorded. */
void shutdown_failed(Vmd *vmd, int status, const char *message);

/* What a machine tells its daemon; the opaque pointer is the Vmd. */
extern const MachineHost shutdown_machine_host;

#endif
