/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notification of the service manager, see notify.h.  daemon/ calls it when the
 * run state changes and in the shutdown path.
 */
#include "config.h"
#include "systemd/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "systemd/environment.h"

/* How often more time is requested, and how much: two requests may be missed. */
enum { EXTENSION_SECONDS = 10, EXTENSION_LENGTH = 30 };

struct Notify {
    int socket;                 /* -1: no notifications.  Kept open, so that the watchdog
                                   is fed even when there are no descriptors left */
    struct sockaddr_un address;
    socklen_t address_length;
    bool ready;
    bool stopping;
    char *status;               /* last line sent, or NULL */
    char *note;                 /* its last part, or NULL */
    struct event *watchdog;     /* NULL: not requested */
    struct event_base *base;
    struct event *extension;    /* NULL until notify_powering_down */
    guint extensions;           /* remaining ones */
    bool (*alive)(void *opaque);
    void *alive_opaque;
};

/* The address in NOTIFY_SOCKET: a path, or @NAME in the abstract namespace; false: neither. */
static bool set_address(Notify *notify, const char *path)
{
    gsize length = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || length >= sizeof(notify->address.sun_path)) {
        return false;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, length + 1);
    notify->address_length = G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + length;
    if (path[0] == '@') {
        notify->address.sun_path[0] = '\0';
    } else {
        notify->address_length++;
    }
    return true;
}

static void open_socket(Notify *notify)
{
    const char *path = g_getenv("NOTIFY_SOCKET");

    notify->socket = -1;
    if (!path || !*path) {
        return;
    }
    if (!set_address(notify, path)) {
        g_warning("NOTIFY_SOCKET is '%s', which is neither a path nor @NAME: the service manager "
                  "is not notified", path);
        return;
    }
    notify->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->socket < 0) {
        g_warning("the service manager cannot be notified: %s", g_strerror(errno));
    }
}

static void send_state(const Notify *notify, const char *state)
{
    ssize_t n;

    if (notify->socket < 0) {
        return;
    }
    do {
        n = sendto(notify->socket, state, strlen(state), MSG_NOSIGNAL,
                   (const struct sockaddr *)&notify->address, notify->address_length);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        g_debug("notification of the service manager failed: %s", g_strerror(errno));
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

/* How long the service manager waits for a sign of life, as in sd_watchdog_enabled(3);
 * 0: it expects none. */
static guint64 watchdog_usec(void)
{
    const char *text = g_getenv("WATCHDOG_USEC");
    guint64 usec;

    if (!text || (g_getenv("WATCHDOG_PID") && !environment_names_us("WATCHDOG_PID"))) {
        return 0;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &usec, NULL)) {
        g_warning("WATCHDOG_USEC is '%s': the watchdog is not fed", text);
        return 0;
    }
    return usec;
}

static void start_watchdog(Notify *notify, struct event_base *base)
{
    guint64 usec = notify->socket >= 0 ? watchdog_usec() : 0;
    struct timeval interval;

    if (!usec) {
        return;
    }
    usec = MAX(usec / 2, 1);
    interval.tv_sec = usec / G_USEC_PER_SEC;
    interval.tv_usec = usec % G_USEC_PER_SEC;
    notify->watchdog = event_new(base, -1, EV_PERSIST, watchdog_fired, notify);
    if (!notify->watchdog || event_add(notify->watchdog, &interval) < 0) {
        g_warning("cannot start the watchdog's timer");
    }
}

Notify *notify_new(struct event_base *base, bool (*alive)(void *opaque), void *opaque)
{
    Notify *notify = g_new0(Notify, 1);

    open_socket(notify);
    notify->base = base;
    notify->alive = alive;
    notify->alive_opaque = opaque;
    start_watchdog(notify, base);
    return notify;
}

static void stop_extending(Notify *notify)
{
    if (notify->extension) {
        event_free(notify->extension);
        notify->extension = NULL;
    }
}

void notify_free(Notify *notify)
{
    if (!notify) {
        return;
    }
    if (notify->watchdog) {
        event_free(notify->watchdog);
    }
    stop_extending(notify);
    if (notify->socket >= 0) {
        close(notify->socket);
    }
    g_free(notify->status);
    g_free(notify->note);
    g_free(notify);
}

static char *status_line(const Notify *notify, const char *run_state, guint n_cpus)
{
    return g_strdup_printf("STATUS=%s, %u vCPU%s%s%s", run_state, n_cpus, n_cpus == 1 ? "" : "s",
                           notify->note ? "; " : "", notify->note ? notify->note : "");
}

void notify_note(Notify *notify, const char *note)
{
    g_free(notify->note);
    notify->note = g_strdup(note);
}

void notify_ready(Notify *notify, const char *run_state, guint n_cpus)
{
    g_autofree char *message = NULL;

    g_free(notify->status);
    notify->status = status_line(notify, run_state, n_cpus);
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
    status = status_line(notify, run_state, n_cpus);
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

    stop_extending(notify);
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

static void extension_fired(evutil_socket_t fd, short what, void *opaque)
{
    Notify *notify = opaque;

    notify_extend_timeout(notify, EXTENSION_LENGTH * (guint64)G_USEC_PER_SEC);
    if (--notify->extensions == 0) {
        stop_extending(notify);
    }
}

void notify_powering_down(Notify *notify, guint seconds)
{
    const struct timeval interval = { .tv_sec = EXTENSION_SECONDS };

    if (notify->socket < 0 || notify->stopping) {
        return;
    }
    notify->extensions = MAX(seconds / EXTENSION_SECONDS, 1);
    if (!notify->extension) {
        notify->extension = event_new(notify->base, -1, EV_PERSIST, extension_fired, notify);
    }
    if (!notify->extension || event_add(notify->extension, &interval) < 0) {
        g_warning("cannot ask the service manager for more time");
        return;
    }
    notify_extend_timeout(notify, EXTENSION_LENGTH * (guint64)G_USEC_PER_SEC);
}
