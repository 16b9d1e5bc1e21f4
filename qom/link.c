/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links: finding the target, checking that it may be held, holding and
 * releasing it.
 *
 * A link may be a property itself, an element of a list, or anywhere in a
 * structured value; a walk by rows finds it.  The target keeps a list of its
 * holders, so that a refused deletion can name one.
 */
#include "config.h"
#include "qom/link.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/class.h"
#include "qom/place.h"
#include "qom/root.h"
#include "qom/row.h"

typedef struct Walk Walk;
struct Walk {
    Object *obj;                /* the holder */
    bool replacing;
    void (*f)(Object *target, void *data);
    void *data;
    bool (*visit)(const Walk *walk, const QmpMember *member, const QmpType *type, QmpLink *link,
                  GError **error);
};

/* ---- Finding the target ---- */

/* An id in the folder of its class; NULL if there is none. */
static Object *find_id(Object *obj, const char *id, const QmpClass *klass)
{
    Root *root = root_of(obj);

    return root && !strchr(id, '/') ? place_child(&root->object, klass, id) : NULL;
}

static Object *find_target(Object *obj, const char *path, const QmpClass *klass, GError **error)
{
    Object *target = find_id(obj, path, klass);

    if (!target) {
        return object_resolve_type(object_root(obj), path, klass, error);
    }
    if (!object_is_a(target, klass)) {
        qmp_error_set(error, ERROR_REASON_INVALID_TYPE, "object '%s' is of class '%s', not '%s'",
                      path, object_class_name(target), klass->name);
        return NULL;
    }
    return target;
}

/* ---- Holders ---- */

static const LinkHolder *exclusive_holder(const Walk *walk, const QmpMember *member,
                                          const Object *target)
{
    if (object_class(target)->flags & QMP_CLASS_SHARED) {
        return NULL;
    }
    for (guint i = 0; target->holders && i < target->holders->len; i++) {
        const LinkHolder *h = &g_array_index(target->holders, LinkHolder, i);
        bool going = walk->replacing && h->holder == walk->obj && h->member == member;

        if (h->exclusive && !going) {
            return h;
        }
    }
    return NULL;
}

/* Whether no other object holds it exclusively. */
static bool is_free(const Walk *walk, const QmpMember *member, const Object *target,
                    const char *path, GError **error)
{
    const LinkHolder *other = exclusive_holder(walk, member, target);

    if (other) {
        g_autofree char *holder = object_path(other->holder);

        qmp_error_set(error, ERROR_REASON_IN_USE, "object '%s' is in use by property '%s' of '%s'",
                      path, qmp_name(other->member->name), holder);
    }
    return !other;
}

static bool hooks_agree(const Walk *walk, Object *target, GError **error)
{
    const Class *klass = target->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->may_link && !ops->may_link(target, walk->obj, error)) {
            return false;
        }
    }
    return true;
}

static bool may_hold(const Walk *walk, const QmpMember *member, Object *target,
                     const char *path, GError **error)
{
    if (target == walk->obj) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "object '%s' cannot link to itself", path);
        return false;
    }
    /* Between prepare and complete, and between dismantle and release, a pool
     * thread may be using it. */
    if (object_needs_prepare(target) && object_life(target) != OBJECT_COMPLETE) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "object '%s' is not ready yet", path);
        return false;
    }
    return hooks_agree(walk, target, error) &&
           (!(member->flags & QMP_MEMBER_EXCLUSIVE) ||
            is_free(walk, member, target, path, error));
}

static void hold(Object *holder, const QmpMember *row, Object *target, bool exclusive)
{
    LinkHolder entry = { holder, row, exclusive };

    if (!target->holders) {
        target->holders = g_array_new(FALSE, FALSE, sizeof(LinkHolder));
    }
    g_array_append_val(target->holders, entry);
    object_ref(target);
}

void link_hold(Object *holder, const QmpMember *row, Object *target)
{
    hold(holder, row, target, row->flags & QMP_MEMBER_EXCLUSIVE);
}

bool link_hold_exclusive(Object *holder, const QmpMember *row, Object *target, GError **error)
{
    const Walk walk = { .obj = holder };

    if (!is_free(&walk, row, target, target->name, error)) {
        return false;
    }
    hold(holder, row, target, true);
    return true;
}

/* Holders are usually dropped in reverse order, so a search from the end is
 * fast even among ten thousand. */
void link_drop(Object *holder, const QmpMember *row, Object *target)
{
    for (guint i = target->holders->len; i-- > 0;) {
        const LinkHolder *h = &g_array_index(target->holders, LinkHolder, i);

        if (h->holder == holder && h->member == row) {
            g_array_remove_index(target->holders, i);
            object_unref(target);
            return;
        }
    }
}

