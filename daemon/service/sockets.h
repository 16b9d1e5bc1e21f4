/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets: where clients reach the daemon, from the service manager or from
 * the command line.
 */
#ifndef DAEMON_SERVICE_SOCKETS_H
#define DAEMON_SERVICE_SOCKETS_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/service/options.h"
#include "qmp/server.h"

typedef struct {
    QmpServer *server;
    const Options *options;
    char *default_path;         /* in the run directory, if used */
} Sockets;

/* Makes the server listen on every socket that was passed or named; fails if
 * there is none.  sockets_close() must follow in any case. */
bool sockets_open(Sockets *sockets, GError **error);

/* Stops listening, and removes the named sockets. */
void sockets_close(Sockets *sockets);

#endif
