/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen in a browser, for `vmctl screen --web`.
 */
#ifndef CLIENT_SCREEN_WEB_H
#define CLIENT_SCREEN_WEB_H

#include "client/connection.h"

/* Where Debian's package has noVNC. */
#define NOVNC_FOLDER "/usr/share/novnc"

/*
 * Makes a VNC server in the daemon for the screen of device (NULL: the first one), prints the
 * address for the browser, and serves it until a signal, or the daemon, ends that; then removes the
 * server.  port: on 127.0.0.1; 0: any.
 */
bool screen_web(Connection *conn, const char *device, const char *novnc, guint port,
                GError **error);

#endif
