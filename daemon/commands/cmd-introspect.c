/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classes and their properties: qom-list-types, qom-list-properties,
 * device-list-properties, query-class.  All of it is schema data; no object is
 * made to answer.
 */
#include "config.h"

#include "daemon/commands/property-info.h"
#include "daemon/qapi-commands.h"
#include "qmp/class-info.h"
#include "qmp/error.h"
#include "qom/hint.h"

/* argument: the one that contains the name. */
static const QmpClass *find_class(const char *argument, const char *name, GError **error)
{
    const QmpClass *klass = qmp_class_find(name);

    if (!klass) {
        g_autofree char *hint = hint_class(&qmp_class_object, name);

        qmp_error_set_at(error, argument, ERROR_REASON_CLASS_NOT_FOUND, "class '%s' not found%s",
                         name, hint);
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
        /* QEMU's clients expect an empty list for an unknown class. */
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

/* Lists rows from first on. */
static void list_rows(const QmpClass *klass, guint32 first, ObjectPropertyInfoList *ret)
{
    const QmpType *props = klass->props;

    for (guint32 i = first; i < props->n_members; i++) {
        ret->items[ret->n++] = property_info(klass, &qmp_members(props)[i]);
    }
}

bool qmp_qom_list_properties(QmpRequest *req, QomListPropertiesArgs *args,
                             ObjectPropertyInfoList *ret, GError **error)
{
    const QmpClass *klass = find_class("typename", args->typename, error);

    if (!klass) {
        return qmp_error_not_there(error);
    }
    ret->items = g_new0(ObjectPropertyInfo *, klass->props->n_members + 1);
    ret->items[ret->n++] = property_info_type();
    list_rows(klass, 0, ret);
    return true;
}

bool qmp_device_list_properties(QmpRequest *req, DeviceListPropertiesArgs *args,
                                ObjectPropertyInfoList *ret, GError **error)
{
    const QmpClass *klass = find_class("typename", args->typename, error);

    if (!klass) {
        return qmp_error_not_there(error);
    }
    if (!(klass->flags & QMP_CLASS_DEVICE)) {
        qmp_error_set_at(error, "typename", ERROR_REASON_INVALID_VALUE,
                         "class '%s' is not a device class", klass->name);
        return false;
    }
    ret->items = g_new0(ObjectPropertyInfo *, klass->props->n_members + 1);
    list_rows(klass, qmp_class_device.props->n_members, ret);
    return true;
}

bool qmp_query_class(QmpRequest *req, QueryClassArgs *args, ClassInfo **ret, GError **error)
{
    const QmpClass *klass = find_class("name", args->name, error);

    if (!klass) {
        return false;
    }
    *ret = qmp_class_info(klass);
    return true;
}
