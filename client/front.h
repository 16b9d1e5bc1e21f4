/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Front: vmctl in the place of QEMU, for programs that start it as a process.
 *
 * The process becomes the daemon, so that the pid which a supervisor started is the machine.
 * Before that it forks a builder, which sends the requests of the command line over a socket
 * pair and ends; the daemon serves others when the builder has succeeded, and ends with status 1
 * if it has not (`vmd --builder`).
 */
#ifndef CLIENT_FRONT_H
#define CLIENT_FRONT_H

#include <glib.h>
#include <stdbool.h>

/* Whether a program of this name is started as QEMU: `qemu-system-x86_64`. */
bool front_is_name(const char *program);

/* Runs the command line: args are the words after the program's name, which messages begin
 * with.  Returns the exit status, with the message printed, only if there is no machine in this
 * process: after -help and the like, with -daemonize, and on failure (1). */
int front_run(const char *program, int n_args, const char *const *args);

#endif
