/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One peer after the other; see socket-listener.h.
 */
#include "config.h"
#include "hw/chardev/socket-listener.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>

#include "qmp/error.h"
#include "qom/env.h"

/* Possibly out of descriptors.  The peer stays in the backlog, so retrying
 * immediately would only waste time. */
static void accept_failed(SocketListener *l, int error)
{
    static const struct timeval pause = { 1, 0 };

    if (error == EAGAIN || error == EINTR || error == ECONNABORTED) {
        return;
    }
    g_warning("%s '%s' cannot accept a peer: %s", l->kind, l->owner->name, g_strerror(error));
    env_refused(l->owner, error, -1);
    event_del_noblock(l->event);
    event_add(l->pause_event, &pause);
}

static void on_pause_end(evutil_socket_t fd, short what, void *opaque)
{
    socket_listener_next(opaque);
}

/* A listening socket that a client passed may have given its connections the wish to linger,
 * and close() would wait. */
static void forbid_lingering(int fd)
{
    const struct linger none = { 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void on_peer(evutil_socket_t listen_fd, short what, void *opaque)
{
    SocketListener *l = opaque;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        accept_failed(l, errno);
        return;
    }
    forbid_lingering(fd);
    event_del_noblock(l->event);
    l->accepted(l->opaque, fd);
}

bool socket_listener_start(SocketListener *l, int fd, GError **error)
{
    const Env *env = object_env(l->owner);

    if (env && env->base) {
        l->event = event_new(env->base, fd, EV_READ | EV_PERSIST, on_peer, l);
        l->pause_event = evtimer_new(env->base, on_pause_end, l);
    }
    if (!l->event || !l->pause_event) {
        socket_listener_stop(l);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for connections");
        return false;
    }
    socket_listener_next(l);
    return true;
}

void socket_listener_next(SocketListener *l)
{
    if (l->event) {
        event_add(l->event, NULL);
    }
}

void socket_listener_stop(SocketListener *l)
{
    g_clear_pointer(&l->event, event_free);
    g_clear_pointer(&l->pause_event, event_free);
}
