/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ending: how the machine and the daemon ended, for the exit record and the exit status.
 */
#ifndef DAEMON_MACHINE_ENDING_H
#define DAEMON_MACHINE_ENDING_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/service/signals.h"
#include "qmp/qapi-types-run-state.h"

/* Exit statuses.  isa-debug-exit ends the daemon with odd ones. */
enum {
    EXIT_STATUS_OK = 0,         /* guest shutdown, quit, signal */
    EXIT_STATUS_BUILDER = 1,    /* the client of --builder failed: QEMU's status */
    EXIT_STATUS_USAGE = 2,      /* command line */
    EXIT_STATUS_START = 4,      /* sockets, threads, loop */
    EXIT_STATUS_PANIC = 6,      /* guest panicked, panic=exit-failure */
    EXIT_STATUS_BUILD = 8,      /* the command of --before-ready failed */
    EXIT_STATUS_INTERNAL = 10,  /* a vCPU could not continue, internal-error=exit-failure */
    EXIT_STATUS_ACCEL = 12,     /* the accelerator is lost, internal-error=exit-failure */
    EXIT_STATUS_WATCHDOG = 14,  /* a watchdog device expired, and that ends the machine */
    EXIT_STATUS_MEMORY = 16,    /* guest memory is lost (memory-fault.c) */
};

typedef struct {
    ShutdownCause cause;        /* NONE until the machine has ended */
    bool has_detail;
    ShutdownDetail detail;
    int status;                 /* exit status of the daemon */
    SignalSender sender;        /* of the signal that ended it; number 0: none did */
    char *message;              /* what went wrong, or NULL; owned */
} Ending;

/* detail: NULL if the cause is sufficient. */
void ending_set(Ending *ending, ShutdownCause cause, const ShutdownDetail *detail, int status);
/* message: copied. */
void ending_set_message(Ending *ending, const char *message);
void ending_clear(Ending *ending);

/* Whether the guest itself caused it. */
bool ending_is_guests(ShutdownCause cause);
/* For people; newly allocated. */
char *ending_text(const Ending *ending);

#endif
