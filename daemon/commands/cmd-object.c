/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object-add and object-del.  The class decides the place of an object: the
 * machine is `/machine`, all others are below `/objects` (an accelerator moves
 * to `/machine/accel` when the machine adopts it).
 */
#include "config.h"

#include "daemon/machine/any-accel.h"
#include "daemon/machine/creation.h"
#include "daemon/machine/machine-host.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-policy.h"
#include "qom/hint.h"
#include "qom/place.h"
#include "qom/qapi-objects-machine.h"

/* The name of an accelerator without id below /objects. */
#define ACCEL_DEFAULT_ID "accel"

static bool check_machine(Vmd *vmd, GError **error)
{
    if (machine_find(vmd->root)) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_ID_IN_USE, "there is a machine already; "
                         "one daemon runs one machine");
        return false;
    }
    return true;
}

static bool check_accel(Vmd *vmd, GError **error)
{
    if (accel_find(vmd->root)) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_ID_IN_USE,
                         "there is an accelerator already");
        return false;
    }
    return true;
}

/* Finds parent and name of a new object. */
static Object *object_place(Vmd *vmd, const ObjectOptions *args, const char **ret_name,
                            GError **error)
{
    bool is_accel = qmp_class_place(args->qom_type)->klass == &qmp_class_accel;
    bool is_machine = args->qom_type->flags & QMP_CLASS_MACHINE;

    /* There is at most one policy, and it may raise the limit. */
    if (args->qom_type != &qmp_class_policy && !creation_check_room(vmd, error)) {
        return NULL;
    }
    if (args->id && !object_check_id(args->id, error)) {
        qmp_error_blame(error, "id");
        return NULL;
    }
    if (is_machine) {
        *ret_name = "machine";
        return check_machine(vmd, error) ? vmd->root : NULL;
    }
    if (is_accel && !check_accel(vmd, error)) {
        return NULL;
    }
    *ret_name = args->id ? args->id : is_accel ? ACCEL_DEFAULT_ID : NULL;
    if (!*ret_name) {
        qmp_error_set_at(error, "id", ERROR_REASON_PROPERTY_MISSING, "argument 'id' is missing");
        return NULL;
    }
    return place_folder(vmd->root, &qmp_class_object);
}

/* Makes the object, puts it into the tree and resolves its links. */
static Object *object_begin(Vmd *vmd, ObjectOptions *args, GError **error)
{
    const char *name;
    Object *parent = object_place(vmd, args, &name, error);
    g_autoptr(Object) obj = NULL;

    if (!parent) {
        return NULL;
    }
    obj = object_new_with_props(args->qom_type, g_steal_pointer(&args->props),
                                g_steal_pointer(&args->given));
    if (args->qom_type->flags & QMP_CLASS_MACHINE) {
        machine_set_host(to_machine(obj), &vmd->lock, &machine_host, vmd);
    }
    return creation_place(parent, name, obj, error) ? obj : NULL;
}

static void add_any_accel(Vmd *vmd, QmpRequest *req, ObjectOptions *args)
{
    GError *error = NULL;
    const char *name;
    Object *parent = object_place(vmd, args, &name, &error);

    if (parent) {
        any_accel_make(vmd, req, parent, name, g_steal_pointer(&args->props));
    } else {
        qmp_request_fail(req, error);
    }
}

void qmp_object_add(QmpRequest *req, ObjectOptions *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Object *obj;

    if ((args->qom_type->flags & QMP_CLASS_MACHINE) && vmd->run.state != RUN_STATE_PRELAUNCH) {
        qmp_error_set_at(&error, "qom-type", ERROR_REASON_WRONG_STATE,
                         "a machine is made in run state 'prelaunch' only");
        qmp_request_fail(req, error);
        return;
    }
    if (args->qom_type == &qmp_class_any_accel) {
        add_any_accel(vmd, req, args);
        return;
    }
    obj = object_begin(vmd, args, &error);
    if (!obj) {
        qmp_request_fail(req, error);
        return;
    }
    if (args->qom_type->flags & QMP_CLASS_MACHINE) {
        g_free(vmd->machine_id);
        vmd->machine_id = g_strdup(args->id);
    }
    creation_run(vmd, req, obj, creation_reply, NULL);
}

/* The object with an id, if it may be removed. */
static Object *object_for_removal(Vmd *vmd, const char *id, GError **error)
{
    Machine *machine = vmd_machine(vmd);
    Object *obj = place_child(vmd->root, &qmp_class_object, id);

    if (!obj && machine && g_strcmp0(id, vmd->machine_id) == 0) {
        obj = &machine->object;
    }
    if (!obj && machine && g_strcmp0(id, machine->accel_name) == 0) {
        qmp_error_set_at(error, "id", ERROR_REASON_IN_USE, "accelerator '%s' runs the machine", id);
        return NULL;
    }
    if (!obj) {
        g_autofree char *hint = hint_child(place_folder(vmd->root, &qmp_class_object), id);

        qmp_error_set_at(error, "id", ERROR_REASON_OBJECT_NOT_FOUND, "object '%s' not found%s", id,
                         hint);
        return NULL;
    }
    if (object_life(obj) != OBJECT_COMPLETE) {
        qmp_error_set_at(error, "id", ERROR_REASON_IN_USE,
                         "object '%s' is still being made or removed", id);
        return NULL;
    }
    if (machine && obj == &machine->object && machine->started) {
        qmp_error_set_at(error, "id", ERROR_REASON_WRONG_STATE,
                         "'%s' stays until the daemon ends: the machine was started", id);
        return NULL;
    }
    if (!object_may_delete(obj, error)) {
        qmp_error_blame(error, "id");
        return NULL;
    }
    return obj;
}

void qmp_object_del(QmpRequest *req, ObjectDelArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Object *obj = object_for_removal(vmd, args->id, &error);

    if (!obj) {
        qmp_request_fail(req, error);
        return;
    }
    creation_undo(vmd, req, obj);
}
