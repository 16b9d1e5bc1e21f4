/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagram sockets for network backends: valid combinations of local and remote
 * addresses, and the creation of the socket.  Frames are handled in
 * net-dgram.c.
 */
#include "config.h"
#include "hw/net/net-dgram.h"

#include <errno.h>
#include <event2/util.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qmp/error.h"

static bool refuse(GError **error, const char *path, const char *why)
{
    qmp_error_set_at(error, path, ERROR_REASON_INVALID_VALUE, "%s", why);
    return false;
}

static bool miss(GError **error, const char *path, const char *why)
{
    qmp_error_set_at(error, path, ERROR_REASON_PROPERTY_MISSING, "%s", why);
    return false;
}

static bool check_options(const SocketAddress *addr, const char *path, GError **error)
{
    if (!addr || addr->type != SOCKET_ADDRESS_TYPE_INET ||
        socket_check_datagram(&addr->u.inet, error)) {
        return true;
    }
    if (error) {
        qmp_error_prefix_path(*error, path);
    }
    return false;
}

bool net_dgram_check(const NetDgram *d, GError **error)
{
    if (!check_options(d->local, "local", error) || !check_options(d->remote, "remote", error)) {
        return false;
    }
    if (!d->local && !d->remote) {
        return d->given || miss(error, "local", "'local' or 'remote' is missing");
    }
    if (d->local && d->local->type == SOCKET_ADDRESS_TYPE_FD) {
        return true;
    }
    if (!d->remote) {
        return miss(error, "remote", "'remote' is missing: where frames are sent to");
    }
    if (d->local && d->local->type != d->remote->type) {
        return refuse(error, "local", "'local' and 'remote' are addresses of different kinds");
    }
    return true;
}

static int new_socket(int family, GError **error)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create a socket");
    }
    return fd;
}

/* Closes fd; returns -1. */
static int fail(int fd, const char *what, GError **error)
{
    int saved_errno = errno;

    close(fd);
    qmp_error_set_errno(error, saved_errno == EADDRINUSE ? ERROR_REASON_ADDRESS_IN_USE
                                                         : ERROR_REASON_HOST_ERROR,
                        saved_errno, "cannot %s", what);
    return -1;
}

/* Joins the group, on the interface with the address `local` or on one that the
 * host chooses. */
static bool join(int fd, const NetSockaddr *group, struct in_addr local)
{
    const struct ip_mreq request = { .imr_multiaddr = group->u.in.sin_addr,
                                     .imr_interface = local };
    const int one = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
           bind(fd, &group->u.sa, group->length) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &one, sizeof(one)) == 0 &&
           (local.s_addr == htonl(INADDR_ANY) ||
            setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &local, sizeof(local)) == 0);
}

static int open_multicast(NetDgram *d, GError **error)
{
    NetSockaddr local = { 0 };
    int fd;

    if (d->local && !net_address_lookup(d->local, AF_INET, true, &local, error)) {
        qmp_error_blame(error, "local");
        return -1;
    }
    fd = new_socket(AF_INET, error);
    if (fd < 0) {
        return -1;
    }
    return join(fd, &d->destination, local.u.in.sin_addr) ? fd
         : fail(fd, "join the multicast group", error);
}

/* Removes a node without a receiver, left behind by a process. */
static void remove_stale_node(const NetSockaddr *addr)
{
    int fd;
    struct stat st;

    if (addr->u.sa.sa_family != AF_UNIX || !addr->u.un.sun_path[0] ||
        lstat(addr->u.un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    fd = new_socket(AF_UNIX, NULL);
    if (fd >= 0 && connect(fd, &addr->u.sa, addr->length) < 0 && errno == ECONNREFUSED) {
        unlink(addr->u.un.sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void note_node(NetDgram *d, const NetSockaddr *addr)
{
    struct stat st;

    if (addr->u.sa.sa_family == AF_UNIX && addr->u.un.sun_path[0] &&
        lstat(addr->u.un.sun_path, &st) == 0) {
        d->node = (SocketNode){ .path = g_strdup(addr->u.un.sun_path), .dev = st.st_dev,
                                .ino = st.st_ino };
    }
}

static int open_unicast(NetDgram *d, GError **error)
{
    const int one = 1;
    NetSockaddr local;
    int fd;

    if (!d->local) {
        miss(error, "local", "'local' is missing: where frames are received");
        return -1;
    }
    if (!net_address_lookup(d->local, d->destination.u.sa.sa_family, true, &local, error)) {
        qmp_error_blame(error, "local");
        return -1;
    }
    remove_stale_node(&local);
    fd = new_socket(local.u.sa.sa_family, error);
    if (fd < 0) {
        return -1;
    }
    if (local.u.sa.sa_family != AF_UNIX) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    if (bind(fd, &local.u.sa, local.length) < 0) {
        fd = fail(fd, "receive at the local address", error);
        qmp_error_blame(error, "local");
        return fd;
    }
    note_node(d, &local);
    return fd;
}

static int check_given(NetDgram *d, GError **error)
{
    const int fd = qmp_fd_get(d->given);
    int type = 0;
    socklen_t length = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_DGRAM ||
        evutil_make_socket_nonblocking(fd) < 0) {
        qmp_error_set_at(error, "local", ERROR_REASON_FILE_NOT_USABLE,
                         "the descriptor is not a datagram socket");
        return -1;
    }
    return qmp_fd_take(g_steal_pointer(&d->given));
}

bool net_dgram_prepare(NetDgram *d, GError **error)
{
    if (d->remote && !net_address_lookup(d->remote, AF_UNSPEC, false, &d->destination, error)) {
        return qmp_error_blame(error, "remote");
    }
    if (d->given) {
        d->fd = check_given(d, error);
    } else {
        d->fd = net_address_is_multicast(&d->destination) ? open_multicast(d, error)
                                                          : open_unicast(d, error);
    }
    return d->fd >= 0;
}

void net_dgram_release(NetDgram *d)
{
    if (d->fd >= 0) {
        close(d->fd);
        d->fd = -1;
    }
    socket_node_remove(&d->node);
}

void net_dgram_finalize(NetDgram *d)
{
    g_clear_pointer(&d->given, qmp_fd_close);
}
