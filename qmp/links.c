/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the links in a typed value, by its rows.
 */
#include "config.h"

#include "qmp/storage.h"

static void walk_members(const QmpType *type, const void *object, QmpLinkFunc f, void *data)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &type->members[i];

        if (!(member->flags & QMP_MEMBER_READONLY)) {
            qmp_foreach_link(member->type, qmp_member_storage(member, object), f, data);
        }
    }
}

static void walk_branch(const QmpType *type, const void *object, QmpLinkFunc f, void *data)
{
    const QmpBranch *branch = qmp_union_branch(type, object);
    const void *inner = (const char *)object + type->u_offset;

    if (branch && type->kind == QMP_KIND_UNION) {
        walk_members(branch->type, inner, f, data);
    } else if (branch) {
        qmp_foreach_link(branch->type, inner, f, data);
    }
}

static void walk_boxed(const QmpType *type, const void *object, QmpLinkFunc f, void *data)
{
    const QmpClass *klass;

    if (type->kind != QMP_KIND_ALTERNATE) {
        walk_members(type, object, f, data);
    }
    if (type->kind == QMP_KIND_UNION || type->kind == QMP_KIND_ALTERNATE) {
        walk_branch(type, object, f, data);
    } else if (type->kind == QMP_KIND_CLASS_UNION) {
        klass = *qmp_class_union_class(type, object);
        if (klass && *qmp_class_union_props(type, object)) {
            walk_members(klass->props, *qmp_class_union_props(type, object), f, data);
        }
    }
}

void qmp_foreach_link(const QmpType *type, const void *storage, QmpLinkFunc f, void *data)
{
    if (type->kind == QMP_KIND_LINK) {
        const char *path = ((const QmpLink *)storage)->path;

        if (path && *path) {
            f(type, path, data);
        }
    } else if (type->kind == QMP_KIND_LIST) {
        const QmpList *list = storage;

        for (gsize i = 0; i < list->n; i++) {
            qmp_foreach_link(type->element, qmp_list_element(type, list, i), f, data);
        }
    } else if (qmp_is_boxed(type) && *(void *const *)storage) {
        walk_boxed(type, *(void *const *)storage, f, data);
    }
}
