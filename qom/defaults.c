/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults that a machine gives to devices: see qom/defaults.h.
 *
 * The machine's class belongs to hw, so its property is read here by its rows
 * and not by its struct.
 */
#include "config.h"
#include "qom/defaults.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/policy.h"
#include "qmp/qapi-types-object.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/hint.h"
#include "qom/row.h"

/* The list in the machine's property, and the rows of its elements' members. */
typedef struct {
    const QmpList *list;
    const QmpMember *driver, *property, *value;
} DefaultsList;

static const QmpMember *member_of(const QmpType *type, const char *name, QmpKind kind)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (g_str_equal(qmp_name(member->name), name) && qmp_type(member->type)->kind == kind) {
            return member;
        }
    }
    return NULL;
}

/* False if machine has no such property. */
static bool get_list(Object *machine, DefaultsList *ret_list)
{
    const QmpMember *row = qmp_class_member(object_class(machine), "defaults");
    DefaultsList l;

    if (!row || qmp_type(row->type)->kind != QMP_KIND_LIST ||
        qmp_type(qmp_type(row->type)->element)->kind != QMP_KIND_STRUCT) {
        return false;
    }
    l.list = (const QmpList *)((const char *)machine->props + row->offset);
    l.driver = member_of(qmp_type(qmp_type(row->type)->element), "driver", QMP_KIND_STR);
    l.property = member_of(qmp_type(qmp_type(row->type)->element), "property", QMP_KIND_STR);
    l.value = member_of(qmp_type(qmp_type(row->type)->element), "value", QMP_KIND_ANY);
    *ret_list = l;
    return l.driver && l.property && l.value;
}

static const char *entry_str(const DefaultsList *l, gsize i, const QmpMember *member)
{
    return *(char *const *)(((char *const *)l->list->items)[i] + member->offset);
}

static const QmpValue *entry_value(const DefaultsList *l, gsize i)
{
    return *(QmpValue *const *)(((char *const *)l->list->items)[i] + l->value->offset);
}

/* ---- Checking ---- */

static bool check_property(const QmpClass *klass, const QmpMember *row, const char *property,
                           GError **error)
{
    if (!row) {
        g_autofree char *hint = hint_property(klass, property);

        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "class '%s' has no property '%s'%s",
                      klass->name, property, hint);
        return false;
    }
    if (row->flags & QMP_MEMBER_READONLY) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_READ_ONLY,
                      "property '%s' of class '%s' is read-only", property, klass->name);
        return false;
    }
    if (row->flags & QMP_MEMBER_INTERNAL) {
        qmp_error_set(error, ERROR_REASON_INTERNAL_PROPERTY,
                      "property '%s' of class '%s' is for machine types only", property,
                      klass->name);
        return false;
    }
    return true;
}

static bool check_driver(const QmpClass *klass, const char *driver, GError **error)
{
    if (!klass) {
        g_autofree char *hint = hint_class(&qmp_class_device, driver);

        qmp_error_set(error, ERROR_REASON_CLASS_NOT_FOUND, "there is no class '%s'%s", driver,
                      hint);
        return false;
    }
    if (!qmp_class_is_a(klass, &qmp_class_device)) {
        qmp_error_set(error, ERROR_REASON_INVALID_TYPE,
                      "defaults are for devices, and class '%s' is not one", klass->name);
        return false;
    }
    return true;
}

/* Decodes value by the row into the member of *props. */
static bool decode(const QmpMember *row, const QmpValue *value, void *props,
                   const QmpPolicy *policy, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT,
                             .policy = policy };

    return qmp_decode_member(&input, row, value, props, error);
}

static bool check_value(const QmpClass *klass, const QmpMember *row, const QmpValue *value,
                        const QmpPolicy *policy, GError **error)
{
    void *scratch = qmp_new_props(klass);
    bool ok = decode(row, value, scratch, policy, error);

    qmp_clear(klass->props, &scratch);
    return ok;
}

/* The policy is asked when a client gives the list, not when it is applied. On failure
 * *ret_where is the offending member. */
static bool check_entry(const DefaultsList *l, gsize i, const QmpPolicy *policy,
                        const char **ret_where, GError **error)
{
    const char *driver = entry_str(l, i, l->driver);
    const char *property = entry_str(l, i, l->property);
    const QmpClass *klass = qmp_class_find(driver);
    const QmpMember *row;

    *ret_where = "driver";
    if (!check_driver(klass, driver, error) ||
        !qmp_policy_judge_class(policy, driver, error)) {
        return false;
    }
    *ret_where = "property";
    row = qmp_class_member(klass, property);
    if (!check_property(klass, row, property, error) ||
        !qmp_policy_judge_property(policy, klass, row, error)) {
        return false;
    }
    *ret_where = "value";
    return check_value(klass, row, entry_value(l, i), policy, error);
}

