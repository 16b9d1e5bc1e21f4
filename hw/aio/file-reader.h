/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileReader: input from a regular file, by a thread of its own.
 *
 * There is no way to know whether a read of a regular file will return immediately or
 * never (a file system whose server is gone), so the loop must not read one.  It requests
 * bytes here, and gets them when the thread has read them.
 *
 * A thread that is blocked in the kernel cannot be ended.  It owns the descriptor and
 * its part of the memory, so that all other threads go on without it.
 */
#ifndef HW_AIO_FILE_READER_H
#define HW_AIO_FILE_READER_H

#include <glib.h>
#include <stdbool.h>

typedef struct FileReader FileReader;

/* Takes ownership of fd, unless it fails: with host-error (no thread). */
FileReader *file_reader_new(int fd, GError **error);

/*
 * moved is called on the reader's thread after each read: it may wake a loop, but must not
 * call the reader's functions.  After a call with NULL has returned, the old function is not
 * running and will not be called again.  Any thread.
 */
typedef void (*FileReaderMoved)(void *opaque);
void file_reader_watch(FileReader *r, FileReaderMoved moved, void *opaque);

/*
 * Takes at most size bytes, without waiting, like read(2) of a non-blocking descriptor.
 * -1 with EAGAIN: the thread reads now, and calls moved afterwards.  The end of the file
 * (0) and an error are returned once; the next call reads again.  Any thread.
 */
gssize file_reader_take(FileReader *r, guint8 *data, gsize size);

/* The thread closes the descriptor; this waits for it, but for no more than half a second.
 * Accepts NULL. */
void file_reader_free(FileReader *r);

#endif
