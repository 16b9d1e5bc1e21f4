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

#include <string.h>
#include <unistd.h>

#include "hw/chardev/char-socket.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

const ChardevSocket *char_socket_options(const CharSocket *s)
{
    return char_backend(&s->parent)->u.socket.data;
}

static const ChardevSocket *options(const CharSocket *s)
{
    return char_socket_options(s);
}

static bool is_server(const CharSocket *s)
{
    return !options(s)->has_server || options(s)->server;
}

guint char_socket_retry_ms(const CharSocket *s)
{
    return options(s)->reconnect ? options(s)->reconnect * 1000 : options(s)->reconnect_ms;
}

static gsize socket_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_socket(chr)->stream, data, size);
}

static void socket_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_socket(chr)->stream);
}

/* Over TCP the protocol stands in its place, as in QEMU. */
static char *name_protocol(const CharSocket *s, char *text)
{
    const char *protocol = options(s)->telnet ? "telnet"
                         : options(s)->websocket ? "websocket" : NULL;

    if (protocol && g_str_has_prefix(text, "tcp:")) {
        char *named = g_strconcat(protocol, text + strlen("tcp"), NULL);

        g_free(text);
        return named;
    }
    return text;
}

static char *socket_filename(Chardev *chr)
{
    CharSocket *s = to_char_socket(chr);
    g_autofree char *text = NULL;

    if (chr->connected) {
        return name_protocol(s, socket_connection_text(options(s)->addr, s->fd, is_server(s)));
    }
    text = name_protocol(s, socket_address_text(options(s)->addr, is_server(s)));
    return g_strconcat("disconnected:", text, NULL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* ---- Checks ---- */

typedef struct {
    bool wrong;
    const char *path;           /* what it is blamed on */
    const char *why;
} Check;

static bool check_options(const CharSocket *s, GError **error)
{
    const ChardevSocket *opts = options(s);
    const bool server = is_server(s), fd = opts->addr->type == SOCKET_ADDRESS_TYPE_FD;
    const Check checks[] = {
        { server && opts->reconnect, "reconnect",
          "option 'reconnect' is for clients, and this is a server" },
        { server && opts->reconnect_ms, "reconnect-ms",
          "option 'reconnect-ms' is for clients, and this is a server" },
        { opts->reconnect && opts->reconnect_ms, "reconnect-ms",
          "only one of 'reconnect' and 'reconnect-ms' may be given" },
        { fd && opts->reconnect, "reconnect",
          "a descriptor cannot be reconnected: 'reconnect' with an 'fd' address" },
        { fd && opts->reconnect_ms, "reconnect-ms",
          "a descriptor cannot be reconnected: 'reconnect-ms' with an 'fd' address" },
        { !server && opts->wait, "wait",
          "option 'wait' is for servers, and this is a client" },
        { !server && opts->websocket, "websocket",
          "option 'websocket' is for servers, and this is a client" },
        { opts->telnet && opts->websocket, "websocket",
          "only one of 'telnet' and 'websocket' can be spoken" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (checks[i].wrong) {
            g_autofree char *path = g_strconcat("backend.data.", checks[i].path, NULL);

            qmp_error_set_at(error, path, ERROR_REASON_INVALID_VALUE, "%s", checks[i].why);
            return false;
        }
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
    s->listener = (SocketListener){ .owner = obj, .kind = "chardev",
                                    .accepted = char_socket_accepted, .opaque = s };
    char_fd_init(&s->stream, &s->parent, char_socket_hangup);
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

    if (!is_server(s) && char_socket_retry_ms(s)) {
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
    char_socket_close(s);
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

static bool socket_complete(Object *obj, GError **error)
{
    CharSocket *s = to_char_socket(obj);

    if (s->listen_fd >= 0) {
        note_port(s);
        return socket_listener_start(&s->listener, s->listen_fd, error);
    }
    if (s->fd >= 0) {
        return char_socket_begin(s, s->fd, error);
    }
    return char_socket_keep_connected(s, error);
}

static void socket_dismantle(Object *obj)
{
    char_socket_stop(to_char_socket(obj));
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
