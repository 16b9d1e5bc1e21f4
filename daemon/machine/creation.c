/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creation: see creation.h.  The steps themselves are in qom/object.h.
 */
#include "config.h"

#include "daemon/machine/creation.h"

#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qom/place.h"

typedef struct {
    Vmd *vmd;
    QmpRequest *req;
    Object *obj;                /* held */
    CreationDone done;
    void *data;                 /* of done */
    GError *error;
    GList link;                 /* in Vmd.settling */
} Creation;

static Creation *creation_new(Vmd *vmd, QmpRequest *req, Object *obj)
{
    Creation *c = g_new0(Creation, 1);

    *c = (Creation){ .vmd = vmd, .req = req, .obj = object_ref(obj) };
    c->link.data = c;
    return c;
}

static void release_work(void *data)
{
    object_release(((Creation *)data)->obj);
}

/* ---- Making ---- */

/* The machine and objects that it has adopted are not counted. */
static void count_object(const QmpClassPlace *place, Object *obj, void *data)
{
    *(guint *)data += !place->single;
}

bool creation_check_room(Vmd *vmd, GError **error)
{
    guint n = 0;

    place_foreach_object(vmd->root, count_object, &n);
    if (n >= vmd->policy.max_objects) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are %u objects already, and the policy's max-objects is %u", n,
                      vmd->policy.max_objects);
        return false;
    }
    return true;
}

bool creation_place(Object *parent, const char *name, Object *obj, GError **error)
{
    if (!object_add_child(parent, name, obj, error)) {
        qmp_error_blame(error, "id");
        return false;
    }
    if (!object_link(obj, error)) {
        object_destroy(obj);
        return false;
    }
    return true;
}

void creation_reply(Vmd *vmd, QmpRequest *req, Object *obj, GError *error, void *data)
{
    if (obj) {
        qmp_request_return(req, NULL);
    } else {
        qmp_request_fail(req, error);
    }
}

static void creation_failed(void *data)
{
    Creation *c = data;

    object_destroy(c->obj);
    c->done(c->vmd, c->req, NULL, c->error, c->data);
    object_unref(c->obj);
    g_free(c);
}

/* Releases a prepared object where that may block. */
static void creation_fail(Creation *c)
{
    object_dismantle(c->obj);
    if (object_life(c->obj) == OBJECT_PREPARED) {
        pool_run(c->vmd->pool, POOL_RELEASE, release_work, creation_failed, c);
    } else {
        creation_failed(c);
    }
}

static void creation_settled(void *data, GError *error)
{
    Creation *c = data;

    g_queue_unlink(&c->vmd->settling, &c->link);
    c->error = error;
    if (c->error || qmp_request_is_cancelled(c->req, &c->error) ||
        !object_complete(c->obj, &c->error)) {
        creation_fail(c);
        return;
    }
    c->done(c->vmd, c->req, c->obj, NULL, c->data);
    object_unref(c->obj);
    g_free(c);
}

static void creation_prepared(void *data)
{
    Creation *c = data;

    if (c->error || qmp_request_is_cancelled(c->req, &c->error)) {
        creation_fail(c);
        return;
    }
    g_queue_push_tail_link(&c->vmd->settling, &c->link);
    object_settle(c->obj, creation_settled, c);
}

static void creation_work(void *data)
{
    Creation *c = data;

    object_prepare(c->obj, &c->error);
}

void creation_run(Vmd *vmd, QmpRequest *req, Object *obj, CreationDone done, void *data)
{
    Creation *c = creation_new(vmd, req, obj);

    c->done = done;
    c->data = data;
    if (object_needs_prepare(obj)) {
        pool_run(vmd->pool, POOL_REQUEST, creation_work, creation_prepared, c);
    } else {
        creation_prepared(c);
    }
}

void creation_cancel(Vmd *vmd, const QmpRequest *req)
{
    GList *link = vmd->settling.head;

    while (link && ((Creation *)link->data)->req != req) {
        link = link->next;
    }
    if (link) {
        Creation *c = link->data;

        g_queue_unlink(&vmd->settling, link);
        qmp_request_is_cancelled(req, &c->error);
        object_unsettle(c->obj);
        creation_fail(c);
    }
}

void creation_end_all(Vmd *vmd)
{
    GList *link;

    while ((link = g_queue_pop_head_link(&vmd->settling))) {
        Creation *c = link->data;

        qmp_error_set(&c->error, ERROR_REASON_WRONG_STATE, "the daemon ends");
        object_unsettle(c->obj);
        creation_fail(c);
    }
}

/* ---- Removing ---- */

static void undo_finish(void *data)
{
    Creation *c = data;

    object_destroy(c->obj);
    object_unref(c->obj);
    qmp_request_return(c->req, NULL);
    g_free(c);
}

void creation_undo(Vmd *vmd, QmpRequest *req, Object *obj)
{
    Creation *c = creation_new(vmd, req, obj);

    object_dismantle(obj);
    if (object_needs_prepare(obj)) {
        pool_run(vmd->pool, POOL_RELEASE, release_work, undo_finish, c);
    } else {
        undo_finish(c);
    }
}
