/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening and connecting by the schema's addresses; see socket-address.h.
 *
 * Every kind of address becomes a list of Candidates, and the first one that
 * works is taken.
 */
#include "config.h"
#include "hw/chardev/socket-address.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"

#define BACKLOG 1

typedef struct {
    int family, protocol;
    socklen_t length;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_vm vm;
        struct sockaddr_storage storage;
    } addr;
} Candidate;

/* ---- Addresses to candidates ---- */

static void unix_candidate(const UnixSocketAddress *addr, GArray *list)
{
    Candidate c = { .family = AF_UNIX };
    gsize length = strlen(addr->path);      /* at most 107 by the schema */
    gsize at = addr->abstract ? 1 : 0;

    c.addr.un.sun_family = AF_UNIX;
    memcpy(c.addr.un.sun_path + at, addr->path, MIN(length, sizeof(c.addr.un.sun_path) - at));
    c.length = sizeof(c.addr.un);
    if (addr->abstract && (!addr->has_tight || addr->tight)) {
        c.length = offsetof(struct sockaddr_un, sun_path) + at + length;
    }
    g_array_append_val(list, c);
}

static bool vsock_candidate(const VsockSocketAddress *addr, GArray *list, GError **error)
{
    Candidate c = { .family = AF_VSOCK, .length = sizeof(c.addr.vm) };
    guint64 cid, port;

    if (!g_ascii_string_to_unsigned(addr->cid, 10, 0, G_MAXUINT32, &cid, NULL) ||
        !g_ascii_string_to_unsigned(addr->port, 10, 0, G_MAXUINT32, &port, NULL)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "'%s:%s' is no vsock address: context id and port are numbers",
                      addr->cid, addr->port);
        return false;
    }
    c.addr.vm.svm_family = AF_VSOCK;
    c.addr.vm.svm_cid = cid;
    c.addr.vm.svm_port = port;
    g_array_append_val(list, c);
    return true;
}

static bool inet_candidates(const InetSocketAddress *addr, bool passive, GArray *list,
                            GError **error)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                                    .ai_flags = passive ? AI_PASSIVE : 0 };
    struct addrinfo *found = socket_look_up(addr, &hints, error);

    if (!found) {
        return false;
    }
    for (struct addrinfo *ai = found; ai; ai = ai->ai_next) {
        Candidate c = { .family = ai->ai_family, .length = ai->ai_addrlen,
                        .protocol = addr->mptcp ? IPPROTO_MPTCP : 0 };

        memcpy(&c.addr, ai->ai_addr, MIN(ai->ai_addrlen, sizeof(c.addr)));
        g_array_append_val(list, c);
    }
    freeaddrinfo(found);
    return true;
}

