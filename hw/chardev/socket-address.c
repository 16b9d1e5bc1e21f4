/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lookup and formatting of socket addresses; their use is in socket-open.c,
 * socket-connect.c and socket-datagram.c.
 */
#include "config.h"
#include "hw/chardev/socket-address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"

/* ---- Looking up ---- */

static bool excludes_both(const InetSocketAddress *addr)
{
    return addr->has_ipv4 && !addr->ipv4 && addr->has_ipv6 && !addr->ipv6;
}

static int inet_family(const InetSocketAddress *addr)
{
    if (addr->has_ipv4 && addr->ipv4 && !(addr->has_ipv6 && addr->ipv6)) {
        return AF_INET;
    }
    if (addr->has_ipv6 && addr->ipv6 && !(addr->has_ipv4 && addr->ipv4)) {
        return AF_INET6;
    }
    if (addr->has_ipv4 && !addr->ipv4) {
        return AF_INET6;
    }
    return addr->has_ipv6 && !addr->ipv6 ? AF_INET : AF_UNSPEC;
}

/* Rejects numbers that are not port numbers, which the C library would truncate to 16 bits.
 * Does not use g_ascii_string_to_unsigned(): if threads first call it at the same time, one
 * may find errno set by its wait for the other, and take that for a bad number. */
static bool check_port(const InetSocketAddress *addr, GError **error)
{
    gsize digits = strspn(addr->port, "0123456789");

    if (digits && !addr->port[digits] && g_ascii_strtoull(addr->port, NULL, 10) > G_MAXUINT16) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "'%s:%s': a port is at most 65535",
                      addr->host, addr->port);
        return false;
    }
    return true;
}

struct addrinfo *socket_look_up(const InetSocketAddress *addr, const struct addrinfo *wanted,
                                GError **error)
{
    struct addrinfo hints = *wanted, *found = NULL;
    int rc;

    if (!check_port(addr, error)) {
        return NULL;
    }
    if (excludes_both(addr)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "address '%s:%s' excludes IPv4 and IPv6", addr->host, addr->port);
        return NULL;
    }
    if (hints.ai_family == AF_UNSPEC) {
        hints.ai_family = inet_family(addr);
    } else if (inet_family(addr) != AF_UNSPEC && inet_family(addr) != hints.ai_family) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "address '%s:%s' differs in its family from the other address", addr->host,
                      addr->port);
        return NULL;
    }
    if (addr->numeric) {
        hints.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    }
    rc = getaddrinfo(*addr->host ? addr->host : NULL, addr->port, &hints, &found);
    if (rc != 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot look up '%s:%s': %s", addr->host,
                      addr->port, rc == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(rc));
        return NULL;
    }
    return found;
}

bool socket_check_datagram(const InetSocketAddress *addr, GError **error)
{
    const char *name = addr->has_to ? "to" : addr->keep_alive ? "keep-alive"
                     : addr->mptcp ? "mptcp" : NULL;

    if (name) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE,
                         "'%s' of address '%s:%s' is for streams, not for datagrams", name,
                         addr->host, addr->port);
    }
    return !name;
}

/* ---- Addresses to candidates ---- */

static void unix_candidate(const UnixSocketAddress *addr, GArray *list)
{
    SocketCandidate c = { .family = AF_UNIX };
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
    SocketCandidate c = { .family = AF_VSOCK, .length = sizeof(c.addr.vm) };
    guint64 cid, port;

    if (!g_ascii_string_to_unsigned(addr->cid, 10, 0, G_MAXUINT32, &cid, NULL) ||
        !g_ascii_string_to_unsigned(addr->port, 10, 0, G_MAXUINT32, &port, NULL)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "'%s:%s' is not a vsock address: context id and port are numbers",
                      addr->cid, addr->port);
        return false;
    }
    c.addr.vm.svm_family = AF_VSOCK;
    c.addr.vm.svm_cid = cid;
    c.addr.vm.svm_port = port;
    g_array_append_val(list, c);
    return true;
}

/* Adds the candidate of a numeric address.  False: the address contains a name,
 * or is left to socket_look_up() to refuse. */
static bool numeric_candidate(const InetSocketAddress *addr, GArray *list)
{
    SocketCandidate c = { .protocol = addr->mptcp ? IPPROTO_MPTCP : 0 };
    int family = inet_family(addr);
    guint64 port;

    if (excludes_both(addr) ||
        !g_ascii_string_to_unsigned(addr->port, 10, 0, G_MAXUINT16, &port, NULL)) {
        return false;
    }
    if (family != AF_INET6 && inet_pton(AF_INET, addr->host, &c.addr.in.sin_addr) == 1) {
        c.addr.in.sin_port = htons(port);
        c.length = sizeof(c.addr.in);
        c.family = c.addr.in.sin_family = AF_INET;
    } else if (family != AF_INET && inet_pton(AF_INET6, addr->host, &c.addr.in6.sin6_addr) == 1) {
        c.addr.in6.sin6_port = htons(port);
        c.length = sizeof(c.addr.in6);
        c.family = c.addr.in6.sin6_family = AF_INET6;
    } else {
        return false;
    }
    g_array_append_val(list, c);
    return true;
}

