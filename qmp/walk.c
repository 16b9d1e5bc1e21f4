/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding links, and values of some types, in a typed value by its rows.
 */
#include "config.h"

#include "qmp/storage.h"

/*
 * Visits one value; name is the member that holds it, or NULL. True: its
 * members are visited, too.
 */
typedef struct Walk Walk;
struct Walk {
    bool (*look)(const Walk *walk, const QmpType *type, const void *storage, const char *name);
    QmpLinkFunc link;
    const QmpType *const *wanted;
    QmpValueFunc value;
    void *data;
};

static void walk(const Walk *w, const QmpType *type, const void *storage, const char *name);

static void walk_members(const Walk *w, const QmpType *type, const void *object)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (!(member->flags & QMP_MEMBER_READONLY)) {
            walk(w, qmp_type(member->type), qmp_member_storage(member, object),
                 qmp_name(member->name));
        }
    }
}

static void walk_branch(const Walk *w, const QmpType *type, const void *object, const char *name)
{
    const QmpBranch *branch = qmp_union_branch(type, object);
    const void *inner = (const char *)object + type->u_offset;

    if (branch && type->kind == QMP_KIND_UNION) {
        walk_members(w, qmp_type(branch->type), inner);
    } else if (branch) {
        walk(w, qmp_type(branch->type), inner, name);
    }
}

static void walk_boxed(const Walk *w, const QmpType *type, const void *object, const char *name)
{
    const QmpClass *klass;

    if (type->kind != QMP_KIND_ALTERNATE) {
        walk_members(w, type, object);
    }
    if (type->kind == QMP_KIND_UNION || type->kind == QMP_KIND_ALTERNATE) {
        walk_branch(w, type, object, name);
    } else if (type->kind == QMP_KIND_CLASS_UNION) {
        klass = *qmp_class_union_class(type, object);
        if (klass && *qmp_class_union_props(type, object)) {
            walk_members(w, klass->props, *qmp_class_union_props(type, object));
        }
    }
}

static void walk(const Walk *w, const QmpType *type, const void *storage, const char *name)
{
    if (!w->look(w, type, storage, name)) {
        return;
    }
    if (type->kind == QMP_KIND_LIST) {
        const QmpList *list = storage;

        for (gsize i = 0; i < list->n; i++) {
            walk(w, qmp_type(type->element), qmp_list_element(type, list, i), name);
        }
    } else if (qmp_is_boxed(type) && *(void *const *)storage) {
        walk_boxed(w, type, *(void *const *)storage, name);
    }
}

static bool look_for_link(const Walk *w, const QmpType *type, const void *storage,
                          const char *name)
{
    if (type->kind == QMP_KIND_LINK) {
        const char *path = ((const QmpLink *)storage)->path;

        if (path && *path) {
            w->link(type, path, w->data);
        }
    }
    return type->kind != QMP_KIND_LINK;
}

void qmp_foreach_link(const QmpType *type, const void *storage, QmpLinkFunc f, void *data)
{
    const Walk w = { .look = look_for_link, .link = f, .data = data };

    walk(&w, type, storage, NULL);
}

static bool is_wanted(const Walk *w, const QmpType *type)
{
    for (const QmpType *const *i = w->wanted; *i; i++) {
        if (*i == type) {
            return true;
        }
    }
    return false;
}

static bool look_for_value(const Walk *w, const QmpType *type, const void *storage,
                           const char *name)
{
    if (!is_wanted(w, type)) {
        return true;
    }
    if (!qmp_is_boxed(type) || *(void *const *)storage) {
        w->value(type, storage, name, w->data);
    }
    return false;
}

void qmp_foreach_value(const QmpType *type, const void *storage, const QmpType *const *wanted,
                       QmpValueFunc f, void *data)
{
    const Walk w = { .look = look_for_value, .wanted = wanted, .value = f, .data = data };

    walk(&w, type, storage, NULL);
}
