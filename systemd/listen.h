/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket activation: listening sockets that the service manager passed
 * (LISTEN_FDS, LISTEN_FDNAMES), identified by name.
 *
 * A socket named `jsonrpc` speaks JSON-RPC 2.0.  One named `qmp`, one with a
 * socket unit's own name (`vmd@guest.socket`, what systemd gives if
 * FileDescriptorName= is absent) and one without a name speak QMP.
 */
#ifndef SYSTEMD_LISTEN_H
#define SYSTEMD_LISTEN_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    LISTEN_QMP,
    LISTEN_JSONRPC,
} ListenDialect;

typedef struct {
    char *name;                 /* owned; as passed, "unknown" without one */
    int fd;                     /* owned; -1 once it was taken */
    ListenDialect dialect;
} ListenSocket;

/*
 * Takes the sockets that were passed to this process, and removes LISTEN_FDS,
 * LISTEN_FDNAMES and LISTEN_PID from the environment.  All of them are
 * close-on-exec and non-blocking.
 *
 * *ret_sockets: array of ListenSocket, empty without activation; freeing it
 * closes every fd that is not -1.
 *
 * Fails, naming the socket, if one has an unknown name, or is not a listening
 * Unix stream socket (peers are known by SO_PEERCRED only).  All passed
 * descriptors are closed then.
 *
 * To be called once, before any thread is started.
 */
bool listen_take_sockets(GArray **ret_sockets, GError **error);

#endif
