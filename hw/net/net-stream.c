/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of stream backends (see net-stream.h), and class netdev-stream.
 * Frames are handled in net-framing.c.
 */
#include "config.h"
#include "hw/net/net-stream.h"

#include <event2/event.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"

static const Env *env_of(const NetStream *s)
{
    return object_env(&s->net->object);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* ---- A connection begins and ends; gate held ---- */

/* One that a client passed may linger, as the client chose. */
static void close_connection(NetStream *s)
{
    if (s->fd >= 0 && s->given) {
        s->fd = -1;
        qmp_fd_close(g_steal_pointer(&s->given));
    }
    close_fd(&s->fd);
}

static void tell_connected(NetStream *s)
{
    SocketAddress *peer;

    if (s->has_events) {
        peer = net_address_of_peer(s->fd);
        qmp_event_netdev_stream_connected(env_of(s)->events, &(EventNetdevStreamConnected){
            .netdev_id = s->net->object.name, .addr = peer });
        qmp_clear(&qmp_type_SocketAddress, &peer);
    }
}

/* Takes ownership of fd, even on failure. */
static bool begin_connection(NetStream *s, int fd, GError **error)
{
    socket_set_nodelay(fd);
    s->fd = fd;
    if (!net_framing_start(&s->framing, env_of(s)->base, fd, error)) {
        close_connection(s);
        return false;
    }
    s->said_why = false;
    tell_connected(s);
    return true;
}

static void begin_or_warn(NetStream *s, int fd)
{
    g_autoptr(GError) error = NULL;

    if (!begin_connection(s, fd, &error)) {
        g_warning("netdev '%s': %s", s->net->object.name, error->message);
    }
}

static void on_peer(void *opaque, int fd)
{
    NetStream *s = opaque;

    net_lock(s->net);
    begin_or_warn(s, fd);
    if (s->fd < 0) {
        socket_listener_next(&s->listener);
    }
    net_unlock(s->net);
}

static void retry_later(NetStream *s)
{
    const struct timeval delay = { .tv_sec = s->reconnect_ms / 1000,
                                   .tv_usec = s->reconnect_ms % 1000 * 1000 };

    if (s->retry_event) {
        event_add(s->retry_event, &delay);
    }
}

void net_stream_hangup(NetStream *s, const char *why)
{
    if (why) {
        g_warning("netdev '%s': connection closed: %s", s->net->object.name, why);
    }
    net_framing_stop(&s->framing);
    close_connection(s);
    if (s->has_events) {
        qmp_event_netdev_stream_disconnected(env_of(s)->events,
            &(EventNetdevStreamDisconnected){ .netdev_id = s->net->object.name });
    }
    socket_listener_next(&s->listener);
    retry_later(s);
}

/* ---- Connecting; main loop, machine lock held ---- */

static void note_failure(NetStream *s, const GError *error)
{
    if (!s->said_why) {
        s->said_why = true;
        g_message("netdev '%s': %s; trying again", s->net->object.name, error->message);
    }
}

static void on_reconnected(void *opaque, int fd, GError *error)
{
    NetStream *s = opaque;

    net_lock(s->net);
    s->connect = NULL;
    if (fd >= 0) {
        begin_or_warn(s, fd);
    } else {
        note_failure(s, error);
    }
    if (s->fd < 0) {
        retry_later(s);
    }
    net_unlock(s->net);
    g_clear_error(&error);
}

static void reconnect(NetStream *s)
{
    SocketAddressLegacy view = net_address_view(s->addr);

    s->connect = socket_connect_find(env_of(s), &view, on_reconnected, s);
}

static void on_retry(evutil_socket_t fd, short what, void *opaque)
{
    NetStream *s = opaque;
    const Env *env = env_of(s);

    env->lock(env);
    reconnect(s);
    env->unlock(env);
}

/* ---- Life ---- */

void net_stream_init(NetStream *s, NetBackend *net,
                     void (*hangup)(NetBackend *net, const char *why))
{
    s->net = net;
    s->listen_fd = s->fd = -1;
    s->listener = (SocketListener){ .owner = &net->object, .kind = "netdev",
                                    .accepted = on_peer, .opaque = s };
    net_framing_init(&s->framing, net, hangup);
}

/* Prepares a given connection. */
static bool prepare_given(NetStream *s, GError **error)
{
    if (socket_check_given(qmp_fd_get(s->given), false, error) < 0) {
        return qmp_error_blame(error, "addr");
    }
    s->fd = qmp_fd_use(s->given);
    return true;
}

static bool prepare_server(NetStream *s, const SocketAddressLegacy *view, GError **error)
{
    s->listen_fd = socket_listen(view, qmp_fd_get(s->given), &s->node, error);
    if (s->listen_fd >= 0 && s->given) {
        qmp_fd_take(g_steal_pointer(&s->given));
    }
    return s->listen_fd >= 0;
}

bool net_stream_prepare(NetStream *s, GError **error)
{
    SocketAddressLegacy view;

    if (!s->addr || (!s->server && s->addr->type == SOCKET_ADDRESS_TYPE_FD)) {
        return prepare_given(s, error);
    }
    if (!s->server && s->reconnect_ms) {
        return true;
    }
    view = net_address_view(s->addr);
    if (s->server) {
        return prepare_server(s, &view, error) || qmp_error_blame(error, "addr");
    }
    s->peer = socket_peer_find(&view, true, error);
    return s->peer || qmp_error_blame(error, "addr");
}

static void on_connected(void *opaque, int fd, GError *error)
{
    NetStream *s = opaque;

    s->connect = NULL;
    s->fd = fd;
    if (error) {
        qmp_error_blame(&error, "addr");
    }
    s->settled(s->settled_opaque, error);
}

void net_stream_settle(NetStream *s, void (*done)(void *opaque, GError *error), void *opaque)
{
    if (!s->peer) {
        done(opaque, NULL);
        return;
    }
    s->settled = done;
    s->settled_opaque = opaque;
    s->connect = socket_connect_start(env_of(s), g_steal_pointer(&s->peer), on_connected, s);
}

void net_stream_unsettle(NetStream *s)
{
    g_clear_pointer(&s->connect, socket_connect_cancel);
}

void net_stream_release(NetStream *s)
{
    g_clear_pointer(&s->peer, socket_peer_free);
    close_fd(&s->listen_fd);
    close_connection(s);
    socket_node_remove(&s->node);
}

void net_stream_finalize(NetStream *s)
{
    g_clear_pointer(&s->given, qmp_fd_close);
}

/* Writes the actual port back into the address. */
static void note_port(NetStream *s)
{
    if (s->addr->type == SOCKET_ADDRESS_TYPE_INET) {
        g_free(s->addr->u.inet.port);
        s->addr->u.inet.port = g_strdup_printf("%u", socket_local_port(s->listen_fd));
    }
}

static bool make_retry_event(NetStream *s, GError **error)
{
    const Env *env = env_of(s);

    s->retry_event = env && env->base ? evtimer_new(env->base, on_retry, s) : NULL;
    if (!s->retry_event) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for connections");
    }
    return s->retry_event != NULL;
}

