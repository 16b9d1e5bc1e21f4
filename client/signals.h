/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals that would end vmctl, read from a descriptor instead, so that what was changed on the
 * terminal can be restored first.
 */
#ifndef CLIENT_SIGNALS_H
#define CLIENT_SIGNALS_H

#include <glib.h>
#include <signal.h>
#include <stdbool.h>

enum { SIGNALS_N = 5 };

typedef struct {
    int fd;                     /* readable when one has come; -1: not taken */
    sigset_t saved_mask;
    struct sigaction saved[SIGNALS_N];  /* curses has handlers of its own */
} Signals;

/* Blocks SIGHUP, SIGINT, SIGQUIT and SIGTERM, and makes EPIPE of SIGPIPE, until
 * signals_restore(). */
bool signals_take(Signals *signals, GError **error);
/* A pending signal takes effect here.  Does nothing if they are not taken. */
void signals_restore(Signals *signals);
/* Consumes a signal, so that it has no effect, and returns its number. */
int signals_read(Signals *signals);

#endif
