/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See describe.h.
 */
#include "config.h"
#include "qmp/describe.h"

char *qmp_member_type_name(const QmpMember *member)
{
    if (qmp_type(member->type)->kind == QMP_KIND_LINK) {
        return g_strdup_printf("link<%s>", qmp_class(qmp_type(member->type)->target)->name);
    }
    return g_strdup(qmp_name(qmp_type(member->type)->name));
}

QmpValue *qmp_scalar_value(const QmpType *type, QmpConstant value)
{
    switch (type->kind) {
    case QMP_KIND_BOOL:
        return qmp_value_bool(value.u != 0);
    case QMP_KIND_INT8:
    case QMP_KIND_INT16:
    case QMP_KIND_INT32:
    case QMP_KIND_INT64:
        return qmp_value_int(value.i);
    case QMP_KIND_UINT8:
    case QMP_KIND_UINT16:
    case QMP_KIND_UINT32:
    case QMP_KIND_UINT64:
    case QMP_KIND_SIZE:
        return qmp_value_uint(value.u);
    case QMP_KIND_ENUM:
        return qmp_value_str(qmp_enum_name(type, (int)value.u));
    case QMP_KIND_NUMBER:
        return qmp_value_number(value.d);
    case QMP_KIND_STR:
    case QMP_KIND_LINK:
    case QMP_KIND_ALTERNATE:
        return qmp_value_str(qmp_name(value.text));
    case QMP_KIND_LIST:
        return qmp_value_list();
    default:
        return NULL;            /* no constant is of another kind */
    }
}

QmpValue *qmp_bound_value(const QmpType *type, QmpConstant value)
{
    if (type->kind == QMP_KIND_STR || type->kind == QMP_KIND_LIST) {
        return qmp_value_uint(value.u);
    }
    return qmp_scalar_value(type, value);
}

static const QmpDefault *class_default(const QmpClass *klass, const QmpMember *member)
{
    for (guint i = klass->n_defaults; i-- > 0;) {
        if (g_str_equal(qmp_name(qmp_class_defaults(klass)[i].property), qmp_name(member->name))) {
            return &qmp_class_defaults(klass)[i];
        }
    }
    return NULL;
}

QmpValue *qmp_class_default(const QmpClass *klass, const QmpMember *member)
{
    const QmpDefault *own = class_default(klass, member);

    if (own) {
        return qmp_scalar_value(qmp_type(member->type), own->value);
    }
    if (!(member->flags & QMP_MEMBER_HAS_DEFAULT)) {
        return NULL;
    }
    return qmp_scalar_value(qmp_type(member->type), member->def);
}

const QmpClass *qmp_member_owner(const QmpClass *klass, const QmpMember *member)
{
    guint32 index = member - qmp_members(klass->props);

    while (klass->parent && index < klass->parent->props->n_members) {
        klass = klass->parent;
    }
    return klass;
}

bool qmp_member_required(const QmpClass *klass, const QmpMember *member)
{
    return !(member->flags & (QMP_MEMBER_OPTIONAL | QMP_MEMBER_READONLY)) &&
           !class_default(klass, member);
}
