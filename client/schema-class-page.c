/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of classes, machine types, CPU models and CPU features.
 */
#include "config.h"

#include <string.h>

#include "client/layout.h"
#include "client/schema-page.h"
#include "qmp/class-info.h"
#include "qmp/describe.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/recipe.h"
#include "qmp/visit.h"

#define INDENT 2
#define FACTS  15               /* column of the text beside a title */

/* ---- What it is and where it goes ---- */

/* A title, and a text beside it; nothing if there is no text. */
static void put_fact(const SchemaPage *page, const char *title, const char *text)
{
    gsize start = page->out->len + INDENT;

    if (text && *text) {
        layout_paragraphs(page->out, text, FACTS, page->width);
        memcpy(page->out->str + start, title, strlen(title));
    }
}

static void put_list(const SchemaPage *page, const char *title, const strList *names)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < names->n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", names->items[i]);
    }
    put_fact(page, title, text->str);
    g_string_free(text, TRUE);
}

/* What makes objects of the class. */
static const char *maker(const ClassInfo *info)
{
    const QmpClassPlace *place = qmp_class_place(qmp_class_find(info->name));

    if (info->abstract) {
        return "nothing: it is abstract";
    }
    if (info->user_creatable) {
        return "object-add";
    }
    if (!info->device) {
        return place && place->arguments ? place->add : "other objects and commands";
    }
    switch (info->plug) {
    case CLASS_PLUG_BOARD:
        return "machine types, and devices that it is a part of";
    case CLASS_PLUG_COLD:
        return "device_add before the first cont";
    default:
        return "device_add at any time";
    }
}

static void print_marks(const SchemaPage *page, const QmpClass *klass)
{
    if (klass->flags & QMP_CLASS_UNSTABLE) {
        put_fact(page, "Unstable:", "it may change or go without notice");
    }
    if (klass->flags & QMP_CLASS_DEPRECATED) {
        put_fact(page, "Deprecated:", "it will be removed");
    }
}

static void print_facts(const SchemaPage *page, const QmpClass *klass, const ClassInfo *info)
{
    put_fact(page, "Kind:", qmp_enum_name(&qmp_type_ClassKind, info->kind));
    put_fact(page, "Made by:", maker(info));
    put_list(page, "Aliases:", &info->aliases);
    put_list(page, "Parents:", &info->parents);
    put_fact(page, "Sits on:", info->bus);
    put_list(page, "Has buses:", &info->buses);
    if (info->has_cpu_max) {
        g_autofree char *max = g_strdup_printf("at most %" G_GINT64_FORMAT, info->cpu_max);

        put_fact(page, "CPUs:", max);
        put_fact(page, "Default CPU:", info->default_cpu_type);
        put_fact(page, "RAM's id:", info->default_ram_id);
        put_fact(page, "Default:", info->is_default ? "clients take it by default" : "");
    }
    print_marks(page, klass);
    put_fact(page, "Since:", info->since);
    if (info->events.n > 0) {
        GString *events = g_string_new(NULL);

        for (gsize i = 0; i < info->events.n; i++) {
            g_string_append_printf(events, "%s%s", i > 0 ? ", " : "", info->events.items[i]);
        }
        schema_page_text(page, "Events", events->str);
        g_string_free(events, TRUE);
    }
}

/* ---- Properties ---- */

static bool is_feature(const QmpClass *klass, const QmpMember *member)
{
    return qmp_class_is_a(klass, &qmp_class_x86_64_cpu) && schema_feature_bit(member);
}

/* Features of a CPU model that are on, or all features if it is not a model. */
static void print_cpu_features(const SchemaPage *page, const QmpClass *klass)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < klass->props->n_members; i++) {
        const QmpMember *member = &qmp_members(klass->props)[i];
        g_autoptr(QmpValue) value =
            is_feature(klass, member) ? qmp_class_default(klass, member) : NULL;
        bool all = is_feature(klass, member) && klass->flags & QMP_CLASS_ABSTRACT;

        if (all || (value && value->b)) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", qmp_name(member->name));
        }
    }
    schema_page_text(page, klass->flags & QMP_CLASS_ABSTRACT
                     ? "Features that there are ('vmctl schema features NAME')"
                     : "Features that are on by default", names->str);
    g_string_free(names, TRUE);
}

/* The properties that one class of the chain declares. */
static void print_declared(const SchemaPage *page, const QmpClass *klass, const QmpClass *owner)
{
    guint first = owner->parent ? owner->parent->props->n_members : 0;
    bool titled = false;

    for (guint i = first; i < owner->props->n_members; i++) {
        const QmpMember *member = &qmp_members(klass->props)[i];

        if (is_feature(klass, member)) {
            continue;
        }
        if (!titled) {
            g_string_append_printf(page->out, "\nProperties%s%s:\n",
                                   owner == klass ? "" : " inherited from ",
                                   owner == klass ? "" : owner->name);
        }
        titled = true;
        schema_page_member(page, member, klass);
    }
}

/* ---- Parts ---- */

static void add_values(GString *line, const char *what, const PropertyValueList *values)
{
    for (gsize i = 0; i < values->n; i++) {
        g_autofree char *text = schema_value_text(qmp_value_clone(values->items[i]->value));

        g_string_append_printf(line, "%s%s=%s", i > 0 ? ", " : what, values->items[i]->property,
                               text);
    }
}

