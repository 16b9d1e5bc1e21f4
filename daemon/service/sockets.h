/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets: where clients reach the daemon, from the service manager or from
 * the command line.
 */
#ifndef DAEMON_SERVICE_SOCKETS_H
#define DAEMON_SERVICE_SOCKETS_H

#include <glib.h>
#include <stdbool.h>

typedef struct Vmd Vmd;

/* Makes the server listen on every socket that was passed or named; fails if
 * there is none at all. */
bool sockets_open(Vmd *vmd, GError **error);

/* Stops listening, and removes the sockets that were named. */
void sockets_close(Vmd *vmd);

#endif
