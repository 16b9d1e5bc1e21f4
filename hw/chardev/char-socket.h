/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two halves of chardev-socket: char-socket.c has its options and its life,
 * char-socket-connection.c its connections.
 */
#ifndef HW_CHARDEV_CHAR_SOCKET_H
#define HW_CHARDEV_CHAR_SOCKET_H

#include "hw/chardev/char-fd.h"
#include "hw/chardev/socket-address.h"
#include "hw/chardev/socket-connect.h"
#include "hw/chardev/socket-listener.h"
#include "qmp/qapi-types-char.h"

/* A client that does not end its WebSocket handshake in this time is disconnected. */
#define CHAR_SOCKET_HANDSHAKE_SECONDS 10

struct event;

typedef struct CharSocket CharSocket;

struct CharSocket {
    Chardev parent;
    CharFd stream;
    QmpFd *given;               /* of an `fd` address; has fd as long as that is open */
    int listen_fd;
    int fd;                     /* the connection, or -1 */
    SocketNode node;
    SocketListener listener;    /* server */
    CharProtocol *protocol;     /* of the connection, or NULL: plain bytes */
    struct event *handshake_event;      /* gives up waiting for its end; or NULL */
    struct event *retry_event;
    SocketPeer *peer;           /* client: from prepare on, until connected */
    SocketConnect *connect;     /* attempt in progress */
    void (*settled)(void *opaque, GError *error);
    void *settled_opaque;
    bool said_why;              /* the reason of a failed attempt was logged */
};

/* char-socket.c */
const ChardevSocket *char_socket_options(const CharSocket *s);
/* Milliseconds until a lost connection is tried again; 0: never. */
guint char_socket_retry_ms(const CharSocket *s);

/* char-socket-connection.c; machine lock held. */

/* A connection begins, over fd, which s takes ownership of even on failure.  Fails with
 * host-error. */
bool char_socket_begin(CharSocket *s, int fd, GError **error);
/* SocketListener.accepted; takes the lock itself. */
void char_socket_accepted(void *opaque, int fd);
/* CharFd.hangup */
void char_socket_hangup(Chardev *chr);
/* Closes the descriptor of a connection that has not begun, or has ended. */
void char_socket_close(CharSocket *s);
/* Connects now, and again whenever the connection is lost.  Fails with host-error. */
bool char_socket_keep_connected(CharSocket *s, GError **error);
/* Ends all of it, silently. */
void char_socket_stop(CharSocket *s);

#endif
