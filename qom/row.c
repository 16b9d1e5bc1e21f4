/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows: see qom/row.h.  Walks over whole values (decode, print, clone) are in
 * qmp/visit.h.
 */
#include "config.h"
#include "qom/row.h"

#include <string.h>

#include "qmp/visit.h"

gsize row_storage_size(const QmpType *type)
{
    switch (type->kind) {
    case QMP_KIND_STR:
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_ALTERNATE:
    case QMP_KIND_CLASS_UNION:
    case QMP_KIND_ANY:
        return sizeof(void *);
    case QMP_KIND_LINK:
        return sizeof(QmpLink);
    case QMP_KIND_LIST:
        return sizeof(QmpList);
    default:
        return type->size;
    }
}

static void swap_bytes(guint8 *a, guint8 *b, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        guint8 byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

void row_swap(const QmpMember *member, void *a, void *b)
{
    swap_bytes((guint8 *)a + member->offset, (guint8 *)b + member->offset,
               row_storage_size(qmp_type(member->type)));
    if (member->has_offset >= 0) {
        swap_bytes((guint8 *)a + member->has_offset, (guint8 *)b + member->has_offset,
                   sizeof(bool));
    }
}

void row_copy(const QmpMember *to, void *dst, const QmpMember *from, const void *src)
{
    qmp_clear(qmp_type(to->type), (char *)dst + to->offset);
    qmp_clone(qmp_type(to->type), (char *)dst + to->offset, (const char *)src + from->offset);
    if (to->has_offset >= 0) {
        *((bool *)dst + to->has_offset) = qmp_member_present(from, src);
    }
}

static bool storage_equals(QmpKind kind, const void *storage, QmpConstant value)
{
    switch (kind) {
    case QMP_KIND_BOOL:
        return *(const bool *)storage == (value.u != 0);
    case QMP_KIND_INT8:
        return *(const gint8 *)storage == value.i;
    case QMP_KIND_INT16:
        return *(const gint16 *)storage == value.i;
    case QMP_KIND_INT32:
        return *(const gint32 *)storage == value.i;
    case QMP_KIND_INT64:
        return *(const gint64 *)storage == value.i;
    case QMP_KIND_UINT8:
        return *(const guint8 *)storage == value.u;
    case QMP_KIND_UINT16:
        return *(const guint16 *)storage == value.u;
    case QMP_KIND_UINT32:
        return *(const guint32 *)storage == value.u;
    case QMP_KIND_UINT64:
    case QMP_KIND_SIZE:
        return *(const guint64 *)storage == value.u;
    case QMP_KIND_ENUM:
        return *(const int *)storage == (int)value.u;
    case QMP_KIND_NUMBER:
        return *(const double *)storage == value.d;
    case QMP_KIND_STR:
        return !g_strcmp0(*(char *const *)storage, qmp_name(value.text));
    case QMP_KIND_LINK:
        return !g_strcmp0(((const QmpLink *)storage)->path, qmp_name(value.text));
    default:
        return false;           /* no constant is of another kind */
    }
}

bool row_equals(const QmpMember *member, const void *object, QmpConstant value)
{
    if (member->has_offset >= 0 && !*((const bool *)object + member->has_offset)) {
        return false;
    }
    return storage_equals(qmp_type(member->type)->kind, (const char *)object + member->offset,
                          value);
}

int row_index(const QmpClass *klass, const char *name)
{
    const QmpMember *member = qmp_class_member(klass, name);

    return member ? member - qmp_members(klass->props) : -1;
}

void row_mark_given(const QmpClass *klass, QmpGiven **given, guint index)
{
    if (!*given) {
        *given = g_malloc0(klass->props->n_members / 8 + 1);
    }
    (*given)[index / 8] |= 1 << (index % 8);
}
