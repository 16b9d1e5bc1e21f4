/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of all objects that clients made: they are dismantled, and released on the pool.
 *
 * A release may wait for a file system that does not answer, so that of each object is a job
 * of its own.  Only the nodes below an image format (its file, its backing file) are released
 * in the same job as the format, after it, as the format still writes to its file.
 */
#ifndef DAEMON_MACHINE_RELEASE_H
#define DAEMON_MACHINE_RELEASE_H

#include "daemon/service/pool.h"
#include "qom/object.h"

/* Releases all objects below root; they stay in the tree.  The pool may have stopped: its
 * pool_finish() waits for the jobs.  Main thread, lock held. */
void release_objects(Object *root, Pool *pool);

#endif
