/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last output of a machine: a reader that is slow gets it all the same.
 */
#include "config.h"
#include "hw/chardev/char-fd.h"

#include <errno.h>
#include <poll.h>

/* For those who take nothing. */
#define PATIENCE_MS 500

static bool add_unsent(Object *child, void *data)
{
    CharFd *stream = ((Chardev *)child)->stream;

    if (stream && char_fd_go_on(stream) && stream->out_waits) {
        const struct pollfd fd = { .fd = stream->out, .events = POLLOUT };

        g_array_append_val((GArray *)data, fd);
    }
    return true;
}

/* Descriptors that there is output for, of struct pollfd. */
static GArray *unsent(Object *root)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    Object *folder = object_resolve(root, "/chardevs", NULL);
    const Env *env = object_env(root);

    env->lock(env);
    if (folder) {
        object_foreach_child(folder, add_unsent, fds);
    }
    env->unlock(env);
    return fds;
}

void chardevs_flush(Object *root, guint timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    for (;;) {
        g_autoptr(GArray) fds = unsent(root);
        gint64 left = MIN((end - g_get_monotonic_time()) / 1000, PATIENCE_MS);
        int n;

        if (!fds->len || left <= 0) {
            return;
        }
        n = poll((struct pollfd *)(void *)fds->data, fds->len, left);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return;
        }
    }
}
