/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-stdio: the daemon's standard input and output.  A terminal is put in
 * raw mode, so that keys reach the guest one by one and without echo; its old mode
 * is restored when the object is destroyed, which the daemon ensures when it exits.
 * There is at most one such object (hw/chardev/char-new.c).
 *
 * End of input is not an event: `vmd </dev/null` keeps its output.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "hw/aio/file-reader.h"
#include "hw/aio/file-writer.h"
#include "hw/chardev/char-fd.h"
#include "hw/chardev/char-file-open.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

struct CharStdio {
    Chardev parent;
    CharFd stream;
    FileReader *reader;         /* of the input, if that is a file */
    FileWriter *writer;         /* of the output, if that is a file */
    int in_flags, out_flags;    /* the old flags of the descriptors */
    bool has_mode;
    struct termios mode;        /* the old mode of the terminal */
};

static gsize stdio_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_stdio(chr)->stream, data, size);
}

static void stdio_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_stdio(chr)->stream);
}

static char *stdio_filename(Chardev *chr)
{
    return g_strdup("stdio");
}

static void stdio_init(Object *obj)
{
    CharStdio *s = to_char_stdio(obj);

    char_fd_init(&s->stream, &s->parent, NULL);
}

/* Raw, except for the output's line ends, which the daemon's own messages need. */
static void set_raw_mode(CharStdio *s, bool signals)
{
    struct termios mode;

    if (s->reader || tcgetattr(STDIN_FILENO, &s->mode) < 0) {
        return;
    }
    mode = s->mode;
    cfmakeraw(&mode);
    mode.c_oflag |= OPOST | ONLCR;
    if (signals) {
        mode.c_lflag |= ISIG;
    }
    s->has_mode = tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
}

/* For a reader or writer, which closes its descriptor. */
static int duplicate(int fd, const char *name, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (copy < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot duplicate %s", name);
    }
    return copy;
}

static bool make_reader(CharStdio *s, GError **error)
{
    int fd;

    if (!char_is_file(STDIN_FILENO)) {
        return true;
    }
    fd = duplicate(STDIN_FILENO, "standard input", error);
    s->reader = fd >= 0 ? file_reader_new(fd, error) : NULL;
    if (fd >= 0 && !s->reader) {
        close(fd);
    }
    return s->reader != NULL;
}

static bool make_writer(CharStdio *s, GError **error)
{
    int fd;

    if (!char_is_file(STDOUT_FILENO)) {
        return true;
    }
    fd = duplicate(STDOUT_FILENO, "standard output", error);
    s->writer = fd >= 0 ? file_writer_new(fd, CHAR_FD_PENDING_MAX, error) : NULL;
    if (fd >= 0 && !s->writer) {
        close(fd);
    }
    return s->writer != NULL;
}

static void stdio_release(Object *obj)
{
    CharStdio *s = to_char_stdio(obj);

    file_reader_free(g_steal_pointer(&s->reader));
    if (s->writer) {
        char_fd_end_writer(&s->stream, g_steal_pointer(&s->writer));
    }
}

static bool stdio_prepare(Object *obj, GError **error)
{
    CharStdio *s = to_char_stdio(obj);

    if (!make_reader(s, error) || !make_writer(s, error)) {
        stdio_release(obj);
        return false;
    }
    return true;
}

static bool stdio_complete(Object *obj, GError **error)
{
    CharStdio *s = to_char_stdio(obj);
    const ChardevBackend *backend = char_backend(&s->parent);
    const ChardevStdio *options = backend ? backend->u.stdio.data : NULL;
    const CharFdFiles files = {
        .in = STDIN_FILENO, .out = STDOUT_FILENO, .reader = s->reader, .writer = s->writer,
    };

    s->in_flags = fcntl(STDIN_FILENO, F_GETFL);
    s->out_flags = fcntl(STDOUT_FILENO, F_GETFL);
    if (s->in_flags < 0 || s->out_flags < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "standard input or output is closed");
        return false;
    }
    if (!char_fd_start_files(&s->stream, &files, error)) {
        return false;
    }
    fcntl(STDIN_FILENO, F_SETFL, s->in_flags | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, s->out_flags | O_NONBLOCK);
    set_raw_mode(s, !options || !options->has_signal || options->signal);
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void stdio_dismantle(Object *obj)
{
    CharStdio *s = to_char_stdio(obj);

    char_fd_discard(&s->stream);
    if (s->has_mode) {
        tcsetattr(STDIN_FILENO, TCSANOW, &s->mode);
        s->has_mode = false;
    }
    fcntl(STDOUT_FILENO, F_SETFL, s->out_flags);
    fcntl(STDIN_FILENO, F_SETFL, s->in_flags);
}

static const CharOps stdio_char_ops = {
    .write = stdio_write,
    .accept_input = stdio_accept_input,
    .filename = stdio_filename,
};

static const ObjectOps stdio_object_ops = {
    .init = stdio_init,
    .prepare = stdio_prepare,
    .release = stdio_release,
    .complete = stdio_complete,
    .dismantle = stdio_dismantle,
};

const TypeInfo chardev_stdio_type = {
    .schema = &qmp_class_chardev_stdio,
    .size = sizeof(CharStdio),
    .object = &stdio_object_ops,
    .kind = &stdio_char_ops,
};
