/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns query-chardev's description of a chardev into an open descriptor.
 */
#ifndef CLIENT_CHARDEV_ADDRESS_H
#define CLIENT_CHARDEV_ADDRESS_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    CHARDEV_OTHER,              /* cannot be attached to */
    CHARDEV_PTY,
    CHARDEV_UNIX,               /* a listening Unix socket */
    CHARDEV_TCP,                /* a listening TCP socket */
} ChardevKind;

typedef struct {
    ChardevKind kind;
    char *path;                 /* PTY, UNIX; owned */
    char *host, *port;          /* TCP; owned */
} ChardevAddress;

/*
 * Reads the member `filename`: "pty:/dev/pts/3",
 * "disconnected:unix:/run/x,server=on", "tcp:127.0.0.1:4000,server=on".
 * Always succeeds; release with chardev_address_clear().
 */
void chardev_address_parse(const char *filename, ChardevAddress *ret_address);
void chardev_address_clear(ChardevAddress *address);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChardevAddress, chardev_address_clear)

/* Opens or connects; the descriptor, or -1 with *error. */
int chardev_address_open(const ChardevAddress *address, GError **error);

#endif
