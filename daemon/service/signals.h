/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals: those that end the daemon (SIGTERM, SIGINT, SIGHUP), read from a descriptor, so
 * that their sender is known.
 */
#ifndef DAEMON_SERVICE_SIGNALS_H
#define DAEMON_SERVICE_SIGNALS_H

#include <event2/event.h>
#include <glib.h>
#include <sys/types.h>

typedef struct Signals Signals;

typedef struct {
    int number;
    pid_t pid;                  /* of the sender */
    uid_t uid;
} SignalSender;

/* Blocks them, in this thread and those that it creates.  Must be called first in main. */
void signals_block(void);
/* For child processes: restores the mask. */
void signals_unblock(void);

/* Calls f(opaque, sender) on the loop for each; SIGPIPE and SIGXFSZ are ignored
 * from now on.  NULL and host-error if the host has no descriptor or memory left. */
Signals *signals_watch(struct event_base *base,
                       void (*f)(void *opaque, const SignalSender *sender), void *opaque,
                       GError **error);
void signals_free(Signals *signals);            /* accepts NULL */

#endif
