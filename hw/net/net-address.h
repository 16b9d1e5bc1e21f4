/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket addresses in the form of network backends, and their conversion for
 * hw/chardev/socket-address.h, which opens them.
 */
#ifndef HW_NET_NET_ADDRESS_H
#define HW_NET_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/un.h>

#include "hw/chardev/socket-address.h"
#include "qmp/qapi-types-socket.h"

typedef struct SocketAddress SocketAddress;

/* The same address in the other form, valid as long as addr. */
SocketAddressLegacy net_address_view(SocketAddress *addr);

/* `HOST:PORT`, `[IPV6]:PORT` or, if host_optional, `:PORT`; NULL with
 * invalid-value.  Free with qmp_clear(). */
SocketAddress *net_address_parse(const char *text, bool host_optional, GError **error);

/* The address of a connected socket's peer; free with qmp_clear(). */
SocketAddress *net_address_of_peer(int fd);

/* Looks up a datagram address in family (AF_UNSPEC: any); may block.  Fails
 * with host-error. */
typedef struct {
    socklen_t length;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
} NetSockaddr;
bool net_address_lookup(const SocketAddress *addr, int family, bool passive,
                        NetSockaddr *ret_addr, GError **error);
bool net_address_is_multicast(const NetSockaddr *addr);

#endif