static bool visit_acquire(const Walk *walk, const QmpMember *member, const QmpType *type,
                          QmpLink *link, GError **error)
{
    Object *target;

    if (!link->path || (!*link->path && (member->flags & QMP_MEMBER_OPTIONAL))) {
        return true;
    }
    target = find_target(walk->obj, link->path, qmp_class(type->target), error);
    if (!target || !may_hold(walk, member, target, link->path, error)) {
        g_prefix_error(error, "property '%s': ", qmp_name(member->name));
        return false;
    }
    link_hold(walk->obj, member, target);
    link->target = target;
    return true;
}

static bool visit_release(const Walk *walk, const QmpMember *member, const QmpType *type,
                          QmpLink *link, GError **error)
{
    Object *target = g_steal_pointer(&link->target);

    if (target) {
        link_drop(walk->obj, member, target);
    }
    return true;
}

static bool visit_target(const Walk *walk, const QmpMember *member, const QmpType *type,
                         QmpLink *link, GError **error)
{
    if (link->target) {
        walk->f(link->target, walk->data);
    }
    return true;
}

/* ---- The walk ---- */

static bool walk_value(const Walk *walk, const QmpMember *member, const QmpType *type,
                       void *storage, GError **error);

static bool walk_members(const Walk *walk, const QmpType *type, void *object, GError **error)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (!walk_value(walk, member, qmp_type(member->type), (char *)object + member->offset,
                        error)) {
            qmp_error_prefix_path(error ? *error : NULL, qmp_name(member->name));
            return false;
        }
    }
    return true;
}

static bool walk_list(const Walk *walk, const QmpMember *member, const QmpType *type,
                      QmpList *list, GError **error)
{
    const QmpType *element = qmp_type(type->element);
    gsize size = row_storage_size(element);

    for (gsize i = 0; i < list->n; i++) {
        if (!walk_value(walk, member, element, (char *)list->items + i * size, error)) {
            g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

            qmp_error_prefix_path(error ? *error : NULL, index);
            return false;
        }
    }
    return true;
}

static bool walk_union(const Walk *walk, const QmpType *type, char *object, GError **error)
{
    int tag = *(int *)(object + qmp_members(type)[type->tag].offset);
    const QmpType *branch = qmp_type(qmp_branches(type)[tag].type);

    return walk_members(walk, type, object, error) &&
           (!branch || walk_members(walk, branch, object + type->u_offset, error));
}

static bool walk_alternate(const Walk *walk, const QmpMember *member, const QmpType *type,
                           char *object, GError **error)
{
    int branch = *(int *)(object + type->tag_offset);

    return walk_value(walk, member, qmp_type(qmp_branches(type)[branch].type),
                      object + type->u_offset, error);
}

static bool walk_value(const Walk *walk, const QmpMember *member, const QmpType *type,
                       void *storage, GError **error)
{
    void *object;

    if (member->flags & QMP_MEMBER_READONLY) {
        return true;            /* set by the class, not by a request */
    }
    switch (type->kind) {
    case QMP_KIND_LINK:
        return walk->visit(walk, member, type, storage, error);
    case QMP_KIND_LIST:
        return walk_list(walk, member, type, storage, error);
    case QMP_KIND_STRUCT:
        object = *(void **)storage;
        return !object || walk_members(walk, type, object, error);
    case QMP_KIND_UNION:
        object = *(void **)storage;
        return !object || walk_union(walk, type, object, error);
    case QMP_KIND_ALTERNATE:
        object = *(void **)storage;
        return !object || walk_alternate(walk, member, type, object, error);
    default:
        return true;            /* no other value has a link in it */
    }
}

bool link_acquire(Object *obj, const QmpMember *member, void *props, bool replacing,
                  GError **error)
{
    Walk walk = { .obj = obj, .replacing = replacing, .visit = visit_acquire };

    if (member->part) {
        return true;            /* the part holds what it needs */
    }
    if (!walk_value(&walk, member, qmp_type(member->type), (char *)props + member->offset, error)) {
        qmp_error_prefix_path(error ? *error : NULL, qmp_name(member->name));
        link_release(obj, member, props);
        return false;
    }
    return true;
}

void link_release(Object *obj, const QmpMember *member, void *props)
{
    Walk walk = { .obj = obj, .visit = visit_release };

    walk_value(&walk, member, qmp_type(member->type), (char *)props + member->offset, NULL);
}

void link_release_all(Object *obj)
{
    const QmpType *type = object_class(obj)->props;

    for (guint i = type->n_members; i-- > 0;) {
        link_release(obj, &qmp_members(type)[i], obj->props);
    }
}

void object_foreach_target(Object *obj, void (*f)(Object *target, void *data), void *data)
{
    const QmpType *type = object_class(obj)->props;
    Walk walk = { .obj = obj, .f = f, .data = data, .visit = visit_target };

    env_lock_assert(obj);
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        walk_value(&walk, member, qmp_type(member->type), (char *)obj->props + member->offset,
                   NULL);
    }
}
