/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties from outside: reading, setting and describing by the rows of the
 * class.  Decoding and printing are qmp/visit.h's; resolving links link.c's.
 *
 * A forwarded property belongs to its part as soon as the part exists: the part
 * may have chosen another value, and it is the part that acts on a change.
 */
#include "config.h"
#include "qom/property.h"

#include "qmp/error.h"
#include "qmp/policy.h"
#include "qmp/visit.h"
#include "qom/class.h"
#include "qom/env.h"
#include "qom/hint.h"
#include "qom/link.h"
#include "qom/row.h"

/* The part that a forwarded property belongs to, or NULL if it was not made yet. */
static Object *part_of(Object *obj, const QmpMember *member)
{
    return member->part ? object_child(obj, qmp_name(member->part)) : NULL;
}

/* ---- Reading ---- */

static void refresh(Object *obj, const QmpMember *member)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->refresh) {
            ops->refresh(obj, member);
        }
    }
}

static QmpValue *absent_value(const QmpMember *member)
{
    QmpKind kind = qmp_type(member->type)->kind;

    if (kind == QMP_KIND_STR || kind == QMP_KIND_LINK) {
        return qmp_value_str("");
    }
    return qmp_value_null();
}

/* The canonical path of a link's target, however the request named it. */
static QmpValue *target_path(const QmpLink *link)
{
    g_autofree char *path = object_path(link->target);

    return qmp_value_str(path);
}

static QmpValue *get_member(Object *obj, const QmpMember *member)
{
    const void *value = (const char *)obj->props + member->offset;

    if (member->flags & QMP_MEMBER_SECRET) {
        return qmp_value_null();
    }
    if (member->flags & QMP_MEMBER_READONLY) {
        refresh(obj, member);
    }
    if (!qmp_member_present(member, obj->props)) {
        return absent_value(member);
    }
    if (qmp_type(member->type)->kind == QMP_KIND_LINK && ((const QmpLink *)value)->target) {
        return target_path(value);
    }
    return qmp_to_value(qmp_type(member->type), value);
}

static void set_not_found(GError **error, const Object *obj, const char *name)
{
    g_autofree char *hint = hint_property(object_class(obj), name);

    qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "class '%s' has no property '%s'%s",
                  object_class_name(obj), name, hint);
}

QmpValue *object_property_get(Object *obj, const char *name, GError **error)
{
    const QmpMember *member = qmp_class_member(object_class(obj), name);
    g_autofree char *path = NULL;
    Object *child;

    if (member) {
        Object *part = part_of(obj, member);

        return part ? object_property_get(part, name, error) : get_member(obj, member);
    }
    if (g_str_equal(name, "type")) {
        return qmp_value_str(object_class_name(obj));
    }
    child = object_child(obj, name);
    if (!child) {
        set_not_found(error, obj, name);
        return NULL;
    }
    path = object_path(child);
    return qmp_value_str(path);
}

/* ---- Recording ---- */

/* Where a forwarded property is, and by which row. */
static Object *holder_of(Object *obj, const QmpMember **member)
{
    Object *part = part_of(obj, *member);

    if (!part) {
        return obj;
    }
    *member = qmp_class_member(object_class(part), qmp_name((*member)->name));
    return holder_of(part, member);
}

static bool was_given(const Object *obj, const QmpMember *member)
{
    return qmp_given(obj->given, member - qmp_members(object_class(obj)->props));
}

bool object_property_given(const Object *obj, const char *name)
{
    return was_given(obj, qmp_class_member(object_class(obj), name));
}

bool object_property_keeps_secret(const Object *obj, const QmpMember *member)
{
    return member->flags & QMP_MEMBER_SECRET && was_given(obj, member);
}

QmpValue *object_property_record(Object *obj, const QmpMember *member, const void *fresh)
{
    const QmpMember *row = member;
    Object *holder = holder_of(obj, &row);
    const void *value = (const char *)holder->props + row->offset;
    bool in_fresh = qmp_member_present(member, fresh);

    if (member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL | QMP_MEMBER_SECRET) ||
        !qmp_member_present(row, holder->props)) {
        return NULL;
    }
    if (!was_given(obj, member) && in_fresh &&
        qmp_equal(qmp_type(member->type), value, (const char *)fresh + member->offset)) {
        return NULL;
    }
    return qmp_to_value(qmp_type(row->type), value);
}

/* ---- Setting ---- */

static bool may_set(const Object *obj, const QmpMember *member, const QmpInput *input,
                    GError **error)
{
    const char *klass = object_class_name(obj);
    ObjectLife life = object_life(obj);

    if (member->flags & QMP_MEMBER_READONLY) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_READ_ONLY,
                      "property '%s' of class '%s' is read-only", qmp_name(member->name), klass);
        return false;
    }
    if ((member->flags & QMP_MEMBER_INTERNAL) && !input->allow_internal) {
        qmp_error_set(error, ERROR_REASON_INTERNAL_PROPERTY,
                      "property '%s' of class '%s' is for machine types only",
                      qmp_name(member->name), klass);
        return false;
    }
    if (life == OBJECT_LINKED || life == OBJECT_PREPARED) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE,
                      "property '%s' cannot be set while the '%s' is being made",
                      qmp_name(member->name), klass);
        return false;
    }
    if (life == OBJECT_COMPLETE && !(member->flags & QMP_MEMBER_RUN)) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_SETTABLE,
                      "property '%s' of class '%s' is fixed once the object exists",
                      qmp_name(member->name), klass);
        return false;
    }
    return qmp_policy_judge_property(input->policy, object_class(obj), member, error);
}

