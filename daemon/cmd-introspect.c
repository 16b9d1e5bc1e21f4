/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What classes there are and what properties they have: qom-list-types,
 * qom-list-properties, device-list-properties.  All of it is schema data; no
 * object is made to answer.
 */
#include "config.h"

#include "daemon/property-info.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qom/hint.h"

static const QmpClass *find_class(const char *name, GError **error)
{
    const QmpClass *klass = qmp_class_find(name);

    if (!klass) {
        g_autofree char *hint = hint_class(&qmp_class_object, name);

        qmp_error_set_at(error, "typename", ERROR_REASON_CLASS_NOT_FOUND,
                         "class '%s' not found%s", name, hint);
        qmp_error_not_there(error);
    }
    return klass;
}

static ObjectTypeInfo *type_info(const QmpClass *klass)
{
    ObjectTypeInfo *info = g_new0(ObjectTypeInfo, 1);

    info->name = g_strdup(klass->name);
    info->has_abstract = info->abstract = klass->flags & QMP_CLASS_ABSTRACT;
    info->parent = klass->parent ? g_strdup(klass->parent->name) : NULL;
    return info;
}

bool qmp_qom_list_types(QmpRequest *req, QomListTypesArgs *args, ObjectTypeInfoList *ret,
                        GError **error)
{
    const QmpClass *ancestor = NULL;
    bool want_abstract = args->has_abstract && args->abstract;

    if (args->implements) {
        /* QEMU's clients expect an empty list for a class that is not there. */
        ancestor = qmp_class_find(args->implements);
        if (!ancestor) {
            return true;
        }
    }
    ret->items = g_new0(ObjectTypeInfo *, qmp_n_classes);
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if ((!ancestor || qmp_class_is_a(klass, ancestor)) &&
            (want_abstract || !(klass->flags & QMP_CLASS_ABSTRACT))) {
            ret->items[ret->n++] = type_info(klass);
        }
    }
    return true;
}

static void list_class(const QmpClass *klass, ObjectPropertyInfoList *ret, bool with_type)
{
    const QmpType *props = klass->props;

    ret->items = g_new0(ObjectPropertyInfo *, props->n_members + 1);
    if (with_type) {
        ret->items[ret->n++] = property_info_type();
    }
    for (guint i = 0; i < props->n_members; i++) {
        ret->items[ret->n++] = property_info(klass, &props->members[i]);
    }
}

bool qmp_qom_list_properties(QmpRequest *req, QomListPropertiesArgs *args,
                             ObjectPropertyInfoList *ret, GError **error)
{
    const QmpClass *klass = find_class(args->typename, error);

    if (!klass) {
        return false;
    }
    list_class(klass, ret, true);
    return true;
}

bool qmp_device_list_properties(QmpRequest *req, DeviceListPropertiesArgs *args,
                                ObjectPropertyInfoList *ret, GError **error)
{
    const QmpClass *klass = find_class(args->typename, error);

    if (!klass) {
        return false;
    }
    if (!(klass->flags & QMP_CLASS_DEVICE)) {
        qmp_error_set_at(error, "typename", ERROR_REASON_INVALID_VALUE,
                         "class '%s' is not a device class", klass->name);
        return false;
    }
    list_class(klass, ret, false);
    return true;
}
