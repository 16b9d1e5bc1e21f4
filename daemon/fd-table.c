/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FdTable: see fd-table.h.
 */
#include "config.h"

#include "daemon/fd-table.h"

#include <unistd.h>

#include "qmp/error.h"

/* A client must not use up the daemon's descriptors. */
#define FD_TABLE_MAX 256

struct FdTable {
    GHashTable *fds;            /* name -> fd */
};

static void close_fd(gpointer fd)
{
    close(GPOINTER_TO_INT(fd));
}

FdTable *fd_table_new(void)
{
    FdTable *table = g_new(FdTable, 1);

    table->fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_fd);
    return table;
}

void fd_table_free(FdTable *table)
{
    if (table) {
        g_hash_table_unref(table->fds);
        g_free(table);
    }
}

bool fd_table_put(FdTable *table, const char *name, int fd, GError **error)
{
    if (g_hash_table_size(table->fds) >= FD_TABLE_MAX && !g_hash_table_contains(table->fds, name)) {
        close(fd);
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "%d descriptors are waiting to be taken already", FD_TABLE_MAX);
        return false;
    }
    g_hash_table_replace(table->fds, g_strdup(name), GINT_TO_POINTER(fd));
    return true;
}

bool fd_table_has(const FdTable *table, const char *name)
{
    return g_hash_table_contains(table->fds, name);
}

int fd_table_take(FdTable *table, const char *name, GError **error)
{
    gpointer key, value;

    if (!g_hash_table_steal_extended(table->fds, name, &key, &value)) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "no descriptor was passed by the name '%s'",
                      name);
        return -1;
    }
    g_free(key);
    return GPOINTER_TO_INT(value);
}
