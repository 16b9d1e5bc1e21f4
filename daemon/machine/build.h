/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build: a list of requests that is executed as a whole (the command `build`).
 *
 *   build-plan.c     ids, and which request needs which: the order
 *   build-undo.c     undoing what was made   build-pending.c  what later
 *   requests have reserved   build-wait.c     requests of others while it
 *   waits, and a client that disconnects   build.c          one request after
 *   the other, and the   end
 *
 * There is one at a time, Vmd.build.  All members belong to the main loop; the
 * functions need the machine lock.
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
    BuildRequest *request;      /* its arguments are moved out when it is executed */
    BuildResult *result;
    bool started;
} BuildItem;

struct Build {
    Vmd *vmd;
    QmpRequest *req;            /* the client's */
    guint64 client;             /* the client's number */
    QmpDispatch dispatch;       /* as the daemon's, but nothing waits or is logged */
    GArray *items;              /* of BuildItem, as in the list */
    GArray *order;              /* of guint: indices of items, as they are executed */
    guint next;                 /* index in order */
    bool waiting;               /* for an item that ends later: */
    QmpRequest *item;
    char *what;                 /* the item that was started last, for people */
    struct event *patience;     /* with an item that does not end */
    bool late;                  /* it has expired: changes by others are refused */
    bool gone;                  /* the client has disconnected */
    bool undoing;
    bool undone;                /* everything except for the item in progress */
    bool ended;                 /* including that, now or soon */
    bool stepping;              /* the loop that started an item notices its end */
    struct event *go;           /* continues after a wait */
    guint64 serial;             /* of the last object before */
    bool naming;                /* the bus that an item names is being found */
    GPtrArray *keeps;           /* actions that cannot be undone, for the end */
    GPtrArray *reversals;       /* of BuildReversal, in order of execution */
    GPtrArray *kept;            /* of Object, held: those of the item in progress, or NULL */
    GError *error;              /* set: it is being undone */
};

/* Executes args->requests for req, and ends it.  Both must live until then; the caller has
 * checked args->requires. */
void build_start(QmpRequest *req, const BuildArgs *args);

/* The arguments of a request: address of the pointer to them. */
void **build_args(const BuildRequest *request);

/* Checks ids and computes build->order. */
bool build_plan(Build *build, GError **error);

/* Called before item is executed: records how to revert it, if it changes
 * something that exists.  Fails if that is impossible. */
bool build_note_change(Build *build, const BuildItem *item, GError **error);
/* Undoes all that was made and changed since the build began, except for the objects of an
 * item in progress (build->kept): then others may make changes immediately (build_let_go).
 * May continue on the pool, and then calls done(build) on the main loop with the lock
 * held. */
void build_undo(Build *build, void (*done)(Build *build));
/* The item has ended: undoes what was kept for it. */
void build_undo_kept(Build *build, void (*done)(Build *build));
void build_free_changes(Build *build);

/* Env.foreach_pending and Env.defer; build may be NULL. */
void build_foreach_pending(Build *build, Object *bus, EnvPending f, void *opaque);
bool build_defer(Build *build, Object *obj, EnvKeep keep);
/* Runs what was deferred. */
bool build_keep_all(Build *build, GError **error);

/* Detaches the build (vmd->build is NULL): releases events and resumes others.  To be
 * called once.  An item in progress then owns the build; if the host never answers it, the
 * process ends without freeing either (pool_stop). */
void build_let_go(Build *build, bool drop_events);

/* The timer for an item that the build waits for. */
struct event *build_wait_timer(Build *build, struct event_base *base);
void build_wait_begin(Build *build);
void build_wait_end(Build *build);
/* QmpDispatch.gone: the client's build, if there is one, is undone. */
void build_gone(Vmd *vmd, guint64 client);

/* Id of the object that a request makes, or NULL; while it has its arguments. */
const char *build_made_id(const BuildRequest *request);

/* QmpDispatch.hold: whether a request has to wait for the build of vmd. */
bool build_hold(Vmd *vmd, QmpRequest *req);
/* The daemon ends: events that were held back are lost. */
void build_abandon(Vmd *vmd);
/* Ends the current build, if any, and the requests that wait for it. */
void build_end(Vmd *vmd);

#endif
