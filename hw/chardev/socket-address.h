/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets by the schema's addresses: listening, datagrams, and how an address is
 * written for people.  Connecting is in socket-connect.h.
 *
 * Functions that open a socket may block (name lookup, connection setup) and
 * are for pool threads; they access only their arguments.  Descriptors that
 * they return are close-on-exec and non-blocking.
 */
#ifndef HW_CHARDEV_SOCKET_ADDRESS_H
#define HW_CHARDEV_SOCKET_ADDRESS_H

#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <glib.h>
#include <stdbool.h>

typedef struct InetSocketAddress InetSocketAddress;
typedef struct SocketAddressLegacy SocketAddressLegacy;

/* The socket's node in the file system, so that no other socket is removed. */
typedef struct {
    char *path;                 /* NULL: it has none */
    dev_t dev;
    ino_t ino;
} SocketNode;

/*
 * A listening socket, or -1 with address-in-use, file-not-usable, host-error.
 * given_fd is the descriptor of an `fd` address, which is checked and returned.
 * A node at a unix address is removed first if it is a socket without a
 * listener.  *ret_node is for socket_node_remove().
 */
int socket_listen(const SocketAddressLegacy *addr, int given_fd, SocketNode *ret_node,
                  GError **error);

/* Checks the descriptor of an `fd` address, and returns it; -1 with
 * file-not-usable. */
int socket_check_given(int fd, bool want_listening, GError **error);

/* A stream socket's address as the kernel has it. */
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
} SocketCandidate;

/* The candidates (SocketCandidate) of an address other than `fd`, in the order in
 * which to try them.  passive: for listening.  NULL with host-error or
 * invalid-value. */
GArray *socket_candidates(const SocketAddressLegacy *addr, bool passive, GError **error);
/* Whether socket_candidates() does not block for this address. */
bool socket_needs_no_look_up(const SocketAddressLegacy *addr);
/* A socket for it, or -1 and errno. */
int socket_new(const SocketCandidate *c);

/*
 * A datagram socket that is connected to remote and bound to local, or to a port
 * of the host's choice if that is NULL; both are `inet` addresses.  Returns -1
 * with address-in-use, host-error, invalid-value (no port).
 */
int socket_datagram(const InetSocketAddress *remote, const InetSocketAddress *local,
                    GError **error);

/* The name service's results for an address of the kind in `wanted`: family
 * (AF_UNSPEC: the address decides), type and flags; free them with
 * freeaddrinfo().  NULL with host-error or invalid-value. */
struct addrinfo *socket_look_up(const InetSocketAddress *addr, const struct addrinfo *wanted,
                                GError **error);

/* Whether an address has no options that only streams support; fails with
 * invalid-value. */
bool socket_check_datagram(const InetSocketAddress *addr, GError **error);

/* Removes the node if it is still the same, and clears *node. */
void socket_node_remove(SocketNode *node);

/* Port that a socket is bound to, 0 if it has none. */
guint socket_local_port(int fd);

/* "unix:/run/s", "tcp:localhost:5000", "fd:name", with ",server=on" if server;
 * newly allocated. */
char *socket_address_text(const SocketAddressLegacy *addr, bool server);

/* The same for a connection, with both ends for TCP:
 * "tcp:127.0.0.1:5000,server=on <-> 127.0.0.1:41234". */
char *socket_connection_text(const SocketAddressLegacy *addr, int fd, bool server);

/* Whether the other side of a connection, or of a terminal, is gone or has at least
 * shut down sending, even if there is still input to read.  (TCP does not
 * distinguish the two.) */
bool socket_peer_gone(int fd);

/* Sets TCP_NODELAY; other sockets have no such delay. */
void socket_set_nodelay(int fd);

#endif
