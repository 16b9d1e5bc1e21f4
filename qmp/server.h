/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server: listening sockets, and the clients that connect to them.
 *
 * Any number of clients share one dispatcher, and none can starve another: a
 * client gets a bounded number of requests per round of the loop, is not read
 * from while it does not take its replies, and is disconnected if that lasts.
 *
 * All functions run on the main loop's thread.
 */
#ifndef QMP_SERVER_H
#define QMP_SERVER_H

#include "qmp/dispatch.h"
#include "qmp/event.h"
#include "qmp/framer.h"

typedef struct QmpServer QmpServer;

typedef enum {
    QMP_DIALECT_QMP,            /* greeting, negotiation, execute/return */
    QMP_DIALECT_JSONRPC,        /* JSON-RPC 2.0; see qmp/jsonrpc.c */
} QmpDialectId;

/*
 * What one client may use, and which clients are admitted.  The daemon's own user
 * and root have no limit per user, and the kept places are theirs: a process gets
 * one of them if it has no other connection.  Clients without credentials (TCP)
 * count as one user, and as no process.
 */
typedef struct {
    QmpFramerLimits input;
    gsize output_high;          /* unread output at which no more requests are taken */
    gsize output_max;           /* unread output that ends the connection */
    guint stall_ms;             /* ... as does reading none of it for this long */
    guint silence_ms;           /* ... and not negotiating (JSON-RPC: sending no request)
                                 * for this long; after that it may stay silent */
    guint max_sessions;         /* further clients are turned away */
    guint max_of_process;       /* further clients of a process */
    guint max_of_user;          /* further clients of a user */
    guint kept;                 /* of max_sessions: for the daemon's own user and root */
} QmpServerLimits;

/* Defaults: see qmp/framer.h; 1 MiB, 32 MiB, 30 seconds, 60 seconds, 512, 128, 256, 16. */
extern const QmpServerLimits qmp_server_default_limits;

/* A server without sockets.  base, dispatch and queue must outlive it. */
QmpServer *qmp_server_new(struct event_base *base, const QmpDispatch *dispatch,
                          QmpEventQueue *queue);

/* Closes all sockets; the results of requests that are still running are
 * dropped. Accepts NULL. */
void qmp_server_free(QmpServer *server);

/* Sets the limits for clients that connect from now on. */
void qmp_server_set_limits(QmpServer *server, const QmpServerLimits *limits);

/* Accepts clients on a listening stream socket; takes ownership of fd, even on failure. */
bool qmp_server_listen(QmpServer *server, int fd, QmpDialectId dialect, GError **error);

/* Serves a connected stream socket; takes ownership of fd, even on failure.  The
 * caller vouches for the client: it is always admitted, does not count towards
 * the limits, and may be silent. */
bool qmp_server_attach(QmpServer *server, int fd, QmpDialectId dialect, GError **error);

/* Holds clients: they can connect, but are served only after qmp_server_release().  For sockets
 * that are to answer once the machine is built. */
void qmp_server_hold(QmpServer *server);
void qmp_server_release(QmpServer *server);

/* Stops accepting; clients that are connected stay. */
void qmp_server_close_listeners(QmpServer *server);

/*
 * Delivers waiting events and writes pending output, for at most timeout_ms;
 * runs no request.  For the end of the process.
 */
void qmp_server_flush(QmpServer *server, guint timeout_ms);

/* How many clients are connected. */
guint qmp_server_n_sessions(const QmpServer *server);

#endif