static bool start_connection(NetStream *s, GError **error)
{
    bool ok;

    net_lock(s->net);
    ok = begin_connection(s, s->fd, error);
    net_unlock(s->net);
    return ok;
}

bool net_stream_complete(NetStream *s, GError **error)
{
    if (s->listen_fd >= 0) {
        note_port(s);
        return socket_listener_start(&s->listener, s->listen_fd, error);
    }
    if (!s->reconnect_ms) {
        return start_connection(s, error);
    }
    if (!make_retry_event(s, error)) {
        return false;
    }
    reconnect(s);
    return true;
}

void net_stream_dismantle(NetStream *s)
{
    socket_listener_stop(&s->listener);
    g_clear_pointer(&s->retry_event, event_free);
    g_clear_pointer(&s->connect, socket_connect_cancel);
    net_lock(s->net);
    net_framing_stop(&s->framing);
    net_unlock(s->net);
}

/* ---- Class netdev-stream ---- */

struct NetdevStream {
    NetBackend parent;
    NetStream stream;
};

static void hangup(NetBackend *net, const char *why)
{
    net_stream_hangup(&to_netdev_stream(net)->stream, why);
}

static guint stream_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    return net_framing_send(&to_netdev_stream(net)->stream.framing, frames, n);
}

static void stream_resume(NetBackend *net, guint queue)
{
    net_framing_resume(&to_netdev_stream(net)->stream.framing);
}

