/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of --pidfile: the daemon's process id and a newline, for as long as the daemon
 * can be reached.  Main thread.
 */
#ifndef DAEMON_SERVICE_PID_FILE_H
#define DAEMON_SERVICE_PID_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    char *path;                 /* absolute; NULL: there is no file */
    dev_t device;
    ino_t inode;
} PidFile;

/* Replaces an existing file atomically.  Fails with file-not-usable. */
bool pid_file_write(PidFile *file, const char *path, GError **error);

/* Removes it, unless it was replaced by another; a no-op without a file. */
void pid_file_remove(PidFile *file);

#endif
