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
 * A listening, non-blocking, close-on-exec stream socket at path, or -1.  A
 * socket that is there already is removed if nobody accepts on it, else the
 * call fails (reason address-in-use); any other file is left alone and fails it.
 */
int qmp_listen_unix(const char *path, GError **error);

/* Removes the socket at path unless somebody accepts on it: for its last owner,
 * after closing the descriptor. */
void qmp_listen_unlink(const char *path);

#endif
