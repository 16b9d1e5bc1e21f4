/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-file: output to a file, and input from another if wanted.  The end of
 * the input file is not an event: there is just no more input.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include <unistd.h>

#include "hw/aio/file-reader.h"
#include "hw/aio/file-writer.h"
#include "hw/chardev/char-fd.h"
#include "hw/chardev/char-file-open.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-char.h"

struct CharFile {
    Chardev parent;
    CharFd stream;
    int in, out;                /* -1: none, or its reader's or writer's */
    FileReader *reader;         /* of `in`, if it is a file (char_is_file) */
    FileWriter *writer;         /* of `out`, the same */
    bool created;               /* `out` did not exist, and is not ours yet */
};

static const ChardevFile *options(const CharFile *s)
{
    return char_backend(&s->parent)->u.file.data;
}

static gsize file_write(Chardev *chr, const guint8 *data, gsize size)
{
    return char_fd_write(&to_char_file(chr)->stream, data, size);
}

static void file_accept_input(Chardev *chr)
{
    char_fd_accept_input(&to_char_file(chr)->stream);
}

static char *file_filename(Chardev *chr)
{
    return g_strdup("file");
}

static void file_init(Object *obj)
{
    CharFile *s = to_char_file(obj);

    s->in = s->out = -1;
    char_fd_init(&s->stream, &s->parent, NULL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void close_files(CharFile *s)
{
    char_undo_output(options(s)->out, s->created);
    if (s->writer) {
        char_fd_end_writer(&s->stream, g_steal_pointer(&s->writer));
    }
    file_reader_free(g_steal_pointer(&s->reader));
    close_fd(&s->out);
    close_fd(&s->in);
}

static bool open_input(CharFile *s, GError **error)
{
    const char *path = options(s)->in;

    if (!path) {
        return true;
    }
    s->in = char_open_input(path, error);
    if (s->in < 0) {
        return qmp_error_blame(error, "backend.data.in");
    }
    if (!char_is_file(s->in)) {
        return true;
    }
    s->reader = file_reader_new(s->in, error);
    if (s->reader) {
        s->in = -1;
    }
    return s->reader != NULL;
}

static bool open_output(CharFile *s, GError **error)
{
    s->out = char_open_output(options(s)->out, options(s)->append, &s->created, error);
    if (s->out < 0) {
        return qmp_error_blame(error, "backend.data.out");
    }
    if (!char_is_file(s->out)) {
        return true;
    }
    s->writer = file_writer_new(s->out, CHAR_FD_PENDING_MAX, error);
    if (s->writer) {
        s->out = -1;
    }
    return s->writer != NULL;
}

static bool file_prepare(Object *obj, GError **error)
{
    CharFile *s = to_char_file(obj);

    if (!open_input(s, error) || !open_output(s, error)) {
        close_files(s);
        return false;
    }
    return true;
}

static void file_release(Object *obj)
{
    close_files(to_char_file(obj));
}

static bool file_keep(Object *obj, GError **error)
{
    CharFile *s = to_char_file(obj);

    if (s->writer && !options(s)->append) {
        file_writer_empty(s->writer);
    }
    s->created = false;
    return true;
}

static bool file_complete(Object *obj, GError **error)
{
    CharFile *s = to_char_file(obj);
    const CharFdFiles files = {
        .in = s->in, .out = s->out, .reader = s->reader, .writer = s->writer,
    };

    if (!char_fd_start_files(&s->stream, &files, error)) {
        return false;
    }
    if (!env_keep(obj, file_keep, error)) {
        char_fd_stop(&s->stream);
        return false;
    }
    char_event(&s->parent, CHAR_EVENT_OPENED);
    return true;
}

static void file_dismantle(Object *obj)
{
    char_fd_discard(&to_char_file(obj)->stream);
}

static const CharOps file_char_ops = {
    .write = file_write,
    .accept_input = file_accept_input,
    .filename = file_filename,
};

static const ObjectOps file_object_ops = {
    .init = file_init,
    .prepare = file_prepare,
    .release = file_release,
    .complete = file_complete,
    .dismantle = file_dismantle,
};

const TypeInfo chardev_file_type = {
    .schema = &qmp_class_chardev_file,
    .size = sizeof(CharFile),
    .object = &file_object_ops,
    .kind = &file_char_ops,
};
