/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-socket: one stream connection at a time, accepted or initiated.
 *
 *   server   listens from prepare on; while a client is connected, it does not
 *            accept another one
 *   client   connects before it is complete; with `reconnect`, retries as often
 *   as needed, and chardev-add does not wait for it
 *
 * Output written while there is no connection is lost.  Addresses and how they
 * are opened: socket-address.h, socket-connect.h; the bytes: char-fd.h.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "hw/chardev/char-fd.h"
#include "hw/chardev/socket-address.h"
#include "hw/chardev/socket-connect.h"
#include "hw/chardev/socket-listener.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

struct CharSocket {
    Chardev parent;
    CharFd stream;
    QmpFd *given;               /* of an `fd` address; has fd as long as that is open */
    int listen_fd;
    int fd;                     /* the connection, or -1 */
    SocketNode node;
    SocketListener listener;    /* server */
    struct event *retry_event;
    SocketPeer *peer;           /* client: from prepare on, until connected */
    SocketConnect *connect;     /* attempt in progress */
    void (*settled)(void *opaque, GError *error);
    void *settled_opaque;
    bool said_why;              /* the reason of a failed attempt was logged */
};

static const ChardevSocket *options(const CharSocket *s)
{
    return char_backend(&s->parent)->u.socket.data;
}

static bool is_server(const CharSocket *s)
{
    return !options(s)->has_server || options(s)->server;
}

static gsize socket_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_socket(chr)->stream, data, size);
}

static void socket_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_socket(chr)->stream);
}

static char *socket_filename(Chardev *chr)
{
    CharSocket *s = to_char_socket(chr);
    g_autofree char *text = NULL;

    if (s->fd >= 0) {
        return socket_connection_text(options(s)->addr, s->fd, is_server(s));
    }
    text = socket_address_text(options(s)->addr, is_server(s));
    return g_strconcat("disconnected:", text, NULL);
}

/* ---- A connection begins and ends ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* One that a client passed may linger, as the client chose. */
static void close_connection(CharSocket *s)
{
    if (s->fd >= 0 && s->given) {
        s->fd = -1;
        qmp_fd_close(g_steal_pointer(&s->given));
    }
    close_fd(&s->fd);
}

