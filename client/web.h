/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A web server on loopback for one browser: it serves noVNC, and relays the browser's WebSocket to
 * a VNC server's Unix socket.
 *
 * The address that it prints has a token, which admits the first browser that comes with it: that
 * gets a cookie, without which nothing else is served.  So other users of the host, and pages of
 * other sites in the browser, see nothing.
 */
#ifndef CLIENT_WEB_H
#define CLIENT_WEB_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *folder;         /* noVNC's */
    const char *vnc_path;       /* the Unix socket */
    guint port;                 /* 0: any */
    /* The server listens; address is for the browser. */
    void (*ready)(const char *address, void *opaque);
    /* watch_fd, which is polled, is readable: false ends the server. */
    int watch_fd;
    bool (*watched)(void *opaque);
    void *opaque;
} WebOptions;

/* Serves until the watched descriptor or a signal (SIGINT, SIGTERM, SIGHUP) ends it.  False: it
 * could not begin. */
bool web_serve(const WebOptions *options, GError **error);

#endif
