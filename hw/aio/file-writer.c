/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileWriter: see file-writer.h.  Callers put bytes into `pending`; the thread takes all
 * of them at a time and writes them without the mutex.
 */
#include "config.h"
#include "hw/aio/file-writer.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qmp/error.h"

enum {
    CHUNK = 64 * 1024,          /* a write of this size is progress */
    CLOSE_MS = 2000,            /* total time for the rest when a file is closed */
};

struct FileWriter {
    gatomicrefcount refs;       /* of the owner, the thread, and callers that flush */
    int fd;                     /* used by the thread */
    int wakeup;                 /* eventfd: there is work for the thread; or -1 */
    gsize max;
    GMutex mutex;               /* for all below */
    GCond moved;
    GByteArray *pending;
    GArray *pieces;             /* gsize: of pending, each written as a whole */
    gsize writing;              /* bytes that the thread is about to write */
    bool emptying;              /* the file must be emptied first */
    bool whole;                 /* each put is a piece; otherwise all pending bytes are one */
    off_t end;                  /* of the last whole piece */
    int ended;                  /* the error after which nothing is written, or 0 */
    guint64 progress;           /* counts writes and failures */
    FileWriterNews news;
    bool stuck;                 /* no caller waits for it any more */
    bool closing;               /* the thread ends when nothing is left */
    bool dropping;              /* the thread writes nothing more */
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
        if (w->wakeup >= 0) {
            close(w->wakeup);
        }
        g_byte_array_unref(w->pending);
        g_array_unref(w->pieces);
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

/* Sleeps until the thread is woken, or fd (-1: none) is writable. */
static void sleep_for(FileWriter *w, int fd)
{
    struct pollfd fds[] = { { .fd = w->wakeup, .events = POLLIN },
                            { .fd = fd, .events = POLLOUT } };
    guint64 n;

    if (poll(fds, G_N_ELEMENTS(fds), -1) > 0 && fds[0].revents &&
        read(w->wakeup, &n, sizeof(n)) < 0) {
        return;                 /* another wake-up: the caller checks again in any case */
    }
}

/* Counts n bytes: written if error is 0, or lost for this reason. */
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

/* Mutex held.  From now on nothing is written. */
static void end_file(FileWriter *w, int error)
{
    w->ended = error;
    g_mutex_unlock(&w->mutex);
    if (ftruncate(w->fd, w->end) < 0) {
        g_debug("a file that is no longer written keeps an incomplete part: %s",
                g_strerror(errno));
    }
    g_mutex_lock(&w->mutex);
}

/* Mutex held. */
static void write_piece(FileWriter *w, const guint8 *data, gsize size)
{
    gsize done = 0;

    while (done < size && !w->dropping) {
        int error = w->ended;
        gsize n = size - done;

        if (!error) {
            g_mutex_unlock(&w->mutex);
            n = write_some(w, data + done, n, &error);
            g_mutex_lock(&w->mutex);
        }
        if (error && w->whole && !w->ended) {
            end_file(w, error);
        }
        done += n;
        if (n) {
            note(w, n, error);
        }
    }
    w->end += size;
}

/* Mutex held. */
static void write_pending(FileWriter *w)
{
    g_autoptr(GByteArray) batch = w->pending;
    g_autoptr(GArray) pieces = w->pieces;
    gsize done = 0;

    w->pending = g_byte_array_new();
    w->pieces = g_array_new(false, false, sizeof(gsize));
    w->writing = batch->len;
    for (guint i = 0; i < pieces->len; i++) {
        const gsize size = g_array_index(pieces, gsize, i);

        write_piece(w, batch->data + done, size);
        done += size;
    }
}

/* 0 or an errno. */
static int empty_file(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return errno;
    }
    return S_ISREG(st.st_mode) && st.st_size && ftruncate(fd, 0) < 0 ? errno : 0;
}

/* Mutex held. */
static void make_empty(FileWriter *w)
{
    int error;

    g_mutex_unlock(&w->mutex);
    error = empty_file(w->fd);
    g_mutex_lock(&w->mutex);
    w->emptying = false;
    w->ended = w->whole ? error : 0;
    note(w, 0, error);
}

