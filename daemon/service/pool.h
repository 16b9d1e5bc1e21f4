/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool: threads for blocking work (opening files, name lookup, filling memory,
 * tearing down a VM), and the way back to the main loop.
 *
 * A job never waits for another to end, since that may hang: on a file system
 * without server, or a name service.  Each job has its own thread.  Their
 * number is bounded:
 *
 *   POOL_REQUEST     a client waits for it, or the machine.  That is one job each, since its
 *                    requests are executed one after the other; and there are
 *                    at most 512 clients (qmp/server.c).
 *   POOL_RELEASE     the same, for work that only undoes what was prepared.
 *   POOL_FLUSH       the same, for work that makes a disk's data durable.
 *   POOL_JOB         work of a job (hw/block/job.h), which can be cancelled; there are at
 *                    most 256 jobs.
 *   POOL_BACKGROUND  nothing waits for it: a backend reconnects to its peer.
 *                    64 at a time; the others run later.
 *
 * Work for disconnected clients continues, as nothing can stop it: so twice as
 * many threads as clients are allowed, and one for each job.  Beyond that, or when
 * the host gives no more threads, jobs wait for one.
 *
 * Connecting to a peer takes no thread (hw/chardev/socket-connect.h).
 *
 * At the end: jobs that have not begun never do, except for POOL_RELEASE and
 * POOL_FLUSH; running ones have until a deadline, a flush as long as it takes.
 * Jobs that are still running then cannot be stopped, and their data must not be
 * freed: the process exits meanwhile (pool_stop, pool_finish, assembly_end).  Then
 * the release of each object is a job of its own, so that what answers is undone
 * though another file system hangs.
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
    POOL_JOB,
    POOL_BACKGROUND,
    POOL__MAX,
} PoolKind;

/* lock is held during done functions.  Threads are created when needed.  Main
 * thread, like all functions here. */
Pool *pool_new(struct event_base *base, FairLock *lock, GError **error);

/*
 * Runs work(data) on a thread of the pool without the lock, then done(data) on
 * the main loop with it.  After pool_stop() has begun, work may be skipped, except
 * for POOL_RELEASE and POOL_FLUSH: done then finds data unchanged.
 */
void pool_run(Pool *pool, PoolKind kind, void (*work)(void *data), void (*done)(void *data),
              void *data);

/*
 * Starts no more jobs, waits for running ones until deadline (of
 * g_get_monotonic_time; flushes: without limit), and runs their done functions.
 * The caller does not hold the lock.  False: a job does not end; the pool, and
 * everything that the job may use, must stay until the process ends.
 */
bool pool_stop(Pool *pool, gint64 deadline);

/* After pool_stop(), whatever it returned: waits in the same way for jobs of
 * POOL_RELEASE and POOL_FLUSH that were added since; other jobs that end now are
 * left as they are. */
bool pool_finish(Pool *pool, gint64 deadline);

/* To be called after pool_stop() and pool_finish() have succeeded, or without any job. */
void pool_free(Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pool, pool_free)

#endif
