/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that clients passed (SCM_RIGHTS).
 *
 * The client chooses what a descriptor refers to.  It may be a file whose server never answers,
 * and then even close() never returns (FUSE's FLUSH); that of a TCP socket that lingers may
 * wait, too.  So code keeps such a descriptor as a QmpFd until it knows what it has, and there
 * is one way to close it: qmp_fd_close(), which never waits.  A descriptor whose close() cannot
 * wait, a pipe or a Unix socket, is closed immediately; all others are closed by a thread.
 *
 * A client has at most one such thread, while there is something to close, so that no client
 * waits for the descriptors of another.  A descriptor counts from its arrival until it is closed
 * or in use; beyond 256 of one client and 512 of all, the kernel drops descriptors that are
 * passed, and none arrives.  That also limits the threads.
 *
 * All functions may be called on any thread, with any lock held.
 */
#ifndef QMP_FDS_H
#define QMP_FDS_H

#include <glib.h>

typedef struct QmpFds QmpFds;
typedef struct QmpFd QmpFd;

/* An account that limits descriptors; it has none yet. */
QmpFds *qmp_fds_new(void);

/* Never waits: descriptors that are left, and threads that close some, keep the parts that they
 * need.  Accepts NULL. */
void qmp_fds_free(QmpFds *fds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpFds, qmp_fds_free)

/* How many descriptors this client may still pass. */
guint qmp_fds_room(QmpFds *fds, guint64 client);

/* Fails with limit-exceeded, which says how many the client has passed. */
void qmp_fds_set_error(QmpFds *fds, guint64 client, GError **error);

/* Takes ownership of fd, which client passed; the caller has checked that there is room. */
QmpFd *qmp_fd_new(QmpFds *fds, guint64 client, int fd);

/* The descriptor, which stays owned by fd; -1 if fd is NULL. */
int qmp_fd_get(const QmpFd *fd);

/* The same, but from now on the descriptor is in use and does not count: its owner has checked
 * what it is. */
int qmp_fd_use(QmpFd *fd);

/* Passes ownership of the descriptor to the caller, and frees the rest.  The caller has checked
 * what it is, and closes it where that may block. */
int qmp_fd_take(QmpFd *fd);

/* Closes it, without waiting.  Accepts NULL. */
void qmp_fd_close(QmpFd *fd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpFd, qmp_fd_close)

#endif
