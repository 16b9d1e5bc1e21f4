/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-machine-recipe: a machine type as the list of chips and wires that it
 * is.  It all stands in the class's rows, so neither machine nor accelerator is
 * needed.
 */
#include "config.h"

#include "daemon/cmd-machine.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/hint.h"
#include "qom/property.h"

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

/* The machine chooses for itself. */
static bool is_auto(const QmpMember *member, const QmpValue *value)
{
    return member->type == &qmp_type_OnOffAuto && value->kind == QMP_VALUE_STR &&
           g_str_equal(value->s, "auto");
}

/* named NULL: nothing is decided. */
static Verdict judge(const QmpClass *klass, const QmpCondition *condition,
                     const PropertyValueList *named)
{
    const QmpMember *member = qmp_class_member(klass, condition->property);
    g_autoptr(QmpValue) wanted = NULL;
    g_autoptr(QmpValue) standard = NULL;
    const QmpValue *value;

    if (!named || condition->accel || !member || member->flags & QMP_MEMBER_READONLY) {
        return CONDITION_OPEN;
    }
    standard = property_default(klass, member);
    value = value_named(named, condition->property) ?: standard;
    wanted = property_constant(member, condition->value);
    if (value && is_auto(member, value)) {
        return CONDITION_OPEN;
    }
    return value && qmp_value_equal(value, wanted) ? CONDITION_TRUE : CONDITION_FALSE;
}

/* A condition may be about any accelerator that has the property. */
static const QmpMember *condition_member(const QmpClass *klass, const QmpCondition *condition)
{
    const QmpMember *member = NULL;

    if (!condition->accel) {
        return qmp_class_member(klass, condition->property);
    }
    for (guint i = 0; i < qmp_n_classes && !member; i++) {
        if (qmp_class_is_a(qmp_classes[i], &qmp_class_accel)) {
            member = qmp_class_member(qmp_classes[i], condition->property);
        }
    }
    return member;
}

static RecipeCondition *condition_info(const QmpClass *klass, const QmpCondition *condition)
{
    RecipeCondition *info = g_new0(RecipeCondition, 1);

    info->property = g_strdup(condition->property);
    info->value = property_constant(condition_member(klass, condition), condition->value);
    info->accel = condition->accel;
    return info;
}

/* False if the entry does not count; else what is still open. */
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
        const QmpMember *member = qmp_class_member(part->driver, part->props[i].property);
        PropertyValue *value = g_new0(PropertyValue, 1);

        value->property = g_strdup(member->name);
        value->value = property_constant(member, part->props[i].value);
        ret_props->items[ret_props->n++] = value;
    }
}

/* NULL: it does not count. */
static RecipeEntry *entry_info(const QmpClass *klass, const QmpPart *part,
                               const PropertyValueList *named)
{
    RecipeConditionList open = { 0 };
    RecipeEntry *entry;

    if (!open_conditions(klass, part, named, &open)) {
        return NULL;
    }
    entry = g_new0(RecipeEntry, 1);
    entry->driver = part->driver ? g_strdup(part->driver->name) : NULL;
    entry->name = g_strdup(part->name);
    entry->bus = g_strdup(part->bus);
    entry->connect = g_strdup(part->connect);
    entry->to = g_strdup(part->to);
    entry->has_props = part->n_props > 0;
    if (entry->has_props) {
        list_props(part, &entry->props);
    }
    entry->has_if = open.n > 0;
    entry->q_if = open;
    return entry;
}

static PropertyDefault *default_info(const QmpCompat *compat)
{
    PropertyDefault *info = g_new0(PropertyDefault, 1);

    info->driver = g_strdup(compat->driver->name);
    info->property = g_strdup(compat->property);
    info->value = property_constant(qmp_class_member(compat->driver, compat->property),
                                    compat->value);
    return info;
}

/* ---- Arguments ---- */

static const QmpClass *find_machine(const char *name, GError **error)
{
    g_autofree char *with_suffix = g_strdup_printf("%s-machine", name);
    const QmpClass *klass = qmp_class_find(with_suffix) ?: qmp_class_find(name);

    if (!klass || !(klass->flags & QMP_CLASS_MACHINE) || klass->flags & QMP_CLASS_ABSTRACT) {
        g_autofree char *hint = hint_class(&qmp_class_machine, with_suffix);

        qmp_error_set_at(error, "name", ERROR_REASON_CLASS_NOT_FOUND,
                         "there is no machine type '%s'%s", name, hint);
        return NULL;
    }
    return klass;
}

static bool check_property(const QmpClass *klass, const PropertyValue *named, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };
    const QmpMember *member = qmp_class_member(klass, named->property);
    void *scratch;
    bool ok;

    if (!member || member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL)) {
        g_autofree char *hint = hint_property(klass, named->property);

        qmp_error_set_at(error, "property", ERROR_REASON_PROPERTY_NOT_FOUND,
                         "class '%s' has no property '%s' that can be set%s", klass->name,
                         named->property, hint);
        return false;
    }
    scratch = qmp_new_props(klass);
    ok = qmp_decode_member(&input, member, named->value, scratch, error);
    qmp_clear(klass->props, &scratch);
    if (!ok && error) {
        qmp_error_rename_path(*error, member->name, "value");
    }
    return ok;
}

static bool check_properties(const QmpClass *klass, const PropertyValueList *named,
                             GError **error)
{
    for (gsize i = 0; i < named->n; i++) {
        if (!check_property(klass, named->items[i], error)) {
            g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

            qmp_error_prefix_path(error ? *error : NULL, index);
            qmp_error_prefix_path(error ? *error : NULL, "properties");
            return false;
        }
    }
    return true;
}

bool qmp_query_machine_recipe(QmpRequest *req, QueryMachineRecipeArgs *args, MachineRecipe **ret,
                              GError **error)
{
    const QmpClass *klass = find_machine(args->name, error);
    const PropertyValueList *named = args->has_properties ? &args->properties : NULL;

    if (!klass || (named && !check_properties(klass, named, error))) {
        return false;
    }
    *ret = g_new0(MachineRecipe, 1);
    (*ret)->name = machine_name(klass);
    (*ret)->defaults.items = g_new0(PropertyDefault *, klass->n_compat);
    for (guint i = 0; i < klass->n_compat; i++) {
        (*ret)->defaults.items[(*ret)->defaults.n++] = default_info(&klass->compat[i]);
    }
    (*ret)->entries.items = g_new0(RecipeEntry *, klass->n_parts);
    for (guint i = 0; i < klass->n_parts; i++) {
        RecipeEntry *entry = entry_info(klass, &klass->parts[i], named);

        if (entry) {
            (*ret)->entries.items[(*ret)->entries.n++] = entry;
        }
    }
    return true;
}
