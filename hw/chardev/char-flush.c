/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last output of a machine: even slow readers and files get it.
 */
#include "config.h"
#include "hw/aio/file-writer.h"
#include "hw/chardev/char-fd.h"

#include "qom/place.h"
#include <errno.h>
#include <poll.h>

#include "qom/qapi-objects-char.h"

/* For readers that take nothing. */
#define PATIENCE_MS FILE_WRITER_PATIENCE_MS

static void foreach_chardev(Object *root, bool (*f)(Object *child, void *data), void *data)
{
    Object *folder = place_folder(root, &qmp_class_chardev);
    const Env *env = object_env(root);

    env->lock(env);
    if (folder) {
        object_foreach_child(folder, f, data);
    }
    env->unlock(env);
}

/* ---- Readers ---- */

static bool add_unsent(Object *child, void *data)
{
    CharFd *stream = to_chardev(child)->stream;

    if (stream && char_fd_go_on(stream) && stream->out_waits) {
        const struct pollfd fd = { .fd = stream->out, .events = POLLOUT };

        g_array_append_val((GArray *)data, fd);
    }
    return true;
}

static void flush_streams(Object *root, gint64 end)
{
    for (;;) {
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
        gint64 left = MIN((end - g_get_monotonic_time()) / 1000, PATIENCE_MS);
        int n;

        foreach_chardev(root, add_unsent, fds);
        if (!fds->len || left <= 0) {
            return;
        }
        n = poll((struct pollfd *)(void *)fds->data, fds->len, left);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return;
        }
    }
}

/* ---- Files ---- */

static bool add_writers(Object *child, void *data)
{
    const Chardev *chr = to_chardev(child);

    if (object_life(child) != OBJECT_COMPLETE) {
        return true;            /* it may be in the middle of creation or removal */
    }
    if (chr->log) {
        g_ptr_array_add(data, file_writer_ref(chr->log));
    }
    if (chr->stream && chr->stream->writer) {
        g_ptr_array_add(data, file_writer_ref(chr->stream->writer));
    }
    return true;
}

/* The writers work in parallel: the time that one gets is used by all. */
static void flush_writers(Object *root, gint64 end)
{
    g_autoptr(GPtrArray) writers = g_ptr_array_new_with_free_func(
        (GDestroyNotify)file_writer_unref);

    foreach_chardev(root, add_writers, writers);
    for (guint i = 0; i < writers->len; i++) {
        file_writer_flush(writers->pdata[i], end);
    }
}

void chardevs_flush(Object *root, guint timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    flush_streams(root, end);
    flush_writers(root, end);
}
