/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connects the terminal (or standard input and output of any kind) to a
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
    TERMINAL_SIGNAL,            /* SIGHUP, SIGINT, SIGQUIT or SIGTERM */
    TERMINAL_WATCHED,           /* the watched descriptor is readable */
    TERMINAL_FAILED,            /* *error is set */
} TerminalResult;

enum {
    TERMINAL_KEY_SIGNALS = 1 << 0,  /* keys such as Ctrl-C stay signals */
    TERMINAL_LINE_ENDS   = 1 << 1,  /* a line feed ends a line: other programs write there, too */
};

typedef struct Terminal Terminal;

/*
 * Starts the connection to fd, which stays the caller's and becomes non-blocking; -1 connects
 * nothing and does not change the terminal.  Until terminal_close() a terminal on standard input is
 * in raw mode, and signals are blocked and handled only by terminal_copy().
 */
Terminal *terminal_open(int fd, guint flags, GError **error);
/* Restores the modes of the terminal.  A pending signal takes effect here.  Accepts
 * NULL. */
void terminal_close(Terminal *terminal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Terminal, terminal_close)

/*
 * Copies both ways until one of the above; may be called again.  If standard input is not a
 * terminal, it has no escape, and its end leaves the other direction open.  A side that ended
 * (TERMINAL_CLOSED) is disconnected.  watched may be -1.
 */
TerminalResult terminal_copy(Terminal *terminal, int watched, GError **error);

/* After TERMINAL_SIGNAL: consumes the signal, so it has no effect, and returns its number. */
int terminal_take_signal(Terminal *terminal);

/*
 * Open, copy and close.  The terminal is restored before a signal takes effect; TERMINAL_SIGNAL
 * is returned if the process survives it.
 */
TerminalResult terminal_join(int fd, GError **error);

#endif
