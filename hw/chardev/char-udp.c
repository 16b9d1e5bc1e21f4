/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-udp: datagrams to and from one peer.
 *
 * Each write of a frontend is a datagram.  A received one is kept until the
 * frontend has taken all of its bytes; meanwhile others wait in the kernel, or
 * are lost there.  An absent peer (ECONNREFUSED) is not an error: it may come
 * later.
 *
 * Unlike the streams of char-fd.h, there is no connection to end, and writes
 * are never joined.  The rule for threads is the same: a vCPU's thread adds
 * events and never removes any.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/chardev/char.h"
#include "hw/chardev/socket-address.h"
#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"
#include "qom/env.h"
#include "qom/qapi-objects-char.h"

/* The maximum size of a datagram over IPv4. */
#define DATAGRAM_MAX 65507

/* The addresses in chardev-add. */
#define REMOTE "backend.data.remote"
#define LOCAL "backend.data.local"

struct CharUdp {
    Chardev parent;
    int fd;
    bool starved;               /* the frontend waits for char_writable */
    struct event *in_event, *out_event;     /* edge-triggered */
    struct event *kick;         /* continues reading, without a new edge */
    gsize size, taken;          /* the datagram in buf, and what the frontend has of it */
    guint8 buf[DATAGRAM_MAX + 1];
};

static const struct timeval soon = { 0, 0 };

static const ChardevUdp *options(const CharUdp *s)
{
    return char_backend(&s->parent)->u.udp.data;
}

static char *udp_filename(Chardev *chr)
{
    return g_strdup("udp");
}

/* ---- Output ---- */

static gsize udp_write(Chardev *chr, const guint8 *data, gsize size)
{
    CharUdp *s = to_char_udp(chr);
    gsize sent = 0;

    while (sent < size) {
        gsize piece = MIN(size - sent, DATAGRAM_MAX);
        ssize_t n;

        do {
            n = send(s->fd, data + sent, piece, MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN) {
            s->starved = true;
            event_add(s->out_event, NULL);
            break;
        }
        if (n < 0) {
            char_drop(chr, piece);
        }
        sent += piece;
    }
    return sent;
}

static void on_writable(evutil_socket_t fd, short what, void *opaque)
{
    CharUdp *s = opaque;
    const Env *env = object_env(&s->parent.object);

    env->lock(env);
    if (s->starved) {
        s->starved = false;
        char_writable(&s->parent);
    }
    env->unlock(env);
}

/* ---- Input ---- */

/* Delivers what the frontend takes; true if all of the datagram was delivered. */
static bool pass_on(CharUdp *s)
{
    while (s->taken < s->size) {
        gsize n = MIN(char_can_receive(&s->parent), s->size - s->taken);
        const guint8 *data = s->buf + s->taken;

        if (n == 0) {
            return false;
        }
        s->taken += n;
        char_receive(&s->parent, data, n);
    }
    return true;
}

/* Reads at most one datagram; the loop calls again for more. */
static void read_some(CharUdp *s)
{
    ssize_t n;

    if (!pass_on(s) || char_can_receive(&s->parent) == 0) {
        return;
    }
    do {
        n = recv(s->fd, s->buf, sizeof(s->buf), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    s->taken = 0;
    s->size = MAX(n, 0);
    if (n >= 0 || errno != EAGAIN) {
        pass_on(s);
        event_add(s->kick, &soon);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    CharUdp *s = opaque;
    const Env *env = object_env(&s->parent.object);

    env->lock(env);
    read_some(s);
    env->unlock(env);
}

static void udp_accept_input(Chardev *chr)
{
    CharUdp *s = to_char_udp(chr);

    if (s->kick && char_can_receive(chr) > 0) {
        event_add(s->kick, &soon);
    }
}

/* ---- Life ---- */

static bool check_address(const InetSocketAddress *addr, const char *path, GError **error)
{
    if (socket_check_datagram(addr, error)) {
        return true;
    }
    if (error) {
        qmp_error_prefix_path(*error, path);
    }
    return false;
}

static bool udp_setup(Chardev *chr, const Env *env, GError **error)
{
    const ChardevUdp *opts = options(to_char_udp(chr));

    return check_address(opts->remote->u.inet.data, REMOTE ".data", error) &&
           (!opts->local || check_address(opts->local->u.inet.data, LOCAL ".data", error));
}

static void udp_init(Object *obj)
{
    to_char_udp(obj)->fd = -1;
}

static bool udp_prepare(Object *obj, GError **error)
{
    CharUdp *s = to_char_udp(obj);
    const ChardevUdp *opts = options(s);

    s->fd = socket_datagram(opts->remote->u.inet.data,
                            opts->local ? opts->local->u.inet.data : NULL, error);
    if (s->fd < 0 && error) {
        qmp_error_rename_path(*error, "remote", REMOTE);
        qmp_error_rename_path(*error, "local", LOCAL);
    }
    return s->fd >= 0;
}

static void udp_release(Object *obj)
{
    CharUdp *s = to_char_udp(obj);

    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

/* Writes the actual port back into the local address. */
static void note_port(CharUdp *s)
{
    SocketAddressLegacy *local = options(s)->local;

    if (local) {
        g_free(local->u.inet.data->port);
        local->u.inet.data->port = g_strdup_printf("%u", socket_local_port(s->fd));
    }
}

static void free_events(CharUdp *s)
{
    g_clear_pointer(&s->in_event, event_free);
    g_clear_pointer(&s->out_event, event_free);
    g_clear_pointer(&s->kick, event_free);
}

static bool udp_complete(Object *obj, GError **error)
{
    CharUdp *s = to_char_udp(obj);
    const Env *env = object_env(obj);

    if (env && env->base) {
        s->in_event = event_new(env->base, s->fd, EV_READ | EV_PERSIST | EV_ET, on_readable, s);
        s->out_event = event_new(env->base, s->fd, EV_WRITE | EV_ET, on_writable, s);
        s->kick = evtimer_new(env->base, on_readable, s);
    }
    if (!s->in_event || !s->out_event || !s->kick || event_add(s->in_event, NULL) < 0) {
        free_events(s);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for datagrams");
        return false;
    }
    note_port(s);
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void udp_dismantle(Object *obj)
{
    free_events(to_char_udp(obj));
}

static const CharOps udp_char_ops = {
    .write = udp_write,
    .accept_input = udp_accept_input,
    .filename = udp_filename,
    .setup = udp_setup,
};

static const ObjectOps udp_object_ops = {
    .init = udp_init,
    .prepare = udp_prepare,
    .release = udp_release,
    .complete = udp_complete,
    .dismantle = udp_dismantle,
};

const TypeInfo chardev_udp_type = {
    .schema = &qmp_class_chardev_udp,
    .size = sizeof(CharUdp),
    .object = &udp_object_ops,
    .kind = &udp_char_ops,
};