static bool call_changed(Object *obj, const ObjectOps *ops, const QmpMember *member,
                         GError **error)
{
    return !ops || !ops->changed || ops->changed(obj, member, error);
}

/* Tells the classes of a completed object about the value that is in its props
 * now.  If one refuses, `old` is restored, and those before it are told
 * again. */
static bool apply_change(Object *obj, const QmpMember *member, void *old, GError **error)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        if (call_changed(obj, klass->types[i]->object, member, error)) {
            continue;
        }
        row_swap(member, obj->props, old);
        while (i-- > 0) {
            call_changed(obj, klass->types[i]->object, member, NULL);
        }
        return false;
    }
    return true;
}

/* Exchanges a completed object's value with the one in `fresh`; afterwards
 * fresh has the discarded value, whose links are released. */
static bool exchange(Object *obj, const QmpMember *member, void *fresh, GError **error)
{
    bool ok;

    if (!link_acquire(obj, member, fresh, true, error)) {
        return false;
    }
    row_swap(member, obj->props, fresh);
    ok = apply_change(obj, member, fresh, error);
    link_release(obj, member, fresh);
    return ok;
}

/* A struct of which only this one row is used. */
static QmpType struct_of(const QmpType *props, const QmpMember *member)
{
    return (QmpType){
        .kind = QMP_KIND_STRUCT, .size = props->size, .n_members = 1,
        .members = member - qmp_all_members,
    };
}

static bool set_own(Object *obj, const QmpMember *member, const QmpInput *input,
                    const void *node, GError **error)
{
    const QmpType *props = object_class(obj)->props;
    QmpType one = struct_of(props, member);
    void *fresh;
    bool ok;

    if (!may_set(obj, member, input, error)) {
        return false;
    }
    fresh = g_malloc0(props->size);
    ok = qmp_decode_member(input, member, node, fresh, error);
    if (ok && object_life(obj) == OBJECT_COMPLETE) {
        ok = exchange(obj, member, fresh, error);
    } else if (ok) {
        row_swap(member, obj->props, fresh);
    }
    qmp_clear(&one, &fresh);
    return ok;
}

bool object_property_set(Object *obj, const char *name, const QmpInput *input,
                         const void *node, GError **error)
{
    const QmpClass *klass = object_class(obj);
    const QmpMember *member = qmp_class_member(klass, name);
    Object *part;
    bool ok;

    if (!member) {
        set_not_found(error, obj, name);
        return false;
    }
    part = part_of(obj, member);
    ok = part ? object_property_set(part, name, input, node, error)
              : set_own(obj, member, input, node, error);
    if (ok) {
        row_mark_given(klass, &obj->given, member - qmp_members(klass->props));
    }
    return ok;
}

bool object_property_replace(Object *obj, const char *name, const void *value, GError **error)
{
    const QmpClass *klass = object_class(obj);
    const QmpMember *member = qmp_class_member(klass, name);
    QmpType one = struct_of(klass->props, member);
    void *fresh = g_malloc0(klass->props->size);
    bool ok;

    env_lock_assert(obj);
    qmp_clone(qmp_type(member->type), (char *)fresh + member->offset, value);
    ok = exchange(obj, member, fresh, error);
    qmp_clear(&one, &fresh);
    if (ok) {
        row_mark_given(klass, &obj->given, member - qmp_members(klass->props));
    }
    return ok;
}

/* Whether it is a link that may name any object of its class. */
static bool is_plain_link(const QmpMember *member)
{
    return qmp_type(member->type)->kind == QMP_KIND_LINK &&
           !(member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_EXCLUSIVE));
}

void object_property_set_link(Object *obj, const char *name, Object *target)
{
    const QmpClass *klass = object_class(obj);
    const QmpMember *member = qmp_class_member(klass, name);
    QmpLink *link;

    env_lock_assert(obj);
    g_return_if_fail(member && is_plain_link(member) && !part_of(obj, member));
    g_return_if_fail(object_life(obj) == OBJECT_COMPLETE);
    g_return_if_fail(!target || object_is_a(target, qmp_class(qmp_type(member->type)->target)));
    if (target) {
        link_hold(obj, member, target);
    }
    link_release(obj, member, obj->props);
    link = (QmpLink *)((char *)obj->props + member->offset);
    g_free(link->path);
    *link = (QmpLink){ .path = target ? g_strdup(target->name) : NULL, .target = target };
    row_mark_given(klass, &obj->given, member - qmp_members(klass->props));
}

/* ---- Describing ---- */

char *child_type_name(const Object *child)
{
    return g_strdup_printf("child<%s>", object_class_name(child));
}
