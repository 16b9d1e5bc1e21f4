/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a typed value by its rows: new, default, clear, clone, compare.
 *
 * A zeroed value is always a valid argument: the decoder relies on this to free
 * a partial value when a later member is wrong.
 */
#include "config.h"
#include "qmp/visit.h"

#include <string.h>

#include "qmp/storage.h"

static void clear_object(const QmpType *type, void *object);
static void clone_object(const QmpType *type, void *dst, const void *src);
static bool object_equal(const QmpType *type, const void *a, const void *b);

/* clear */

/* A secret does not stay in freed memory. */
static void clear_str(char **str, guint32 flags)
{
    if (*str && flags & QMP_MEMBER_SECRET) {
        explicit_bzero(*str, strlen(*str));
    }
    g_clear_pointer(str, g_free);
}

static void clear_list(const QmpType *type, QmpList *list)
{
    for (gsize i = 0; i < list->n; i++) {
        qmp_clear(qmp_type(type->element), qmp_list_element(type, list, i));
    }
    g_free(list->items);
    memset(list, 0, sizeof(*list));
}

static void clear_members(const QmpType *type, void *object)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];
        void *storage = qmp_member_storage(member, object);

        if (qmp_type(member->type)->kind == QMP_KIND_STR) {
            clear_str(storage, member->flags);
        } else {
            qmp_clear(qmp_type(member->type), storage);
        }
        if (member->has_offset >= 0) {
            *qmp_member_has(member, object) = false;
        }
    }
}

static void clear_class_union(const QmpType *type, void *object)
{
    const QmpClass **klass = qmp_class_union_class(type, object);
    void **props = qmp_class_union_props(type, object);

    if (*klass && *props) {
        clear_object((*klass)->props, *props);
    }
    g_clear_pointer(props, g_free);
    g_clear_pointer(qmp_class_union_given(type, object), g_free);
    *klass = NULL;
}

/* Frees what the struct at object owns; the struct itself stays. */
static void clear_object(const QmpType *type, void *object)
{
    const QmpBranch *branch = NULL;

    if (type->kind == QMP_KIND_UNION || type->kind == QMP_KIND_ALTERNATE) {
        branch = qmp_union_branch(type, object);
    }
    if (branch && type->kind == QMP_KIND_UNION) {
        clear_object(qmp_type(branch->type), (char *)object + type->u_offset);
    } else if (branch) {
        qmp_clear(qmp_type(branch->type), (char *)object + type->u_offset);
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        clear_class_union(type, object);
    }
    clear_members(type, object);
}

void qmp_clear(const QmpType *type, void *storage)
{
    if (qmp_is_boxed(type)) {
        void **object = storage;

        if (*object) {
            clear_object(type, *object);
            g_clear_pointer(object, g_free);
        }
        return;
    }
    switch (type->kind) {
    case QMP_KIND_STR:
        clear_str(storage, 0);
        break;
    case QMP_KIND_LINK:
        g_free(((QmpLink *)storage)->path);
        memset(storage, 0, sizeof(QmpLink));
        break;
    case QMP_KIND_LIST:
        clear_list(type, storage);
        break;
    case QMP_KIND_ANY:
        g_clear_pointer((QmpValue **)storage, qmp_value_free);
        break;
    default:
        memset(storage, 0, qmp_storage_size(type));
        break;
    }
}

/* clone */

static void clone_list(const QmpType *type, QmpList *dst, const QmpList *src)
{
    dst->n = src->n;
    dst->items = src->n ? g_malloc0_n(src->n, qmp_storage_size(qmp_type(type->element))) : NULL;
    for (gsize i = 0; i < src->n; i++) {
        qmp_clone(qmp_type(type->element), qmp_list_element(type, dst, i),
                  qmp_list_element(type, src, i));
    }
}

static void clone_class_union(const QmpType *type, void *dst, const void *src)
{
    const QmpClass *klass = *qmp_class_union_class(type, src);
    const void *props = *qmp_class_union_props(type, src);
    const QmpGiven *given = *qmp_class_union_given(type, src);

    if (!klass) {
        return;
    }
    *qmp_class_union_class(type, dst) = klass;
    if (props) {
        *qmp_class_union_props(type, dst) = g_malloc0(MAX(klass->props->size, 1));
        clone_object(klass->props, *qmp_class_union_props(type, dst), props);
    }
    if (given) {
        *qmp_class_union_given(type, dst) = g_memdup2(given, klass->props->n_members / 8 + 1);
    }
}

