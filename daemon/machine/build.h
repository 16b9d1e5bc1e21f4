/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build: a list of requests that is executed as a whole (the command `build`).
 *
 *   build-plan.c     ids, and which request needs which: the order
 *   build-undo.c     what was made goes again
 *   build-pending.c  what later requests have spoken for
 *   build-wait.c     others while it waits, and a client that goes
 *   build.c          one request after the other, and the end
 *
 * There is one at a time; Vmd.build is it.  All members belong to the main loop;
 * the functions want the machine lock to be held.
 */
#ifndef DAEMON_MACHINE_BUILD_H
#define DAEMON_MACHINE_BUILD_H

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
    bool waiting;               /* for an item that ends later: */
    QmpRequest *item;
    char *what;                 /* the item that was started last, for people */
    struct event *patience;     /* with an item that does not end */
    bool late;                  /* it is over: what others change is refused */
    bool gone;                  /* the client, who would have had the result */
    bool undoing;
    bool undone;                /* all but what an item has that still goes on */
    bool ended;                 /* and that, too, or soon */
    bool stepping;              /* an item that ends now is noticed by the loop that started it */
    struct event *go;           /* goes on after a wait */
    guint64 serial;             /* of the last object before */
    bool naming;                /* the bus that an item names is being found */
    GPtrArray *keeps;           /* what cannot be undone, for the end */
    GPtrArray *reversals;       /* of BuildReversal, in order of execution */
    GPtrArray *kept;            /* of Object, held: what the item that goes on has, or NULL */
    GError *error;              /* set: it is being undone */
};

/* Executes args->requests for req, and ends it.  Both stay until then; the caller has checked
 * that there is what args->requires. */
void build_start(QmpRequest *req, const BuildArgs *args);

/* The arguments of a request: address of the pointer to them. */
void **build_args(const BuildRequest *request);

/* Checks ids and settles the order, which it puts into build->order. */
bool build_plan(Build *build, GError **error);

/* Before item is executed: notes what takes a change back, if it changes something
 * that is there.  Fails if nothing could. */
bool build_note_change(Build *build, const BuildItem *item, GError **error);
/* Undoes all that was made and changed since the build began, except for what an item that
 * still goes on has (build->kept): then others may change things at once (build_let_go).
 * May go on on the pool, and then calls done(build) on the main loop with the lock held. */
void build_undo(Build *build, void (*done)(Build *build));
/* The item has ended: undoes what was kept for it. */
void build_undo_kept(Build *build, void (*done)(Build *build));
void build_free_changes(Build *build);

/* Env.foreach_pending and Env.defer; build may be NULL. */
void build_foreach_pending(Build *build, Object *bus, EnvPending f, void *opaque);
bool build_defer(Build *build, Object *obj, EnvKeep keep);
/* Runs what was deferred. */
bool build_keep_all(Build *build, GError **error);

/* The build does not count any more (vmd->build is NULL): events are as they were, others
 * go on.  Once.  An item that still goes on owns the build then; if the host never answers
 * it, the process ends around both (pool_stop), and nothing of them is freed. */
void build_let_go(Build *build, bool drop_events);

/* The timer of an item that is waited for. */
struct event *build_wait_timer(Build *build, struct event_base *base);
void build_wait_begin(Build *build);
void build_wait_end(Build *build);
/* QmpDispatch.gone: the client's build, if there is one, is undone. */
void build_gone(Vmd *vmd, guint64 client);

/* Id of what a request makes, or NULL; while it has its arguments. */
const char *build_made_id(const BuildRequest *request);

/* QmpDispatch.hold: whether a request has to wait for the build of vmd. */
bool build_hold(Vmd *vmd, QmpRequest *req);
/* The daemon ends: held back events are lost. */
void build_abandon(Vmd *vmd);
/* Ends the build that there is, if there is one, and what waits for it. */
void build_end(Vmd *vmd);

#endif
