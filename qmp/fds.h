/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that clients passed (SCM_RIGHTS).
 *
 * What is behind one is the client's choice.  It may be a file whose server never answers,
 * and then even close() waits for it without end (FUSE's FLUSH), as may a TCP socket that
 * lingers.  So code keeps such a descriptor as a QmpFd until it knows what it has, and there
 * is one way to close it: qmp_fd_close(), which never waits.  What cannot wait, a pipe or a
 * Unix socket, is closed at once; all else by a thread.
 *
 * A client has one such thread at most, while it has something to close, so that none waits
 * for what another passed.  A descriptor counts from its arrival until it is closed or in
 * use; beyond 256 of a client and 512 of all, the kernel drops what is passed, and nothing
 * arrives.  That also limits the threads.
 *
 * All functions may be called on any thread, with any lock held.
 */
#ifndef QMP_FDS_H
#define QMP_FDS_H

#include <glib.h>

typedef struct QmpFds QmpFds;
typedef struct QmpFd QmpFd;

/* An account that limits descriptors, without any. */
QmpFds *qmp_fds_new(void);

/* Waits for nothing: descriptors that are left, and threads that close some, keep what they
 * need of it.  Accepts NULL. */
void qmp_fds_free(QmpFds *fds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpFds, qmp_fds_free)

/* How many descriptors this client may still pass. */
guint qmp_fds_room(QmpFds *fds, guint64 client);

/* Fails with limit-exceeded, which says how many the client has passed. */
void qmp_fds_set_error(QmpFds *fds, guint64 client, GError **error);

/* Takes fd over, which client passed; whether there is room was asked before. */
QmpFd *qmp_fd_new(QmpFds *fds, guint64 client, int fd);

/* The descriptor, which stays what it was; -1 of NULL. */
int qmp_fd_get(const QmpFd *fd);

/* The same, which is in use from now on and not counted: its owner has looked at it. */
int qmp_fd_use(QmpFd *fd);

/* Hands the descriptor over to a caller that has looked at it and closes it where that may
 * block, and frees the rest. */
int qmp_fd_take(QmpFd *fd);

/* Closes it, without waiting.  Accepts NULL. */
void qmp_fd_close(QmpFd *fd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpFd, qmp_fd_close)

#endif
