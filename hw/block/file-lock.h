/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on image files, which QEMU and its tools understand.
 *
 * Each permission has a byte in the file: 100 + N is locked (shared) by a
 * process that uses permission N, 200 + N by one that does not let others have
 * it.  So two can tell whether they get along without knowing each other.  The
 * locks are OFD locks: they belong to the open file, not to the process.
 */
#ifndef HW_BLOCK_FILE_LOCK_H
#define HW_BLOCK_FILE_LOCK_H

#include <glib.h>
#include <stdbool.h>

/* Locks fd for reading (and writing), letting others read.  Fails with in-use if
 * somebody else minds or is minded, host-error if the file system has no locks.
 * The locks go when fd is closed.  Any thread; does not wait. */
bool file_lock(int fd, const char *filename, bool writable, GError **error);

#endif
