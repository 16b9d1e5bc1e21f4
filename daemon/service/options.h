/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options: the command line.  It describes the process, never the machine.
 */
#ifndef DAEMON_SERVICE_OPTIONS_H
#define DAEMON_SERVICE_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/service/sandbox.h"

typedef struct {
    char **sockets;             /* --socket PATH, any number, or NULL */
    char **jsonrpc_sockets;     /* --jsonrpc-socket PATH */
    char *name;                 /* --name NAME: what query-name says, or NULL */
    char *run_directory;        /* --run-directory DIR: where qmp.sock is made if no socket
                                   is named or passed, or NULL */
    char *state_directory;      /* --state-directory DIR: where exit.json goes, or NULL */
    char *pidfile;              /* --pidfile FILE, or NULL */
    char **before_ready;        /* --before-ready COMMAND, split into words, or NULL */
    char *process_name;         /* --process-name NAME: what ps and top show, or NULL */
    gboolean lock_memory;       /* --lock-memory */
    SandboxGroups sandbox;      /* --sandbox GROUP,...; 0 without it */
    int builder_fd;             /* --builder FD,PID: the connection to the client that builds the
                                   machine, and its process; PID is 0 without it */
    int builder_pid;
    GLogLevelFlags log_level;   /* --log-level: most verbose level that is written */
    gboolean version;           /* --version was given; nothing else counts */
} Options;

/* Parses argv, which is not kept.  Fails with a message for the terminal. */
Options *options_parse(int argc, char **argv, GError **error);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

#endif
