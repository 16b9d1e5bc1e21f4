/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See schema-index.h.
 */
#include "config.h"
#include "client/schema-index.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/nearest.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/recipe.h"

/* The suffix of classes of CPU models. */
#define CPU_ENDING "-x86_64-cpu"

const char *const schema_kind_names[] = {
    [SCHEMA_COMMANDS] = "commands", [SCHEMA_EVENTS] = "events",     [SCHEMA_CLASSES] = "classes",
    [SCHEMA_TYPES] = "types",       [SCHEMA_MACHINES] = "machines", [SCHEMA_CPUS] = "cpus",
    [SCHEMA_FEATURES] = "features",
};

const char *const schema_kind_nouns[] = {
    [SCHEMA_COMMANDS] = "command",  [SCHEMA_EVENTS] = "event",    [SCHEMA_CLASSES] = "class",
    [SCHEMA_TYPES] = "type",        [SCHEMA_MACHINES] = "machine type",
    [SCHEMA_CPUS] = "CPU model",    [SCHEMA_FEATURES] = "CPU feature",
};

void schema_item_free(SchemaItem *item)
{
    g_free(item->name);
    g_free(item);
}

static void add(GPtrArray *items, SchemaKind kind, const char *name, const void *row)
{
    SchemaItem *item = g_new0(SchemaItem, 1);

    item->kind = kind;
    item->name = g_strdup(name);
    item->row = row;
    g_ptr_array_add(items, item);
}

static void add_entries(GPtrArray *items, SchemaKind kind, const QmpManualEntry *entries, guint n)
{
    for (guint i = 0; i < n; i++) {
        add(items, kind, entries[i].name, &entries[i]);
    }
}

static bool is_concrete(const QmpClass *klass, const QmpClass *ancestor)
{
    return qmp_class_is_a(klass, ancestor) && !(klass->flags & QMP_CLASS_ABSTRACT);
}

static void add_classes(GPtrArray *items, SchemaKind kind)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if (kind == SCHEMA_CLASSES) {
            add(items, kind, klass->name, klass);
        } else if (kind == SCHEMA_CPUS && is_concrete(klass, &qmp_class_x86_64_cpu)) {
            g_autofree char *name = g_strndup(klass->name, strlen(klass->name) -
                                                           strlen(CPU_ENDING));

            add(items, kind, name, klass);
        } else if (kind == SCHEMA_MACHINES && is_concrete(klass, &qmp_class_machine)) {
            g_autofree char *name = qmp_machine_name(klass);

            add(items, kind, name, klass);
        }
    }
}

static void add_features(GPtrArray *items)
{
    const QmpType *props = qmp_class_x86_64_cpu.props;

    for (guint i = 0; i < props->n_members; i++) {
        const QmpMember *member = &qmp_members(props)[i];

        if (schema_feature_bit(member)) {
            add(items, SCHEMA_FEATURES, qmp_name(member->name), member);
        }
    }
}

static int compare_items(const void *a, const void *b)
{
    return strcmp((*(SchemaItem *const *)a)->name, (*(SchemaItem *const *)b)->name);
}

GPtrArray *schema_items(SchemaKind kind)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)schema_item_free);

    switch (kind) {
    case SCHEMA_COMMANDS:
        add_entries(items, kind, qmp_manual_commands, qmp_n_manual_commands);
        break;
    case SCHEMA_EVENTS:
        add_entries(items, kind, qmp_manual_events, qmp_n_manual_events);
        break;
    case SCHEMA_TYPES:
        for (guint i = 0; i < qmp_n_manual_types; i++) {
            add(items, kind, qmp_name(qmp_manual_types[i].type->name), &qmp_manual_types[i]);
        }
        break;
    case SCHEMA_FEATURES:
        add_features(items);
        break;
    default:
        add_classes(items, kind);
    }
    g_ptr_array_sort(items, compare_items);
    return items;
}

