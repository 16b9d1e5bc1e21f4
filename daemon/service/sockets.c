/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets: see sockets.h.
 */
#include "config.h"

#include "daemon/service/sockets.h"

#include "qmp/error.h"
#include "qmp/listen.h"
#include "systemd/listen.h"

/* Opens those of the service manager; *ret_n is their number. */
static bool open_passed(QmpServer *server, guint *ret_n, GError **error)
{
    g_autoptr(GArray) sockets = NULL;

    if (!listen_take_sockets(&sockets, error)) {
        return false;
    }
    for (guint i = 0; i < sockets->len; i++) {
        ListenSocket *passed = &g_array_index(sockets, ListenSocket, i);
        QmpDialectId dialect = passed->dialect == LISTEN_JSONRPC ? QMP_DIALECT_JSONRPC
                                                                 : QMP_DIALECT_QMP;

        if (!qmp_server_listen(server, g_steal_fd(&passed->fd), dialect, error)) {
            return false;
        }
    }
    *ret_n = sockets->len;
    return true;
}

/* Opens those of the command line; their paths are kept for removal. */
static bool open_named(QmpServer *server, char **paths, QmpDialectId dialect, GError **error)
{
    for (char **path = paths; path && *path; path++) {
        int fd = qmp_listen_unix(*path, error);

        if (fd < 0 || !qmp_server_listen(server, fd, dialect, error)) {
            return false;
        }
    }
    return true;
}

/* Opens the one in the run directory, if no other was given. */
static bool open_default(Sockets *sockets, GError **error)
{
    const char *directory = sockets->options->run_directory;
    char *paths[2] = { 0 };

    if (!directory) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "nowhere to listen: give --socket "
                      "PATH or --run-directory DIR, or start vmd by a socket unit");
        return false;
    }
    paths[0] = sockets->default_path = g_build_filename(directory, "qmp.sock", NULL);
    return open_named(sockets->server, paths, QMP_DIALECT_QMP, error);
}

bool sockets_open(Sockets *sockets, GError **error)
{
    const Options *options = sockets->options;
    guint n_passed;

    if (!open_passed(sockets->server, &n_passed, error) ||
        !open_named(sockets->server, options->sockets, QMP_DIALECT_QMP, error) ||
        !open_named(sockets->server, options->jsonrpc_sockets, QMP_DIALECT_JSONRPC, error)) {
        return false;
    }
    return options->builder_pid || n_passed > 0 || options->sockets || options->jsonrpc_sockets ||
           open_default(sockets, error);
}

static void unlink_all(char **paths)
{
    for (char **path = paths; path && *path; path++) {
        qmp_listen_unlink(*path);
    }
}

void sockets_close(Sockets *sockets)
{
    qmp_server_close_listeners(sockets->server);
    unlink_all(sockets->options->sockets);
    unlink_all(sockets->options->jsonrpc_sockets);
    if (sockets->default_path) {
        qmp_listen_unlink(sockets->default_path);
        g_clear_pointer(&sockets->default_path, g_free);
    }
}
