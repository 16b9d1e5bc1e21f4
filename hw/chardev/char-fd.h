/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CharFd: the bytes of a character backend on descriptors: reads when the
 * frontend has room, writes immediately what the host takes and buffers a
 * bounded rest.  Embedded by the backends for files, pipes, terminals and
 * sockets.
 *
 * No function blocks.  Descriptors stay the caller's and must be non-blocking; those
 * that epoll does not support are treated as always ready, except for regular files,
 * which threads read and write (file-reader.h, file-writer.h).
 *
 * Threads: the machine lock is held in all calls.  start and stop are for the
 * main thread; write and accept_input may come from a vCPU's.
 */
#ifndef HW_CHARDEV_CHAR_FD_H
#define HW_CHARDEV_CHAR_FD_H

#include "hw/chardev/char-protocol.h"
#include "qom/env.h"

/* Up to this many bytes of output are buffered that the host did not take yet. */
#define CHAR_FD_PENDING_MAX (64 * 1024)

/* Up to this many bytes are buffered that disconnected peers sent and the
 * frontend did not take yet: more than a Unix socket holds by default. */
#define CHAR_FD_LEFT_MAX (256 * 1024)

struct event;
struct evbuffer;

struct CharFd {
    Chardev *chr;
    /* The peer is gone; called on the main thread; calls char_fd_stop(). */
    void (*hangup)(Chardev *chr);
    const Env *env;             /* NULL while stopped */
    int in, out;                /* -1: none */
    bool in_waits, out_waits;   /* epoll supports it */
    bool in_is_socket, out_is_socket;
    bool broken;                /* writing failed; detected by reading */
    bool complained;            /* the log has a line about lost output */
    bool starved;               /* the frontend waits for char_writable */
    struct event *in_event, *out_event;     /* edge-triggered, one fd or two */
    struct event *kick;         /* continues reading, without a new edge */
    FileReader *reader;         /* owned by the caller, instead of in; or NULL */
    FileWriter *writer;         /* the same instead of out */
    CharProtocol *protocol;     /* what is spoken, owned by the caller; NULL: plain bytes */
    void (*opened)(Chardev *chr);       /* the protocol's handshake is over */
    struct evbuffer *pending;
    struct evbuffer *left;      /* input for which there was no room yet, or NULL */
};

/* For the backend's init hook.  hangup NULL: end of input is not an event.
 * Otherwise it is called even if the frontend has not taken all input yet. */
void char_fd_init(CharFd *s, Chardev *chr, void (*hangup)(Chardev *chr));

/* Starts transferring bytes; in and out may be the same, or -1 for none.  Fails
 * with host-error, also if the tree has no event loop. */
bool char_fd_start(CharFd *s, int in, int out, GError **error);
/* The same for a socket on which a protocol is spoken.  Input comes, and output is not lost, only
 * when it is open: then opened is called, perhaps at once.  It lives until char_fd_stop. */
bool char_fd_start_protocol(CharFd *s, int fd, CharProtocol *protocol,
                            void (*opened)(Chardev *chr), GError **error);
/* The same where regular files may be among them: reader and writer, if not NULL, stand
 * for in and out, and live until char_fd_stop. */
typedef struct {
    int in, out;
    FileReader *reader;
    FileWriter *writer;
} CharFdFiles;
bool char_fd_start_files(CharFd *s, const CharFdFiles *files, GError **error);
/* To be called after char_fd_stop, where the caller may block: writes the rest and
 * frees the writer. Bytes that the file does not take are counted as lost. */
void char_fd_end_writer(CharFd *s, FileWriter *writer);

/* Stops transferring; tries once more to write remaining output, and then
 * counts it as lost. May be called twice. */
void char_fd_stop(CharFd *s);

/* The same when the backend itself ends: input that peers left is dropped, too. */
void char_fd_discard(CharFd *s);

/* Writes as much buffered output as the host takes now, and notifies a waiting
 * frontend. Returns whether some is left. */
bool char_fd_go_on(CharFd *s);

/* Implementations of CharOps.write and CharOps.accept_input.  Stopped: all
 * bytes are accepted and counted as lost. */
gsize char_fd_write(CharFd *s, const guint8 *data, gsize size);
void char_fd_accept_input(CharFd *s);

#endif
