/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen view: a machine's screen, as far as it is text, on the terminal; what is typed there
 * goes to the machine's keyboard.
 */
#ifndef CLIENT_SCREEN_VIEW_H
#define CLIENT_SCREEN_VIEW_H

#include "client/connection.h"

typedef enum {
    SCREEN_VIEW_ESCAPED,        /* Ctrl-] was typed */
    SCREEN_VIEW_CLOSED,         /* the daemon has ended */
    SCREEN_VIEW_SIGNAL,         /* SIGHUP, SIGINT, SIGQUIT or SIGTERM */
    SCREEN_VIEW_FAILED,         /* *error is set */
} ScreenViewResult;

typedef struct ScreenView ScreenView;

/*
 * Takes the terminal over until screen_view_close().  watcher and typist are two connections to
 * one daemon, which stay the caller's: requests of the first wait for changes, and those of the
 * second must not wait for them.  device: of the graphics card, or NULL.  Fails if standard input
 * and output are no terminal, or not one that curses knows.
 */
ScreenView *screen_view_open(Connection *watcher, Connection *typist, const char *device,
                             GError **error);
/* Restores the terminal.  A pending signal takes effect here.  Accepts NULL. */
void screen_view_close(ScreenView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScreenView, screen_view_close)

/* Shows the screen until one of the above; may be called again. */
ScreenViewResult screen_view_run(ScreenView *view, GError **error);

/* After SCREEN_VIEW_SIGNAL: consumes the signal, so it has no effect, and returns its number. */
int screen_view_take_signal(ScreenView *view);

#endif
