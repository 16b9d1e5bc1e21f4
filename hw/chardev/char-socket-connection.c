/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of chardev-socket: they begin, speak a protocol or plain bytes, end, and are tried
 * again.
 */
#include "config.h"
#include "hw/chardev/char-socket.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/chardev/char-yank.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

static const Env *env_of(CharSocket *s)
{
    return object_env(&s->parent.object);
}

/* One that a client passed may linger, as the client chose. */
void char_socket_close(CharSocket *s)
{
    if (s->fd >= 0 && s->given) {
        s->fd = -1;
        qmp_fd_close(g_steal_pointer(&s->given));
    }
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

/* ---- Handshakes ---- */

static void on_handshake_late(evutil_socket_t fd, short what, void *opaque)
{
    CharSocket *s = opaque;
    const Env *env = env_of(s);

    env->lock(env);
    g_message("chardev '%s': a client has not ended its handshake in %u seconds",
              s->parent.object.name, CHAR_SOCKET_HANDSHAKE_SECONDS);
    char_socket_hangup(&s->parent);
    env->unlock(env);
}

static bool await_handshake(CharSocket *s, GError **error)
{
    static const struct timeval limit = { .tv_sec = CHAR_SOCKET_HANDSHAKE_SECONDS };

    s->handshake_event = evtimer_new(env_of(s)->base, on_handshake_late, s);
    if (!s->handshake_event || event_add(s->handshake_event, &limit) < 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for a handshake");
        return false;
    }
    return true;
}

static void on_opened(Chardev *chr)
{
    g_clear_pointer(&to_char_socket(chr)->handshake_event, event_free);
    char_event(chr, CHAR_EVENT_OPENED);
}

/* ---- A connection begins and ends ---- */

static const CharProtocolOps *protocol_of(const CharSocket *s)
{
    const ChardevSocket *opts = char_socket_options(s);

    return opts->telnet ? &char_telnet_ops : opts->websocket ? &char_websocket_ops : NULL;
}

static bool begin_protocol(CharSocket *s, const CharProtocolOps *ops, GError **error)
{
    s->protocol = char_protocol_new(ops, &s->parent);
    return await_handshake(s, error) &&
           char_fd_start_protocol(&s->stream, s->fd, s->protocol, on_opened, error);
}

static bool begin_plain(CharSocket *s, GError **error)
{
    if (!char_fd_start(&s->stream, s->fd, s->fd, error)) {
        return false;
    }
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void end_protocol(CharSocket *s)
{
    g_clear_pointer(&s->protocol, char_protocol_free);
    g_clear_pointer(&s->handshake_event, event_free);
}

bool char_socket_begin(CharSocket *s, int fd, GError **error)
{
    const CharProtocolOps *ops = protocol_of(s);

    if (char_socket_options(s)->nodelay) {
        socket_set_nodelay(fd);
    }
    s->fd = fd;
    if (!(ops ? begin_protocol(s, ops, error) : begin_plain(s, error))) {
        end_protocol(s);
        char_socket_close(s);
        return false;
    }
    s->said_why = false;
    return true;
}

static void begin_or_warn(CharSocket *s, int fd)
{
    g_autoptr(GError) error = NULL;

    if (!char_socket_begin(s, fd, &error)) {
        g_warning("chardev '%s': %s", s->parent.object.name, error->message);
    }
}

void char_socket_accepted(void *opaque, int fd)
{
    CharSocket *s = opaque;
    const Env *env = env_of(s);

    env->lock(env);
    begin_or_warn(s, fd);
    if (s->fd < 0) {
        socket_listener_next(&s->listener);
    }
    env->unlock(env);
}

static void retry_later(CharSocket *s)
{
    const guint ms = char_socket_retry_ms(s);
    const struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

    if (s->retry_event) {
        event_add(s->retry_event, &delay);
    }
}

void char_socket_hangup(Chardev *chr)
{
    CharSocket *s = to_char_socket(chr);
    const bool was_open = chr->connected;

    char_fd_stop(&s->stream);
    end_protocol(s);
    char_socket_close(s);
    if (was_open) {
        char_event(chr, CHAR_EVENT_CLOSED);
    }
    socket_listener_next(&s->listener);
    retry_later(s);
}

bool char_can_yank(const Chardev *chr)
{
    return object_is_a(chr, &qmp_class_chardev_socket);
}

void char_yank(Chardev *chr)
{
    CharSocket *s = to_char_socket(chr);

    if (s->fd >= 0) {
        (void)shutdown(s->fd, SHUT_RDWR);
    }
}

/* ---- Connecting again ---- */

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
    s->connect = socket_connect_find(env_of(s), char_socket_options(s)->addr, on_reconnected, s);
}

static void on_retry(evutil_socket_t fd, short what, void *opaque)
{
    CharSocket *s = opaque;
    const Env *env = env_of(s);

    env->lock(env);
    reconnect(s);
    env->unlock(env);
}

bool char_socket_keep_connected(CharSocket *s, GError **error)
{
    const Env *env = env_of(s);

    s->retry_event = env && env->base ? evtimer_new(env->base, on_retry, s) : NULL;
    if (!s->retry_event) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for connections");
        return false;
    }
    reconnect(s);
    return true;
}

void char_socket_stop(CharSocket *s)
{
    socket_listener_stop(&s->listener);
    g_clear_pointer(&s->retry_event, event_free);
    g_clear_pointer(&s->connect, socket_connect_cancel);
    char_fd_discard(&s->stream);
    end_protocol(s);
}