/* The decoder calls the value by the property's name, the request calls it `value`. */
static void prefix_entry(GError *error, gsize i, const char *property, const char *where)
{
    g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

    qmp_error_rename_path(error, property, NULL);
    qmp_error_prefix_path(error, where);
    qmp_error_prefix_path(error, index);
    qmp_error_prefix_path(error, "defaults");
}

bool defaults_check(Object *machine, GError **error)
{
    const Env *env = object_env(machine);
    DefaultsList l;

    if (!get_list(machine, &l)) {
        return true;
    }
    for (gsize i = 0; i < l.list->n; i++) {
        const char *where;

        if (!check_entry(&l, i, env ? env->policy : NULL, &where, error)) {
            prefix_entry(error ? *error : NULL, i, entry_str(&l, i, l.property), where);
            return false;
        }
    }
    return true;
}

/* ---- Applying ---- */

/* The machine type's rows for exactly this class in the device's chain. */
static void apply_compat(const QmpClass *machine, const QmpClass *at, const QmpClass *klass,
                         void *props, const QmpGiven *given)
{
    for (guint i = 0; i < machine->n_compat; i++) {
        const QmpCompat *compat = &qmp_class_compat(machine)[i];
        int index = qmp_class(compat->driver) == at
                    ? row_index(klass, qmp_name(compat->property)) : -1;

        if (index >= 0 && !qmp_given(given, index)) {
            qmp_member_set_constant(&qmp_members(klass->props)[index], props, compat->value);
        }
    }
}

static bool apply_list(const DefaultsList *l, const QmpClass *at, const QmpClass *klass,
                       void *props, const QmpGiven *given, GError **error)
{
    for (gsize i = 0; i < l->list->n; i++) {
        const char *property = entry_str(l, i, l->property);
        const QmpMember *row;

        if (qmp_class_find(entry_str(l, i, l->driver)) != at) {
            continue;
        }
        row = qmp_class_member(klass, property);
        if (!check_property(klass, row, property, error)) {
            return false;
        }
        if (!qmp_given(given, row - qmp_members(klass->props)) &&
            !decode(row, entry_value(l, i), props, NULL, error)) {
            return false;
        }
    }
    return true;
}

/* klass and its ancestors, the most distant one first. */
static GPtrArray *chain_of(const QmpClass *klass)
{
    GPtrArray *chain = g_ptr_array_new();

    for (; klass; klass = klass->parent) {
        g_ptr_array_insert(chain, 0, (gpointer)klass);
    }
    return chain;
}

bool defaults_apply(Object *root, const QmpClass *klass, void *props, const QmpGiven *given,
                    GError **error)
{
    Object *machine = object_child(root, "machine");
    g_autoptr(GPtrArray) chain = NULL;
    DefaultsList l;

    if (!machine || !qmp_class_is_a(klass, &qmp_class_device)) {
        return true;
    }
    chain = chain_of(klass);
    for (guint i = 0; i < chain->len; i++) {
        apply_compat(object_class(machine), chain->pdata[i], klass, props, given);
    }
    if (!get_list(machine, &l) || !l.list->n) {
        return true;
    }
    for (guint i = 0; i < chain->len; i++) {
        if (!apply_list(&l, chain->pdata[i], klass, props, given, error)) {
            return false;
        }
    }
    return true;
}

static bool compat_names(const QmpClass *machine, const QmpClass *klass, const char *property)
{
    for (guint i = 0; i < machine->n_compat; i++) {
        const QmpCompat *compat = &qmp_class_compat(machine)[i];

        if (g_str_equal(qmp_name(compat->property), property) &&
            qmp_class_is_a(klass, qmp_class(compat->driver))) {
            return true;
        }
    }
    return false;
}

/* The last entry of the list that names the property for klass, or -1. */
static gssize list_names(Object *machine, const QmpClass *klass, const char *property)
{
    gssize found = -1;
    DefaultsList l;

    for (gsize i = 0; get_list(machine, &l) && i < l.list->n; i++) {
        if (g_str_equal(entry_str(&l, i, l.property), property) &&
            qmp_class_is_a(klass, qmp_class_find(entry_str(&l, i, l.driver)))) {
            found = i;
        }
    }
    return found;
}

bool defaults_name(Object *root, const QmpClass *klass, const char *property)
{
    Object *machine = object_child(root, "machine");

    return machine && (compat_names(object_class(machine), klass, property) ||
                       list_names(machine, klass, property) >= 0);
}

char *defaults_argument(Object *root, const QmpClass *klass, const char *property)
{
    Object *machine = object_child(root, "machine");
    gssize i = machine ? list_names(machine, klass, property) : -1;

    return i < 0 ? NULL : g_strdup_printf("defaults[%" G_GSSIZE_FORMAT "].value", i);
}
