/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a VNC server: it waits for clients and for what they send, and for nothing else.
 * Without a client it sleeps until there is one.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <errno.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/env.h"

#define SECOND G_GINT64_CONSTANT(1000000)

/* Lines about clients in ten seconds. */
enum { LINES_MAX = 20 };

/* Descriptors before those of the clients. */
enum { WAKE, LISTENER, FIRST_CLIENT = LISTENER + VNC_LISTENERS };

void vnc_log(VncServer *s, const VncClient *client, const char *text)
{
    gint64 now = g_get_monotonic_time();

    if (now >= s->lines_from + 10 * SECOND) {
        s->lines_from = now;
        s->n_lines = 0;
    }
    if (++s->n_lines <= LINES_MAX) {
        g_message("VNC server '%s': the client %s%s%s is ended: %s", s->object.name,
                  *client->info->host ? client->info->host : "of a Unix socket",
                  *client->info->host ? ":" : "",
                  *client->info->host ? client->info->service : "", text);
    }
}

/* ---- Accepting ---- */

/* Connections that are still in the handshake count, and encoders that still end. */
static bool has_room(const VncServer *s)
{
    return s->clients->len + s->ending->len < 2 * vnc_server_props(s)->connections;
}

/* A failure of the host is reported once a second. */
static void accept_client(VncServer *s, VncListener *listener, gint64 now)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        g_ptr_array_add(s->clients, vnc_client_new(s, listener, fd, now));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        env_refused(&s->object, errno, -1);
        listener->accept_again = now + SECOND;
    }
}

static void poll_listener(VncServer *s, VncListener *listener, short events, gint64 now)
{
    if (listener->accept_again && now >= listener->accept_again) {
        listener->accept_again = 0;
    } else if (events) {
        accept_client(s, listener, now);
    }
}

/* ---- Turns ---- */

/* Milliseconds until something is due; -1: nothing is. */
static int next_timeout(const VncServer *s, gint64 now)
{
    gint64 next = G_MAXINT64;

    for (guint i = 0; i < VNC_LISTENERS; i++) {
        if (s->listeners[i].accept_again) {
            next = MIN(next, s->listeners[i].accept_again);
        }
    }
    for (guint i = 0; i < s->clients->len; i++) {
        next = MIN(next, vnc_client_deadline(s->clients->pdata[i]));
    }
    return next == G_MAXINT64 ? -1 : CLAMP((next - now) / 1000 + 1, 0, 60000);
}

static void fill(VncServer *s)
{
    struct pollfd fds[FIRST_CLIENT] = { [WAKE] = { .fd = s->wake_fd, .events = POLLIN } };

    for (guint i = 0; i < VNC_LISTENERS; i++) {
        const VncListener *listener = &s->listeners[i];

        fds[LISTENER + i] = (struct pollfd){
            .fd = listener->accept_again || !has_room(s) ? -1 : listener->fd, .events = POLLIN,
        };
    }
    g_array_set_size(s->polls, 0);
    g_array_append_vals(s->polls, fds, G_N_ELEMENTS(fds));
    for (guint i = 0; i < s->clients->len; i++) {
        vnc_client_fill(s->clients->pdata[i], s->polls);
    }
}

static void remove_ended(VncServer *s)
{
    for (guint i = s->clients->len; i-- > 0;) {
        VncClient *client = s->clients->pdata[i];

        if (client->ended) {
            g_ptr_array_remove_index(s->clients, i);
            vnc_client_free(client);
        }
    }
    for (guint i = s->ending->len; i-- > 0;) {
        VncEncoder *encoder = s->ending->pdata[i];

        if (vnc_encoder_ended(encoder)) {
            g_ptr_array_remove_index(s->ending, i);
            vnc_encoder_free(encoder);
        }
    }
}

static void turn(VncServer *s)
{
    const struct pollfd *fds;
    gint64 now;

    fill(s);
    poll((struct pollfd *)s->polls->data, s->polls->len,
         next_timeout(s, g_get_monotonic_time()));
    now = g_get_monotonic_time();
    fds = (const struct pollfd *)s->polls->data;
    if (fds[WAKE].revents) {
        vnc_wake_clear(s->wake_fd);
    }
    for (guint i = 0; i < s->clients->len; i++) {
        vnc_client_poll(s->clients->pdata[i], fds + FIRST_CLIENT + 2 * i, now);
    }
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        poll_listener(s, &s->listeners[i], fds[LISTENER + i].revents, now);
    }
    remove_ended(s);
}

static gpointer thread_main(gpointer opaque)
{
    VncServer *s = opaque;

    while (!g_atomic_int_get(&s->stop)) {
        turn(s);
    }
    for (guint i = 0; i < s->clients->len; i++) {
        vnc_client_free(s->clients->pdata[i]);
    }
    g_ptr_array_set_size(s->clients, 0);
    for (guint i = 0; i < s->ending->len; i++) {
        vnc_encoder_free(s->ending->pdata[i]);
    }
    g_ptr_array_set_size(s->ending, 0);
    return NULL;
}

/* ---- Life ---- */

static void free_lists(VncServer *s)
{
    g_clear_pointer(&s->clients, g_ptr_array_unref);
    g_clear_pointer(&s->ending, g_ptr_array_unref);
    g_clear_pointer(&s->polls, g_array_unref);
    vnc_guard_clear(&s->guard);
}

bool vnc_loop_start(VncServer *s, GError **error)
{
    g_atomic_int_set(&s->stop, 0);
    s->clients = g_ptr_array_new();
    s->ending = g_ptr_array_new();
    s->polls = g_array_new(false, false, sizeof(struct pollfd));
    s->thread = g_thread_try_new("vnc", thread_main, s, NULL);
    if (!s->thread) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create the server's thread");
        free_lists(s);
    }
    return s->thread != NULL;
}

void vnc_loop_stop(VncServer *s)
{
    if (s->thread) {
        g_atomic_int_set(&s->stop, 1);
        vnc_wake(s->wake_fd);
        g_thread_join(g_steal_pointer(&s->thread));
        free_lists(s);
    }
}
