/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AioContext: a thread's event loop with an io_uring, on which data paths run.
 *
 * The main loop has one (hw/machine/machine-aio.h), each `iothread` object another.  Handlers
 * on the main loop run without the machine lock, as all data paths do, and must
 * never take it on an iothread.
 *
 * What handlers queue is handed to the kernel in one system call at the end of
 * the turn: when the handlers that the loop had to call have returned.
 */
#ifndef HW_AIO_AIO_H
#define HW_AIO_AIO_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct event_base;
typedef struct AioContext AioContext;

/* A request to the kernel, embedded in its owner's: no allocation.  The owner
 * sets done, which runs on the context's thread, never inside the call that
 * queued the request, with the result (bytes, or -errno).  From then on the
 * request may be used again. */
typedef struct AioRequest AioRequest;
struct AioRequest {
    void (*done)(AioRequest *request, int result);
    bool aside;                 /* the kernel must not even start it on this thread */

    /* Used by aio.c while it is queued. */
    AioRequest *next, *prev;
    const struct iovec *iov;
    gint64 offset, length;      /* delays: deadline in offset */
    int fd, flags;
    guint n;
    guint8 op;
};

/* Work to be done once at the end of the turn, however often it is requested:
 * one notification for many completions.  Embedded in its owner's struct. */
typedef struct AioTask AioTask;
struct AioTask {
    void (*run)(AioTask *task);
    AioTask *next;              /* used by aio.c while queued */
    bool queued;
};

/* ---- Contexts ---- */

/* To be called on the thread that will run it.  base is borrowed; NULL: nothing
 * runs except in aio_poll (tests).  Fails with host-error: no descriptors
 * left. */
AioContext *aio_context_new(struct event_base *base, GError **error);
/* Nothing may be in flight and nothing watched; accepts NULL. */
void aio_context_free(AioContext *aio);
/* Whether the calling thread is the context's. */
bool aio_mine(const AioContext *aio);
/* That it is, in builds that check (qom/checks.h). */
#ifdef DEBUG_CHECKS
void aio_assert(const AioContext *aio);
#else
static inline void aio_assert(const AioContext *aio)
{
}
#endif

/* Loads the library that aio_enable_io needs, so that it need not be read from a file then;
 * a thread that may wait.  Fails with not-supported. */
bool aio_library_load(GError **error);
/* Prepares the context for requests to the kernel (not needed for delays, tasks
 * and watches).  Any thread; a no-op if it is prepared already.  Fails with
 * not-supported where the host denies io_uring: there is no fallback. */
bool aio_enable_io(AioContext *aio, GError **error);

/* Runs what is ready, of a context without base; returns whether there was
 * anything.  With wait, and requests in flight, sleeps until there is. */
bool aio_poll(AioContext *aio, bool wait);

/* ---- Requests: context's thread only ---- */

/* iov stays the caller's and must live until done.  At most 1024 vectors; flags
 * are RWF_*. */
void aio_readv(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, guint n,
               gint64 offset);
void aio_writev(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, guint n,
                gint64 offset, int flags);
void aio_fsync(AioContext *aio, AioRequest *request, int fd, bool data_only);
void aio_fallocate(AioContext *aio, AioRequest *request, int fd, int mode, gint64 offset,
                   gint64 length);
/* Done (with 0) when the monotonic clock reaches deadline (ns), or as soon as a
 * thread waits for the context in aio_wait or aio_when. */
void aio_delay(AioContext *aio, AioRequest *request, gint64 deadline);
/* Runs task at the end of this turn. */
void aio_schedule(AioContext *aio, AioTask *task);

/* Takes note of a request that is done elsewhere, which is as if it was queued here: those
 * who wait for the context wait for it, too.  Needs aio_enable_io. */
void aio_outside_begin(AioContext *aio, AioRequest *request);
/* It is done: request->done is called on the context's thread.  Any thread. */
void aio_outside_end(AioContext *aio, AioRequest *request, int result);

/* ---- From other threads ---- */

/* Calls f(opaque) on the context's thread; any thread.  aio_run_wait returns
 * after it has run (called directly if this is that thread). */
void aio_run(AioContext *aio, void (*f)(void *opaque), void *opaque);
void aio_run_wait(AioContext *aio, void (*f)(void *opaque), void *opaque);

/* Whether no task is queued.  Context's thread. */
bool aio_settled(const AioContext *aio);

/* Waits until done(opaque), called on the context's thread, returns true, which completions must
 * bring about: for waiting until nothing is in flight.  No task is queued then.  If the context's
 * own thread waits, it handles completions meanwhile, and nothing else; it must not wait within a
 * completion. */
void aio_wait(AioContext *aio, bool (*done)(void *opaque), void *opaque);
/* The same until a deadline, of g_get_monotonic_time(); false: the deadline came first. */
bool aio_wait_until(AioContext *aio, bool (*done)(void *opaque), void *opaque, gint64 deadline);
/* Calls then(opaque) on the context's thread once done(opaque), called there, has returned true
 * as in aio_wait.  Does not wait, and cannot be cancelled.  Any thread. */
void aio_when(AioContext *aio, bool (*done)(void *opaque), void (*then)(void *opaque),
              void *opaque);

/* Calls handler(opaque) on the context's thread after each signal to an eventfd;
 * any thread.  The counter is never read.  NULL if the loop has no memory. */
typedef struct AioWatch AioWatch;
AioWatch *aio_watch(AioContext *aio, int eventfd, void (*handler)(void *opaque), void *opaque);
/* On return the handler is not running and will not run again; accepts NULL. */
void aio_unwatch(AioWatch *watch);

/* ---- Polling ---- */

/* For watches whose state can be seen without a signal: a thread that polls
 * (aio_spin) tells the other side to omit signals meanwhile.  Both are called on
 * the context's thread, with the watch's opaque. */
typedef struct {
    /* Whether the handler has something to do. */
    bool (*ready)(void *opaque);
    /* Turns signals on or off; when turning them on, returns what ready returns afterwards. */
    bool (*notify)(void *opaque, bool on);
} AioPollOps;

/* Includes the watch in polling, if the context polls; until aio_unwatch.  Any thread. */
void aio_watch_poll(AioWatch *watch, const AioPollOps *ops);

/* Polls watches and completions until nothing has come for `ns`, other work
 * wants the thread, or a millisecond is over.  Returns whether anything was
 * done.  Context's thread, instead of sleeping in its loop. */
bool aio_spin(AioContext *aio, gint64 ns);
/* One turn of the loop, which sleeps until there is something to do; returns how
 * long it slept, in ns.  Context's thread; not without base. */
gint64 aio_sleep(AioContext *aio);

#endif
