/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FIFO that a machine's chardev writes to.
 */
#include "config.h"
#include "tests/bench/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/series.h"

int fifo_open(const char *path, GError **error)
{
    int fd;

    g_unlink(path);
    fd = mkfifo(path, 0600) < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
                    g_strerror(errno));
    return fd;
}

/* Whether what was read so far is enough. */
static bool heard(int fd, const char *text, GString *so_far)
{
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    if (n > 0)
        g_string_append_len(so_far, buffer, n);
    return so_far->len > 0 && (!text || strstr(so_far->str, text));
}

bool fifo_wait(int fd, const char *text, int ms, GError **error)
{
    g_autoptr(GString) so_far = g_string_new(NULL);
    gint64 deadline = clock_ns() + (gint64)ms * 1000000, left = ms;
    struct pollfd p = { .fd = fd, .events = POLLIN };

    while (left > 0 && poll(&p, 1, (int)left) == 1 && p.revents & POLLIN) {
        if (heard(fd, text, so_far))
            return true;
        left = (deadline - clock_ns()) / 1000000;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say '%s' but: %s",
                text ? text : "anything", so_far->str);
    return false;
}
