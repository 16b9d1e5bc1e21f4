/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree from outside: qom-list, qom-get, qom-set.
 */
#include "config.h"

#include "daemon/commands/property-info.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qom/property.h"

static Object *resolve(QmpRequest *req, const char *path, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Object *obj = object_resolve(vmd->root, path, error);

    if (!obj) {
        qmp_error_blame(error, "path");
        /* QEMU's qom-list has a message for an ambiguous path, the other commands do not. */
        if (error && !(g_str_equal(qmp_request_command(req)->name, "qom-list") &&
                       qmp_error_is(*error, ERROR_REASON_PATH_AMBIGUOUS))) {
            qmp_error_not_there(error);
        }
    }
    return obj;
}

static bool add_child_info(Object *child, void *data)
{
    ObjectPropertyInfoList *list = data;

    list->items[list->n++] = property_info_child(child);
    return true;
}

bool qmp_qom_list(QmpRequest *req, QomListArgs *args, ObjectPropertyInfoList *ret, GError **error)
{
    Object *obj = resolve(req, args->path, error);
    const QmpClass *klass;

    if (!obj) {
        return false;
    }
    klass = object_class(obj);
    ret->items = g_new0(ObjectPropertyInfo *,
                        1 + klass->props->n_members + object_n_children(obj));
    ret->items[ret->n++] = property_info_type();
    for (guint i = 0; i < klass->props->n_members; i++) {
        ret->items[ret->n++] = property_info(klass, &qmp_members(klass->props)[i]);
    }
    object_foreach_child(obj, add_child_info, ret);
    return true;
}

bool qmp_qom_get(QmpRequest *req, QomGetArgs *args, QmpValue **ret, GError **error)
{
    Object *obj = resolve(req, args->path, error);

    if (!obj) {
        return false;
    }
    *ret = object_property_get(obj, args->property, error);
    return *ret ? true : qmp_error_blame(error, "property");
}

/* The argument to blame if an error names no property. */
static const char *argument_for(ErrorReason reason)
{
    switch (reason) {
    case ERROR_REASON_PROPERTY_NOT_FOUND:
    case ERROR_REASON_PROPERTY_READ_ONLY:
    case ERROR_REASON_PROPERTY_NOT_SETTABLE:
    case ERROR_REASON_INTERNAL_PROPERTY:
    case ERROR_REASON_DEPRECATED_INPUT:
    case ERROR_REASON_UNSTABLE_INPUT:
        return "property";
    case ERROR_REASON_WRONG_STATE:
        return "path";
    default:
        return "value";
    }
}

/* The property's name in an error of the object stands for the request's `value`.  An
 * error about another property, with which the new value is inconsistent, blames the
 * value as well. */
static void blame(GError **error, const char *property)
{
    const char *path;

    if (!error) {
        return;
    }
    qmp_error_rename_path(*error, property, "value");
    path = qmp_error_path(*error);
    if (path && !g_str_has_prefix(path, "value")) {
        qmp_error_replace_path(*error, "value");
    }
    qmp_error_blame(error, argument_for(qmp_error_reason(*error)));
}

bool qmp_qom_set(QmpRequest *req, QomSetArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT,
                             .policy = &vmd->policy.current };
    Object *obj = resolve(req, args->path, error);

    if (!obj) {
        return false;
    }
    if (!object_property_set(obj, args->property, &input, args->value, error)) {
        blame(error, args->property);
        return false;
    }
    return true;
}