static GArray *candidates(const SocketAddressLegacy *addr, bool passive, GError **error)
{
    g_autoptr(GArray) list = g_array_new(false, false, sizeof(Candidate));

    switch (addr->type) {
    case SOCKET_ADDRESS_TYPE_UNIX:
        unix_candidate(addr->u.q_unix.data, list);
        break;
    case SOCKET_ADDRESS_TYPE_VSOCK:
        if (!vsock_candidate(addr->u.vsock.data, list, error)) {
            return NULL;
        }
        break;
    default:
        if (!inet_candidates(addr->u.inet.data, passive, list, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

/* ---- A descriptor that was passed ---- */

static int check_given(int fd, bool want_listening, GError **error)
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
                                : "does not listen, as a server's has to");
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* ---- Listening ---- */

static int new_socket(const Candidate *c)
{
    return socket(c->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, c->protocol);
}

/* Removes a socket's node that nobody listens on; whatever else is there stays,
 * and bind() will say so. */
static void remove_stale_node(const Candidate *c)
{
    struct stat st;
    int fd;

    if (c->family != AF_UNIX || !c->addr.un.sun_path[0] ||
        lstat(c->addr.un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    fd = new_socket(c);
    if (fd >= 0 && connect(fd, &c->addr.sa, c->length) < 0 && errno == ECONNREFUSED) {
        unlink(c->addr.un.sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void note_node(const Candidate *c, SocketNode *ret_node)
{
    struct stat st;

    if (c->family == AF_UNIX && c->addr.un.sun_path[0] &&
        lstat(c->addr.un.sun_path, &st) == 0) {
        *ret_node = (SocketNode) { .path = g_strdup(c->addr.un.sun_path), .dev = st.st_dev,
                                   .ino = st.st_ino };
    }
}

/* -1 and errno. */
static int listen_at(const Candidate *c)
{
    const int one = 1;
    int fd = new_socket(c);
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

static guint candidate_port(const Candidate *c)
{
    return c->family == AF_INET ? ntohs(c->addr.in.sin_port)
         : c->family == AF_INET6 ? ntohs(c->addr.in6.sin6_port) : 0;
}

static void set_port(Candidate *c, guint port)
{
    if (c->family == AF_INET) {
        c->addr.in.sin_port = htons(port);
    } else if (c->family == AF_INET6) {
        c->addr.in6.sin6_port = htons(port);
    }
}

/* Tries the ports from the candidate's own to `last`. */
static int listen_in_range(Candidate *c, guint last)
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
        return check_given(given_fd, true, error);
    }
    list = candidates(addr, true, error);
    if (!list) {
        return -1;
    }
    for (guint i = 0; i < list->len && fd < 0; i++) {
        Candidate *c = &g_array_index(list, Candidate, i);

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

/* ---- Connecting ---- */

/* Waits for a connection under way; 0 or an errno. */
static int await_connection(int fd)
{
    struct pollfd poll_out = { .fd = fd, .events = POLLOUT };
    int rc, result = 0;
    socklen_t length = sizeof(result);

    do {
        rc = poll(&poll_out, 1, SOCKET_CONNECT_TIMEOUT * 1000);
    } while (rc < 0 && errno == EINTR);
    if (rc == 0) {
        return ETIMEDOUT;
    }
    if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length) < 0) {
        return errno;
    }
    return result;
}

/* A Unix socket's connect() waits for room in the backlog only if it may block;
 * 0 or an errno. */
static int connect_unix(int fd, const Candidate *c)
{
    const struct timeval limit = { .tv_sec = SOCKET_CONNECT_TIMEOUT }, none = { 0 };
    int flags = fcntl(fd, F_GETFL);
    int rc;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    do {
        rc = connect(fd, &c->addr.sa, c->length) == 0 ? 0 : errno;
    } while (rc == EINTR);
    fcntl(fd, F_SETFL, flags);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
    return rc == EAGAIN ? ETIMEDOUT : rc;
}

/* -1 and errno. */
static int connect_to(const Candidate *c, bool keep_alive)
{
    const int one = 1;
    int fd = new_socket(c);
    int rc;

    if (fd < 0) {
        return -1;
    }
    if (c->family == AF_UNIX) {
        rc = connect_unix(fd, c);
    } else {
        rc = connect(fd, &c->addr.sa, c->length) == 0 ? 0 : errno;
        rc = rc == EINPROGRESS || rc == EINTR ? await_connection(fd) : rc;
    }
    if (rc != 0) {
        close(fd);
        errno = rc;
        return -1;
    }
    if (keep_alive) {
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    }
    return fd;
}

int socket_connect(const SocketAddressLegacy *addr, int given_fd, GError **error)
{
    g_autofree char *text = socket_address_text(addr, false);
    g_autoptr(GArray) list = NULL;
    int fd = -1;

    if (addr->type == SOCKET_ADDRESS_TYPE_FD) {
        return check_given(given_fd, false, error);
    }
    list = candidates(addr, false, error);
    if (!list) {
        return -1;
    }
    for (guint i = 0; i < list->len && fd < 0; i++) {
        fd = connect_to(&g_array_index(list, Candidate, i),
                        addr->type == SOCKET_ADDRESS_TYPE_INET && addr->u.inet.data->keep_alive);
    }
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot connect to '%s'",
                            text);
    }
    return fd;
}
