/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagram sockets by the schema's addresses; see socket-address.h.
 */
#include "config.h"
#include "hw/chardev/socket-address.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"

/* -1 and errno. */
static int bind_to(int fd, const InetSocketAddress *local, int family, GError **error)
{
    const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM,
                                    .ai_flags = AI_PASSIVE };
    struct addrinfo *found = socket_look_up(local, &hints, error);
    int rc;

    if (!found) {
        qmp_error_blame(error, "local");
        return -1;
    }
    rc = bind(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (rc < 0) {
        qmp_error_set_errno(error, errno == EADDRINUSE ? ERROR_REASON_ADDRESS_IN_USE
                                                       : ERROR_REASON_HOST_ERROR,
                            errno, "cannot take datagrams at '%s:%s'", local->host, local->port);
        qmp_error_blame(error, "local");
    }
    return rc;
}

static int open_for(const struct addrinfo *to, const InetSocketAddress *remote,
                    const InetSocketAddress *local, GError **error)
{
    int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && local && bind_to(fd, local, to->ai_family, error) < 0) {
        close(fd);
        return -1;
    }
    if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot send datagrams to '%s:%s'", remote->host, remote->port);
        qmp_error_blame(error, "remote");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

int socket_datagram(const InetSocketAddress *remote, const InetSocketAddress *local,
                    GError **error)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    int fd = -1;

    if (!*remote->port) {
        qmp_error_set_at(error, "remote", ERROR_REASON_INVALID_VALUE,
                         "the remote address has no port");
        return -1;
    }
    found = socket_look_up(remote, &hints, error);
    if (!found) {
        qmp_error_blame(error, "remote");
    }
    for (const struct addrinfo *to = found; to && fd < 0; to = to->ai_next) {
        if (error) {
            g_clear_error(error);       /* of the previous address */
        }
        fd = open_for(to, remote, local, error);
    }
    if (found) {
        freeaddrinfo(found);
    }
    return fd;
}
