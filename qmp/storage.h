/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a value is stored: the storage rules of qmp/type.h as code, shared by
 * the walkers (decode.c, encode.c, convert.c, lifetime.c).  Private to qmp/.
 */
#ifndef QMP_STORAGE_H
#define QMP_STORAGE_H

#include "qmp/visit.h"

/* Storage of any value that is not part of a struct. */
typedef union {
    void *pointer;
    guint64 u;
    double d;
    QmpLink link;
    QmpList list;
} QmpAnyStorage;

/* Bytes that a value of this type takes as a member or list element. */
gsize qmp_storage_size(const QmpType *type);

/* True for the kinds whose storage is a pointer to a struct of type->size. */
static inline bool qmp_is_boxed(const QmpType *type)
{
    return type->kind == QMP_KIND_STRUCT || type->kind == QMP_KIND_UNION ||
           type->kind == QMP_KIND_ALTERNATE || type->kind == QMP_KIND_CLASS_UNION;
}

static inline void *qmp_member_storage(const QmpMember *member, const void *object)
{
    return (char *)object + member->offset;
}

static inline bool *qmp_member_has(const QmpMember *member, const void *object)
{
    return member->has_offset < 0 ? NULL : (bool *)((char *)object + member->has_offset);
}

static inline void *qmp_list_element(const QmpType *list, const QmpList *value, gsize i)
{
    return (char *)value->items + i * qmp_storage_size(qmp_type(list->element));
}

/* An integer kind's value, as 64 bits. */
gint64 qmp_storage_get_int(const QmpType *type, const void *storage);
guint64 qmp_storage_get_uint(const QmpType *type, const void *storage);
void qmp_storage_set_int(const QmpType *type, void *storage, gint64 value);
void qmp_storage_set_uint(const QmpType *type, void *storage, guint64 value);

/* True for int8 to int64. */
static inline bool qmp_is_signed(QmpKind kind)
{
    return kind >= QMP_KIND_INT8 && kind <= QMP_KIND_INT64;
}

/* True for uint8 to uint64 and size. */
static inline bool qmp_is_unsigned(QmpKind kind)
{
    return kind >= QMP_KIND_UINT8 && kind <= QMP_KIND_SIZE;
}

/* The branch that a union or alternate struct holds; NULL: none. */
const QmpBranch *qmp_union_branch(const QmpType *type, const void *object);

/* The parts of a class union's struct. */
static inline const QmpClass **qmp_class_union_class(const QmpType *type, const void *object)
{
    return (const QmpClass **)((char *)object + type->tag_offset);
}

static inline void **qmp_class_union_props(const QmpType *type, const void *object)
{
    return (void **)((char *)object + type->u_offset);
}

static inline QmpGiven **qmp_class_union_given(const QmpType *type, const void *object)
{
    return (QmpGiven **)((char *)object + type->given_offset);
}

/* Fills in the defaults of a struct's own rows. */
void qmp_fill_defaults(const QmpType *type, void *object);

/* True for the kinds whose members can stand inline in a union. */
static inline bool qmp_is_object(const QmpType *type)
{
    return type->kind == QMP_KIND_STRUCT || type->kind == QMP_KIND_UNION;
}

#endif
