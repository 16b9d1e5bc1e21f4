/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket activation, see listen.h.  The daemon passes these sockets to the QMP
 * server, together with those that options name.
 *
 * The protocol consists of three environment variables (sd_listen_fds(3)).  They are read
 * here and not by libsystemd, which brings six more libraries into the process: these would
 * take a quarter of the time from a daemon's start to its greeting, and 140 KiB of memory.
 */
#include "config.h"
#include "systemd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "qmp/error.h"
#include "systemd/environment.h"

/* The name of descriptors without one, as in sd_listen_fds_with_names(3). */
#define UNNAMED "unknown"

enum {
    FIRST_FD = 3,
    MAX_FDS = 65536,            /* a larger LISTEN_FDS is a mistake */
};

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

/* -1: it does not have this option, or is not a socket. */
static int socket_option(int fd, int option)
{
    int value;
    socklen_t size = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/* Reports which of the three conditions fd violates. */
static bool check_socket(const char *name, int fd, GError **error)
{
    int type = socket_option(fd, SO_TYPE);
    const char *what;

    if (type < 0) {
        what = "is not a socket";
    } else if (type != SOCK_STREAM || socket_option(fd, SO_DOMAIN) != AF_UNIX) {
        what = "is not a Unix stream socket";
    } else if (socket_option(fd, SO_ACCEPTCONN) != 1) {
        what = "does not listen (Accept=yes is not supported)";
    } else {
        return true;
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
    if (fcntl(socket->fd, F_SETFD, FD_CLOEXEC) < 0 ||
        !g_unix_set_fd_nonblocking(socket->fd, TRUE, NULL)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "passed socket '%s' cannot be made non-blocking", socket->name);
        return false;
    }
    return true;
}

/* How many descriptors this process was passed; false: LISTEN_FDS makes no sense. */
static bool count_passed(guint *ret_n, GError **error)
{
    const char *text = g_getenv("LISTEN_FDS");
    guint64 n = 0;

    if (text && environment_names_us("LISTEN_PID") &&
        !g_ascii_string_to_unsigned(text, 10, 1, MAX_FDS, &n, NULL)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "LISTEN_FDS is '%s'", text);
        return false;
    }
    *ret_n = n;
    return true;
}

/* Appends the descriptors with their names, without checking them. */
static bool collect(GArray *sockets, GError **error)
{
    const char *text = g_getenv("LISTEN_FDNAMES");
    g_auto(GStrv) names = text ? g_strsplit(text, ":", -1) : NULL;
    guint n;

    if (!count_passed(&n, error)) {
        return false;
    }
    if (n && names && g_strv_length(names) != n) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "LISTEN_FDNAMES has %u names for %u passed sockets", g_strv_length(names), n);
        return false;
    }
    for (guint i = 0; i < n; i++) {
        ListenSocket socket = { .name = g_strdup(names ? names[i] : UNNAMED), .fd = FIRST_FD + i };

        g_array_append_val(sockets, socket);
    }
    return true;
}

bool listen_take_sockets(GArray **ret_sockets, GError **error)
{
    g_autoptr(GArray) sockets = g_array_new(FALSE, TRUE, sizeof(ListenSocket));
    bool collected;

    g_array_set_clear_func(sockets, listen_socket_clear);
    collected = collect(sockets, error);
    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    if (!collected) {
        return false;
    }
    for (guint i = 0; i < sockets->len; i++) {
        if (!adopt(&g_array_index(sockets, ListenSocket, i), error)) {
            return false;
        }
    }
    *ret_sockets = g_steal_pointer(&sockets);
    return true;
}