/* Mutex held. */
static bool is_idle(const FileWriter *w)
{
    return !w->pending->len && !w->writing && !w->emptying;
}

static gpointer writer_thread(gpointer opaque)
{
    FileWriter *w = opaque;

    g_mutex_lock(&w->mutex);
    while (!w->dropping && (!is_idle(w) || !w->closing)) {
        if (w->emptying) {
            make_empty(w);
        } else if (w->pending->len) {
            write_pending(w);
        } else {
            g_mutex_unlock(&w->mutex);
            sleep_for(w, -1);
            g_mutex_lock(&w->mutex);
        }
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

/* ---- Callers ---- */

FileWriter *file_writer_new(int fd, gsize max, GError **error)
{
    g_autoptr(GError) why = NULL;
    FileWriter *w;
    GThread *thread;
    int wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (wakeup < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create an eventfd");
        return NULL;
    }
    w = g_new0(FileWriter, 1);
    g_atomic_ref_count_init(&w->refs);
    g_mutex_init(&w->mutex);
    g_cond_init(&w->moved);
    w->pending = g_byte_array_new();
    w->pieces = g_array_new(false, false, sizeof(gsize));
    w->wakeup = wakeup;
    w->fd = fd;
    w->max = max;
    thread = g_thread_try_new("file-writer", writer_thread, file_writer_ref(w), &why);
    if (!thread) {
        file_writer_unref(w);
        file_writer_unref(w);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create a thread that writes a file");
        return NULL;
    }
    g_thread_unref(thread);     /* never joined, as it may never end */
    return w;
}

void file_writer_watch(FileWriter *w, FileWriterMoved moved, void *opaque)
{
    g_mutex_lock(&w->mutex);
    w->watch = moved;
    w->opaque = opaque;
    g_mutex_unlock(&w->mutex);
}

void file_writer_empty(FileWriter *w)
{
    g_mutex_lock(&w->mutex);
    w->emptying = true;
    g_mutex_unlock(&w->mutex);
    wake_up(w);
}

void file_writer_keep_whole(FileWriter *w)
{
    g_mutex_lock(&w->mutex);
    w->whole = true;
    g_mutex_unlock(&w->mutex);
}

int file_writer_fd(const FileWriter *w)
{
    return w->fd;
}

/* Mutex held.  Records that size bytes were added. */
static void add_piece(FileWriter *w, gsize size)
{
    if (w->whole || !w->pieces->len) {
        g_array_append_val(w->pieces, size);
    } else {
        g_array_index(w->pieces, gsize, w->pieces->len - 1) += size;
    }
}

/* Takes as much of size bytes as there is room for, unless that is less than least. */
static gsize put(FileWriter *w, const struct iovec *iov, gsize size, gsize least)
{
    bool sleeps;
    gsize n;

    g_mutex_lock(&w->mutex);
    sleeps = !w->pending->len && !w->writing;
    n = MIN(size, w->max - w->pending->len);
    n = n < least ? 0 : n;
    for (gsize done = 0; done < n; iov++) {
        const gsize part = MIN(n - done, iov->iov_len);

        g_byte_array_append(w->pending, iov->iov_base, part);
        done += part;
    }
    if (n) {
        add_piece(w, n);
    }
    g_mutex_unlock(&w->mutex);
    if (sleeps && n) {
        wake_up(w);
    }
    return n;
}

gsize file_writer_put(FileWriter *w, const guint8 *data, gsize size)
{
    const struct iovec iov = { (void *)data, size };

    return put(w, &iov, size, 0);
}

bool file_writer_put_all(FileWriter *w, const guint8 *data, gsize size)
{
    const struct iovec iov = { (void *)data, size };

    return put(w, &iov, size, size) == size;
}

bool file_writer_put_vector(FileWriter *w, const struct iovec *iov, guint n)
{
    gsize size = 0;

    for (guint i = 0; i < n; i++) {
        size += iov[i].iov_len;
    }
    return put(w, iov, size, size) == size;
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
    if (wait_until(w, is_closed, deadline)) {
        close(w->wakeup);       /* the thread may still hold its reference for a moment */
        w->wakeup = -1;
    }
    g_mutex_unlock(&w->mutex);
    file_writer_unref(w);
    return left;
}
