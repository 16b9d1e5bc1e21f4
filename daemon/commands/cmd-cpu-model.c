/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models: query-cpu-definitions, query-cpu-model-expansion, -comparison, -baseline.
 * Models are schema data; an accelerator, if there is one, says which of their features it
 * supports.
 */
#include "config.h"

#include <string.h>

#include "cpu/x86-features.h"
#include "cpu/x86-model.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/qapi-types-pc.h"
#include "qmp/visit.h"

/* ---- Definitions ---- */

static void list_lacking(Accel *accel, const QmpClass *klass, strList *ret)
{
    X8664CpuProps *props = qmp_new_props(klass);

    x86_features_choose(accel, klass, props, NULL, NULL);
    *ret = props->unavailable_features;
    props->unavailable_features = (strList){ 0 };
    qmp_clear(klass->props, &props);
}

static char *short_name(const char *class_name)
{
    return g_strndup(class_name, strlen(class_name) - strlen(X86_MODEL_SUFFIX));
}

/* The length of what stands before the version in `NAME-vN`, or 0. */
static gsize versioned(const char *name)
{
    gsize n = strlen(name), digits = 0;

    while (digits < n && g_ascii_isdigit(name[n - digits - 1])) {
        digits++;
    }
    n -= digits;
    return digits && n > 2 && !memcmp(name + n - 2, "-v", 2) ? n - 2 : 0;
}

/* The name of klass that has a version, or NULL.  Newly allocated. */
static char *version_name(const QmpClass *klass)
{
    char *name = short_name(klass->name);

    for (const QmpName *alias = klass->aliases; !versioned(name) && alias && *alias; alias++) {
        g_free(name);
        name = short_name(qmp_name(*alias));
    }
    if (!versioned(name)) {
        g_clear_pointer(&name, g_free);
    }
    return name;
}

/* Whether the machine is older than versions of CPU models, which QEMU 4.1 brought. */
static bool is_unversioned(const Machine *machine)
{
    return machine && object_is_a(machine, &qmp_class_pc_i440fx_4_0_machine);
}

/* versioned: names of models stand for one of their versions. */
static CpuDefinitionInfo *describe(Accel *accel, const QmpClass *klass, const char *type_name,
                                   bool versioned)
{
    CpuDefinitionInfo *info = g_new0(CpuDefinitionInfo, 1);
    g_autofree char *version = version_name(klass);

    info->name = short_name(type_name);
    info->has_migration_safe = true;
    info->migration_safe = !x86_is_host_class(klass);
    info->q_static = klass == &qmp_class_base_x86_64_cpu;
    info->typename = g_strdup(type_name);
    info->deprecated = klass->flags & QMP_CLASS_DEPRECATED;
    if (versioned && version && !g_str_equal(version, info->name)) {
        info->alias_of = g_steal_pointer(&version);
    }
    if (accel) {
        info->has_unavailable_features = true;
        list_lacking(accel, klass, &info->unavailable_features);
    }
    return info;
}

bool qmp_query_cpu_definitions(QmpRequest *req, CpuDefinitionInfoList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Accel *accel = accel_find(vmd->root);
    bool versions = !is_unversioned(vmd_machine(vmd));

    ret->items = g_new0(CpuDefinitionInfo *, qmp_n_class_names);
    for (guint i = 0; i < qmp_n_class_names; i++) {
        const QmpClass *klass = qmp_class(qmp_class_names[i].klass);

        if (x86_is_model(klass)) {
            ret->items[ret->n++] = describe(accel, klass, qmp_name(qmp_class_names[i].name),
                                              versions);
        }
    }
    return true;
}

/* ---- Expansion ---- */

bool qmp_query_cpu_model_expansion(QmpRequest *req, QueryCpuModelExpansionArgs *args,
                                   CpuModelExpansionInfo **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    g_auto(X86Model) model = { 0 };

    if (!x86_model_expand(vmd->root, args->model, "model", &model, error)) {
        return false;
    }
    *ret = g_new0(CpuModelExpansionInfo, 1);
    (*ret)->model = args->type == CPU_MODEL_EXPANSION_TYPE_STATIC
                        ? x86_model_static(&model) : x86_model_full(&model, args->model->name);
    (*ret)->unavailable_features = model.props->unavailable_features;
    model.props->unavailable_features = (strList){ 0 };
    return true;
}

/* ---- Two models ---- */

static bool expand_both(QmpRequest *req, const CpuModelInfo *a, const CpuModelInfo *b,
                        X86Model *ret_a, X86Model *ret_b, GError **error)
{
    Vmd *vmd = qmp_request_context(req);

    return x86_model_expand(vmd->root, a, "modela", ret_a, error) &&
           x86_model_expand(vmd->root, b, "modelb", ret_b, error);
}

bool qmp_query_cpu_model_comparison(QmpRequest *req, QueryCpuModelComparisonArgs *args,
                                    CpuModelCompareInfo **ret, GError **error)
{
    g_auto(X86Model) a = { 0 }, b = { 0 };

    if (!expand_both(req, args->modela, args->modelb, &a, &b, error)) {
        return false;
    }
    *ret = x86_model_compare(&a, &b);
    return true;
}

bool qmp_query_cpu_model_baseline(QmpRequest *req, QueryCpuModelBaselineArgs *args,
                                  CpuModelBaselineInfo **ret, GError **error)
{
    g_auto(X86Model) a = { 0 }, b = { 0 };
    CpuModelInfo *model;

    if (!expand_both(req, args->modela, args->modelb, &a, &b, error)) {
        return false;
    }
    model = x86_model_baseline(&a, &b, error);
    if (!model) {
        return false;
    }
    *ret = g_new0(CpuModelBaselineInfo, 1);
    (*ret)->model = model;
    return true;
}
