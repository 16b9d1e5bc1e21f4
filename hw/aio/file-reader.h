/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileReader: input from a regular file by a thread of its own.
 *
 * Nothing tells whether a regular file will answer a read at once or never (a file
 * system whose server is gone), so the loop must not read one.  It asks for bytes here,
 * and finds them when the thread has them.
 *
 * A thread that the host does not let go on cannot be ended.  It owns the descriptor and
 * its part of the memory, so that everybody else goes on without it.
 */
#ifndef HW_AIO_FILE_READER_H
#define HW_AIO_FILE_READER_H

#include <glib.h>
#include <stdbool.h>

typedef struct FileReader FileReader;

/* Takes fd over.  Fails with host-error (no thread), and fd is the caller's then. */
FileReader *file_reader_new(int fd, GError **error);

/*
 * moved is called on the reader's thread after each read: it may wake a loop up, and call
 * nothing of the reader.  It is not running any more, and will not, when this has returned
 * with NULL.  Any thread.
 */
typedef void (*FileReaderMoved)(void *opaque);
void file_reader_watch(FileReader *r, FileReaderMoved moved, void *opaque);

/*
 * Takes at most size bytes, without waiting: as read(2) does, of a descriptor that does
 * not block.  -1 with EAGAIN: the thread reads now, and moved is called when it has.  The
 * end of the file (0) and an error are told once; the next call reads again.  Any thread.
 */
gssize file_reader_take(FileReader *r, guint8 *data, gsize size);

/* The thread closes the descriptor; a file that does not answer is waited for no longer
 * than half a second.  Accepts NULL. */
void file_reader_free(FileReader *r);

#endif