/* Takes ownership of fd, even on failure. */
static bool begin_connection(CharSocket *s, int fd, GError **error)
{
    if (options(s)->nodelay) {
        socket_set_nodelay(fd);
    }
    s->fd = fd;
    if (!char_fd_start(&s->stream, fd, fd, error)) {
        close_connection(s);
        return false;
    }
    s->said_why = false;
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void begin_or_warn(CharSocket *s, int fd)
{
    g_autoptr(GError) error = NULL;

    if (!begin_connection(s, fd, &error)) {
        g_warning("chardev '%s': %s", s->parent.object.name, error->message);
    }
}

static void on_client(void *opaque, int fd)
{
    CharSocket *s = opaque;
    const Env *env = object_env(&s->parent.object);

    env->lock(env);
    begin_or_warn(s, fd);
    if (s->fd < 0) {
        socket_listener_next(&s->listener);
    }
    env->unlock(env);
}

static void retry_later(CharSocket *s)
{
    const struct timeval delay = { .tv_sec = options(s)->reconnect };

    if (s->retry_event) {
        event_add(s->retry_event, &delay);
    }
}

static void socket_hangup(Chardev *chr)
{
    CharSocket *s = to_char_socket(chr);

    char_fd_stop(&s->stream);
    close_connection(s);
    char_event(chr, CHAR_EVENT_CLOSED);
    socket_listener_next(&s->listener);
    retry_later(s);
}

/* ---- Connecting ---- */

static void on_reconnected(void *opaque, int fd, GError *error)
{
    CharSocket *s = opaque;

    s->connect = NULL;
    if (fd >= 0) {
        begin_or_warn(s, fd);
    } else if (!s->said_why) {
        s->said_why = true;
        g_message("chardev '%s': %s; trying again", s->parent.object.name, error->message);
    }
    g_clear_error(&error);
    if (s->fd < 0) {
        retry_later(s);
    }
}

static void reconnect(CharSocket *s)
{
    s->connect = socket_connect_find(object_env(&s->parent.object), options(s)->addr,
                                     on_reconnected, s);
}

static void on_retry(evutil_socket_t fd, short what, void *opaque)
{
    CharSocket *s = opaque;
    const Env *env = object_env(&s->parent.object);

    env->lock(env);
    reconnect(s);
    env->unlock(env);
}

/* ---- Checks ---- */

static bool check_options(const CharSocket *s, GError **error)
{
    const ChardevSocket *opts = options(s);

    if (is_server(s) && opts->reconnect) {
        qmp_error_set_at(error, "backend.data.reconnect", ERROR_REASON_INVALID_VALUE,
                         "option 'reconnect' is for clients, and this is a server");
        return false;
    }
    if (!is_server(s) && opts->wait) {
        qmp_error_set_at(error, "backend.data.wait", ERROR_REASON_INVALID_VALUE,
                         "option 'wait' is for servers, and this is a client");
        return false;
    }
    if (opts->reconnect && opts->addr->type == SOCKET_ADDRESS_TYPE_FD) {
        qmp_error_set_at(error, "backend.data.reconnect", ERROR_REASON_INVALID_VALUE,
                         "a descriptor cannot be reconnected: "
                         "'reconnect' with an 'fd' address");
        return false;
    }
    return true;
}

static bool socket_setup(Chardev *chr, const Env *env, GError **error)
{
    CharSocket *s = to_char_socket(chr);
    const SocketAddressLegacy *addr = options(s)->addr;

    if (!check_options(s, error)) {
        return false;
    }
    if (addr->type != SOCKET_ADDRESS_TYPE_FD) {
        return true;
    }
    if (!env || !env->take_fd) {
        qmp_error_set_at(error, "backend.data.addr", ERROR_REASON_FD_NOT_FOUND,
                         "no descriptor '%s' was passed", addr->u.fd.data->str);
        return false;
    }
    s->given = env->take_fd(env, addr->u.fd.data->str, error);
    return s->given || qmp_error_blame(error, "backend.data.addr.data.str");
}

/* ---- Life ---- */

static void socket_init(Object *obj)
{
    CharSocket *s = to_char_socket(obj);

    s->listen_fd = s->fd = -1;
    s->listener = (SocketListener){ .owner = obj, .kind = "chardev", .accepted = on_client,
                                    .opaque = s };
    char_fd_init(&s->stream, &s->parent, socket_hangup);
}

static bool prepare_server(CharSocket *s, GError **error)
{
    s->listen_fd = socket_listen(options(s)->addr, qmp_fd_get(s->given), &s->node, error);
    if (s->listen_fd >= 0 && s->given) {
        qmp_fd_take(g_steal_pointer(&s->given));
    }
    return s->listen_fd >= 0;
}

static bool prepare_client(CharSocket *s, GError **error)
{
    const SocketAddressLegacy *addr = options(s)->addr;

    if (addr->type == SOCKET_ADDRESS_TYPE_FD) {
        if (socket_check_given(qmp_fd_get(s->given), false, error) < 0) {
            return false;
        }
        s->fd = qmp_fd_use(s->given);
        return true;
    }
    s->peer = socket_peer_find(addr, true, error);
    return s->peer != NULL;
}

static bool socket_prepare(Object *obj, GError **error)
{
    CharSocket *s = to_char_socket(obj);

    if (!is_server(s) && options(s)->reconnect) {
        return true;
    }
    return (is_server(s) ? prepare_server(s, error) : prepare_client(s, error)) ||
           qmp_error_blame(error, "backend.data.addr");
}

static void on_connected(void *opaque, int fd, GError *error)
{
    CharSocket *s = opaque;

    s->connect = NULL;
    s->fd = fd;
    if (error) {
        qmp_error_blame(&error, "backend.data.addr");
    }
    s->settled(s->settled_opaque, error);
}

static void socket_settle(Object *obj, void (*done)(void *opaque, GError *error), void *opaque)
{
    CharSocket *s = to_char_socket(obj);

    if (!s->peer) {
        done(opaque, NULL);
        return;
    }
    s->settled = done;
    s->settled_opaque = opaque;
    s->connect = socket_connect_start(object_env(obj), g_steal_pointer(&s->peer), on_connected,
                                      s);
}

static void socket_unsettle(Object *obj)
{
    g_clear_pointer(&to_char_socket(obj)->connect, socket_connect_cancel);
}

static void socket_release(Object *obj)
{
    CharSocket *s = to_char_socket(obj);

    g_clear_pointer(&s->peer, socket_peer_free);
    close_fd(&s->listen_fd);
    close_connection(s);
    socket_node_remove(&s->node);
}

static void socket_finalize(Object *obj)
{
    g_clear_pointer(&to_char_socket(obj)->given, qmp_fd_close);
}

/* Writes the actual port back into the address. */
static void note_port(CharSocket *s)
{
    SocketAddressLegacy *addr = options(s)->addr;

    if (addr->type == SOCKET_ADDRESS_TYPE_INET) {
        g_free(addr->u.inet.data->port);
        addr->u.inet.data->port = g_strdup_printf("%u", socket_local_port(s->listen_fd));
    }
}

static bool make_retry_event(CharSocket *s, GError **error)
{
    const Env *env = object_env(&s->parent.object);

    s->retry_event = env && env->base ? evtimer_new(env->base, on_retry, s) : NULL;
    if (!s->retry_event) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for connections");
    }
    return s->retry_event != NULL;
}

static bool socket_complete(Object *obj, GError **error)
{
    CharSocket *s = to_char_socket(obj);

    if (s->listen_fd >= 0) {
        note_port(s);
        return socket_listener_start(&s->listener, s->listen_fd, error);
    }
    if (s->fd >= 0) {
        return begin_connection(s, s->fd, error);
    }
    if (!make_retry_event(s, error)) {
        return false;
    }
    reconnect(s);
    return true;
}

static void socket_dismantle(Object *obj)
{
    CharSocket *s = to_char_socket(obj);

    socket_listener_stop(&s->listener);
    g_clear_pointer(&s->retry_event, event_free);
    g_clear_pointer(&s->connect, socket_connect_cancel);
    char_fd_discard(&s->stream);
}

static const CharOps socket_char_ops = {
    .write = socket_write,
    .accept_input = socket_accept_input,
    .filename = socket_filename,
    .setup = socket_setup,
};

static const ObjectOps socket_object_ops = {
    .init = socket_init,
    .prepare = socket_prepare,
    .release = socket_release,
    .settle = socket_settle,
    .unsettle = socket_unsettle,
    .complete = socket_complete,
    .dismantle = socket_dismantle,
    .finalize = socket_finalize,
};

const TypeInfo chardev_socket_type = {
    .schema = &qmp_class_chardev_socket,
    .size = sizeof(CharSocket),
    .object = &socket_object_ops,
    .kind = &socket_char_ops,
};
