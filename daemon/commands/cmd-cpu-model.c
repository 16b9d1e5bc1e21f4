/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models: query-cpu-definitions, query-cpu-model-expansion.  Models are schema
 * data; an accelerator, if there is one, says which of their features it
 * supports.
 */
#include "config.h"
#include "daemon/vmd.h"

#include <string.h>

#include "cpu/x86-features.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-cpu-query.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/value.h"
#include "qmp/visit.h"

#define SUFFIX "-x86_64-cpu"

static bool is_model(const QmpClass *klass)
{
    return qmp_class_is_a(klass, &qmp_class_x86_64_cpu) && !(klass->flags & QMP_CLASS_ABSTRACT);
}

static void list_lacking(Accel *accel, const QmpClass *klass, CpuDefinitionInfo *info)
{
    X8664CpuProps *props = qmp_new_props(klass);

    x86_features_choose(accel, klass, props);
    info->has_unavailable_features = true;
    info->unavailable_features = props->unavailable_features;
    props->unavailable_features = (strList){ 0 };
    qmp_clear(klass->props, &props);
}

static CpuDefinitionInfo *describe(Accel *accel, const QmpClass *klass)
{
    CpuDefinitionInfo *info = g_new0(CpuDefinitionInfo, 1);

    info->name = g_strndup(klass->name, strlen(klass->name) - strlen(SUFFIX));
    info->has_migration_safe = true;
    info->migration_safe = !qmp_class_is_a(klass, &qmp_class_max_x86_64_cpu);
    info->typename = g_strdup(klass->name);
    info->deprecated = klass->flags & QMP_CLASS_DEPRECATED;
    if (accel) {
        list_lacking(accel, klass, info);
    }
    return info;
}

bool qmp_query_cpu_definitions(QmpRequest *req, CpuDefinitionInfoList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Accel *accel = accel_find(vmd->root);

    ret->items = g_new0(CpuDefinitionInfo *, qmp_n_classes);
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (is_model(qmp_classes[i])) {
            ret->items[ret->n++] = describe(accel, qmp_classes[i]);
        }
    }
    return true;
}

/* ---- Expansion ---- */

typedef struct {
    const QmpClass *klass;
    X8664CpuProps *props;
    GError **error;
} Change;

static const QmpClass *find_model(const char *name, GError **error)
{
    g_autofree char *class_name = g_strconcat(name, SUFFIX, NULL);
    const QmpClass *klass = qmp_class_find(class_name);

    if (!klass || !is_model(klass)) {
        qmp_error_set_at(error, "model.name", ERROR_REASON_CLASS_NOT_FOUND,
                         "there is no CPU model '%s'", name);
        return NULL;
    }
    return klass;
}

static bool change_property(const char *name, const void *value, void *data)
{
    Change *change = data;
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT };
    const QmpMember *member = qmp_class_member(change->klass, name);

    if (!member || member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL)) {
        qmp_error_set_at(change->error, name, ERROR_REASON_PROPERTY_NOT_FOUND,
                         "class '%s' has no property '%s' that can be set", change->klass->name,
                         name);
        return false;
    }
    return qmp_decode_member(&input, member, value, change->props, change->error);
}

static bool change_properties(const QmpClass *klass, const QmpValue *named, X8664CpuProps *props,
                              GError **error)
{
    GError *local = NULL;
    Change change = { .klass = klass, .props = props, .error = &local };

    if (!named) {
        return true;
    }
    if (qmp_value_input.kind(named) != QMP_VALUE_DICT) {
        qmp_error_set_at(error, "model.props", ERROR_REASON_INVALID_TYPE,
                         "parameter 'model.props' must be an object");
        return false;
    }
    qmp_value_input.dict_foreach(named, change_property, &change);
    if (local) {
        qmp_error_prefix_path(local, "props");
        qmp_error_prefix_path(local, "model");
        g_propagate_error(error, local);
        return false;
    }
    return true;
}

/* An expansion has the requested features; missing ones are listed separately. */
static void restore_lacking(const QmpClass *klass, X8664CpuProps *props)
{
    const strList *names = &props->unavailable_features;

    for (gsize i = 0; i < names->n; i++) {
        const QmpMember *member = qmp_class_member(klass, names->items[i]);

        G_STRUCT_MEMBER(bool, props, member->offset) = true;
    }
}

bool qmp_query_cpu_model_expansion(QmpRequest *req, QueryCpuModelExpansionArgs *args,
                                   CpuModelExpansionInfo **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    const QmpClass *klass = find_model(args->model->name, error);
    X8664CpuProps *props;

    if (!klass) {
        return false;
    }
    props = qmp_new_props(klass);
    if (!change_properties(klass, args->model->props, props, error)) {
        qmp_clear(klass->props, &props);
        return false;
    }
    x86_features_choose(accel_find(vmd->root), klass, props);
    restore_lacking(klass, props);
    *ret = g_new0(CpuModelExpansionInfo, 1);
    (*ret)->model = g_new0(ExpandedCpuModel, 1);
    (*ret)->model->name = g_strdup(args->model->name);
    (*ret)->model->props = props;
    return true;
}
