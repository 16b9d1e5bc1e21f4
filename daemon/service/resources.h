/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources: which resources the host has refused to the daemon, each a state with a
 * beginning and an end (event RESOURCE_EXHAUSTED).
 *
 * A refusal is an errno: EMFILE and ENFILE (descriptors), ENOMEM (memory), ENOSPC
 * and EDQUOT (disk-space); any other is ignored, so code whose system call failed may
 * report any errno.  Failures of requests are reported by resources_note_error(), after
 * the reply; failures without a request (an accept, a chardev's file) come through
 * Env.refused or QmpDispatch.refused.
 *
 * Only the host knows whether the state is over.  It is asked once a second while the
 * state lasts, and at no other time.  So there are at most two events a second for each
 * resource.  A file system is asked on the pool, as it may not answer.
 */
#ifndef DAEMON_SERVICE_RESOURCES_H
#define DAEMON_SERVICE_RESOURCES_H

#include <event2/event.h>
#include <glib.h>
#include <stdbool.h>

#include "daemon/service/pool.h"
#include "hw/core/lock.h"
#include "qmp/qapi-types-resource.h"

typedef struct Resources Resources;

/* What it needs of the daemon: all is borrowed and outlives it. */
typedef struct {
    struct event_base *base;
    Pool *pool;
    FairLock *lock;                     /* the machine lock, taken for the calls below */
    struct QmpEventQueue *events;
    bool (*wait)(void *opaque);         /* whether events have to wait */
    void (*changed)(void *opaque);      /* resources_text() has changed */
    void *opaque;
} ResourcesHost;

/* NULL if there is no memory for its events. */
Resources *resources_new(const ResourcesHost *host);
/* Accepts NULL. */
void resources_free(Resources *resources);

/* A system call failed with `error` for `what` (a command's name, an object's path).
 * fd: with ENOSPC or EDQUOT, a file in the file system in question, or -1.  Any
 * thread, any lock held; never blocks. */
void resources_refused(Resources *resources, int error, const char *what, int fd);

/* A request failed.  Main thread. */
void resources_note_error(Resources *resources, const GError *error, const char *command);

/* For the status line: "no descriptors, no memory"; NULL: nothing is wrong.  Main
 * thread. */
char *resources_text(const Resources *resources);

/* The answer of query-host-resources for one resource; newly allocated.  Main thread. */
HostResourceInfo *resources_info(const Resources *resources, HostResource which);

#endif