static void clone_object(const QmpType *type, void *dst, const void *src)
{
    const QmpBranch *branch = NULL;

    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        qmp_clone(qmp_type(member->type), qmp_member_storage(member, dst),
                  qmp_member_storage(member, src));
        if (member->has_offset >= 0) {
            *qmp_member_has(member, dst) = *qmp_member_has(member, src);
        }
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        clone_class_union(type, dst, src);
        return;
    }
    if (type->kind == QMP_KIND_ALTERNATE) {
        memcpy((char *)dst + type->tag_offset, (const char *)src + type->tag_offset,
               sizeof(int));
    }
    if (type->kind == QMP_KIND_UNION || type->kind == QMP_KIND_ALTERNATE) {
        branch = qmp_union_branch(type, src);
    }
    if (branch && type->kind == QMP_KIND_UNION) {
        clone_object(qmp_type(branch->type), (char *)dst + type->u_offset,
                     (const char *)src + type->u_offset);
    } else if (branch) {
        qmp_clone(qmp_type(branch->type), (char *)dst + type->u_offset,
                  (const char *)src + type->u_offset);
    }
}

void qmp_clone(const QmpType *type, void *dst, const void *src)
{
    if (qmp_is_boxed(type)) {
        const void *object = *(void *const *)src;

        if (object) {
            *(void **)dst = g_malloc0(MAX(type->size, 1));
            clone_object(type, *(void **)dst, object);
        }
        return;
    }
    switch (type->kind) {
    case QMP_KIND_STR:
        *(char **)dst = g_strdup(*(char *const *)src);
        break;
    case QMP_KIND_LINK:
        ((QmpLink *)dst)->path = g_strdup(((const QmpLink *)src)->path);
        break;
    case QMP_KIND_LIST:
        clone_list(type, dst, src);
        break;
    case QMP_KIND_ANY:
        if (*(QmpValue *const *)src) {
            *(QmpValue **)dst = qmp_value_clone(*(QmpValue *const *)src);
        }
        break;
    default:
        memcpy(dst, src, qmp_storage_size(type));
        break;
    }
}

/* compare */

static bool members_equal(const QmpType *type, const void *a, const void *b)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];
        bool present = qmp_member_present(member, a);

        if (present != qmp_member_present(member, b)) {
            return false;
        }
        if (present && !qmp_equal(qmp_type(member->type), qmp_member_storage(member, a),
                                  qmp_member_storage(member, b))) {
            return false;
        }
    }
    return true;
}

static bool class_union_equal(const QmpType *type, const void *a, const void *b)
{
    const QmpClass *klass = *qmp_class_union_class(type, a);
    const void *props_a = *qmp_class_union_props(type, a);
    const void *props_b = *qmp_class_union_props(type, b);

    if (klass != *qmp_class_union_class(type, b)) {
        return false;
    }
    if (!klass || !props_a || !props_b) {
        return props_a == props_b;
    }
    return object_equal(klass->props, props_a, props_b);
}

static bool object_equal(const QmpType *type, const void *a, const void *b)
{
    const void *u_a = (const char *)a + type->u_offset;
    const void *u_b = (const char *)b + type->u_offset;
    const QmpBranch *branch;

    if (!members_equal(type, a, b)) {
        return false;
    }
    switch (type->kind) {
    case QMP_KIND_CLASS_UNION:
        return class_union_equal(type, a, b);
    case QMP_KIND_UNION:
        branch = qmp_union_branch(type, a);     /* the tags are equal */
        return !branch || object_equal(qmp_type(branch->type), u_a, u_b);
    case QMP_KIND_ALTERNATE:
        branch = qmp_union_branch(type, a);
        return branch == qmp_union_branch(type, b) &&
               (!branch || qmp_equal(qmp_type(branch->type), u_a, u_b));
    default:
        return true;
    }
}

static bool list_equal(const QmpType *type, const QmpList *a, const QmpList *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (gsize i = 0; i < a->n; i++) {
        if (!qmp_equal(qmp_type(type->element), qmp_list_element(type, a, i),
                       qmp_list_element(type, b, i))) {
            return false;
        }
    }
    return true;
}

