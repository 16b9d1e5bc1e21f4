/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See recipe.h.
 */
#include "config.h"
#include "qmp/recipe.h"

#include <string.h>

#include "qmp/describe.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-common.h"
#include "qmp/qapi-types-machine.h"

#define ENDING "-machine"

char *qmp_machine_name(const QmpClass *klass)
{
    return g_strndup(klass->name, strlen(klass->name) - strlen(ENDING));
}

const QmpClass *qmp_machine_find(const char *name)
{
    g_autofree char *with_ending = g_strconcat(name, ENDING, NULL);
    const QmpClass *klass = qmp_class_find(with_ending);

    if (!klass) {
        klass = qmp_class_find(name);
    }
    if (!klass || !(klass->flags & QMP_CLASS_MACHINE) || klass->flags & QMP_CLASS_ABSTRACT) {
        return NULL;
    }
    return klass;
}

/* ---- Conditions ---- */

typedef enum { CONDITION_FALSE, CONDITION_TRUE, CONDITION_OPEN } Verdict;

static const QmpValue *value_named(const PropertyValueList *named, const char *property)
{
    for (gsize i = named->n; i-- > 0;) {
        if (g_str_equal(named->items[i]->property, property)) {
            return named->items[i]->value;
        }
    }
    return NULL;
}

/* The machine chooses the value. */
static bool is_auto(const QmpMember *member, const QmpValue *value)
{
    return qmp_type(member->type) == &qmp_type_OnOffAuto && value->kind == QMP_VALUE_STR &&
           g_str_equal(value->s, "auto");
}

/* named NULL: no condition is decided. */
static Verdict judge(const QmpClass *klass, const QmpCondition *condition,
                     const PropertyValueList *named)
{
    const QmpMember *member = qmp_class_member(klass, qmp_name(condition->property));
    g_autoptr(QmpValue) wanted = NULL;
    g_autoptr(QmpValue) standard = NULL;
    const QmpValue *value;

    if (!named || condition->accel || !member || member->flags & QMP_MEMBER_READONLY) {
        return CONDITION_OPEN;
    }
    standard = qmp_class_default(klass, member);
    value = value_named(named, qmp_name(condition->property)) ?: standard;
    wanted = qmp_scalar_value(qmp_type(member->type), condition->value);
    if (value && is_auto(member, value)) {
        return CONDITION_OPEN;
    }
    return value && qmp_value_equal(value, wanted) ? CONDITION_TRUE : CONDITION_FALSE;
}

/* A condition may refer to any accelerator that has the property. */
static const QmpMember *condition_member(const QmpClass *klass, const QmpCondition *condition)
{
    const QmpMember *member = NULL;

    if (!condition->accel) {
        return qmp_class_member(klass, qmp_name(condition->property));
    }
    for (guint i = 0; i < qmp_n_classes && !member; i++) {
        if (qmp_class_is_a(qmp_classes[i], &qmp_class_accel)) {
            member = qmp_class_member(qmp_classes[i], qmp_name(condition->property));
        }
    }
    return member;
}

static RecipeCondition *condition_info(const QmpClass *klass, const QmpCondition *condition)
{
    RecipeCondition *info = g_new0(RecipeCondition, 1);
    const QmpMember *member = condition_member(klass, condition);

    info->property = g_strdup(qmp_name(condition->property));
    info->value = qmp_scalar_value(qmp_type(member->type), condition->value);
    info->accel = condition->accel;
    return info;
}

/* False if the entry does not apply; otherwise the conditions that are still open. */
static bool open_conditions(const QmpClass *klass, const QmpPart *part,
                            const PropertyValueList *named, RecipeConditionList *ret_open)
{
    for (guint i = 0; i < part->n_conditions; i++) {
        if (judge(klass, &part->conditions[i], named) == CONDITION_FALSE) {
            return false;
        }
    }
    ret_open->items = g_new0(RecipeCondition *, part->n_conditions);
    for (guint i = 0; i < part->n_conditions; i++) {
        if (judge(klass, &part->conditions[i], named) == CONDITION_OPEN) {
            ret_open->items[ret_open->n++] = condition_info(klass, &part->conditions[i]);
        }
    }
    return true;
}

/* ---- Entries ---- */

