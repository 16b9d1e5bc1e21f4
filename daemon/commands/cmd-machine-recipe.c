/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-machine-recipe: a machine type as a list of chips and wires.
 * Everything is in the class's rows, so neither machine nor accelerator is
 * needed.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/recipe.h"
#include "qmp/visit.h"
#include "qom/hint.h"

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
        qmp_error_rename_path(*error, qmp_name(member->name), "value");
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
    const QmpClass *klass = qmp_machine_find(args->name);
    const PropertyValueList *named = args->has_properties ? &args->properties : NULL;

    if (!klass) {
        g_autofree char *class_name = g_strconcat(args->name, "-machine", NULL);
        g_autofree char *hint = hint_class(&qmp_class_machine, class_name);

        qmp_error_set_at(error, "name", ERROR_REASON_CLASS_NOT_FOUND,
                         "there is no machine type '%s'%s", args->name, hint);
        return false;
    }
    if (named && !check_properties(klass, named, error)) {
        return false;
    }
    *ret = qmp_machine_recipe(klass, named);
    return true;
}
