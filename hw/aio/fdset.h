/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of descriptors that clients passed (add-fd), and the paths that stand for them:
 * /dev/fdset/N.
 *
 * They are the process's, like its descriptors.  All functions may be called on any thread.
 */
#ifndef HW_AIO_FDSET_H
#define HW_AIO_FDSET_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "qmp/fds.h"

/* At most so many descriptors in all sets. */
enum { FDSET_MAX = 256 };

/*
 * open(), which understands such paths: the result is a copy of the set's first descriptor that
 * was opened with the access in flags.  O_TRUNC empties the file; other
 * flags apply only to files that are opened here: whoever passed the
 * descriptor has chosen its own.  Fails with ENOENT without such a set, EACCES without such a
 * descriptor, EEXIST with O_EXCL.
 */
int fdset_open(const char *path, int flags, mode_t mode);

/* Whether path stands for a set. */
bool fdset_is_path(const char *path);

/*
 * Adds fd, whose ownership is taken, also on failure.  id is the number of the set, or -1 for
 * a new one.  opaque may be NULL.  Returns the set's number, or -1 with limit-exceeded.
 */
gint64 fdset_add(gint64 id, QmpFd *fd, const char *opaque, GError **error);

/* Removes fd from a set, or the whole set if fd is -1; fails with fd-not-found. */
bool fdset_remove(gint64 id, gint64 fd, GError **error);

/* Calls f for each descriptor, by set and in the order of their addition, with a lock held. */
void fdset_foreach(void (*f)(gint64 id, int fd, const char *opaque, void *data), void *data);

#endif
