/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process does that is about to become the daemon.
 */
#ifndef CLIENT_DAEMON_EXEC_H
#define CLIENT_DAEMON_EXEC_H

#include <glib.h>
#include <stdbool.h>

/* The first passed descriptor, by the service manager's protocol. */
enum { DAEMON_FIRST_PASSED = 3 };

/* The path of vmd: beside vmctl, in the sbin beside its bin, or in $PATH.  NULL with *error. */
char *daemon_find(GError **error);

/* Its command line: program, of which it takes ownership, and options (of char, may be NULL),
 * which must outlive the result.  Free with g_free(). */
char **daemon_words(const GPtrArray *options, char *program);

/* Moves fds (of int), which may have any numbers, to those from DAEMON_FIRST_PASSED on; all
 * others but the standard ones will be closed.  False: errno says why. */
bool daemon_place_fds(GArray *fds);

/* Says that the first n of them are sockets on which it listens. */
void daemon_set_environment(guint n);

/* A file for its messages, to which they are appended; -1 with *error. */
int daemon_open_log(const char *path, GError **error);

/* The process that started vmctl may wait for the end of vmctl's output, so a daemon that
 * stays must not hold it open.  Its output is kept only until it has started, in this
 * descriptor, to report a failure: by the second function.  The third ends that. */
int daemon_keep_words(void);
void daemon_tell_words(int fd);
void daemon_end_words(int fd);

#endif
