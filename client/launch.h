/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launch: vmctl's own daemon, as its child.
 *
 * It listens on a socket whose name is already removed, and vmctl is connected to it from the
 * start: nothing is left in the file system, whatever ends the two.  It is in a session of its own,
 * so that keys of the terminal signal vmctl alone; and unless it is to stay, the kernel sends it
 * SIGTERM when vmctl goes, however that happens.
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
    const char *log;            /* file that messages are added to, or NULL: standard error, or
                                   nowhere if it stays, once it has started */
    bool stays;                 /* when vmctl has gone, once it was released */
} LaunchOptions;

typedef struct Launch Launch;

/* Starts it and negotiates.  NULL with *error, and no process, if either fails. */
Launch *launch_start(const LaunchOptions *options, GError **error);

Connection *launch_connection(Launch *launch);

/* Waits for the daemon's end; its exit status, or 128 and the number of the signal that ended it,
 * as shells have it.  May be called once. */
int launch_wait(Launch *launch);

/* Ends it at once, if it has not ended. */
void launch_kill(Launch *launch);

/* Leaves a daemon that stays alone. */
void launch_release(Launch *launch);

/* The daemon is ended, and waited for, unless it was released or waited for.  Accepts NULL. */
void launch_free(Launch *launch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Launch, launch_free)

#endif
