/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage rules; see qmp/storage.h.
 */
#include "config.h"
#include "qmp/storage.h"

gsize qmp_storage_size(const QmpType *type)
{
    switch (type->kind) {
    case QMP_KIND_NULL:
    case QMP_KIND_INT8:
    case QMP_KIND_UINT8:
        return 1;
    case QMP_KIND_BOOL:
        return sizeof(bool);
    case QMP_KIND_INT16:
    case QMP_KIND_UINT16:
        return 2;
    case QMP_KIND_INT32:
    case QMP_KIND_UINT32:
        return 4;
    case QMP_KIND_INT64:
    case QMP_KIND_UINT64:
    case QMP_KIND_SIZE:
        return 8;
    case QMP_KIND_NUMBER:
        return sizeof(double);
    case QMP_KIND_ENUM:
        return sizeof(int);
    case QMP_KIND_LINK:
        return sizeof(QmpLink);
    case QMP_KIND_LIST:
        return sizeof(QmpList);
    case QMP_KIND_STR:
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_ALTERNATE:
    case QMP_KIND_CLASS_UNION:
    case QMP_KIND_ANY:
        break;
    }
    return sizeof(void *);
}

gint64 qmp_storage_get_int(const QmpType *type, const void *storage)
{
    switch (type->kind) {
    case QMP_KIND_INT8:
        return *(const gint8 *)storage;
    case QMP_KIND_INT16:
        return *(const gint16 *)storage;
    case QMP_KIND_INT32:
        return *(const gint32 *)storage;
    default:
        return *(const gint64 *)storage;
    }
}

guint64 qmp_storage_get_uint(const QmpType *type, const void *storage)
{
    switch (type->kind) {
    case QMP_KIND_UINT8:
        return *(const guint8 *)storage;
    case QMP_KIND_UINT16:
        return *(const guint16 *)storage;
    case QMP_KIND_UINT32:
        return *(const guint32 *)storage;
    default:
        return *(const guint64 *)storage;
    }
}

void qmp_storage_set_int(const QmpType *type, void *storage, gint64 value)
{
    switch (type->kind) {
    case QMP_KIND_INT8:
        *(gint8 *)storage = value;
        break;
    case QMP_KIND_INT16:
        *(gint16 *)storage = value;
        break;
    case QMP_KIND_INT32:
        *(gint32 *)storage = value;
        break;
    default:
        *(gint64 *)storage = value;
        break;
    }
}

void qmp_storage_set_uint(const QmpType *type, void *storage, guint64 value)
{
    switch (type->kind) {
    case QMP_KIND_UINT8:
        *(guint8 *)storage = value;
        break;
    case QMP_KIND_UINT16:
        *(guint16 *)storage = value;
        break;
    case QMP_KIND_UINT32:
        *(guint32 *)storage = value;
        break;
    default:
        *(guint64 *)storage = value;
        break;
    }
}

const QmpBranch *qmp_union_branch(const QmpType *type, const void *object)
{
    guint32 offset = type->kind == QMP_KIND_ALTERNATE ? type->tag_offset
                                                      : qmp_members(type)[type->tag].offset;
    int tag = *(const int *)((const char *)object + offset);
    const QmpBranch *branch;

    if (tag < 0 || (guint)tag >= type->n_branches) {
        return NULL;
    }
    branch = &qmp_branches(type)[tag];
    return qmp_type(branch->type) ? branch : NULL;
}

void qmp_fill_defaults(const QmpType *type, void *object)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (member->flags & QMP_MEMBER_HAS_DEFAULT) {
            qmp_member_set_constant(member, object, member->def);
        }
    }
}

const void *qmp_member_find(const QmpType *type, const void *object, const char *name,
                            const QmpType **ret_type)
{
    for (guint i = 0; i < type->n_members; i++) {
        if (!strcmp(qmp_name(qmp_members(type)[i].name), name)) {
            *ret_type = qmp_type(qmp_members(type)[i].type);
            return qmp_member_storage(&qmp_members(type)[i], object);
        }
    }
    return NULL;
}

const QmpClass *qmp_union_class(const QmpType *type, const void *object)
{
    return *qmp_class_union_class(type, object);
}
