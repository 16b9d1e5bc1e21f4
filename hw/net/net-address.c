/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of network backends: see net-address.h.
 */
#include "config.h"
#include "hw/net/net-address.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "qmp/error.h"
#include "qmp/qapi-types-net.h"
#include "qmp/visit.h"

SocketAddressLegacy net_address_view(SocketAddress *addr)
{
    SocketAddressLegacy view = { .type = addr->type };

    switch (addr->type) {
    case SOCKET_ADDRESS_TYPE_INET:
        view.u.inet.data = &addr->u.inet;
        break;
    case SOCKET_ADDRESS_TYPE_UNIX:
        view.u.q_unix.data = &addr->u.q_unix;
        break;
    case SOCKET_ADDRESS_TYPE_VSOCK:
        view.u.vsock.data = &addr->u.vsock;
        break;
    default:
        view.u.fd.data = &addr->u.fd;
    }
    return view;
}

SocketAddress *net_address_parse(const char *text, bool host_optional, GError **error)
{
    const char *colon = strrchr(text, ':');
    gsize length = colon ? colon - text : 0;
    const char *host = text;
    SocketAddress *addr;

    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (!colon || !colon[1] || (!length && !host_optional)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "'%s' is not an address of the form %s",
                      text, host_optional ? "[HOST]:PORT" : "HOST:PORT");
        return NULL;
    }
    addr = g_new0(SocketAddress, 1);
    addr->type = SOCKET_ADDRESS_TYPE_INET;
    addr->u.inet.host = g_strndup(host, length);
    addr->u.inet.port = g_strdup(colon + 1);
    return addr;
}

static SocketAddress *inet_peer(const struct sockaddr *sa, socklen_t length)
{
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    SocketAddress *addr = g_new0(SocketAddress, 1);

    getnameinfo(sa, length, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
    addr->type = SOCKET_ADDRESS_TYPE_INET;
    addr->u.inet.host = g_strdup(host);
    addr->u.inet.port = g_strdup(port);
    addr->u.inet.has_ipv6 = sa->sa_family == AF_INET6;
    addr->u.inet.ipv6 = sa->sa_family == AF_INET6;
    return addr;
}

static SocketAddress *unix_peer(const struct sockaddr_un *un, socklen_t length)
{
    SocketAddress *addr = g_new0(SocketAddress, 1);
    gsize offset = offsetof(struct sockaddr_un, sun_path);
    gsize size = length > offset ? length - offset : 0;

    addr->type = SOCKET_ADDRESS_TYPE_UNIX;
    if (size && !un->sun_path[0]) {
        addr->u.q_unix.has_abstract = addr->u.q_unix.abstract = true;
        addr->u.q_unix.path = g_strndup(un->sun_path + 1, size - 1);
    } else {
        addr->u.q_unix.path = g_strndup(un->sun_path, size);
    }
    return addr;
}

SocketAddress *net_address_of_peer(int fd)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t length = sizeof(peer);

    if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
        (peer.ss_family == AF_INET || peer.ss_family == AF_INET6)) {
        return inet_peer((struct sockaddr *)&peer, length);
    }
    return unix_peer((struct sockaddr_un *)&peer, peer.ss_family == AF_UNIX ? length : 0);
}

static void unix_sockaddr(const UnixSocketAddress *addr, NetSockaddr *ret)
{
    gsize at = addr->abstract ? 1 : 0;
    gsize length = MIN(strlen(addr->path), sizeof(ret->u.un.sun_path) - at);

    ret->u.un.sun_family = AF_UNIX;
    memcpy(ret->u.un.sun_path + at, addr->path, length);
    ret->length = addr->abstract ? offsetof(struct sockaddr_un, sun_path) + at + length
                                 : sizeof(ret->u.un);
}

bool net_address_lookup(const SocketAddress *addr, int family, bool passive,
                        NetSockaddr *ret_addr, GError **error)
{
    const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM,
                                    .ai_flags = passive ? AI_PASSIVE : 0 };
    struct addrinfo *found;

    memset(ret_addr, 0, sizeof(*ret_addr));
    if (addr->type == SOCKET_ADDRESS_TYPE_UNIX) {
        unix_sockaddr(&addr->u.q_unix, ret_addr);
        return true;
    }
    found = socket_look_up(&addr->u.inet, &hints, error);
    if (!found) {
        return false;
    }
    ret_addr->length = MIN(found->ai_addrlen, sizeof(ret_addr->u));
    memcpy(&ret_addr->u, found->ai_addr, ret_addr->length);
    freeaddrinfo(found);
    return true;
}

bool net_address_is_multicast(const NetSockaddr *addr)
{
    return addr->u.sa.sa_family == AF_INET && IN_MULTICAST(ntohl(addr->u.in.sin_addr.s_addr));
}
