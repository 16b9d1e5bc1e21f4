/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NewFile: a file that takes the place of another one when it is complete.
 *
 * Until then the old file is as it was, and nobody sees half of the new one, which has another
 * name in the same directory.  Written in place, and not undone, is what cannot be replaced so: a
 * device, a pipe, a link that leads nowhere, a file with several names or another owner, and
 * one in a directory that takes no new file.
 *
 * Any thread, one at a time; the functions wait for the file system.
 */
#ifndef QMP_NEW_FILE_H
#define QMP_NEW_FILE_H

#include <glib.h>
#include <stdbool.h>

typedef struct NewFile NewFile;

/* For new_file_end(); NULL with errno.  Its descriptor is non-blocking, and a pipe that nobody
 * reads from is an error. */
NewFile *new_file_begin(const char *path);

/* Where to write; it stays the file's. */
int new_file_fd(const NewFile *file);

/* Gives the file its name, or drops it; frees it.  Returns 0 or an errno: then the old file is
 * still there. */
int new_file_end(NewFile *file, bool keep);

#endif
