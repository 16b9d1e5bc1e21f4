/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the terminal (or whatever standard input and output are) with a
 * descriptor, byte for byte.
 */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <glib.h>
#include <stdbool.h>

/* Ctrl-] */
#define TERMINAL_ESCAPE 0x1d

typedef enum {
    TERMINAL_ESCAPED,           /* Ctrl-] was typed */
    TERMINAL_CLOSED,            /* the other side ended */
    TERMINAL_SIGNAL,            /* SIGHUP, SIGINT, SIGQUIT or SIGTERM, if it is survived */
    TERMINAL_FAILED,            /* *error is set */
} TerminalResult;

/*
 * Copies both ways until one of the above.  A terminal on standard input is in
 * raw mode meanwhile, and is restored before this returns and before a signal
 * takes effect; if standard input is something else, it has no escape, and its
 * end leaves the other direction open.  fd stays the caller's and becomes
 * non-blocking.
 */
TerminalResult terminal_join(int fd, GError **error);

#endif
