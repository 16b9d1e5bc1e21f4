/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileReader: see file-reader.h.  The thread reads one chunk ahead at most: it reads the next
 * one when a caller has found no bytes.
 */
#include "config.h"
#include "hw/aio/file-reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qmp/error.h"

enum {
    CHUNK = 64 * 1024,
    CLOSE_MS = 500,             /* time for the thread to close a file that answers */
};

struct FileReader {
    gatomicrefcount refs;       /* of the owner and the thread */
    int fd;                     /* used by the thread only */
    GMutex mutex;               /* for all below */
    GCond changed;
    bool reading;               /* requested, or going on */
    bool closing, closed;
    bool told;                  /* an end or error of the last read was returned */
    gssize got;                 /* result of the last read: bytes, or -1 */
    int error;                  /* its errno */
    gsize taken;                /* how many of got were taken */
    FileReaderMoved watch;
    void *opaque;
    guint8 chunk[CHUNK];        /* used by the thread alone while it reads */
};

static void unref(FileReader *r)
{
    if (g_atomic_ref_count_dec(&r->refs)) {
        g_mutex_clear(&r->mutex);
        g_cond_clear(&r->changed);
        g_free(r);
    }
}

/* ---- The thread ---- */

/* Mutex held. */
static void read_chunk(FileReader *r)
{
    gssize n;
    int error;

    g_mutex_unlock(&r->mutex);
    do {
        n = read(r->fd, r->chunk, CHUNK);
        error = n < 0 ? errno : 0;
    } while (error == EINTR);
    g_mutex_lock(&r->mutex);
    r->got = n;
    r->error = error;
    r->taken = 0;
    r->told = r->reading = false;
    if (r->watch) {
        r->watch(r->opaque);
    }
}

static gpointer reader_thread(gpointer opaque)
{
    FileReader *r = opaque;

    g_mutex_lock(&r->mutex);
    while (!r->closing) {
        if (r->reading) {
            read_chunk(r);
        } else {
            g_cond_wait(&r->changed, &r->mutex);
        }
    }
    g_mutex_unlock(&r->mutex);
    close(r->fd);
    g_mutex_lock(&r->mutex);
    r->closed = true;
    g_cond_broadcast(&r->changed);
    g_mutex_unlock(&r->mutex);
    unref(r);
    return NULL;
}

/* ---- Callers ---- */

FileReader *file_reader_new(int fd, GError **error)
{
    g_autoptr(GError) why = NULL;
    FileReader *r = g_new0(FileReader, 1);
    GThread *thread;

    g_atomic_ref_count_init(&r->refs);
    g_mutex_init(&r->mutex);
    g_cond_init(&r->changed);
    r->fd = fd;
    r->told = true;
    g_atomic_ref_count_inc(&r->refs);
    thread = g_thread_try_new("file-reader", reader_thread, r, &why);
    if (!thread) {
        unref(r);
        unref(r);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create a thread that reads a file");
        return NULL;
    }
    g_thread_unref(thread);     /* never joined, as it may never end */
    return r;
}

void file_reader_watch(FileReader *r, FileReaderMoved moved, void *opaque)
{
    g_mutex_lock(&r->mutex);
    r->watch = moved;
    r->opaque = opaque;
    g_mutex_unlock(&r->mutex);
}

/* Mutex held; the thread is not reading.  Returns the result of file_reader_take, and its errno. */
static gssize take_what_is_there(FileReader *r, guint8 *data, gsize size, int *ret_error)
{
    const gsize n = r->got > 0 ? MIN(size, (gsize)r->got - r->taken) : 0;

    *ret_error = 0;
    if (n) {
        memcpy(data, r->chunk + r->taken, n);
        r->taken += n;
        return n;
    }
    if (r->got <= 0 && !r->told) {
        r->told = true;
        *ret_error = r->error;
        return r->got;
    }
    r->reading = true;
    g_cond_broadcast(&r->changed);
    *ret_error = EAGAIN;
    return -1;
}

gssize file_reader_take(FileReader *r, guint8 *data, gsize size)
{
    int error = EAGAIN;
    gssize n = -1;

    g_mutex_lock(&r->mutex);
    if (!r->reading) {
        n = take_what_is_there(r, data, size, &error);
    }
    g_mutex_unlock(&r->mutex);
    errno = error;
    return n;
}

void file_reader_free(FileReader *r)
{
    const gint64 deadline = g_get_monotonic_time() + CLOSE_MS * G_TIME_SPAN_MILLISECOND;

    if (!r) {
        return;
    }
    g_mutex_lock(&r->mutex);
    r->closing = true;
    r->watch = NULL;
    g_cond_broadcast(&r->changed);
    while (!r->closed && g_cond_wait_until(&r->changed, &r->mutex, deadline)) {
    }
    g_mutex_unlock(&r->mutex);
    unref(r);
}
