/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life: the way of an object from new to complete and back, as the picture in
 * qom/object.h has it.
 *
 * Each step runs one kind of hook over the chain of the class.  A step that
 * fails leaves the object in the state before the step; only object_make() and
 * object_destroy() take several steps in one call.
 */
#include "config.h"
#include "qom/object.h"

#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/class.h"
#include "qom/device.h"
#include "qom/env.h"
#include "qom/link.h"
#include "qom/root.h"
#include "qom/tree.h"

ObjectLife object_life(const Object *obj)
{
    return g_atomic_int_get(&obj->life);
}

static void set_life(Object *obj, ObjectLife life)
{
    g_atomic_int_set(&obj->life, life);
}

bool object_needs_prepare(const Object *obj)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        if (klass->types[i]->object && klass->types[i]->object->prepare) {
            return true;
        }
    }
    return false;
}

/* Refuses a step that is out of order. */
static bool check_life(const Object *obj, bool follows, const char *step, GError **error)
{
    if (!follows) {
        g_autofree char *path = object_path(obj);

        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "object '%s' cannot be %s now", path, step);
    }
    return follows;
}

static bool run_linked(Object *obj, GError **error)
{
    for (guint i = 0; i < obj->klass->n_types; i++) {
        const ObjectOps *ops = obj->klass->types[i]->object;

        if (ops && ops->linked && !ops->linked(obj, error)) {
            return false;
        }
    }
    return true;
}

bool object_link(Object *obj, GError **error)
{
    const QmpType *type = object_class(obj)->props;

    env_lock_assert(obj);
    if (!check_life(obj, object_life(obj) == OBJECT_NEW, "linked", error)) {
        return false;
    }
    for (guint i = 0; i < type->n_members; i++) {
        if (!link_acquire(obj, &qmp_members(type)[i], obj->props, false, error)) {
            link_release_all(obj);
            return false;
        }
    }
    if (!run_linked(obj, error)) {
        link_release_all(obj);
        return false;
    }
    set_life(obj, OBJECT_LINKED);
    return true;
}

/* Runs the mirror hooks of the first n types of the chain, in reverse order. */
static void run_release(Object *obj, guint n)
{
    while (n-- > 0) {
        const ObjectOps *ops = obj->klass->types[n]->object;

        if (ops && ops->release) {
            ops->release(obj);
        }
    }
}

static void run_dismantle(Object *obj, guint n)
{
    while (n-- > 0) {
        const ObjectOps *ops = obj->klass->types[n]->object;

        if (ops && ops->dismantle) {
            ops->dismantle(obj);
        }
    }
}

bool object_prepare(Object *obj, GError **error)
{
    const Class *klass = obj->klass;

    if (!check_life(obj, object_life(obj) == OBJECT_LINKED, "prepared", error)) {
        return false;
    }
    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->prepare && !ops->prepare(obj, error)) {
            run_release(obj, i);
            return false;
        }
    }
    set_life(obj, OBJECT_PREPARED);
    return true;
}

/* The hooks of the class that has a settle hook, or NULL. */
static const ObjectOps *settling_ops(const Object *obj)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->settle) {
            return ops;
        }
    }
    return NULL;
}

void object_settle(Object *obj, void (*done)(void *opaque, GError *error), void *opaque)
{
    const ObjectOps *ops = settling_ops(obj);

    if (ops) {
        ops->settle(obj, done, opaque);
    } else {
        done(opaque, NULL);
    }
}

void object_unsettle(Object *obj)
{
    const ObjectOps *ops = settling_ops(obj);

    if (ops) {
        ops->unsettle(obj);
    }
}

bool object_complete(Object *obj, GError **error)
{
    const Class *klass = obj->klass;
    Root *root = root_of(obj);
    ObjectLife life = object_life(obj);
    bool ready = life == OBJECT_PREPARED || (life == OBJECT_LINKED && !object_needs_prepare(obj));

    env_lock_assert(obj);
    if (!check_life(obj, ready, "completed", error)) {
        return false;
    }
    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->complete && !ops->complete(obj, error)) {
            run_dismantle(obj, i);
            return false;
        }
    }
    obj->serial = root ? ++root->serial : 0;
    set_life(obj, OBJECT_COMPLETE);
    return true;
}

guint64 object_last_serial(Object *root)
{
    return root_of(root)->serial;
}

void object_release(Object *obj)
{
    if (object_life(obj) == OBJECT_PREPARED) {
        run_release(obj, obj->klass->n_types);
        set_life(obj, OBJECT_NEW);
    }
}

bool object_make(Object *obj, GError **error)
{
    if (!object_link(obj, error)) {
        return false;           /* its state is unchanged */
    }
    if (object_prepare(obj, error) && object_complete(obj, error)) {
        return true;
    }
    object_dismantle(obj);
    object_release(obj);
    return false;
}

/* ---- Going ---- */

/* Collects the objects in obj's branch that are to be undone and were completed
 * after `serial`: children before parents, later ones before earlier ones; each
 * with a reference. */
static void collect(Object *obj, guint64 serial, GPtrArray *list)
{
    const GList *link = tree_first(obj);

    for (link = link ? g_list_last((GList *)link) : NULL; link; link = link->prev) {
        collect(link->data, serial, list);
    }
    if (object_life(obj) != OBJECT_NEW && obj->serial >= serial) {
        g_ptr_array_add(list, object_ref(obj));
    }
}

/* The last completed comes first; those that were not completed in a tree
 * follow, in the order of collect(). */
