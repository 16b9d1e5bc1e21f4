/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/aio/file-bytes.h.
 */
#include "config.h"
#include "hw/aio/file-bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "qmp/error.h"

/* Reads up to size bytes; *ret_size is the number read. */
static bool read_all(int fd, guint8 *data, gsize size, gsize *ret_size, GError **error)
{
    gsize done = 0;

    while (done < size) {
        gssize n = read(fd, data + done, size - done);

        if (n < 0 && errno != EINTR) {
            qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read");
            return false;
        }
        if (n == 0) {
            break;
        }
        done += MAX(n, 0);
    }
    *ret_size = done;
    return true;
}

static GBytes *read_fd(int fd, const char *path, gsize max, GError **error)
{
    g_autofree guint8 *data = NULL;
    struct stat st;
    gsize size;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "file '%s' is not a regular file", path);
        return NULL;
    }
    if (st.st_size < 0 || (guint64)st.st_size > max) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "file '%s' has %" G_GINT64_FORMAT
                      " bytes, at most %" G_GSIZE_FORMAT " are taken", path, (gint64)st.st_size,
                      max);
        return NULL;
    }
    data = g_try_malloc(st.st_size + 1);
    if (!data) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "no memory for file '%s'", path);
        return NULL;
    }
    if (!read_all(fd, data, st.st_size, &size, error)) {
        g_prefix_error(error, "file '%s': ", path);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

GBytes *file_bytes_read(const char *path, gsize max, GError **error)
{
    int fd = fdset_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    GBytes *bytes;

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'", path);
        return NULL;
    }
    bytes = read_fd(fd, path, max, error);
    close(fd);
    return bytes;
}