static bool check_reconnect(const NetdevStreamOptions *opts, GError **error)
{
    const char *name = opts->reconnect_ms ? "reconnect-ms" : opts->reconnect ? "reconnect" : NULL;

    if (name && (opts->server || opts->addr->type == SOCKET_ADDRESS_TYPE_FD)) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE,
                         "option '%s' is for clients with an address", name);
        return false;
    }
    if (opts->reconnect && opts->reconnect_ms) {
        qmp_error_set_at(error, "reconnect-ms", ERROR_REASON_INVALID_VALUE,
                         "only one of 'reconnect' and 'reconnect-ms' may be given");
        return false;
    }
    return true;
}

static bool stream_setup(NetBackend *net, const Env *env, GError **error)
{
    NetStream *s = &to_netdev_stream(net)->stream;
    const NetdevStreamOptions *opts = &net_options(net)->u.stream;

    if (!check_reconnect(opts, error)) {
        return false;
    }
    s->addr = opts->addr;
    s->server = opts->server;
    s->reconnect_ms = opts->reconnect ? opts->reconnect * 1000 : opts->reconnect_ms;
    s->has_events = true;
    if (opts->addr->type == SOCKET_ADDRESS_TYPE_FD) {
        s->given = net_take_fd(env, opts->addr->u.fd.str, error);
        return s->given || qmp_error_blame(error, "addr.str");
    }
    return true;
}

static void stream_init(Object *obj)
{
    net_stream_init(&to_netdev_stream(obj)->stream, to_net_backend(obj), hangup);
}

static bool stream_prepare(Object *obj, GError **error)
{
    return net_stream_prepare(&to_netdev_stream(obj)->stream, error);
}

static void stream_release(Object *obj)
{
    net_stream_release(&to_netdev_stream(obj)->stream);
}

static void stream_unsettle(Object *obj)
{
    net_stream_unsettle(&to_netdev_stream(obj)->stream);
}

static void stream_settle(Object *obj, void (*done)(void *opaque, GError *error), void *opaque)
{
    net_stream_settle(&to_netdev_stream(obj)->stream, done, opaque);
}

static bool stream_complete(Object *obj, GError **error)
{
    return net_stream_complete(&to_netdev_stream(obj)->stream, error);
}

static void stream_dismantle(Object *obj)
{
    net_stream_dismantle(&to_netdev_stream(obj)->stream);
}

static void stream_finalize(Object *obj)
{
    net_stream_finalize(&to_netdev_stream(obj)->stream);
}

static const NetBackendOps stream_net_ops = {
    .send = stream_send,
    .resume = stream_resume,
    .setup = stream_setup,
};

static const ObjectOps stream_object_ops = {
    .init = stream_init,
    .prepare = stream_prepare,
    .release = stream_release,
    .settle = stream_settle,
    .unsettle = stream_unsettle,
    .complete = stream_complete,
    .dismantle = stream_dismantle,
    .finalize = stream_finalize,
};

const TypeInfo netdev_stream_type = {
    .schema = &qmp_class_netdev_stream,
    .size = sizeof(NetdevStream),
    .object = &stream_object_ops,
    .kind = &stream_net_ops,
};
