/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build: a list of requests that is executed as a whole (the command `build`).
 *
 *   build-plan.c     ids, and which request needs which: the order
 *   build-undo.c     what was made goes again
 *   build-pending.c  what later requests have spoken for
 *   cmd-build.c      the command: one request after the other, and the end
 *
 * There is one at a time; Vmd.build is it.  All members belong to the main loop;
 * the functions want the machine lock to be held.
 */
#ifndef DAEMON_BUILD_H
#define DAEMON_BUILD_H

#include <event2/event.h>

#include "qmp/dispatch.h"
#include "qmp/qapi-types-build.h"
#include "qom/env.h"

typedef struct Vmd Vmd;
typedef struct Build Build;

typedef struct {
    BuildRequest *request;      /* its arguments go when it is executed */
    BuildResult *result;
    bool started;
} BuildItem;

struct Build {
    Vmd *vmd;
    QmpRequest *req;            /* the client's */
    guint64 client;             /* its number */
    QmpDispatch dispatch;       /* as the daemon's, but nothing waits or is logged */
    GArray *items;              /* of BuildItem, as in the list */
    GArray *order;              /* of guint: indices of items, as they are executed */
    guint next;                 /* in order */
    bool waiting;               /* for an item that ends later */
    bool stepping;              /* an item that ends now is noticed by the loop that started it */
    struct event *go;           /* goes on after a wait */
    guint64 serial;             /* of the last object before */
    bool naming;                /* the bus that an item names is being found */
    GPtrArray *keeps;           /* what cannot be undone, for the end */
    GPtrArray *reversals;       /* of BuildReversal, in order of execution */
    GError *error;              /* set: it is being undone */
};

/* The arguments of a request: address of the pointer to them. */
void **build_args(const BuildRequest *request);
const QmpType *build_args_type(const BuildRequest *request);

/* Checks ids and settles the order, which it puts into build->order. */
bool build_plan(Build *build, GError **error);

/* Before item is executed: notes what takes a change back, if it changes something
 * that is there.  Fails if nothing could. */
bool build_note_change(Build *build, const BuildItem *item, GError **error);
/* Undoes all that was made and changed since the build began; may go on on the
 * pool, and then calls done(build) on the main loop with the lock held. */
void build_undo(Build *build, void (*done)(Build *build));
void build_free_changes(Build *build);

/* Env.foreach_pending and Env.defer; build may be NULL. */
void build_foreach_pending(Build *build, Object *bus, EnvPending f, void *opaque);
bool build_defer(Build *build, Object *obj, EnvKeep keep);
/* Runs what was deferred. */
bool build_keep_all(Build *build, GError **error);

/* QmpDispatch.hold: whether a request has to wait for the build of vmd. */
bool build_hold(Vmd *vmd, QmpRequest *req);
/* The daemon ends: held back events are lost. */
void build_abandon(Vmd *vmd);
/* Ends the build that there is, if there is one, and what waits for it. */
void build_end(Vmd *vmd);

#endif