static int by_serial(gconstpointer a, gconstpointer b)
{
    const Object *x = *(Object *const *)a;
    const Object *y = *(Object *const *)b;

    return (x->serial < y->serial) - (x->serial > y->serial);
}

static GPtrArray *branch_by_serial(Object *obj, guint64 serial)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(object_unref);

    collect(obj, serial, list);
    g_ptr_array_sort(list, by_serial);
    return list;
}

/* Objects that were completed in obj's branch after obj may rely on it. */
static void destroy_later(Object *obj)
{
    g_autoptr(GPtrArray) later = NULL;

    if (!obj->serial || !tree_first(obj)) {
        return;
    }
    later = branch_by_serial(obj, obj->serial + 1);
    for (guint i = 0; i < later->len; i++) {
        if (tree_is_below(later->pdata[i], obj)) {
            object_destroy(later->pdata[i]);
        }
    }
}

void object_dismantle(Object *obj)
{
    ObjectLife life = object_life(obj);

    env_lock_assert(obj);
    if (life == OBJECT_NEW) {
        return;
    }
    if (life == OBJECT_COMPLETE) {
        destroy_later(obj);
        run_dismantle(obj, obj->klass->n_types);
    }
    link_release_all(obj);
    obj->serial = 0;
    set_life(obj, life > OBJECT_LINKED && object_needs_prepare(obj) ? OBJECT_PREPARED
                                                                    : OBJECT_NEW);
}

void object_destroy(Object *obj)
{
    g_autoptr(GPtrArray) list = branch_by_serial(obj, 0);

    object_ref(obj);
    for (guint i = 0; i < list->len; i++) {
        /* A hook may have moved it elsewhere: then it stays in use. */
        if (tree_is_below(list->pdata[i], obj)) {
            object_dismantle(list->pdata[i]);
            object_release(list->pdata[i]);
        }
    }
    for (guint i = 0; i < list->len; i++) {
        if (list->pdata[i] != obj && tree_is_below(list->pdata[i], obj)) {
            object_unparent(list->pdata[i]);
        }
    }
    object_unparent(obj);
    object_unref(obj);
}

void object_stop(Object *obj, void (*release)(Object *obj, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) list = branch_by_serial(obj, 1);

    for (guint i = 0; i < list->len; i++) {
        if (object_life(list->pdata[i]) == OBJECT_COMPLETE) {
            object_dismantle(list->pdata[i]);
            if (object_life(list->pdata[i]) == OBJECT_PREPARED) {
                release(list->pdata[i], opaque);
            }
        }
    }
}

/* ---- Asking ---- */

/* Whether a holder of obj is a device that is removed with it. */
static bool goes_along(Object *obj, const LinkHolder *h)
{
    const Device *dev = object_dynamic_cast(h->holder, &qmp_class_device);
    const BusOps *ops = dev && dev->bus && &dev->bus->object == obj ? object_kind(obj) : NULL;

    return ops && ops->carries_along;
}

static bool is_going(const Object *obj, const GPtrArray *branches)
{
    for (guint i = 0; i < branches->len; i++) {
        if (tree_is_below(obj, branches->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* Adds the devices that are removed with what is in obj's branch. */
static void add_branches(Object *obj, GPtrArray *branches)
{
    for (guint i = 0; obj->holders && i < obj->holders->len; i++) {
        const LinkHolder *h = &g_array_index(obj->holders, LinkHolder, i);

        if (goes_along(obj, h) && !is_going(h->holder, branches)) {
            g_ptr_array_add(branches, h->holder);
        }
    }
    for (const GList *link = tree_first(obj); link; link = link->next) {
        add_branches(link->data, branches);
    }
}

/* Checks holders outside the branches. */
static bool holders_agree(Object *obj, const GPtrArray *branches, GError **error)
{
    for (guint i = 0; obj->holders && i < obj->holders->len; i++) {
        const LinkHolder *h = &g_array_index(obj->holders, LinkHolder, i);

        if (!is_going(h->holder, branches)) {
            g_autofree char *path = object_path(obj), *holder = object_path(h->holder);

            qmp_error_set(error, ERROR_REASON_IN_USE,
                          "object '%s' is in use by property '%s' of '%s'", path,
                          qmp_name(h->member->name), holder);
            return false;
        }
    }
    return true;
}

static bool hooks_agree(Object *obj, GError **error)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->may_delete && !ops->may_delete(obj, error)) {
            return false;
        }
    }
    return true;
}

static bool may_delete(Object *obj, const GPtrArray *branches, GError **error)
{
    if (!holders_agree(obj, branches, error) || !hooks_agree(obj, error)) {
        return false;
    }
    for (const GList *link = tree_first(obj); link; link = link->next) {
        if (!may_delete(link->data, branches, error)) {
            return false;
        }
    }
    return true;
}

/* The same with what is removed with obj; branches: of what goes besides. */
static bool ask(Object *obj, GPtrArray *branches, GError **error)
{
    guint first = branches->len;

    g_ptr_array_add(branches, obj);
    for (guint i = first; i < branches->len; i++) {
        add_branches(branches->pdata[i], branches);
    }
    for (guint i = first; i < branches->len; i++) {
        if (!may_delete(branches->pdata[i], branches, error)) {
            return false;
        }
    }
    return true;
}

bool object_may_delete(Object *obj, GError **error)
{
    g_autoptr(GPtrArray) branches = g_ptr_array_new();

    return ask(obj, branches, error);
}

bool object_may_delete_with(Object *obj, const Object *holder, GError **error)
{
    g_autoptr(GPtrArray) branches = g_ptr_array_new();

    g_ptr_array_add(branches, (gpointer)holder);
    return ask(obj, branches, error);
}
