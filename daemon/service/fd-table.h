/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FdTable: descriptors that clients passed by name (getfd) and that no request
 * has taken yet.
 *
 * Names are each client's own: two that use the same one do not get in each other's
 * way, and what a client left behind is closed with its connection.  client is the
 * number of qmp_request_client().
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

/* Keeps fd (taken over, also on failure) under name; an older one of that name
 * is closed.  Fails with limit-exceeded. */
bool fd_table_put(FdTable *table, guint64 client, const char *name, QmpFd *fd, GError **error);

/* Whether there is one of that name. */
bool fd_table_has(const FdTable *table, guint64 client, const char *name);

/* Hands a descriptor over to the caller; NULL and fd-not-found. */
QmpFd *fd_table_take(FdTable *table, guint64 client, const char *name, GError **error);

/* The client has gone: closes what it passed. */
void fd_table_forget(FdTable *table, guint64 client);

#endif
