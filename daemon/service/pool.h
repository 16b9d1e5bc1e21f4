/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool: the threads for what may block (opening files, name look-up, filling
 * memory, tearing a VM down), and the way back to the main loop.
 *
 * A job never waits for another's end, for what it is about may never answer: a
 * file system without server, a name service.  Each has a thread of its own.
 * What bounds their number:
 *
 *   POOL_REQUEST     a client waits for it, or the machine.  That is one job each, since its
 *                    requests are executed one after the other; and there are
 *                    512 clients at most (qmp/server.c).
 *   POOL_RELEASE     the same, if it only undoes what was prepared.
 *   POOL_FLUSH       the same, if it makes sure that a disk's data is safe.
 *   POOL_BACKGROUND  nobody waits for it: a backend looks for its peer again.
 *                    64 at a time; the others have their turn later.
 *
 * Jobs of clients that have gone go on, as nothing could stop them: that is why
 * twice as many threads as clients are allowed.  Beyond that, or when the host
 * gives no more threads, jobs wait for one.
 *
 * Connecting to a peer takes no thread (hw/chardev/socket-connect.h).
 *
 * The end: jobs that have not begun never do, except for the last two kinds; what is
 * under way is waited for until a deadline, a flush for as long as it takes.  What is
 * still there then cannot be stopped, and what it uses must not be freed: the process
 * ends around it (pool_stop, pool_finish, assembly_end).  At the very end each object
 * is one such job, so that what answers is undone though another file system hangs.
 */
#ifndef DAEMON_SERVICE_POOL_H
#define DAEMON_SERVICE_POOL_H

#include <event2/event.h>
#include <glib.h>

#include "hw/core/lock.h"

typedef struct Pool Pool;

typedef enum {
    POOL_REQUEST,
    POOL_RELEASE,
    POOL_FLUSH,
    POOL_BACKGROUND,
    POOL__MAX,
} PoolKind;

/* lock is taken around done functions.  Threads are made when needed.  Main
 * thread, as all functions here. */
Pool *pool_new(struct event_base *base, FairLock *lock, GError **error);

/*
 * Runs work(data) on a thread of the pool without the lock, then done(data) on
 * the main loop with it.  After pool_stop() has begun, work may be left out, but not of
 * POOL_RELEASE and POOL_FLUSH: what done finds then is what was there before.
 */
void pool_run(Pool *pool, PoolKind kind, void (*work)(void *data), void (*done)(void *data),
              void *data);

/*
 * Begins no job any more, waits for those under way until deadline (of
 * g_get_monotonic_time; flushes: without limit), and runs their done functions.
 * The caller does not hold the lock.  False: a job does not end; the pool, and
 * whatever the job may use, has to stay until the process ends.
 */
bool pool_stop(Pool *pool, gint64 deadline);

/* After pool_stop(), whatever it returned: waits for jobs of the last two kinds that came
 * since, in the same way; others that end now are left as they are. */
bool pool_finish(Pool *pool, gint64 deadline);

/* After pool_stop() and pool_finish() have succeeded, or without any job. */
void pool_free(Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pool, pool_free)

#endif