bool qmp_equal(const QmpType *type, const void *a, const void *b)
{
    if (qmp_is_boxed(type)) {
        const void *object_a = *(void *const *)a, *object_b = *(void *const *)b;

        if (!object_a || !object_b) {
            return object_a == object_b;
        }
        return object_equal(type, object_a, object_b);
    }
    switch (type->kind) {
    case QMP_KIND_STR:
        return !g_strcmp0(*(char *const *)a, *(char *const *)b);
    case QMP_KIND_LINK:
        return !g_strcmp0(((const QmpLink *)a)->path, ((const QmpLink *)b)->path);
    case QMP_KIND_LIST:
        return list_equal(type, a, b);
    case QMP_KIND_NUMBER:
        return *(const double *)a == *(const double *)b;
    case QMP_KIND_ANY: {
        const QmpValue *value_a = *(QmpValue *const *)a, *value_b = *(QmpValue *const *)b;

        return value_a && value_b ? qmp_value_equal(value_a, value_b) : value_a == value_b;
    }
    default:
        return !memcmp(a, b, qmp_storage_size(type));
    }
}

/* members, defaults and new */

/* A new value of an alternate with its string branch, which the generator has
 * checked to exist. */
static void *alternate_of_text(const QmpType *type, const char *text)
{
    char *object = g_malloc0(type->size);

    for (guint i = 0; i < type->n_branches; i++) {
        const QmpType *branch = qmp_type(qmp_branches(type)[i].type);

        if (branch && branch->kind == QMP_KIND_STR) {
            *(int *)(object + type->tag_offset) = i;
            *(char **)(object + type->u_offset) = g_strdup(text);
            break;
        }
    }
    return object;
}

void qmp_member_set_scalar(const QmpMember *member, void *object, QmpScalar value)
{
    const QmpType *type = qmp_type(member->type);
    void *storage = qmp_member_storage(member, object);

    qmp_clear(type, storage);
    if (qmp_is_signed(type->kind)) {
        qmp_storage_set_int(type, storage, value.i);
    } else if (qmp_is_unsigned(type->kind)) {
        qmp_storage_set_uint(type, storage, value.u);
    } else if (type->kind == QMP_KIND_BOOL) {
        *(bool *)storage = value.u;
    } else if (type->kind == QMP_KIND_ENUM) {
        *(int *)storage = value.u;
    } else if (type->kind == QMP_KIND_NUMBER) {
        *(double *)storage = value.d;
    } else if (type->kind == QMP_KIND_STR) {
        *(char **)storage = g_strdup(value.s);
    } else if (type->kind == QMP_KIND_LINK) {
        ((QmpLink *)storage)->path = g_strdup(value.s);
    } else if (type->kind == QMP_KIND_ALTERNATE) {
        *(void **)storage = alternate_of_text(type, value.s);
    }
    if (member->has_offset >= 0) {
        *qmp_member_has(member, object) = true;
    }
}

void qmp_member_set_constant(const QmpMember *member, void *object, QmpConstant constant)
{
    qmp_member_set_scalar(member, object, qmp_scalar(qmp_type(member->type)->kind, constant));
}

bool qmp_member_present(const QmpMember *member, const void *object)
{
    const void *storage = qmp_member_storage(member, object);

    if (member->has_offset >= 0) {
        return *qmp_member_has(member, object);
    }
    switch (qmp_type(member->type)->kind) {
    case QMP_KIND_STR:
    case QMP_KIND_LINK:         /* path is its first member */
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_ALTERNATE:
    case QMP_KIND_CLASS_UNION:
    case QMP_KIND_ANY:
        return *(void *const *)storage != NULL;
    default:
        return true;
    }
}

void *qmp_new(const QmpType *type)
{
    void *object = g_malloc0(MAX(type->size, 1));

    qmp_fill_defaults(type, object);
    return object;
}

/* The generator lists defaults in the order of the rows, so that the search for
 * the next row continues where the last one ended. */
static const QmpMember *next_member(const QmpType *props, guint *cursor, const char *name)
{
    for (guint i = 0; i < props->n_members; i++) {
        const QmpMember *member = &qmp_members(props)[(*cursor + i) % props->n_members];

        if (!strcmp(qmp_name(member->name), name)) {
            *cursor = (*cursor + i + 1) % props->n_members;
            return member;
        }
    }
    return NULL;
}

void *qmp_new_props(const QmpClass *klass)
{
    void *props = qmp_new(klass->props);
    guint cursor = 0;

    for (guint i = 0; i < klass->n_defaults; i++) {
        const QmpMember *member = next_member(klass->props, &cursor,
                                              qmp_name(qmp_class_defaults(klass)[i].property));

        if (member) {
            qmp_member_set_constant(member, props, qmp_class_defaults(klass)[i].value);
        }
    }
    return props;
}
