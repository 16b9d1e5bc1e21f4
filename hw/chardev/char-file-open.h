/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output files of character backends: opened without changing them, so that a
 * chardev-add that fails afterwards leaves the file intact.
 *
 *   char_open_output    opens or creates it, does not truncate it (may block)
 *   char_undo_output    it was not kept: removes it if it was created (may
 *   block)
 *
 * When it is kept, its writer empties it (file_writer_empty), unless appending.
 */
#ifndef HW_CHARDEV_CHAR_FILE_OPEN_H
#define HW_CHARDEV_CHAR_FILE_OPEN_H

#include <glib.h>
#include <stdbool.h>

/* The descriptor, or -1 with file-not-usable.  *ret_created says whether the
 * file did not exist.  A FIFO without a reader is an error; it does not
 * wait. */
int char_open_output(const char *path, bool append, bool *ret_created, GError **error);
void char_undo_output(const char *path, bool created);

/* A regular file or a disk: its reads and writes may block forever, without warning.  May
 * block. */
bool char_is_file(int fd);

/* Opens a file for reading, without waiting; -1 with file-not-usable. */
int char_open_input(const char *path, GError **error);

#endif
