/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree from outside: qom-list, qom-get, qom-set.
 */
#include "config.h"

#include "daemon/property-info.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qom/property.h"

static Object *resolve(QmpRequest *req, const char *path, GError **error)
{
    Vmd *vmd = qmp_request_context(req);

    return object_resolve(vmd->root, path, error);
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
        ret->items[ret->n++] = property_info(klass, &klass->props->members[i]);
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
    return *ret != NULL;
}

bool qmp_qom_set(QmpRequest *req, QomSetArgs *args, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };
    Object *obj = resolve(req, args->path, error);

    return obj && object_property_set(obj, args->property, &input, args->value, error);
}
