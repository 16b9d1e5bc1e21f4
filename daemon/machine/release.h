/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of all that clients made: objects are dismantled, and released on the pool.
 *
 * A release may wait for a file system that does not answer, so each object's is a job of its
 * own.  Only a node that an image format is on (its file, its backing file) waits for the
 * format's, which writes to it: these are one job.
 */
#ifndef DAEMON_MACHINE_RELEASE_H
#define DAEMON_MACHINE_RELEASE_H

#include "daemon/service/pool.h"
#include "qom/object.h"

/* Of root's whole tree, whose objects stay in it.  The pool may have stopped: its
 * pool_finish() waits for the jobs.  Main thread, lock held. */
void release_objects(Object *root, Pool *pool);

#endif
