/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-pty: a pseudo terminal in raw mode, whose other end any process may
 * open, close and reopen.
 *
 * The kernel reports when the last process closes it (end of input with EIO),
 * but not when one opens it: that takes an inotify watch on the terminal's
 * node.  While no process has it open, output is lost.
 */
#include "config.h"
#include "hw/chardev/char-pty.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#include "hw/chardev/char-fd.h"
#include "hw/chardev/char-types.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

struct CharPty {
    Chardev parent;
    CharFd stream;              /* started while a process has the terminal open */
    int master;
    int watch;                  /* inotify */
    struct event *watch_event;
    char path[64];
};

const char *char_pty_path(Chardev *chr)
{
    CharPty *s = object_dynamic_cast(chr, &qmp_class_chardev_pty);

    return s ? s->path : NULL;
}

static gsize pty_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_pty(chr)->stream, data, size);
}

static void pty_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_pty(chr)->stream);
}

static char *pty_filename(Chardev *chr)
{
    return g_strconcat("pty:", to_char_pty(chr)->path, NULL);
}

/* ---- Somebody opens and closes it ---- */

/* Starts the stream if a process has the terminal open, or has left input. */
static void connect_if_open(CharPty *s)
{
    struct pollfd fd = { .fd = s->master, .events = POLLIN };
    g_autoptr(GError) error = NULL;

    if (s->stream.env || poll(&fd, 1, 0) < 0 ||
        ((fd.revents & POLLHUP) && !(fd.revents & POLLIN))) {
        return;
    }
    if (!char_fd_start(&s->stream, s->master, s->master, &error)) {
        g_warning("chardev '%s': %s", s->parent.object.name, error->message);
        return;
    }
    char_event(&s->parent, CHAR_EVENT_OPENED);
}

static void pty_hangup(Chardev *chr)
{
    CharPty *s = to_char_pty(chr);

    char_fd_stop(&s->stream);
    char_event(chr, CHAR_EVENT_CLOSED);
    connect_if_open(s);
}

static void on_opened(evutil_socket_t fd, short what, void *opaque)
{
    CharPty *s = opaque;
    const Env *env = object_env(&s->parent.object);
    char buf[sizeof(struct inotify_event) * 16];

    while (read(s->watch, buf, sizeof(buf)) > 0) {
        /* the events say only that it was opened */
    }
    env->lock(env);
    connect_if_open(s);
    env->unlock(env);
}

/* ---- Life ---- */

static void pty_init(Object *obj)
{
    CharPty *s = to_char_pty(obj);

    s->master = s->watch = -1;
    char_fd_init(&s->stream, &s->parent, pty_hangup);
}

/* Opens and closes the terminal once, which puts it in raw mode and in the
 * state of one that no process has open. */
static bool touch_terminal(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios mode;
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = tcgetattr(fd, &mode) == 0;
    cfmakeraw(&mode);
    ok = ok && tcsetattr(fd, TCSANOW, &mode) == 0;
    close(fd);
    return ok;
}

static bool open_pty(CharPty *s)
{
    s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (s->master < 0 || grantpt(s->master) < 0 || unlockpt(s->master) < 0) {
        return false;
    }
    errno = ptsname_r(s->master, s->path, sizeof(s->path));
    if (errno || !touch_terminal(s->path)) {
        return false;
    }
    s->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return s->watch >= 0 && inotify_add_watch(s->watch, s->path, IN_OPEN) >= 0;
}

static void pty_release(Object *obj)
{
    CharPty *s = to_char_pty(obj);

    if (s->watch >= 0) {
        close(s->watch);
    }
    if (s->master >= 0) {
        close(s->master);
    }
    s->watch = s->master = -1;
}

static bool pty_prepare(Object *obj, GError **error)
{
    if (!open_pty(to_char_pty(obj))) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot create a pseudo terminal");
        pty_release(obj);
        return false;
    }
    return true;
}

static bool pty_complete(Object *obj, GError **error)
{
    CharPty *s = to_char_pty(obj);
    const Env *env = object_env(obj);

    if (!env || !env->base ||
        !(s->watch_event = event_new(env->base, s->watch, EV_READ | EV_PERSIST, on_opened, s)) ||
        event_add(s->watch_event, NULL) < 0) {
        g_clear_pointer(&s->watch_event, event_free);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for a pseudo terminal");
        return false;
    }
    return true;
}

static void pty_dismantle(Object *obj)
{
    CharPty *s = to_char_pty(obj);

    g_clear_pointer(&s->watch_event, event_free);
    char_fd_discard(&s->stream);
}

static const CharOps pty_char_ops = {
    .write = pty_write,
    .accept_input = pty_accept_input,
    .filename = pty_filename,
};

static const ObjectOps pty_object_ops = {
    .init = pty_init,
    .prepare = pty_prepare,
    .release = pty_release,
    .complete = pty_complete,
    .dismantle = pty_dismantle,
};

const TypeInfo chardev_pty_type = {
    .schema = &qmp_class_chardev_pty,
    .size = sizeof(CharPty),
    .object = &pty_object_ops,
    .kind = &pty_char_ops,
};
