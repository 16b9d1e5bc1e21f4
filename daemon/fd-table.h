/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FdTable: descriptors that clients passed by name (getfd) and that no request
 * has taken yet.
 */
#ifndef DAEMON_FD_TABLE_H
#define DAEMON_FD_TABLE_H

#include <glib.h>
#include <stdbool.h>

typedef struct FdTable FdTable;

FdTable *fd_table_new(void);
void fd_table_free(FdTable *table);             /* closes what is left */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FdTable, fd_table_free)

/* Keeps fd (taken over, also on failure) under name; an older one of that name
 * is closed.  Fails with limit-exceeded. */
bool fd_table_put(FdTable *table, const char *name, int fd, GError **error);

/* Hands a descriptor over to the caller; -1 and fd-not-found. */
/* Whether there is one of that name. */
bool fd_table_has(const FdTable *table, const char *name);

int fd_table_take(FdTable *table, const char *name, GError **error);

#endif
