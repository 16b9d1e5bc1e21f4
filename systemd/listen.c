/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket activation, see listen.h.  The daemon passes these sockets to the QMP
 * server, together with those that options name.
 */
#include "config.h"
#include "systemd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "qmp/error.h"

/* What sd_listen_fds_with_names() calls a descriptor without a name. */
#define UNNAMED "unknown"

static void listen_socket_clear(gpointer data)
{
    ListenSocket *socket = data;

    g_clear_pointer(&socket->name, g_free);
    if (socket->fd >= 0) {
        close(socket->fd);
        socket->fd = -1;
    }
}

static bool dialect_from_name(const char *name, ListenDialect *ret_dialect, GError **error)
{
    if (g_str_equal(name, "jsonrpc")) {
        *ret_dialect = LISTEN_JSONRPC;
        return true;
    }
    if (g_str_equal(name, "qmp") || g_str_equal(name, UNNAMED) ||
        g_str_has_suffix(name, ".socket")) {
        *ret_dialect = LISTEN_QMP;
        return true;
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "passed socket '%s': the name is neither 'qmp' nor 'jsonrpc'", name);
    return false;
}

/* Reports which of the three conditions fd violates. */
static bool check_socket(const char *name, int fd, GError **error)
{
    const char *what;

    if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0) {
        return true;
    }
    if (sd_is_socket(fd, AF_UNSPEC, 0, -1) <= 0) {
        what = "is not a socket";
    } else if (sd_is_socket_unix(fd, SOCK_STREAM, -1, NULL, 0) <= 0) {
        what = "is not a Unix stream socket";
    } else {
        what = "does not listen (Accept=yes is not supported)";
    }
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "passed socket '%s' %s", name, what);
    return false;
}

static bool adopt(ListenSocket *socket, GError **error)
{
    if (!dialect_from_name(socket->name, &socket->dialect, error) ||
        !check_socket(socket->name, socket->fd, error)) {
        return false;
    }
    if (!g_unix_set_fd_nonblocking(socket->fd, TRUE, NULL)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "passed socket '%s' cannot be made non-blocking", socket->name);
        return false;
    }
    return true;
}

bool listen_take_sockets(GArray **ret_sockets, GError **error)
{
    g_autoptr(GArray) sockets = g_array_new(FALSE, TRUE, sizeof(ListenSocket));
    g_autofree char **names = NULL;     /* the strings are moved into sockets */
    int n = sd_listen_fds_with_names(1, &names);

    g_array_set_clear_func(sockets, listen_socket_clear);
    if (n < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, -n,
                            "sockets passed by LISTEN_FDS cannot be taken");
        return false;
    }
    for (int i = 0; i < n; i++) {
        ListenSocket socket = { .name = names[i], .fd = SD_LISTEN_FDS_START + i };

        g_array_append_val(sockets, socket);
    }
    for (int i = 0; i < n; i++) {
        if (!adopt(&g_array_index(sockets, ListenSocket, i), error)) {
            return false;
        }
    }
    *ret_sockets = g_steal_pointer(&sockets);
    return true;
}
