/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the client's files for hw/i386/boot.c and the formats below it.
 */
#include "config.h"
#include "hw/i386/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "qmp/error.h"

static bool check_file(const LoaderFile *file, guint64 *ret_size, GError **error)
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
    *ret_size = st.st_size;
    return true;
}

LoaderFile *loader_open_fd(const char *role, const char *path, int fd, GError **error)
{
    g_autoptr(LoaderFile) file = g_new0(LoaderFile, 1);

    g_atomic_ref_count_init(&file->refs);
    file->fd = fd;
    file->what = g_strdup_printf("%s '%s'", role, path);
    file->text = g_strdup(path);
    return check_file(file, &file->size, error) ? g_steal_pointer(&file) : NULL;
}

LoaderFile *loader_open(const char *role, const char *path, GError **error)
{
    /* Non-blocking: the path may be a pipe without a writer. */
    int fd = fdset_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "%s '%s'", role, path);
        return NULL;
    }
    return loader_open_fd(role, path, fd, error);
}

LoaderFile *loader_ref(LoaderFile *file)
{
    g_atomic_ref_count_inc(&file->refs);
    return file;
}

void loader_close(LoaderFile *file)
{
    if (file && g_atomic_ref_count_dec(&file->refs)) {
        loader_let_go(file);
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

static bool read_file(const LoaderFile *file, guint64 offset, void *buf, guint64 size,
                      GError **error)
{
    guint8 *p = buf;

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

bool loader_read(const LoaderFile *file, guint64 offset, void *buf, guint64 size, GError **error)
{
    if (!file->failed && !loader_has(file, offset, size)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s is cut short", file->what);
        return false;
    }
    if (file->held) {
        memcpy(buf, (const guint8 *)g_bytes_get_data(file->held, NULL) + offset, size);
        return true;
    }
    if (file->failed) {
        g_propagate_error(error, g_error_copy(file->failed));
        return false;
    }
    return read_file(file, offset, buf, size, error);
}

/* ---- What is held ---- */

typedef struct {
    void *start;
    gsize size;
} Content;

static void content_free(gpointer data)
{
    Content *content = data;

    munmap(content->start, content->size);
    g_free(content);
}

/* With large pages this takes a tenth of the time. */
static void *allocate(gsize size)
{
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED) {
        return NULL;
    }
    madvise(start, size, MADV_HUGEPAGE);
    return start;
}

GBytes *loader_fetch(const LoaderFile *file, GError **error)
{
    guint64 size;
    Content *content;
    void *start;

    if (!check_file(file, &size, error)) {
        return NULL;
    }
    if (!size) {
        return g_bytes_new_static("", 0);
    }
    start = allocate(size);
    if (!start) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno, "%s has %" G_GUINT64_FORMAT
                            " bytes", file->what, size);
        return NULL;
    }
    if (!read_file(file, 0, start, size, error)) {
        munmap(start, size);
        return NULL;
    }
    content = g_new(Content, 1);
    *content = (Content){ .start = start, .size = size };
    return g_bytes_new_with_free_func(start, size, content_free, content);
}

void loader_hold(LoaderFile *file, GBytes *bytes, GError *error)
{
    loader_let_go(file);
    file->held = bytes;
    file->failed = error;
    if (bytes) {
        file->size = g_bytes_get_size(bytes);
    }
}

void loader_let_go(LoaderFile *file)
{
    g_clear_pointer(&file->held, g_bytes_unref);
    g_clear_error(&file->failed);
}
