/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creation: objects that requests make and remove (object-add, object-del,
 * chardev-add), with the part that may block on a pool thread.
 */
#ifndef DAEMON_MACHINE_CREATION_H
#define DAEMON_MACHINE_CREATION_H

#include "qmp/dispatch.h"
#include "qom/object.h"

typedef struct Vmd Vmd;

/* Whether requests may make another object (policy.max-objects); fails with
 * limit-exceeded. */
bool creation_check_room(Vmd *vmd, GError **error);

/*
 * Puts a new object into the tree and resolves its links.  On failure, which
 * blames the argument `id` if the place is not available, only the caller owns obj
 * again.
 */
bool creation_place(Object *parent, const char *name, Object *obj, GError **error);

/*
 * Prepares (on a pool thread, if the class asks for it), settles and completes an
 * object that has its place in the tree; then calls done with data on the main loop
 * with the lock held.  On failure obj has been destroyed, and done gets obj NULL and
 * the error, which it owns.  done may be called before this returns.
 */
typedef void (*CreationDone)(Vmd *vmd, QmpRequest *req, Object *obj, GError *error, void *data);
void creation_run(Vmd *vmd, QmpRequest *req, Object *obj, CreationDone done, void *data);

/* A CreationDone without data: ends req with an empty result, or with the error. */
void creation_reply(Vmd *vmd, QmpRequest *req, Object *obj, GError *error, void *data);

/*
 * Dismantles obj, which must have no holders, releases it (on a pool thread, if
 * its class needs that), removes it from the tree and ends req.  Its name is
 * free when the reply is sent.
 */
void creation_undo(Vmd *vmd, QmpRequest *req, Object *obj);

/* Cancels the creation for req if it only waits for a peer (qmp_request_cancel). */
void creation_cancel(Vmd *vmd, const QmpRequest *req);

/* The daemon ends: fails creations that have not settled, such as unanswered
 * connections.  Lock held. */
void creation_end_all(Vmd *vmd);

#endif
