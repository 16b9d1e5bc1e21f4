/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character backends: a byte stream between a frontend (a serial port, a
 * debug console, a monitor) and the host.
 *
 * A chardev has one frontend at a time (exclusive link); a mux, which is the
 * frontend of another chardev, has any number.  The backend never blocks: output
 * that the host does not take stays in a bounded buffer, and char_write says how
 * much was accepted.
 *
 * Threads: the machine lock is held in all calls, in both directions.
 */
#ifndef HW_CHARDEV_CHAR_H
#define HW_CHARDEV_CHAR_H

#include "qom/object.h"

typedef struct ChardevBackend ChardevBackend;

struct Env;
typedef struct Chardev Chardev;
typedef struct CharFd CharFd;
typedef struct FileReader FileReader;
typedef struct FileWriter FileWriter;

typedef enum { CHAR_EVENT_OPENED, CHAR_EVENT_CLOSED, CHAR_EVENT_BREAK } CharEvent;

/* Callbacks of a frontend; each may be NULL. */
typedef struct {
    /* How many bytes it can take now; the backend stops reading at 0 until
     * char_accept_input. */
    gsize (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const guint8 *data, gsize size);
    void (*event)(void *opaque, CharEvent event);
    /* The backend can take more after a short char_write. */
    void (*writable)(void *opaque);
    /* The person at the mux that it shares has turned to this frontend. */
    void (*focus)(void *opaque);
    /* Whether the frontend is in use now; NULL: always. */
    bool (*in_use)(void *opaque);
} CharFrontOps;

/* What a backend implements (TypeInfo.kind of chardev classes); write and
 * filename are required. */
typedef struct {
    /* Returns the bytes accepted, 0 if none can be now. */
    gsize (*write)(Chardev *chr, const guint8 *data, gsize size);
    void (*accept_input)(Chardev *chr);
    void (*front_open)(Chardev *chr, bool open);
    /* Replaces char.c's handling of one frontend. */
    void (*attach)(Chardev *chr, const CharFrontOps *front, void *opaque);
    void (*detach)(Chardev *chr, void *opaque);
    /* "filename" of query-chardev ("pty:/dev/pts/3"), newly allocated. */
    char *(*filename)(Chardev *chr);
    /* Before prepare, on the main thread: checks the options for consistency
     * and takes descriptors that the client passed.  release frees what it
     * took, or finalize if prepare never ran. */
    bool (*setup)(Chardev *chr, const struct Env *env, GError **error);
} CharOps;

/* Called once: true when the host's side opened, false if the backend ends
 * before that. */
typedef void (*CharConnected)(void *opaque, bool connected);

struct Chardev {
    Object object;
    const CharOps *ops;         /* of its class */
    const CharFrontOps *front;  /* the frontend that gets input, or NULL */
    void *front_opaque;
    CharFd *stream;             /* the stream whose output may be buffered, or NULL */
    bool connected;             /* the host's side is open */
    guint64 dropped;            /* bytes lost because the host did not take them */
    FileWriter *log;            /* of `logfile`, or NULL */
    bool log_created;           /* logfile did not exist before */
    gint log_failed;            /* set by the log's thread, which has logged it */
    guint64 log_missing;        /* bytes lost since the log last took all; logged once */
    CharConnected waiter;
    void *waiter_opaque;
};

/* A frontend attaches itself to its link's target in realize, and detaches in
 * unrealize; the chardev's OPENED event follows if its host side is open. */
void char_attach(Chardev *chr, const CharFrontOps *ops, void *opaque);
void char_detach(Chardev *chr, void *opaque);
/* "frontend-open" of query-chardev. */
bool char_in_use(const Chardev *chr);
/* Returns how many bytes were accepted; chr may be NULL (all are). */
gsize char_write(Chardev *chr, const guint8 *data, gsize size);
/* The frontend can take input again. */
void char_accept_input(Chardev *chr);

/* Calls f at the backend's first OPENED, immediately if it is open; one at a
 * time. Used by chardev-add with `wait`. */
void char_when_connected(Chardev *chr, CharConnected f, void *opaque);

/* "filename" of query-chardev, newly allocated. */
char *char_filename(Chardev *chr);

/* For backends. */

/* How much a frontend can take now. */
gsize char_front_room(const CharFrontOps *front, void *opaque);
/* How much the frontend can take now; 0 without one. */
gsize char_can_receive(Chardev *chr);
/* size is at most what char_can_receive just returned. */
void char_receive(Chardev *chr, const guint8 *data, gsize size);
/* Updates `connected` and tells the frontend. */
void char_event(Chardev *chr, CharEvent event);
void char_writable(Chardev *chr);
/* The argument of chardev-add, or NULL (made without it, by tests). */
const ChardevBackend *char_backend(const Chardev *chr);
/* Counts lost bytes. */
static inline void char_drop(Chardev *chr, gsize size) { chr->dropped += size; }

/*
 * Makes a chardev from chardev-add's union, as child id of `/chardevs`, up to
 * OBJECT_LINKED: the caller prepares (may block: open, getaddrinfo, connect)
 * and completes it.  backend stays the caller's.  Fails with id-invalid,
 * id-in-use, in-use (a second stdio), not-supported, fd-not-found.
 * Returns it owned by its parent.
 */
Chardev *chardev_new(Object *root, const char *id, const ChardevBackend *backend,
                     GError **error);

/* For the end of the daemon: waits until the host has taken the remaining output,
 * for at most timeout_ms, and not for readers that take nothing for half a second.
 * On the main thread, after the loop has ended. */
void chardevs_flush(Object *root, guint timeout_ms);

/* The chardev of this id, complete, or NULL with object-not-found. */
Chardev *chardev_find(Object *root, const char *id, GError **error);

#endif
