/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileWriter: output to a file by a thread of its own.
 *
 * Nothing tells whether a regular file will take a write at once or never (a file
 * system whose server is gone), so neither the loop nor a vCPU may write to one.
 * They hand their bytes over here: a bounded buffer, which the thread writes.  A pipe
 * that is full is waited for in the same way.
 *
 * A thread that the host does not let go on cannot be ended.  It owns the descriptor
 * and its part of the memory, so that everybody else goes on without it.
 */
#ifndef HW_AIO_FILE_WRITER_H
#define HW_AIO_FILE_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/uio.h>

/* How long a file may take nothing while somebody waits for it. */
#define FILE_WRITER_PATIENCE_MS 500

typedef struct FileWriter FileWriter;

/*
 * Takes fd over, which does not block if it can be waited for; at most max bytes are
 * kept.  Fails with host-error (no thread, no descriptor), and fd is the caller's then.
 */
FileWriter *file_writer_new(int fd, gsize max, GError **error);

/*
 * moved is called on the writer's thread after each write, with its errno or 0: it may
 * wake a loop up, or log, and call nothing of the writer.  It is not running any more,
 * and will not, when this has returned with NULL.
 */
typedef void (*FileWriterMoved)(void *opaque, int error);
void file_writer_watch(FileWriter *w, FileWriterMoved moved, void *opaque);

/*
 * Before anything is put: a regular file loses what it has, as the first thing that the
 * thread does.  If that fails it counts as an error that costs no bytes.  Never waits.
 */
void file_writer_empty(FileWriter *w);

/*
 * Before anything is put, in a file that is empty or will be: the file gets each put as
 * a whole or not at all.  After an error it is cut off behind the last whole one, and
 * everything else is lost.
 */
void file_writer_keep_whole(FileWriter *w);

/* The descriptor, which stays the writer's. */
int file_writer_fd(const FileWriter *w);

/* Any thread; never waits.  Returns how many bytes were taken. */
gsize file_writer_put(FileWriter *w, const guint8 *data, gsize size);
/* All of it or, with false, nothing. */
bool file_writer_put_all(FileWriter *w, const guint8 *data, gsize size);
bool file_writer_put_vector(FileWriter *w, const struct iovec *iov, guint n);

/* What became of the bytes that were taken, since the last call; what comes after an
 * error is written all the same.  Any thread. */
typedef struct {
    gsize written, lost;
    int error;                  /* the last one, or 0 */
} FileWriterNews;
FileWriterNews file_writer_news(FileWriter *w);

/* Whether all that was taken is written.  Any thread. */
bool file_writer_idle(FileWriter *w);

/*
 * Waits until all is written, but neither beyond the deadline (of
 * g_get_monotonic_time) nor for a file that takes nothing for FILE_WRITER_PATIENCE_MS.
 * False: some is left, and file_writer_free will not wait for it again.
 */
bool file_writer_flush(FileWriter *w, gint64 deadline);

/*
 * Writes the rest and closes the descriptor, with the patience of file_writer_flush;
 * accepts NULL.  Returns how many bytes were not written.
 */
gsize file_writer_free(FileWriter *w);

/* For a flush while the owner may go: the last of both frees what is left. */
FileWriter *file_writer_ref(FileWriter *w);
void file_writer_unref(FileWriter *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileWriter, file_writer_unref)

#endif
