/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FdTable: descriptors that clients passed by name (getfd) and that no request
 * has taken yet.
 *
 * Each client has its own names: two clients that use the same name do not get in
 * each other's way, and descriptors that a client leaves are closed with its
 * connection.  client is the number of qmp_request_client().
 */
#ifndef DAEMON_SERVICE_FD_TABLE_H
#define DAEMON_SERVICE_FD_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "qmp/fds.h"

typedef struct FdTable FdTable;

FdTable *fd_table_new(void);
void fd_table_free(FdTable *table);             /* closes what is left */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FdTable, fd_table_free)

/* Keeps fd (ownership is taken, also on failure) under name; an older descriptor of
 * that name is closed.  Fails with limit-exceeded. */
bool fd_table_put(FdTable *table, guint64 client, const char *name, QmpFd *fd, GError **error);

/* Whether the client has a descriptor of that name. */
bool fd_table_has(const FdTable *table, guint64 client, const char *name);

/* Passes ownership of a descriptor to the caller; NULL with fd-not-found. */
QmpFd *fd_table_take(FdTable *table, guint64 client, const char *name, GError **error);

/* The client has disconnected: closes what it passed. */
void fd_table_forget(FdTable *table, guint64 client);

#endif
