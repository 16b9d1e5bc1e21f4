/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a file of the host for an image: see create.h.
 */
#include "config.h"
#include "hw/block/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/block/block-wait.h"
#include "hw/block/file-lock.h"
#include "qmp/error.h"

enum {
    RESERVE_PIECE = 256 << 20,  /* bytes between two pause points */
    WRITE_PIECE = 1 << 20,
};

typedef struct {
    Job *job;
    const BlockdevCreateOptionsFile *options;
    int fd;
    bool is_new;
} Making;

static bool failed(const Making *m, int error_number, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, error_number, "cannot %s '%s'", what,
                        m->options->filename);
    return false;
}

/* ---- Opening ---- */

/* The file must be locked before it is made empty: it may be another machine's disk. */
static bool open_file(Making *m, GError **error)
{
    const char *name = m->options->filename;

    m->fd = fdset_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK, 0644);
    m->is_new = m->fd >= 0;
    if (m->fd < 0 && errno == EEXIST) {
        m->fd = fdset_open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0);
    }
    return m->fd >= 0 || failed(m, errno, "create", error);
}

static bool empty_file(const Making *m, GError **error)
{
    struct stat st;

    if (fstat(m->fd, &st) < 0) {
        return failed(m, errno, "get the status of", error);
    }
    if (!S_ISREG(st.st_mode)) {
        qmp_error_set_at(error, "filename", ERROR_REASON_FILE_NOT_USABLE,
                         "'%s' exists and is not a regular file", m->options->filename);
        return false;
    }
    return file_lock(m->fd, m->options->filename, true, error) &&
           (ftruncate(m->fd, 0) == 0 || failed(m, errno, "make empty", error));
}

/* ---- Its place ---- */

static int reserve(const Making *m, guint64 offset, guint64 bytes)
{
    return posix_fallocate(m->fd, offset, bytes);
}

static int write_zeros(const Making *m, void *zeros, guint64 offset, guint64 bytes)
{
    while (bytes) {
        ssize_t n = pwrite(m->fd, zeros, bytes, offset);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            offset += n;
            bytes -= n;
        }
    }
    return 0;
}

/* zeros NULL: the place is only reserved. */
static bool fill(const Making *m, void *zeros, GError **error)
{
    guint64 size = m->options->size, piece = zeros ? WRITE_PIECE : RESERVE_PIECE;

    job_add_work(m->job, size);
    for (guint64 at = 0; at < size; at += piece) {
        guint64 bytes = MIN(piece, size - at);
        int ret;

        if (!job_go_on(m->job, error)) {
            return false;
        }
        ret = zeros ? write_zeros(m, zeros, at, bytes) : reserve(m, at, bytes);
        if (ret) {
            return failed(m, ret, "get space for", error);
        }
        job_add_progress(m->job, bytes);
    }
    if (fsync(m->fd) < 0) {
        return failed(m, errno, "write", error);
    }
    return true;
}

static bool preallocate(const Making *m, GError **error)
{
    void *zeros;
    bool ok;

    if (m->options->preallocation == PREALLOC_MODE_OFF) {
        return ftruncate(m->fd, m->options->size) == 0 || failed(m, errno, "resize", error);
    }
    if (m->options->preallocation == PREALLOC_MODE_FALLOC) {
        return fill(m, NULL, error);
    }
    zeros = calloc(1, WRITE_PIECE);
    ok = zeros ? fill(m, zeros, error) : failed(m, ENOMEM, "fill", error);
    free(zeros);
    return ok;
}

/* A file that was there before keeps its name. */
static void undo(const Making *m, bool is_empty)
{
    if (m->is_new) {
        unlink(m->options->filename);
    } else if (is_empty && ftruncate(m->fd, 0) < 0) {
        g_warning("cannot make '%s' empty: %s", m->options->filename, g_strerror(errno));
    }
}

bool block_create_file(Job *job, const BlockdevCreateOptionsFile *options, GError **error)
{
    Making m = { .job = job, .options = options };
    bool is_empty, ok;

    if (options->preallocation == PREALLOC_MODE_METADATA) {
        qmp_error_set_at(error, "preallocation", ERROR_REASON_INVALID_VALUE,
                         "a file has no metadata of its own to preallocate");
        return false;
    }
    if (!job_go_on(job, error) || !open_file(&m, error)) {
        return false;
    }
    is_empty = empty_file(&m, error);
    ok = is_empty && preallocate(&m, error) && job_go_on(job, error);
    if (!ok) {
        undo(&m, is_empty);
    }
    close(m.fd);
    return ok;
}
