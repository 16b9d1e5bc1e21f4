/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a server that is measured: a process that inherits a listening
 * socket to which the client is connected already.
 *
 * So nothing polls for a path, and all servers start in the same way: vmd finds
 * the socket by LISTEN_FDS, QEMU by "-chardev socket,fd=3,server=on", the echo
 * server as descriptor 3.  The clock starts just before the process is created
 * (vfork, then exec), and the greeting is what the first read returns.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tests/bench/client.h"

typedef struct {
    pid_t pid;                  /* 0: it was waited for */
    gint64 started;             /* clock_ns() */
    Client *client;
} Server;

/* What the processes had to say, in the directory that they were started with. */
#define SERVER_LOG "log"

/* Arguments for QEMU's monitor on the inherited socket. */
#define SERVER_QEMU_MONITOR \
    "-chardev", "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control"

/* Starts argv[0] (a path) with its standard error appended to SERVER_LOG in
 * directory.  NULL on error. */
Server *server_start(const char *const *argv, const char *directory, GError **error);

/* Kills the process, waits for it and closes the socket. */
void server_free(Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

/* The process's Private_Dirty in KiB; negative on error. */
double server_private_dirty(const Server *server, GError **error);

/* Nanoseconds of user and system time that the process has used so far; negative on error. */
double server_cpu(const Server *server, GError **error);
/* How often its threads that are there now have slept so far; negative on error. */
double server_sleeps(const Server *server, GError **error);

/* Starts argv[0] with a pipe as standard output and waits for its first byte:
 * the nanoseconds that takes; negative on error. */
double server_time_first_byte(const char *const *argv, const char *directory, GError **error);

/* Waits until the process has ended by itself (two minutes at most): nanoseconds of
 * user and system time that it has used; negative on error.  What its guest printed is in
 * the file then. */
double server_wait_cpu(Server *server, GError **error);
/* The same after killing it. */
double server_kill_cpu(Server *server, GError **error);
/* The same for a program that needs no socket, with a file as its standard output. */
double server_run_cpu(const char *const *argv, const char *directory, const char *output,
                      GError **error);

/* Starts n such programs at once and waits until all have ended well (two minutes at most):
 * nanoseconds that this takes; negative on error. */
double server_run_several(const char *const *argv, const char *directory, guint n,
                          GError **error);

#endif
