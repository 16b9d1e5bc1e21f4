/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening by the schema's addresses; see socket-address.h.
 *
 * Every kind of address becomes a list of candidates, and the first one that
 * works is used.
 */
#include "config.h"
#include "hw/chardev/socket-address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"

#define BACKLOG 1

/* ---- A descriptor that was passed ---- */

int socket_check_given(int fd, bool want_listening, GError **error)
{
    int listening = 0;
    socklen_t length = sizeof(listening);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "the descriptor is not a stream socket");
        return -1;
    }
    if (!!listening != want_listening) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "the socket %s",
                      listening ? "listens, but a connection is needed"
                                : "does not listen, which a server needs");
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* ---- Listening ---- */

/* Removes the node of a socket without a listener; any other file stays, and
 * makes bind() fail. */
static void remove_stale_node(const SocketCandidate *c)
{
    struct stat st;
    int fd;

    if (c->family != AF_UNIX || !c->addr.un.sun_path[0] ||
        lstat(c->addr.un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    fd = socket_new(c);
    if (fd >= 0 && connect(fd, &c->addr.sa, c->length) < 0 && errno == ECONNREFUSED) {
        unlink(c->addr.un.sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void note_node(const SocketCandidate *c, SocketNode *ret_node)
{
    struct stat st;

    if (c->family == AF_UNIX && c->addr.un.sun_path[0] &&
        lstat(c->addr.un.sun_path, &st) == 0) {
        *ret_node = (SocketNode) { .path = g_strdup(c->addr.un.sun_path), .dev = st.st_dev,
                                   .ino = st.st_ino };
    }
}

/* -1 and errno. */
static int listen_at(const SocketCandidate *c)
{
    const int one = 1;
    int fd = socket_new(c);
    int saved_errno;

    if (fd < 0) {
        return -1;
    }
    if (c->family == AF_INET || c->family == AF_INET6) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    if (bind(fd, &c->addr.sa, c->length) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

static guint candidate_port(const SocketCandidate *c)
{
    return c->family == AF_INET ? ntohs(c->addr.in.sin_port)
         : c->family == AF_INET6 ? ntohs(c->addr.in6.sin6_port) : 0;
}

static void set_port(SocketCandidate *c, guint port)
{
    if (c->family == AF_INET) {
        c->addr.in.sin_port = htons(port);
    } else if (c->family == AF_INET6) {
        c->addr.in6.sin6_port = htons(port);
    }
}

/* Tries the ports from the candidate's own to `last`. */
static int listen_in_range(SocketCandidate *c, guint last)
{
    guint port = candidate_port(c);
    int fd = listen_at(c);

    while (fd < 0 && errno == EADDRINUSE && port < last) {
        set_port(c, ++port);
        fd = listen_at(c);
    }
    return fd;
}

int socket_listen(const SocketAddressLegacy *addr, int given_fd, SocketNode *ret_node,
                  GError **error)
{
    g_autofree char *text = socket_address_text(addr, false);
    g_autoptr(GArray) list = NULL;
    bool is_inet = addr->type == SOCKET_ADDRESS_TYPE_INET;
    int fd = -1;

    if (addr->type == SOCKET_ADDRESS_TYPE_FD) {
        return socket_check_given(given_fd, true, error);
    }
    list = socket_candidates(addr, true, error);
    if (!list) {
        return -1;
    }
    for (guint i = 0; i < list->len && fd < 0; i++) {
        SocketCandidate *c = &g_array_index(list, SocketCandidate, i);

        remove_stale_node(c);
        fd = listen_in_range(c, is_inet && addr->u.inet.data->has_to ? addr->u.inet.data->to : 0);
        if (fd >= 0) {
            note_node(c, ret_node);
        }
    }
    if (fd < 0) {
        qmp_error_set_errno(error, errno == EADDRINUSE ? ERROR_REASON_ADDRESS_IN_USE
                                                       : ERROR_REASON_HOST_ERROR,
                            errno, "cannot listen on '%s'", text);
    }
    return fd;
}

void socket_node_remove(SocketNode *node)
{
    struct stat st;

    if (node->path && lstat(node->path, &st) == 0 && st.st_dev == node->dev &&
        st.st_ino == node->ino) {
        unlink(node->path);
    }
    g_clear_pointer(&node->path, g_free);
}
