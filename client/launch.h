/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launch: a daemon as a child of vmctl.
 *
 * It listens on a socket whose name is already removed, and vmctl is connected to it from the
 * start: nothing is left in the file system, however the two end.  It has its own session, so that
 * keys of the terminal signal only vmctl; and unless it is to stay, the kernel sends it SIGTERM
 * when vmctl ends, for whatever reason.
 */
#ifndef CLIENT_LAUNCH_H
#define CLIENT_LAUNCH_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "client/connection.h"

typedef struct {
    const char *program;        /* vmd, or NULL: beside vmctl, or in $PATH */
    GPtrArray *options;         /* of char: further options, or NULL */
    GArray *sockets;            /* of int: further listening sockets, or NULL; they stay open */
    const char *log;            /* file to which messages are appended, or NULL: standard
                                   error, or nowhere if it stays, once it has started */
    const char *directory;      /* its working directory, or NULL: vmctl's */
    bool stays;                 /* keeps running after vmctl, once it was released */
    bool second;                /* vmctl needs a second connection */
} LaunchOptions;

typedef struct Launch Launch;

/* Starts it and negotiates.  NULL with *error, and no process, if either fails. */
Launch *launch_start(const LaunchOptions *options, GError **error);

Connection *launch_connection(Launch *launch);
/* The second one, if it was asked for. */
Connection *launch_second_connection(Launch *launch);

/* Waits for the daemon's end; its exit status, or 128 plus the number of the signal that ended
 * it, as in shells.  May be called once. */
int launch_wait(Launch *launch);

/* Kills it, if it has not ended. */
void launch_kill(Launch *launch);

/* Detaches from a daemon that stays. */
void launch_release(Launch *launch);

/* Ends the daemon and waits for it, unless it was released or waited for.  Accepts NULL. */
void launch_free(Launch *launch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Launch, launch_free)

#endif
