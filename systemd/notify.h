/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications to the service manager: ready, status line, stopping, and that
 * the main loop is alive.
 *
 * Without NOTIFY_SOCKET every function does nothing.  A message that cannot be
 * delivered is logged at debug level; the machine does not depend on it.  All
 * functions are for the main loop's thread.
 */
#ifndef SYSTEMD_NOTIFY_H
#define SYSTEMD_NOTIFY_H

#include <glib.h>
#include <stdbool.h>

struct event_base;

typedef struct Notify Notify;

/*
 * Starts the watchdog's timer on base (at half of WATCHDOG_USEC) if the service
 * manager requests one.  It is fed as long as alive(opaque) says that threads
 * besides the loop make progress, too (NULL: there are none).  Both environment
 * variables of the watchdog are not changed.  base is borrowed and must outlive
 * the result.  Never fails; free with notify_free().
 */
Notify *notify_new(struct event_base *base, bool (*alive)(void *opaque), void *opaque);

/* Stops the timer.  Accepts NULL. */
void notify_free(Notify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notify, notify_free)

/*
 * READY=1 with the first status line: to be called once the sockets answer.
 * Later status lines are sent by notify_status(), which is silent before this
 * call and if nothing changed.
 *
 * run_state: the run state's name ("prelaunch"); n_cpus: number of vCPUs.
 */
void notify_ready(Notify *notify, const char *run_state, guint n_cpus);
void notify_status(Notify *notify, const char *run_state, guint n_cpus);

/* Sets the text of the status line after run state and vCPUs, preceded by "; ":
 * something that the administrator should know; NULL: nothing.  Takes effect
 * with the next notify_ready() or notify_status(). */
void notify_note(Notify *notify, const char *note);

/* STOPPING=1, once, with a status line that gives the reason; the watchdog keeps running. */
void notify_stopping(Notify *notify, const char *cause);

/* Requests `usec` microseconds more, counted from now, for a start or stop that
 * takes longer than the unit allows. */
void notify_extend_timeout(Notify *notify, guint64 usec);

/* The guest was asked to power off: from now on until notify_stopping(), but for
 * at most `seconds`, more time is requested from the service manager regularly.
 * Calling it again starts over. */
void notify_powering_down(Notify *notify, guint seconds);

#endif
