/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileWriter: see file-writer.h.  Others leave bytes in `pending`; the thread takes all
 * of them at a time and writes them without the mutex.
 */
#include "config.h"
#include "hw/aio/file-writer.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"

enum {
    CHUNK = 64 * 1024,          /* a write of this size is progress */
    CLOSE_MS = 2000,            /* for what is left when a file is closed, all in all */
};

struct FileWriter {
    gatomicrefcount refs;       /* of the owner, the thread, and those who flush */
    int fd;                     /* the thread's */
    int wakeup;                 /* eventfd: the thread has something to look at */
    gsize max;
    GMutex mutex;               /* for all below */
    GCond moved;
    GByteArray *pending;
    gsize writing;              /* bytes that the thread is about to write */
    guint64 progress;           /* counts writes and failures */
    FileWriterNews news;
    bool stuck;                 /* nobody waits for it any more */
    bool closing;               /* the thread ends when nothing is left */
    bool dropping;              /* and writes nothing more */
    bool closed;
    FileWriterMoved watch;
    void *opaque;
};

FileWriter *file_writer_ref(FileWriter *w)
{
    g_atomic_ref_count_inc(&w->refs);
    return w;
}

void file_writer_unref(FileWriter *w)
{
    if (g_atomic_ref_count_dec(&w->refs)) {
        close(w->wakeup);
        g_byte_array_unref(w->pending);
        g_mutex_clear(&w->mutex);
        g_cond_clear(&w->moved);
        g_free(w);
    }
}

static void wake_up(FileWriter *w)
{
    const guint64 one = 1;

    /* Fails only if the counter is full, and then the thread wakes up anyway. */
    if (write(w->wakeup, &one, sizeof(one)) < 0) {
        return;
    }
}

/* ---- The thread ---- */

/* Sleeps until somebody wakes the thread up, or fd (-1: none) takes bytes. */
static void sleep_for(FileWriter *w, int fd)
{
    struct pollfd fds[] = { { .fd = w->wakeup, .events = POLLIN },
                            { .fd = fd, .events = POLLOUT } };
    guint64 n;

    if (poll(fds, G_N_ELEMENTS(fds), -1) > 0 && fds[0].revents &&
        read(w->wakeup, &n, sizeof(n)) < 0) {
        return;                 /* another wake-up: the caller looks again in any case */
    }
}

/* Counts what became of n bytes, of which error is 0 or the reason that they are lost. */
static void note(FileWriter *w, gsize n, int error)
{
    w->writing -= n;
    w->progress++;
    if (error) {
        w->news.lost += n;
        w->news.error = error;
    } else {
        w->news.written += n;
    }
    if (w->watch) {
        w->watch(w->opaque, error);
    }
    g_cond_broadcast(&w->moved);
}

/* One write of at most size bytes, without the mutex; 0: none now. */
static gsize write_some(FileWriter *w, const guint8 *data, gsize size, int *ret_error)
{
    ssize_t n = write(w->fd, data, MIN(size, CHUNK));

    *ret_error = n > 0 ? 0 : n < 0 ? errno : EIO;
    if (*ret_error == EAGAIN) {
        sleep_for(w, w->fd);
    }
    if (*ret_error == EAGAIN || *ret_error == EINTR) {
        *ret_error = 0;
        return 0;
    }
    return n > 0 ? (gsize)n : size;
}

/* Mutex held. */
static void write_batch(FileWriter *w, const GByteArray *batch)
{
    gsize done = 0;

    while (done < batch->len && !w->dropping) {
        int error;
        gsize n;

        g_mutex_unlock(&w->mutex);
        n = write_some(w, batch->data + done, batch->len - done, &error);
        g_mutex_lock(&w->mutex);
        done += n;
        if (n) {
            note(w, n, error);
        }
    }
}

static gpointer writer_thread(gpointer opaque)
{
    FileWriter *w = opaque;

    g_mutex_lock(&w->mutex);
    while (!w->dropping && (w->pending->len || !w->closing)) {
        g_autoptr(GByteArray) batch = NULL;

        if (!w->pending->len) {
            g_mutex_unlock(&w->mutex);
            sleep_for(w, -1);
            g_mutex_lock(&w->mutex);
            continue;
        }
        batch = w->pending;
        w->pending = g_byte_array_new();
        w->writing = batch->len;
        write_batch(w, batch);
    }
    g_mutex_unlock(&w->mutex);
    close(w->fd);
    g_mutex_lock(&w->mutex);
    w->closed = true;
    w->progress++;
    g_cond_broadcast(&w->moved);
    g_mutex_unlock(&w->mutex);
    file_writer_unref(w);
    return NULL;
}