static bool inet_candidates(const InetSocketAddress *addr, bool passive, GArray *list,
                            GError **error)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                                    .ai_flags = passive ? AI_PASSIVE : 0 };
    struct addrinfo *found;

    if (numeric_candidate(addr, list)) {
        return true;
    }
    found = socket_look_up(addr, &hints, error);
    if (!found) {
        return false;
    }
    for (struct addrinfo *ai = found; ai; ai = ai->ai_next) {
        SocketCandidate c = { .family = ai->ai_family, .length = ai->ai_addrlen,
                        .protocol = addr->mptcp ? IPPROTO_MPTCP : 0 };

        memcpy(&c.addr, ai->ai_addr, MIN(ai->ai_addrlen, sizeof(c.addr)));
        g_array_append_val(list, c);
    }
    freeaddrinfo(found);
    return true;
}

GArray *socket_candidates(const SocketAddressLegacy *addr, bool passive, GError **error)
{
    g_autoptr(GArray) list = g_array_new(false, false, sizeof(SocketCandidate));

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

bool socket_needs_no_look_up(const SocketAddressLegacy *addr)
{
    g_autoptr(GArray) list = g_array_new(false, false, sizeof(SocketCandidate));

    return addr->type == SOCKET_ADDRESS_TYPE_VSOCK ||
           (addr->type == SOCKET_ADDRESS_TYPE_INET &&
            numeric_candidate(addr->u.inet.data, list));
}

int socket_new(const SocketCandidate *c)
{
    return socket(c->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, c->protocol);
}

/* ---- Writing ---- */

typedef struct {
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
} End;

static const char *on(bool server)
{
    return server ? ",server=on" : "";
}

static char *unix_text(const UnixSocketAddress *addr, bool server)
{
    bool tight = !addr->has_tight || addr->tight;

    return g_strdup_printf("unix:%s%s%s%s", addr->path, addr->abstract ? ",abstract=on" : "",
                           addr->abstract && tight ? ",tight=on" : "", on(server));
}

char *socket_address_text(const SocketAddressLegacy *addr, bool server)
{
    switch (addr->type) {
    case SOCKET_ADDRESS_TYPE_INET:
        return g_strdup_printf("tcp:%s:%s%s", addr->u.inet.data->host, addr->u.inet.data->port,
                               on(server));
    case SOCKET_ADDRESS_TYPE_UNIX:
        return unix_text(addr->u.q_unix.data, server);
    case SOCKET_ADDRESS_TYPE_VSOCK:
        return g_strdup_printf("vsock:%s:%s%s", addr->u.vsock.data->cid,
                               addr->u.vsock.data->port, on(server));
    default:
        return g_strdup_printf("fd:%s%s", addr->u.fd.data->str, on(server));
    }
}

/* Numeric host and port; IPv6 hosts in brackets. */
static bool end_of(const struct sockaddr_storage *ss, socklen_t length, End *ret_end)
{
    if (ss->ss_family != AF_INET && ss->ss_family != AF_INET6) {
        return false;
    }
    return getnameinfo((const struct sockaddr *)ss, length, ret_end->host, sizeof(ret_end->host),
                       ret_end->port, sizeof(ret_end->port), NI_NUMERICHOST | NI_NUMERICSERV) == 0;
}

char *socket_connection_text(const SocketAddressLegacy *addr, int fd, bool server)
{
    struct sockaddr_storage local = { 0 }, remote = { 0 };
    socklen_t local_length = sizeof(local), remote_length = sizeof(remote);
    const char *left, *right;
    End here, there;

    if (getsockname(fd, (struct sockaddr *)&local, &local_length) < 0 ||
        getpeername(fd, (struct sockaddr *)&remote, &remote_length) < 0 ||
        !end_of(&local, local_length, &here) || !end_of(&remote, remote_length, &there)) {
        return socket_address_text(addr, server);
    }
    left = local.ss_family == AF_INET6 ? "[" : "";
    right = local.ss_family == AF_INET6 ? "]" : "";
    return g_strdup_printf("tcp:%s%s%s:%s%s <-> %s%s%s:%s", left, here.host, right, here.port,
                           on(server), left, there.host, right, there.port);
}

guint socket_local_port(int fd)
{
    struct sockaddr_storage local = { 0 };
    socklen_t length = sizeof(local);

    if (getsockname(fd, (struct sockaddr *)&local, &length) < 0) {
        return 0;
    }
    switch (local.ss_family) {
    case AF_INET:
        return ntohs(((struct sockaddr_in *)&local)->sin_port);
    case AF_INET6:
        return ntohs(((struct sockaddr_in6 *)&local)->sin6_port);
    default:
        return 0;
    }
}

bool socket_peer_gone(int fd)
{
    struct pollfd gone = { .fd = fd, .events = POLLRDHUP };

    return poll(&gone, 1, 0) > 0 && gone.revents;
}

void socket_set_nodelay(int fd)
{
    const int one = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}