static void list_props(const QmpPart *part, PropertyValueList *ret_props)
{
    ret_props->items = g_new0(PropertyValue *, part->n_props);
    for (guint i = 0; i < part->n_props; i++) {
        const QmpMember *member = qmp_class_member(qmp_class(part->driver),
                                                   qmp_name(part->props[i].property));
        PropertyValue *value = g_new0(PropertyValue, 1);

        value->property = g_strdup(qmp_name(member->name));
        value->value = qmp_scalar_value(qmp_type(member->type), part->props[i].value);
        ret_props->items[ret_props->n++] = value;
    }
}

/* The properties of klass that are the part's. */
static void list_forwarded(const QmpClass *klass, const QmpPart *part, RecipeEntry *entry)
{
    const QmpType *props = klass->props;

    for (guint i = 0; part->driver && i < props->n_members; i++) {
        if (qmp_members(props)[i].part == part->name) {
            strList *list = &entry->forward;

            list->items = g_renew(char *, list->items, list->n + 1);
            list->items[list->n++] = g_strdup(qmp_name(qmp_members(props)[i].name));
            entry->has_forward = true;
        }
    }
}

/* NULL: it does not apply. */
static RecipeEntry *entry_info(const QmpClass *klass, const QmpPart *part,
                               const PropertyValueList *named)
{
    RecipeConditionList open = { 0 };
    RecipeEntry *entry;

    if (!open_conditions(klass, part, named, &open)) {
        return NULL;
    }
    entry = g_new0(RecipeEntry, 1);
    entry->driver = part->driver ? g_strdup(qmp_class(part->driver)->name) : NULL;
    entry->name = g_strdup(qmp_name_or_null(part->name));
    entry->bus = g_strdup(qmp_name_or_null(part->bus));
    entry->connect = g_strdup(qmp_name_or_null(part->connect));
    entry->to = g_strdup(qmp_name_or_null(part->to));
    entry->has_props = part->n_props > 0;
    if (entry->has_props) {
        list_props(part, &entry->props);
    }
    list_forwarded(klass, part, entry);
    entry->has_if = open.n > 0;
    entry->q_if = open;
    return entry;
}

static PropertyDefault *default_info(const QmpCompat *compat)
{
    const QmpClass *driver = qmp_class(compat->driver);
    const QmpMember *member = qmp_class_member(driver, qmp_name(compat->property));
    PropertyDefault *info = g_new0(PropertyDefault, 1);

    info->driver = g_strdup(driver->name);
    info->property = g_strdup(qmp_name(compat->property));
    info->value = qmp_scalar_value(qmp_type(member->type), compat->value);
    return info;
}

void qmp_compat_list(const QmpClass *klass, PropertyDefaultList *ret)
{
    ret->items = g_new0(PropertyDefault *, klass->n_compat);
    for (guint i = 0; i < klass->n_compat; i++) {
        ret->items[ret->n++] = default_info(&qmp_class_compat(klass)[i]);
    }
}

RecipeEntry *qmp_recipe_entry(const QmpClass *klass, const QmpPart *part)
{
    return entry_info(klass, part, NULL);
}

/* ---- The machine type ---- */

/* The values of its properties: as named, or their defaults. */
static void list_values(const QmpClass *klass, const PropertyValueList *named,
                        PropertyValueList *ret)
{
    const QmpType *props = klass->props;

    ret->items = g_new0(PropertyValue *, props->n_members);
    for (guint i = 0; i < props->n_members; i++) {
        const QmpMember *member = &qmp_members(props)[i];
        const QmpValue *given = named ? value_named(named, qmp_name(member->name)) : NULL;
        QmpValue *value = given ? qmp_value_clone(given) : qmp_class_default(klass, member);

        if (value) {
            PropertyValue *info = g_new0(PropertyValue, 1);

            info->property = g_strdup(qmp_name(member->name));
            info->value = value;
            ret->items[ret->n++] = info;
        }
    }
}

MachineRecipe *qmp_machine_recipe(const QmpClass *klass, const PropertyValueList *named)
{
    MachineRecipe *recipe = g_new0(MachineRecipe, 1);

    recipe->name = qmp_machine_name(klass);
    qmp_compat_list(klass, &recipe->defaults);
    list_values(klass, named, &recipe->properties);
    recipe->entries.items = g_new0(RecipeEntry *, klass->n_parts);
    for (guint i = 0; i < klass->n_parts; i++) {
        RecipeEntry *entry = entry_info(klass, &klass->parts[i], named);

        if (entry) {
            recipe->entries.items[recipe->entries.n++] = entry;
        }
    }
    return recipe;
}
