/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notification of the service manager, see notify.h.  daemon/ calls it from
 * the run state's one writer and from the shutdown path.
 */
#include "config.h"
#include "systemd/notify.h"

#include <stdbool.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

struct Notify {
    bool enabled;               /* NOTIFY_SOCKET was set at the start */
    bool ready;
    bool stopping;
    char *status;               /* last line sent, or NULL */
    struct event *watchdog;     /* NULL: not asked for */
    bool (*alive)(void *opaque);
    void *alive_opaque;
};

static void send_state(const Notify *notify, const char *state)
{
    int r;

    if (!notify->enabled) {
        return;
    }
    r = sd_notify(0, state);
    if (r < 0) {
        g_debug("notification of the service manager failed: %s", g_strerror(-r));
    }
}

static void watchdog_fired(evutil_socket_t fd, short what, void *opaque)
{
    const Notify *notify = opaque;

    if (!notify->alive || notify->alive(notify->alive_opaque)) {
        send_state(notify, "WATCHDOG=1");
    } else {
        g_warning("a vCPU hangs in an exit: the watchdog is not fed");
    }
}

static void start_watchdog(Notify *notify, struct event_base *base)
{
    uint64_t usec = 0;
    struct timeval interval;

    if (!notify->enabled || sd_watchdog_enabled(0, &usec) <= 0) {
        return;
    }
    usec = MAX(usec / 2, 1);
    interval.tv_sec = usec / G_USEC_PER_SEC;
    interval.tv_usec = usec % G_USEC_PER_SEC;
    notify->watchdog = event_new(base, -1, EV_PERSIST, watchdog_fired, notify);
    if (!notify->watchdog || event_add(notify->watchdog, &interval) < 0) {
        g_warning("the watchdog's timer cannot be started");
    }
}

Notify *notify_new(struct event_base *base, bool (*alive)(void *opaque), void *opaque)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    Notify *notify = g_new0(Notify, 1);

    notify->enabled = path && *path;
    notify->alive = alive;
    notify->alive_opaque = opaque;
    start_watchdog(notify, base);
    return notify;
}

void notify_free(Notify *notify)
{
    if (!notify) {
        return;
    }
    if (notify->watchdog) {
        event_free(notify->watchdog);
    }
    g_free(notify->status);
    g_free(notify);
}

static char *status_line(const char *run_state, guint n_cpus)
{
    return g_strdup_printf("STATUS=%s, %u vCPU%s", run_state, n_cpus, n_cpus == 1 ? "" : "s");
}

void notify_ready(Notify *notify, const char *run_state, guint n_cpus)
{
    g_autofree char *message = NULL;

    g_free(notify->status);
    notify->status = status_line(run_state, n_cpus);
    notify->ready = true;
    message = g_strconcat("READY=1\n", notify->status, NULL);
    send_state(notify, message);
}

void notify_status(Notify *notify, const char *run_state, guint n_cpus)
{
    g_autofree char *status = NULL;

    if (!notify->ready) {
        return;
    }
    status = status_line(run_state, n_cpus);
    if (g_strcmp0(status, notify->status) == 0) {
        return;
    }
    g_free(notify->status);
    notify->status = g_steal_pointer(&status);
    send_state(notify, notify->status);
}

void notify_stopping(Notify *notify, const char *cause)
{
    g_autofree char *message = NULL;

    if (!notify->stopping) {
        notify->stopping = true;
        message = g_strdup_printf("STOPPING=1\nSTATUS=ended: %s", cause);
        send_state(notify, message);
    }
}

void notify_extend_timeout(Notify *notify, guint64 usec)
{
    g_autofree char *message = g_strdup_printf("EXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, usec);

    send_state(notify, message);
}
