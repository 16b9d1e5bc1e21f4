/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FdTable: see fd-table.h.
 */
#include "config.h"

#include "daemon/service/fd-table.h"

#include "qmp/error.h"

/* Clients must not use up the daemon's descriptors, nor may one client use up the others' share. */
enum { CLIENT_MAX = 128, TOTAL_MAX = 256 };

struct FdTable {
    GHashTable *clients;        /* guint64 -> GHashTable of name -> QmpFd */
    guint n;                    /* of all clients */
};

FdTable *fd_table_new(void)
{
    FdTable *table = g_new0(FdTable, 1);

    table->clients = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify)g_hash_table_unref);
    return table;
}

void fd_table_free(FdTable *table)
{
    if (table) {
        g_hash_table_unref(table->clients);
        g_free(table);
    }
}

static GHashTable *fds_of(const FdTable *table, guint64 client)
{
    return g_hash_table_lookup(table->clients, &client);
}

static GHashTable *make_fds(FdTable *table, guint64 client)
{
    GHashTable *fds = fds_of(table, client);

    if (!fds) {
        fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                    (GDestroyNotify)qmp_fd_close);
        g_hash_table_insert(table->clients, g_memdup2(&client, sizeof(client)), fds);
    }
    return fds;
}

bool fd_table_put(FdTable *table, guint64 client, const char *name, QmpFd *fd, GError **error)
{
    GHashTable *fds = make_fds(table, client);
    bool is_new = !g_hash_table_contains(fds, name);

    if (is_new && (g_hash_table_size(fds) >= CLIENT_MAX || table->n >= TOTAL_MAX)) {
        qmp_fd_close(fd);
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "%u descriptors of this client, and %u of all, are waiting to be taken "
                      "already", g_hash_table_size(fds), table->n);
        return false;
    }
    table->n += is_new;
    g_hash_table_replace(fds, g_strdup(name), fd);
    return true;
}

bool fd_table_has(const FdTable *table, guint64 client, const char *name)
{
    GHashTable *fds = fds_of(table, client);

    return fds && g_hash_table_contains(fds, name);
}

QmpFd *fd_table_take(FdTable *table, guint64 client, const char *name, GError **error)
{
    GHashTable *fds = fds_of(table, client);
    gpointer key, value;

    if (!fds || !g_hash_table_steal_extended(fds, name, &key, &value)) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND,
                      "no descriptor was passed under the name '%s'", name);
        return NULL;
    }
    table->n--;
    g_free(key);
    return value;
}

void fd_table_forget(FdTable *table, guint64 client)
{
    GHashTable *fds = fds_of(table, client);

    if (fds) {
        table->n -= g_hash_table_size(fds);
        g_hash_table_remove(table->clients, &client);
    }
}
