/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on image files, which QEMU and its tools understand.
 *
 * Each permission has two bytes in the file: 100 + N is locked (shared) by a
 * process that uses permission N, 200 + N by one that denies it to others.  So
 * two processes can detect a conflict without knowing each other.  The locks
 * are OFD locks: they belong to the open file, not to the process.
 */
#ifndef HW_BLOCK_FILE_LOCK_H
#define HW_BLOCK_FILE_LOCK_H

#include <glib.h>
#include <stdbool.h>

/* Locks fd for reading (and writing), letting others read.  Fails with in-use if
 * another process's locks conflict, host-error if the file system has no locks.
 * Closing fd releases the locks.  Any thread; does not wait. */
bool file_lock(int fd, const char *filename, bool writable, GError **error);
/* For another descriptor of a file that this process has locked: the same without looking for
 * conflicts. */
bool file_lock_again(int fd, const char *filename, bool writable, GError **error);
/* Gives back what file_lock() took for writing beyond reading. */
void file_lock_stop_writing(int fd);
/* Gives all back, before a close that may not: of a copy of a client's descriptor, which it keeps
 * in a set. */
void file_lock_release(int fd);

#endif
