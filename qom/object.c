/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: making, counting, freeing, and asking for their class.
 *
 * Their tree is in tree.c, their life between new and the last unref in life.c,
 * their classes in class.c.
 */
#include "config.h"
#include "qom/object.h"

#include "qmp/qapi-types-object.h"
#include "qmp/visit.h"
#include "qom/class.h"
#include "qom/root.h"
#include "qom/tree.h"

static void run_init(Object *obj)
{
    const Class *klass = obj->klass;

    for (guint i = 0; i < klass->n_types; i++) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->init) {
            ops->init(obj);
        }
    }
}

static void run_finalize(Object *obj)
{
    const Class *klass = obj->klass;

    for (guint i = klass->n_types; i-- > 0;) {
        const ObjectOps *ops = klass->types[i]->object;

        if (ops && ops->finalize) {
            ops->finalize(obj);
        }
    }
}

/* Allocates an object of at least `size` bytes: more than its class needs if
 * the caller keeps data of its own behind it. */
static Object *object_alloc(const QmpClass *schema, gsize size, void *props, QmpGiven *given)
{
    const Class *klass = class_get(schema);
    Object *obj = g_malloc0(MAX(klass->size, size));

    obj->klass = klass;
    g_atomic_ref_count_init(&obj->refs);
    obj->props = props ?: qmp_new_props(schema);
    obj->given = given;
    run_init(obj);
    return obj;
}

Object *object_new(const QmpClass *schema)
{
    return object_alloc(schema, 0, NULL, NULL);
}

Object *object_new_with_props(const QmpClass *schema, void *props, QmpGiven *given)
{
    return object_alloc(schema, 0, props, given);
}

Object *object_root_new(void)
{
    Object *obj = object_alloc(&qmp_class_container, sizeof(Root), NULL, NULL);

    obj->name = g_strdup("");
    obj->root = true;
    return obj;
}

void *object_ref(void *opaque)
{
    Object *obj = opaque;

    g_atomic_ref_count_inc(&obj->refs);
    return obj;
}

void object_unref(void *opaque)
{
    Object *obj = opaque;

    if (!obj || !g_atomic_ref_count_dec(&obj->refs)) {
        return;
    }
    /* Each holder, parent or user of an object has a reference, so only C code
     * that dropped a reference it did not own can trigger this. */
    g_warn_if_fail(!obj->parent && object_life(obj) == OBJECT_NEW);
    run_finalize(obj);
    tree_drop_children(obj);
    qmp_clear(obj->klass->schema->props, &obj->props);
    g_free(obj->given);
    g_clear_pointer(&obj->holders, g_array_unref);
    g_free(obj->name);
    g_free(obj);
}

const QmpClass *object_class(const void *opaque)
{
    const Object *obj = opaque;

    return obj->klass->schema;
}

const char *object_class_name(const void *obj)
{
    return object_class(obj)->name;
}

const void *object_kind(const void *opaque)
{
    const Object *obj = opaque;

    return obj->klass->kind;
}

bool object_is_a(const void *obj, const QmpClass *schema)
{
    return qmp_class_is_a(object_class(obj), schema);
}

void *object_dynamic_cast(void *obj, const QmpClass *schema)
{
    return obj && object_is_a(obj, schema) ? obj : NULL;
}

Root *root_of(const Object *obj)
{
    while (obj->parent) {
        obj = obj->parent;
    }
    return obj->root ? object_cast(obj, &qmp_class_container) : NULL;
}
