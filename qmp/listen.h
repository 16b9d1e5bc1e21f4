/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening on a Unix socket at a path, and taking over from one that a dead
 * process left behind.
 */
#ifndef QMP_LISTEN_H
#define QMP_LISTEN_H

#include <glib.h>
#include <stdbool.h>

/*
 * A listening, non-blocking, close-on-exec stream socket at path, or -1.  An
 * existing socket is removed if no process listens on it, else the call fails
 * (reason address-in-use); it also fails if path is another kind of file, which
 * is not touched.
 */
int qmp_listen_unix(const char *path, GError **error);

/* Removes the socket at path unless a process listens on it: for its last
 * owner, after closing the descriptor. */
void qmp_listen_unlink(const char *path);

#endif
