/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `monitor-qmp`: see monitor.h.
 *
 * The server's sessions read from sockets; so each connection of the chardev gets a pair of
 * them, one end for its session and one that is copied from and to the chardev.
 */
#include "config.h"
#include "daemon/machine/monitor.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/vmd.h"
#include "hw/chardev/char.h"
#include "qmp/error.h"
#include "qom/place.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-monitor.h"

/* A socket that is writable takes as much at once: its buffer is many times as large. */
enum { PIECE = 4096 };

struct MonitorQmp {
    Object object;
    Chardev *chr;
    int fd;                     /* this end of the pair, or -1: no client, or none any more */
    struct event *readable;     /* of fd; NULL without it, as the next */
    struct event *writable;
    guint8 out[PIECE];          /* sent to filled: what the chardev has not taken yet */
    gsize sent, filled;
};

static void hang_up(MonitorQmp *s)
{
    g_clear_pointer(&s->readable, event_free);
    g_clear_pointer(&s->writable, event_free);
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
    s->sent = s->filled = 0;
}

/* ---- From the session to the chardev ---- */

/* Passes on what there is.  False if the chardev takes no more for now, or the session has
 * ended. */
static bool pass_on(MonitorQmp *s)
{
    ssize_t n;

    for (;;) {
        s->sent += char_write(s->chr, s->out + s->sent, s->filled - s->sent);
        if (s->sent < s->filled) {
            return false;
        }
        n = recv(s->fd, s->out, sizeof(s->out), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            s->sent = s->filled = 0;
            return true;
        }
        if (n <= 0) {
            hang_up(s);
            return false;
        }
        s->sent = 0;
        s->filled = n;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    MonitorQmp *s = opaque;
    const Env *env = object_env(&s->object);

    env->lock(env);
    if (!pass_on(s) && s->readable) {
        event_del(s->readable);
    }
    env->unlock(env);
}

static void on_chardev_writable(void *opaque)
{
    MonitorQmp *s = opaque;

    if (s->fd >= 0 && pass_on(s)) {
        event_add(s->readable, NULL);
    }
}

/* ---- From the chardev to the session ---- */

static gsize on_can_receive(void *opaque)
{
    const MonitorQmp *s = opaque;

    if (s->fd < 0) {
        return PIECE;           /* for nobody */
    }
    return event_pending(s->writable, EV_WRITE, NULL) ? 0 : PIECE;
}

static void on_receive(void *opaque, const guint8 *data, gsize size)
{
    MonitorQmp *s = opaque;

    if (s->fd < 0) {
        return;
    }
    if (send(s->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size) {
        event_add(s->writable, NULL);
    } else {
        hang_up(s);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *opaque)
{
    MonitorQmp *s = opaque;
    const Env *env = object_env(&s->object);

    env->lock(env);
    char_accept_input(s->chr);
    env->unlock(env);
}

/* ---- Connections ---- */

static bool make_pair(MonitorQmp *s, int *ret_session, GError **error)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot serve a client");
        return false;
    }
    s->fd = ends[0];
    *ret_session = ends[1];
    return true;
}

static bool serve(MonitorQmp *s, GError **error)
{
    const Vmd *vmd = object_env(&s->object)->host;
    int session;

    if (!make_pair(s, &session, error)) {
        return false;
    }
    s->readable = event_new(vmd->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    s->writable = event_new(vmd->base, s->fd, EV_WRITE, on_writable, s);
    event_add(s->readable, NULL);
    return qmp_server_attach(vmd->server, session, QMP_DIALECT_QMP, error);
}

static void on_event(void *opaque, CharEvent event)
{
    MonitorQmp *s = opaque;
    g_autoptr(GError) error = NULL;

    if (event == CHAR_EVENT_BREAK) {
        return;
    }
    hang_up(s);
    if (event == CHAR_EVENT_OPENED && !serve(s, &error)) {
        g_warning("monitor '%s': %s", s->object.name, error->message);
        hang_up(s);
    }
}

static const CharFrontOps front_ops = {
    .can_receive = on_can_receive,
    .receive = on_receive,
    .event = on_event,
    .writable = on_chardev_writable,
};

/* ---- Life ---- */

static void monitor_init(Object *obj)
{
    to_monitor_qmp(obj)->fd = -1;
}

static bool monitor_complete(Object *obj, GError **error)
{
    MonitorQmp *s = to_monitor_qmp(obj);

    s->chr = monitor_qmp_props(s)->chardev.target;
    char_attach(s->chr, &front_ops, s);
    return true;
}

static void monitor_dismantle(Object *obj)
{
    MonitorQmp *s = to_monitor_qmp(obj);

    hang_up(s);
    char_detach(s->chr, s);
    s->chr = NULL;
}

const TypeInfo monitor_qmp_type = {
    .schema = &qmp_class_monitor_qmp,
    .size = sizeof(MonitorQmp),
    .object = &(const ObjectOps){
        .init = monitor_init,
        .complete = monitor_complete,
        .dismantle = monitor_dismantle,
    },
};

static bool flush(Object *child, void *data)
{
    if (object_class(child) == &qmp_class_monitor_qmp && object_life(child) == OBJECT_COMPLETE) {
        on_chardev_writable(to_monitor_qmp(child));
    }
    return true;
}

void monitors_flush(Object *root)
{
    const Env *env = object_env(root);
    Object *folder = place_folder(root, &qmp_class_monitor_qmp);

    env->lock(env);
    if (folder) {
        object_foreach_child(folder, flush, NULL);
    }
    env->unlock(env);
}
