/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the client's files for hw/i386/boot.c and the formats below it.
 */
#include "config.h"
#include "hw/i386/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qmp/error.h"

static bool check_file(LoaderFile *file, GError **error)
{
    struct stat st;

    if (fstat(file->fd, &st) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "%s", file->what);
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s is not a regular file", file->what);
        return false;
    }
    file->size = st.st_size;
    return true;
}

LoaderFile *loader_open_fd(const char *role, const char *path, int fd, GError **error)
{
    g_autoptr(LoaderFile) file = g_new0(LoaderFile, 1);

    file->fd = fd;
    file->what = g_strdup_printf("%s '%s'", role, path);
    file->text = g_strdup(path);
    return check_file(file, error) ? g_steal_pointer(&file) : NULL;
}

LoaderFile *loader_open(const char *role, const char *path, GError **error)
{
    /* Not blocking: the path may be a pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "%s '%s'", role, path);
        return NULL;
    }
    return loader_open_fd(role, path, fd, error);
}

LoaderFile *loader_dup(const LoaderFile *file, GError **error)
{
    g_autoptr(LoaderFile) copy = NULL;
    int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "%s", file->what);
        return NULL;
    }
    copy = g_new0(LoaderFile, 1);
    copy->fd = fd;
    copy->what = g_strdup(file->what);
    copy->text = g_strdup(file->text);
    /* It may have another length by now. */
    return check_file(copy, error) ? g_steal_pointer(&copy) : NULL;
}

void loader_close(LoaderFile *file)
{
    if (file) {
        close(file->fd);
        g_free(file->what);
        g_free(file->text);
        g_free(file);
    }
}

bool loader_has(const LoaderFile *file, guint64 offset, guint64 size)
{
    return offset <= file->size && size <= file->size - offset;
}

bool loader_read(const LoaderFile *file, guint64 offset, void *buf, guint64 size, GError **error)
{
    guint8 *p = buf;

    if (!loader_has(file, offset, size)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s is cut short", file->what);
        return false;
    }
    while (size) {
        ssize_t n = pread(file->fd, p, size, offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "%s", file->what);
            return false;
        }
        if (!n) {
            qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s has become shorter",
                          file->what);
            return false;
        }
        p += n;
        offset += n;
        size -= n;
    }
    return true;
}
