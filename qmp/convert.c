/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion to the neutral tree: from a typed value (qom-get, default values)
 * and from an input node (members of type any).
 */
#include "config.h"
#include "qmp/visit.h"

#include "qmp/decode.h"
#include "qmp/storage.h"

static void object_to_dict(const QmpType *type, const void *object, QmpValue *dict);

/* from typed values */

static void members_to_dict(const QmpType *type, const void *object, guint32 hidden,
                            const QmpGiven *given, QmpValue *dict)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (member->flags & hidden || (given && !qmp_given(given, i)) ||
            (member->flags & QMP_MEMBER_OPTIONAL && !qmp_member_present(member, object))) {
            continue;
        }
        qmp_value_set(dict, qmp_name(member->name),
                      member->flags & QMP_MEMBER_SECRET
                      ? qmp_value_null()
                      : qmp_to_value(qmp_type(member->type), qmp_member_storage(member, object)));
    }
}

static void class_to_dict(const QmpType *type, const void *object, QmpValue *dict)
{
    const QmpClass *klass = *qmp_class_union_class(type, object);

    if (klass) {
        qmp_value_set(dict, qmp_name(type->tag_name), qmp_value_str(klass->name));
    }
    members_to_dict(type, object, 0, NULL, dict);
    if (klass && *qmp_class_union_props(type, object)) {
        members_to_dict(klass->props, *qmp_class_union_props(type, object),
                        QMP_MEMBER_INTERNAL | QMP_MEMBER_READONLY,
                        *qmp_class_union_given(type, object), dict);
    }
}

static void object_to_dict(const QmpType *type, const void *object, QmpValue *dict)
{
    const QmpBranch *branch;

    if (type->kind == QMP_KIND_CLASS_UNION) {
        class_to_dict(type, object, dict);
        return;
    }
    members_to_dict(type, object, 0, NULL, dict);
    if (type->kind == QMP_KIND_UNION) {
        branch = qmp_union_branch(type, object);
        if (branch) {
            object_to_dict(qmp_type(branch->type), (const char *)object + type->u_offset, dict);
        }
    }
}

static QmpValue *object_to_value(const QmpType *type, const void *object)
{
    QmpValue *dict = qmp_value_dict();

    if (object) {
        object_to_dict(type, object, dict);
    }
    return dict;
}

static QmpValue *alternate_to_value(const QmpType *type, const void *object)
{
    const QmpBranch *branch = object ? qmp_union_branch(type, object) : NULL;

    return branch ? qmp_to_value(qmp_type(branch->type), (const char *)object + type->u_offset)
                  : qmp_value_null();
}

static QmpValue *list_to_value(const QmpType *type, const QmpList *list)
{
    QmpValue *value = qmp_value_list();

    for (gsize i = 0; i < list->n; i++) {
        qmp_value_append(value, qmp_to_value(qmp_type(type->element),
                                             qmp_list_element(type, list, i)));
    }
    return value;
}

static QmpValue *text_to_value(const char *text)
{
    return qmp_value_str(text ? text : "");
}

QmpValue *qmp_to_value(const QmpType *type, const void *storage)
{
    if (qmp_is_signed(type->kind)) {
        return qmp_value_int(qmp_storage_get_int(type, storage));
    }
    if (qmp_is_unsigned(type->kind)) {
        return qmp_value_uint(qmp_storage_get_uint(type, storage));
    }
    switch (type->kind) {
    case QMP_KIND_BOOL:
        return qmp_value_bool(*(const bool *)storage);
    case QMP_KIND_NUMBER:
        return qmp_value_number(*(const double *)storage);
    case QMP_KIND_STR:
        return text_to_value(*(char *const *)storage);
    case QMP_KIND_ENUM:
        return text_to_value(qmp_enum_name(type, *(const int *)storage));
    case QMP_KIND_LINK:
        return text_to_value(((const QmpLink *)storage)->path);
    case QMP_KIND_LIST:
        return list_to_value(type, storage);
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_CLASS_UNION:
        return object_to_value(type, *(void *const *)storage);
    case QMP_KIND_ALTERNATE:
        return alternate_to_value(type, *(void *const *)storage);
    case QMP_KIND_ANY:
        return *(QmpValue *const *)storage ? qmp_value_clone(*(QmpValue *const *)storage)
                                           : qmp_value_null();
    default:
        return qmp_value_null();
    }
}

/* from input nodes */

typedef struct {
    const QmpInput *input;
    QmpValue *dict;
} DictCopy;

static bool copy_member(const char *key, const void *item, void *data)
{
    DictCopy *copy = data;

    g_ptr_array_add(copy->dict->dict.keys, g_strdup(key));
    g_ptr_array_add(copy->dict->dict.values, qmp_input_to_value(copy->input, item));
    return true;
}

QmpValue *qmp_input_to_value(const QmpInput *input, const void *node)
{
    const QmpInputOps *ops = input->ops;
    DictCopy copy = { .input = input };
    QmpValue *list;
    gsize n;

    switch (ops->kind(node)) {
    case QMP_VALUE_BOOL:
        return qmp_value_bool(ops->get_bool(node));
    case QMP_VALUE_INT:
        return qmp_value_int(ops->get_int(node));
    case QMP_VALUE_UINT:
        return qmp_value_uint(ops->get_uint(node));
    case QMP_VALUE_NUMBER:
        return qmp_value_number(ops->get_number(node));
    case QMP_VALUE_STR:
        return qmp_value_str(ops->get_str(node, &n));
    case QMP_VALUE_LIST:
        list = qmp_value_list();
        n = ops->list_length(node);
        for (gsize i = 0; i < n; i++) {
            qmp_value_append(list, qmp_input_to_value(input, ops->list_item(node, i)));
        }
        return list;
    case QMP_VALUE_DICT:
        copy.dict = qmp_value_dict();
        ops->dict_foreach(node, copy_member, &copy);
        return copy.dict;
    default:
        return qmp_value_null();
    }
}
