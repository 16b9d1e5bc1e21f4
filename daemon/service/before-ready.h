/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BeforeReady: a command that has to succeed before the daemon reports
 * readiness, such as `vmctl apply` with the machine's configuration.
 *
 * It is a child process that uses the daemon's socket like any client; its
 * messages go to the same place as the daemon's.  Main thread only.
 */
#ifndef DAEMON_SERVICE_BEFORE_READY_H
#define DAEMON_SERVICE_BEFORE_READY_H

#include <event2/event.h>
#include <glib.h>

typedef struct BeforeReady BeforeReady;

/* Starts words[0], found by PATH, with these arguments.  done(opaque, NULL) is called on the loop
 * when it has ended with status 0, done(opaque, error) when it ended in another way.
 * NULL and *error if it cannot be started. */
BeforeReady *before_ready_start(struct event_base *base, char **words,
                                void (*done)(void *opaque, const GError *error), void *opaque,
                                GError **error);

/* The same with a child that runs already, name for messages; it may have ended. */
BeforeReady *before_ready_adopt(struct event_base *base, GPid pid, const char *name,
                                void (*done)(void *opaque, const GError *error), void *opaque,
                                GError **error);

/* Asks a command that still runs to end (SIGTERM).  Accepts NULL, as the next. */
void before_ready_ask(BeforeReady *before);
/* Waits for its end until deadline (of g_get_monotonic_time), and then kills it; done is not
 * called any more. */
void before_ready_free(BeforeReady *before, gint64 deadline);

#endif
