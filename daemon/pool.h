/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool: the threads for what may block (opening files, name look-up, filling
 * memory, tearing a VM down), and the way back to the main loop.
 */
#ifndef DAEMON_POOL_H
#define DAEMON_POOL_H

#include <event2/event.h>
#include <glib.h>

#include "hw/core/lock.h"

typedef struct Pool Pool;

/* lock is taken around done functions.  Threads are made when needed. */
Pool *pool_new(struct event_base *base, FairLock *lock, GError **error);

/* Waits for all work, runs what is left to be done, and frees.  The caller
 * does not hold the lock. */
void pool_free(Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pool, pool_free)

/* Runs work(data) on a pool thread without the lock, then done(data) on the
 * main loop with it.  Main thread. */
void pool_run(Pool *pool, void (*work)(void *data), void (*done)(void *data), void *data);

#endif
