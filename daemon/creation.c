/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creation: see creation.h.  The steps themselves are qom/object.h's.
 */
#include "config.h"

#include "daemon/creation.h"

#include "daemon/vmd.h"
#include "qmp/error.h"

typedef struct {
    Vmd *vmd;
    QmpRequest *req;
    Object *obj;                /* held */
    CreationDone done;
    void *data;                 /* of done */
    GError *error;
} Creation;

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

static void creation_finish(void *data)
{
    Creation *c = data;

    if (!c->error && object_complete(c->obj, &c->error)) {
        c->done(c->vmd, c->req, c->obj, NULL, c->data);
    } else {
        object_destroy(c->obj);
        c->done(c->vmd, c->req, NULL, c->error, c->data);
    }
    object_unref(c->obj);
    g_free(c);
}

static void creation_work(void *data)
{
    Creation *c = data;

    object_prepare(c->obj, &c->error);
}

void creation_run(Vmd *vmd, QmpRequest *req, Object *obj, CreationDone done, void *data)
{
    Creation *c = g_new(Creation, 1);

    *c = (Creation){ .vmd = vmd, .req = req, .obj = object_ref(obj), .done = done, .data = data };
    if (object_needs_prepare(obj)) {
        pool_run(vmd->pool, creation_work, creation_finish, c);
    } else {
        creation_finish(c);
    }
}

static void undo_work(void *data)
{
    Creation *c = data;

    object_release(c->obj);
}

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
    Creation *c = g_new(Creation, 1);

    *c = (Creation){ .vmd = vmd, .req = req, .obj = object_ref(obj) };
    object_dismantle(obj);
    if (object_needs_prepare(obj)) {
        pool_run(vmd->pool, undo_work, undo_finish, c);
    } else {
        undo_finish(c);
    }
}