/* ---- Its users ---- */

FileWriter *file_writer_new(int fd, gsize max, GError **error)
{
    g_autoptr(GError) why = NULL;
    FileWriter *w;
    GThread *thread;
    int wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (wakeup < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot make an eventfd");
        return NULL;
    }
    w = g_new0(FileWriter, 1);
    g_atomic_ref_count_init(&w->refs);
    g_mutex_init(&w->mutex);
    g_cond_init(&w->moved);
    w->pending = g_byte_array_new();
    w->wakeup = wakeup;
    w->fd = fd;
    w->max = max;
    thread = g_thread_try_new("file-writer", writer_thread, file_writer_ref(w), &why);
    if (!thread) {
        file_writer_unref(w);
        file_writer_unref(w);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot make a thread that writes a file");
        return NULL;
    }
    g_thread_unref(thread);     /* nobody joins it, as it may never end */
    return w;
}

void file_writer_watch(FileWriter *w, FileWriterMoved moved, void *opaque)
{
    g_mutex_lock(&w->mutex);
    w->watch = moved;
    w->opaque = opaque;
    g_mutex_unlock(&w->mutex);
}

int file_writer_fd(const FileWriter *w)
{
    return w->fd;
}

/* Takes as much as there is room for, unless that is less than least. */
static gsize put(FileWriter *w, const guint8 *data, gsize size, gsize least)
{
    bool sleeps;
    gsize n;

    g_mutex_lock(&w->mutex);
    sleeps = !w->pending->len && !w->writing;
    n = MIN(size, w->max - w->pending->len);
    n = n < least ? 0 : n;
    g_byte_array_append(w->pending, data, n);
    g_mutex_unlock(&w->mutex);
    if (sleeps && n) {
        wake_up(w);
    }
    return n;
}

gsize file_writer_put(FileWriter *w, const guint8 *data, gsize size)
{
    return put(w, data, size, 0);
}

bool file_writer_put_all(FileWriter *w, const guint8 *data, gsize size)
{
    return put(w, data, size, size) == size;
}

FileWriterNews file_writer_news(FileWriter *w)
{
    FileWriterNews news;

    g_mutex_lock(&w->mutex);
    news = w->news;
    w->news = (FileWriterNews){ 0 };
    g_mutex_unlock(&w->mutex);
    return news;
}

/* Mutex held. */
static bool is_idle(const FileWriter *w)
{
    return !w->pending->len && !w->writing;
}

bool file_writer_idle(FileWriter *w)
{
    bool idle;

    g_mutex_lock(&w->mutex);
    idle = is_idle(w);
    g_mutex_unlock(&w->mutex);
    return idle;
}

static bool is_closed(const FileWriter *w)
{
    return w->closed;
}

/* Mutex held. */
static bool wait_until(FileWriter *w, bool (*done)(const FileWriter *w), gint64 deadline)
{
    while (!done(w) && !w->stuck) {
        const guint64 before = w->progress;
        const gint64 now = g_get_monotonic_time();
        const gint64 patience = now + FILE_WRITER_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
        const gint64 end = MIN(deadline, patience);

        while (w->progress == before && g_cond_wait_until(&w->moved, &w->mutex, end)) {
        }
        w->stuck = !done(w) && (w->progress == before || g_get_monotonic_time() >= deadline);
    }
    return done(w);
}

bool file_writer_flush(FileWriter *w, gint64 deadline)
{
    bool done;

    g_mutex_lock(&w->mutex);
    done = wait_until(w, is_idle, deadline);
    g_mutex_unlock(&w->mutex);
    return done;
}

gsize file_writer_free(FileWriter *w)
{
    const gint64 deadline = g_get_monotonic_time() + CLOSE_MS * G_TIME_SPAN_MILLISECOND;
    gsize left;

    if (!w) {
        return 0;
    }
    g_mutex_lock(&w->mutex);
    wait_until(w, is_idle, deadline);
    left = w->pending->len + w->writing;
    w->dropping = w->stuck;
    w->closing = true;
    w->watch = NULL;
    wake_up(w);
    wait_until(w, is_closed, deadline);
    g_mutex_unlock(&w->mutex);
    file_writer_unref(w);
    return left;
}