int schema_kind_find(const char *name)
{
    for (int kind = 0; kind < SCHEMA_N_KINDS; kind++) {
        if (g_str_equal(schema_kind_names[kind], name)) {
            return kind;
        }
    }
    return -1;
}

const QmpCpuidBit *schema_feature_bit(const QmpMember *feature)
{
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        if (qmp_type(feature->type) == &qmp_type_bool &&
            qmp_cpuid_bits[i].offset == feature->offset) {
            return &qmp_cpuid_bits[i];
        }
    }
    return NULL;
}

/* ---- Finding ---- */

static bool is_class(const SchemaItem *item)
{
    return item->kind == SCHEMA_CLASSES || item->kind == SCHEMA_MACHINES ||
           item->kind == SCHEMA_CPUS;
}

/* Whether an item has this name: its own, its class's or an alias of that. */
static bool has_name(const SchemaItem *item, const char *name)
{
    if (g_str_equal(item->name, name)) {
        return true;
    }
    return is_class(item) && qmp_class_find(name) == item->klass;
}

/* Whether a class is shown as a machine type or CPU model, unless classes are asked for. */
static bool is_special(const SchemaItem *item)
{
    return item->kind == SCHEMA_CLASSES && (is_concrete(item->klass, &qmp_class_machine) ||
                                            is_concrete(item->klass, &qmp_class_x86_64_cpu));
}

static void add_candidates(QmpNearest *nearest, const SchemaItem *item)
{
    qmp_nearest_add(nearest, item->name);
    for (gsize i = 0; is_class(item) && item->klass->aliases && item->klass->aliases[i]; i++) {
        qmp_nearest_add(nearest, qmp_name(item->klass->aliases[i]));
    }
}

/* Adds the items with this name; the others are candidates for a hint. */
static bool take_named(GPtrArray *from, bool any_kind, const char *name, GPtrArray *items,
                       QmpNearest *nearest)
{
    bool found = false;

    for (guint i = 0; i < from->len; i++) {
        const SchemaItem *item = from->pdata[i];

        add_candidates(nearest, item);
        if (has_name(item, name) && !(any_kind && is_special(item))) {
            add(items, item->kind, item->name, item->row);
            found = true;
        }
    }
    return found;
}

static bool find_one(int kind, const char *name, GPtrArray *items, GError **error)
{
    /* Kept until the end: the hint is a name of one of them. */
    g_autoptr(GPtrArray) kinds = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autofree char *hint = NULL;
    QmpNearest nearest;
    bool found = false;

    qmp_nearest_init(&nearest, name);
    for (int k = 0; k < SCHEMA_N_KINDS; k++) {
        if (k == kind || kind < 0) {
            GPtrArray *all = schema_items(k);

            g_ptr_array_add(kinds, all);
            found |= take_named(all, kind < 0, name, items, &nearest);
        }
    }
    if (found) {
        return true;
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "the schema has no %s '%s'%s",
                  kind < 0 ? "entry" : schema_kind_nouns[kind], name, hint);
    return false;
}

bool schema_find(int kind, char **names, GPtrArray *items, GError **error)
{
    for (; *names; names++) {
        if (!find_one(kind, *names, items, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Summaries ---- */

static char *first_sentence(const char *text)
{
    const char *end = text;

    while (*end && !(*end == '.' && (g_ascii_isspace(end[1]) || !end[1])) &&
           !g_str_has_prefix(end, "\n\n")) {
        end++;
    }
    return g_strndup(text, end - text);
}

char *schema_item_summary(const SchemaItem *item)
{
    switch (item->kind) {
    case SCHEMA_COMMANDS:
    case SCHEMA_EVENTS:
        return first_sentence(qmp_manual_text(item->entry->doc));
    case SCHEMA_TYPES:
        return first_sentence(qmp_doc(item->type->type->doc));
    case SCHEMA_FEATURES:
        return first_sentence(qmp_doc(item->feature->doc));
    default:
        return first_sentence(qmp_doc(item->klass->doc));
    }
}
