/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-pipe: named pipes that exist already: PATH.in and PATH.out,
 * or PATH for both directions.  They are opened for reading and writing, so that
 * peers may come and go without ends of file or broken pipes.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/chardev/char-fd.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

struct CharPipe {
    Chardev parent;
    CharFd stream;
    int in, out;                /* may be the same */
};

static gsize pipe_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_pipe(chr)->stream, data, size);
}

static void pipe_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_pipe(chr)->stream);
}

static char *pipe_filename(Chardev *chr)
{
    return g_strdup("pipe");
}

static void pipe_init(Object *obj)
{
    CharPipe *s = to_char_pipe(obj);

    s->in = s->out = -1;
    char_fd_init(&s->stream, &s->parent, NULL);
}

static int open_both_ways(const char *path)
{
    return open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static void close_pipe(CharPipe *s)
{
    if (s->out >= 0 && s->out != s->in) {
        close(s->out);
    }
    if (s->in >= 0) {
        close(s->in);
    }
    s->in = s->out = -1;
}

/* Rejects other files: reads and writes of one could wait for its file system. */
static bool check_pipe(int fd, const char *path, GError **error)
{
    struct stat st;
    bool ok = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);

    if (!ok) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "'%s' is not a named pipe; use the backend 'file' for other files", path);
    }
    return ok;
}

static bool open_pipe(CharPipe *s, const char *path, GError **error)
{
    g_autofree char *in = g_strconcat(path, ".in", NULL);
    g_autofree char *out = g_strconcat(path, ".out", NULL);

    s->in = open_both_ways(in);
    s->out = open_both_ways(out);
    if (s->in >= 0 && s->out >= 0) {
        return check_pipe(s->in, in, error) && check_pipe(s->out, out, error);
    }
    close_pipe(s);
    s->in = s->out = open_both_ways(path);
    if (s->in < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot open pipe '%s', nor '%s' and '%s'", path, in, out);
    }
    return s->in >= 0 && check_pipe(s->in, path, error);
}

static bool pipe_prepare(Object *obj, GError **error)
{
    CharPipe *s = to_char_pipe(obj);

    if (!open_pipe(s, char_backend(&s->parent)->u.pipe.data->device, error)) {
        close_pipe(s);
        return qmp_error_blame(error, "backend.data.device");
    }
    return true;
}

static void pipe_release(Object *obj)
{
    close_pipe(to_char_pipe(obj));
}

static bool pipe_complete(Object *obj, GError **error)
{
    CharPipe *s = to_char_pipe(obj);

    if (!char_fd_start(&s->stream, s->in, s->out, error)) {
        return false;
    }
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void pipe_dismantle(Object *obj)
{
    char_fd_discard(&to_char_pipe(obj)->stream);
}

static const CharOps pipe_char_ops = {
    .write = pipe_write,
    .accept_input = pipe_accept_input,
    .filename = pipe_filename,
};

static const ObjectOps pipe_object_ops = {
    .init = pipe_init,
    .prepare = pipe_prepare,
    .release = pipe_release,
    .complete = pipe_complete,
    .dismantle = pipe_dismantle,
};

const TypeInfo chardev_pipe_type = {
    .schema = &qmp_class_chardev_pipe,
    .size = sizeof(CharPipe),
    .object = &pipe_object_ops,
    .kind = &pipe_char_ops,
};
