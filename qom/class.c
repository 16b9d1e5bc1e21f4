/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes: from schema data (QmpClass) and C types (TypeInfo) to the Class that
 * an object points to.
 *
 * Two tables, both indexed as qmp_classes[] is: the types that were registered,
 * and the classes that were built so far.  They are this folder's only mutable
 * process-wide state; they only grow, under one mutex, and readers see a class
 * completely or not at all.
 */
#include "config.h"
#include "qom/class.h"

static GMutex tables_lock;
static const TypeInfo **type_table;     /* NULL until the first registration */
static Class **class_table;

/* Called with the lock held. */
static void make_tables(void)
{
    if (!type_table) {
        type_table = g_new0(const TypeInfo *, qmp_n_classes);
        g_atomic_pointer_set(&class_table, g_new0(Class *, qmp_n_classes));
    }
}

/* Called with the lock held. */
static void register_type(const TypeInfo *type)
{
    guint index = type->schema->index;

    if (type_table[index] == type) {
        return;
    }
    /* Bugs in the lists of types, which no input can cause: existing classes
     * stay, so that existing objects keep theirs. */
    if (type_table[index]) {
        g_critical("class '%s' has two types", type->schema->name);
    } else if (class_table[index]) {
        g_critical("objects of class '%s' were made before its type", type->schema->name);
    } else {
        type_table[index] = type;
    }
}

void object_register_types(const TypeInfo *const *types)
{
    g_mutex_lock(&tables_lock);
    make_tables();
    for (; *types; types++) {
        register_type(*types);
    }
    g_mutex_unlock(&tables_lock);
}

const TypeInfo *object_type_info(const QmpClass *schema)
{
    const TypeInfo *type;

    g_mutex_lock(&tables_lock);
    type = type_table ? type_table[schema->index] : NULL;
    g_mutex_unlock(&tables_lock);
    return type;
}

/* Called with the lock held. */
static guint count_types(const QmpClass *schema)
{
    guint n = 0;

    for (; schema; schema = schema->parent) {
        n += type_table[schema->index] != NULL;
    }
    return n;
}

/* Called with the lock held. */
static Class *build(const QmpClass *schema)
{
    guint n = count_types(schema);
    Class *klass = g_malloc0(sizeof(*klass) + n * sizeof(klass->types[0]));

    klass->schema = schema;
    klass->size = sizeof(Object);
    klass->n_types = n;
    for (const QmpClass *c = schema; c; c = c->parent) {
        const TypeInfo *type = type_table[c->index];

        if (type) {
            klass->types[--n] = type;
            klass->size = MAX(klass->size, type->size);
            klass->kind = klass->kind ?: type->kind;
        }
    }
    return klass;
}

const Class *class_get(const QmpClass *schema)
{
    Class **table = g_atomic_pointer_get(&class_table);
    Class *klass = table ? g_atomic_pointer_get(&table[schema->index]) : NULL;

    if (klass) {
        return klass;
    }
    g_mutex_lock(&tables_lock);
    make_tables();
    klass = class_table[schema->index];
    if (!klass) {
        klass = build(schema);
        g_atomic_pointer_set(&class_table[schema->index], klass);
    }
    g_mutex_unlock(&tables_lock);
    return klass;
}
