/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources: what the host has refused the daemon, as a state with a beginning and
 * an end (event RESOURCE_EXHAUSTED).
 *
 * A refusal is an errno: EMFILE and ENFILE (descriptors), ENOMEM (memory), ENOSPC
 * and EDQUOT (disk-space); any other is no matter of this module, so code that sees
 * a system call fail may hand over what it said.  Of requests that is done by
 * resources_note_error(), after the reply; what fails without a request (an accept,
 * a chardev's file) comes through Env.refused or QmpDispatch.refused.
 *
 * Whether the state is over can only be seen by asking the host, which is done once
 * a second while it lasts, and never else.  So there are at most two events a second
 * for each resource.  A file system is asked on the pool, as it may not answer.
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

/* Whom it works for: all is borrowed and outlives it. */
typedef struct {
    struct event_base *base;
    Pool *pool;
    FairLock *lock;                     /* the machine lock; taken around what follows */
    struct QmpEventQueue *events;
    bool (*wait)(void *opaque);         /* whether events have to wait */
    void (*changed)(void *opaque);      /* resources_text() is another */
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

/* What query-host-resources says of one; newly allocated.  Main thread. */
HostResourceInfo *resources_info(const Resources *resources, HostResource which);

#endif
