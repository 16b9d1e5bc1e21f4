/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CharFd: the bytes of a character backend that is behind descriptors: reads
 * when the frontend has room, writes at once what the host takes and keeps a
 * bounded rest.  Embedded by the backends for files, pipes, terminals and
 * sockets.
 *
 * Nothing here blocks.  Descriptors stay the caller's and must be non-blocking; what
 * cannot be waited for is taken as always ready, except for regular files, which threads
 * read and write (file-reader.h, file-writer.h).
 *
 * Threads: the machine lock is held in all calls.  start and stop are for the
 * main thread; write and accept_input may come from a vCPU's.
 */
#ifndef HW_CHARDEV_CHAR_FD_H
#define HW_CHARDEV_CHAR_FD_H

#include "hw/chardev/char.h"
#include "qom/env.h"

/* Output that the host did not take yet is kept up to this many bytes. */
#define CHAR_FD_PENDING_MAX (64 * 1024)

/* Input of peers that went before the frontend took it is kept up to this many
 * bytes: more than a Unix socket holds by default. */
#define CHAR_FD_LEFT_MAX (256 * 1024)

struct event;
struct evbuffer;

struct CharFd {
    Chardev *chr;
    /* The other side is gone, on the main thread; calls char_fd_stop(). */
    void (*hangup)(Chardev *chr);
    const Env *env;             /* NULL while stopped */
    int in, out;                /* -1: none */
    bool in_waits, out_waits;   /* can be waited for */
    bool in_is_socket, out_is_socket;
    bool broken;                /* writing failed; reading will tell */
    bool complained;            /* the log has a line about lost output */
    bool starved;               /* the frontend waits for char_writable */
    struct event *in_event, *out_event;     /* edge-triggered, one fd or two */
    struct event *kick;         /* goes on reading, without a new edge */
    FileReader *reader;         /* the caller's, instead of in; or NULL */
    FileWriter *writer;         /* the same instead of out */
    struct evbuffer *pending;
    struct evbuffer *left;      /* input of peers that are gone, or NULL; outlives them */
};

/* In the backend's init hook.  hangup NULL: end of input is not an event.  Otherwise
 * it is told even if the frontend has not taken all input yet. */
void char_fd_init(CharFd *s, Chardev *chr, void (*hangup)(Chardev *chr));

/* Begins to move bytes; in and out may be the same, or -1 for none.  Fails with
 * host-error, also if the tree has no event loop. */
bool char_fd_start(CharFd *s, int in, int out, GError **error);
/* The same where regular files may be among them: reader and writer, if not NULL, stand
 * for in and out, and live until char_fd_stop. */
typedef struct {
    int in, out;
    FileReader *reader;
    FileWriter *writer;
} CharFdFiles;
bool char_fd_start_files(CharFd *s, const CharFdFiles *files, GError **error);
/* After char_fd_stop, where the caller may wait: writes the rest and frees the writer.
 * What the file does not take is counted as lost. */
void char_fd_end_writer(CharFd *s, FileWriter *writer);

/* Ends it; output that is left is tried once more and then counted as lost.
 * May be called twice. */
void char_fd_stop(CharFd *s);

/* The same when the backend itself goes: what peers left is forgotten, too. */
void char_fd_discard(CharFd *s);

/* Writes what the host takes now of what was kept, and tells a frontend that waits.
 * Returns whether some is left. */
bool char_fd_go_on(CharFd *s);

/* What CharOps.write and CharOps.accept_input do.  Stopped: all bytes are
 * accepted and counted as lost. */
gsize char_fd_write(CharFd *s, const guint8 *data, gsize size);
void char_fd_accept_input(CharFd *s);

#endif
