/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AioContext: a thread's event loop with an io_uring: where data paths run.
 *
 * The main loop has one (aio_main), each `iothread` object another.  Handlers
 * on the main loop run without the machine lock, as all data paths do.
 */
#ifndef HW_CORE_AIO_H
#define HW_CORE_AIO_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct event_base;
typedef struct AioContext AioContext;

/* A request to the kernel, embedded in its owner's: no allocation.  done runs
 * on the context's thread with the result (bytes, or -errno). */
typedef struct AioRequest AioRequest;
struct AioRequest {
    void (*done)(AioRequest *request, int result);
};

/* base is borrowed.  NULL and *error if the host has no io_uring. */
AioContext *aio_context_new(struct event_base *base, GError **error);
void aio_context_free(AioContext *aio);         /* nothing may be in flight */
struct event_base *aio_base(const AioContext *aio);

/* Context of the main loop, made at first use; of an Object's tree. */
AioContext *aio_main(void *obj, GError **error);

/* Queues a request; submitted in one system call when the handler that queued it
 * returns (or at once by aio_submit).  Context's thread only. */
void aio_readv(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, int n,
               off_t offset);
void aio_writev(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, int n,
                off_t offset);
void aio_fsync(AioContext *aio, AioRequest *request, int fd, bool data_only);
void aio_fallocate(AioContext *aio, AioRequest *request, int fd, int mode, off_t offset,
                   off_t length);
void aio_submit(AioContext *aio);

/* Calls f(opaque) on the context's thread; any thread.  aio_run_wait returns
 * after it has run (at once if this is that thread). */
void aio_run(AioContext *aio, void (*f)(void *opaque), void *opaque);
void aio_run_wait(AioContext *aio, void (*f)(void *opaque), void *opaque);

/* Watches an eventfd; the handler runs after the counter was read. */
typedef struct AioWatch AioWatch;
AioWatch *aio_watch(AioContext *aio, int eventfd, void (*handler)(void *opaque), void *opaque);
void aio_unwatch(AioWatch *watch);              /* waits until it does not run */

#endif
