/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileWriter: output to a file, by a thread of its own.
 *
 * There is no way to know whether a write to a regular file will return immediately or
 * never (a file system whose server is gone), so neither the loop nor a vCPU may write to
 * one.  They put their bytes into a bounded buffer here, which the thread writes.  A full
 * pipe is handled in the same way: only the thread waits for it.
 *
 * A thread that is blocked in the kernel cannot be ended.  It owns the descriptor and
 * its part of the memory, so that all other threads go on without it.
 */
#ifndef HW_AIO_FILE_WRITER_H
#define HW_AIO_FILE_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/uio.h>

/* How long a file may make no progress while a caller waits for it. */
#define FILE_WRITER_PATIENCE_MS 500

typedef struct FileWriter FileWriter;

/*
 * Takes ownership of fd, which is non-blocking if it can be polled; at most max bytes are
 * buffered.  Fails with host-error (no thread, no descriptor); fd stays the caller's then.
 */
FileWriter *file_writer_new(int fd, gsize max, GError **error);

/*
 * moved is called on the writer's thread after each write, with its errno or 0: it may
 * wake a loop, or log, but must not call the writer's functions.  After a call with NULL
 * has returned, the old function is not running and will not be called again.
 */
typedef void (*FileWriterMoved)(void *opaque, int error);
void file_writer_watch(FileWriter *w, FileWriterMoved moved, void *opaque);

/*
 * To be called before anything is put: the thread empties a regular file first.  A failure
 * of that counts as an error that loses no bytes.  Never waits.
 */
void file_writer_empty(FileWriter *w);

/*
 * To be called before anything is put, for a file that is empty or will be: the file gets
 * each put as a whole or not at all.  After an error it is truncated after the last whole
 * put, and everything else is lost.
 */
void file_writer_keep_whole(FileWriter *w);

/* The descriptor, which stays the writer's. */
int file_writer_fd(const FileWriter *w);

/* Any thread; never waits.  Returns how many bytes were taken. */
gsize file_writer_put(FileWriter *w, const guint8 *data, gsize size);
/* All of it or, with false, nothing. */
bool file_writer_put_all(FileWriter *w, const guint8 *data, gsize size);
bool file_writer_put_vector(FileWriter *w, const struct iovec *iov, guint n);

/* What happened to the bytes that were taken, since the last call; bytes after an error
 * are still written.  Any thread. */
typedef struct {
    gsize written, lost;
    int error;                  /* the last one, or 0 */
} FileWriterNews;
FileWriterNews file_writer_news(FileWriter *w);

/* Whether all that was taken is written.  Any thread. */
bool file_writer_idle(FileWriter *w);

/*
 * Waits until all is written, but neither beyond the deadline (of
 * g_get_monotonic_time) nor for a file that makes no progress for FILE_WRITER_PATIENCE_MS.
 * False: some bytes are left, and file_writer_free will not wait for them again.
 */
bool file_writer_flush(FileWriter *w, gint64 deadline);

/*
 * Writes the rest and closes the descriptor, with the patience of file_writer_flush;
 * accepts NULL.  Returns how many bytes were not written.
 */
gsize file_writer_free(FileWriter *w);

/* For a flush during which the owner may free the writer: the last reference frees the rest. */
FileWriter *file_writer_ref(FileWriter *w);
void file_writer_unref(FileWriter *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileWriter, file_writer_unref)

#endif