static void add_conditions(GString *line, const RecipeConditionList *conditions)
{
    for (gsize i = 0; i < conditions->n; i++) {
        const RecipeCondition *condition = conditions->items[i];
        g_autofree char *text = schema_value_text(qmp_value_clone(condition->value));

        g_string_append_printf(line, "%s%s%s is %s", i > 0 ? " and " : ", if ",
                               condition->accel ? "the accelerator's " : "", condition->property,
                               text);
    }
}

static void print_part(const SchemaPage *page, const QmpClass *klass, const QmpPart *part)
{
    RecipeEntry *entry = qmp_recipe_entry(klass, part);
    GString *line = g_string_new(NULL);

    if (entry->driver) {
        g_string_append_printf(line, "%s: %s", entry->name, entry->driver);
    } else {
        g_string_append_printf(line, "%s to %s", entry->connect, entry->to);
    }
    g_string_append_printf(line, "%s%s", entry->bus ? " on " : "", entry->bus ? entry->bus : "");
    add_values(line, " with ", &entry->props);
    for (gsize i = 0; i < entry->forward.n; i++) {
        g_string_append_printf(line, "%s%s", i > 0 ? ", " : ", has the properties ",
                               entry->forward.items[i]);
    }
    add_conditions(line, &entry->q_if);
    layout_hanging(page->out, line->str, INDENT, 3 * INDENT, page->width);
    g_string_free(line, TRUE);
    qmp_clear(&qmp_type_RecipeEntry, &entry);
}

static void print_parts(const SchemaPage *page, const QmpClass *klass)
{
    if (klass->n_parts > 0) {
        g_string_append_printf(page->out, "\n%s:\n",
                               klass->flags & QMP_CLASS_MACHINE ? "Recipe" : "Parts");
    }
    for (guint i = 0; i < klass->n_parts; i++) {
        print_part(page, klass, &klass->parts[i]);
    }
}

static void print_compat(const SchemaPage *page, const QmpClass *klass)
{
    if (klass->n_compat > 0) {
        g_string_append(page->out, "\nDefaults of devices that it changes:\n");
    }
    for (guint i = 0; i < klass->n_compat; i++) {
        const QmpCompat *compat = &qmp_class_compat(klass)[i];
        const QmpClass *driver = qmp_class(compat->driver);
        const QmpMember *member = qmp_class_member(driver, qmp_name(compat->property));
        g_autofree char *text =
            schema_value_text(qmp_scalar_value(qmp_type(member->type), compat->value));

        g_string_append_printf(page->out, "  %s.%s=%s\n", driver->name, qmp_name(member->name),
                               text);
    }
}

/* ---- Pages ---- */

void schema_page_class(const SchemaPage *page, const SchemaItem *item)
{
    const QmpClass *klass = item->klass;
    const QmpManualClass *manual = &qmp_manual_classes[klass->index];
    ClassInfo *info = qmp_class_info(klass);

    schema_page_head(page, item->name, schema_kind_nouns[item->kind], info->description);
    g_string_append_c(page->out, '\n');
    put_fact(page, "Class:", g_str_equal(item->name, klass->name) ? NULL : klass->name);
    print_facts(page, klass, info);
    if (qmp_class_is_a(klass, &qmp_class_x86_64_cpu)) {
        print_cpu_features(page, klass);
    }
    for (const QmpClass *owner = klass; owner; owner = owner->parent) {
        print_declared(page, klass, owner);
    }
    print_compat(page, klass);
    print_parts(page, klass);
    schema_page_text(page, "Notes", qmp_manual_text(manual->notes));
    schema_page_example(page, qmp_manual_text(manual->example));
    qmp_clear(&qmp_type_ClassInfo, &info);
}

static void put_names(const SchemaPage *page, const char *title, const strList *names)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < names->n; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "", names->items[i]);
    }
    schema_page_text(page, title, text->str);
    g_string_free(text, TRUE);
}

void schema_page_feature(const SchemaPage *page, const QmpMember *feature)
{
    ClassProperty *info = qmp_class_property(&qmp_class_x86_64_cpu, feature);
    GString *models = g_string_new(NULL);

    schema_page_head(page, qmp_name(feature->name), schema_kind_nouns[SCHEMA_FEATURES],
                     info->description);
    schema_page_text(page, "Bit of CPUID", info->cpuid);
    schema_page_text(page, "Bit of an MSR", info->msr);
    put_names(page, "Needs", &info->needs);
    put_names(page, "Also called", &info->aliases);
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];
        g_autoptr(QmpValue) value = NULL;

        if (klass->flags & QMP_CLASS_ABSTRACT || !qmp_class_is_a(klass, &qmp_class_x86_64_cpu)) {
            continue;
        }
        value = qmp_class_default(klass, feature);
        if (value && value->b) {
            g_string_append_printf(models, "%s%s", models->len ? ", " : "", klass->name);
        }
    }
    schema_page_text(page, "CPU models that have it by default", models->str);
    g_string_free(models, TRUE);
    qmp_clear(&qmp_type_ClassProperty, &info);
}
