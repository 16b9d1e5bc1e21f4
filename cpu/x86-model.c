/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See x86-model.h.
 */
#include "config.h"
#include "cpu/x86-model.h"

#include <string.h>

#include "cpu/cpuid-hyperv.h"
#include "cpu/x86-features.h"
#include "cpu/x86-identity.h"
#include "qmp/error.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/defaults.h"

/* What a static expansion says of a model besides its features. */
static const char *const identity[] = {
    "vendor", "family", "model", "stepping", "model-id", "min-level", "min-xlevel", NULL,
};

/* The class of a model by its name or an alias, without the suffix; NULL: there is none. */
static const QmpClass *find(const char *name)
{
    g_autofree char *full = g_strconcat(name, X86_MODEL_SUFFIX, NULL);
    const QmpClass *klass = qmp_class_find(full);

    return klass && x86_is_model(klass) ? klass : NULL;
}

bool x86_is_model(const QmpClass *klass)
{
    return qmp_class_is_a(klass, &qmp_class_x86_64_cpu) && !(klass->flags & QMP_CLASS_ABSTRACT);
}

/* ---- Expanding ---- */

typedef struct {
    const QmpClass *klass;
    X8664CpuProps *props;
    QmpGiven *given;
    GError **error;
} Change;

static bool can_be_set(const QmpMember *member)
{
    return !(member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL));
}

static bool change_property(const char *name, const void *value, void *data)
{
    Change *change = data;
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT };
    const QmpMember *member = qmp_class_member(change->klass, name);
    guint row;

    if (!member || !can_be_set(member)) {
        qmp_error_set_at(change->error, name, ERROR_REASON_PROPERTY_NOT_FOUND,
                         "class '%s' has no property '%s' that can be set", change->klass->name,
                         name);
        return false;
    }
    row = member - qmp_members(change->klass->props);
    change->given[row / 8] |= 1 << row % 8;
    return qmp_decode_member(&input, member, value, change->props, change->error);
}

static bool change_properties(const QmpValue *named, const char *argument, Change *change,
                              GError **error)
{
    g_autofree char *path = g_strconcat(argument, ".props", NULL);
    GError *local = NULL;

    if (!named) {
        return true;
    }
    if (qmp_value_input.kind(named) != QMP_VALUE_DICT) {
        qmp_error_set_at(error, path, ERROR_REASON_INVALID_TYPE,
                         "parameter '%s' must be an object", path);
        return false;
    }
    change->error = &local;
    qmp_value_input.dict_foreach(named, change_property, change);
    if (local) {
        qmp_error_prefix_path(local, "props");
        qmp_error_prefix_path(local, argument);
        g_propagate_error(error, local);
        return false;
    }
    return true;
}

static void copy_features(X8664CpuProps *to, const X8664CpuProps *from)
{
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        G_STRUCT_MEMBER(bool, to, qmp_cpuid_bits[i].offset) =
            G_STRUCT_MEMBER(bool, from, qmp_cpuid_bits[i].offset);
    }
}

bool x86_model_expand(Object *root, const CpuModelInfo *info, const char *argument,
                      X86Model *ret, GError **error)
{
    const QmpClass *klass = find(info->name);
    Accel *accel = accel_find(root);
    g_autofree QmpGiven *given = NULL;
    X8664CpuProps requested;
    Change change = { .klass = klass };

    if (!klass) {
        g_autofree char *path = g_strconcat(argument, ".name", NULL);

        qmp_error_set_at(error, path, ERROR_REASON_CLASS_NOT_FOUND, "there is no CPU model '%s'",
                         info->name);
        return false;
    }
    *ret = (X86Model){ .klass = klass, .props = qmp_new_props(klass) };
    given = g_new0(QmpGiven, klass->props->n_members / 8 + 1);
    change.props = ret->props;
    change.given = given;
    if (!change_properties(info->props, argument, &change, error) ||
        !defaults_apply(root, klass, ret->props, given, error)) {
        x86_model_clear(ret);
        return false;
    }
    x86_features_choose(accel, klass, ret->props, given, &requested);
    copy_features(ret->props, &requested);
    if (accel) {
        x86_identity_choose(accel, klass, ret->props, given);
    }
    return true;
}

void x86_model_clear(X86Model *model)
{
    if (model->props) {
        qmp_clear(model->klass->props, &model->props);
    }
}

/* ---- As properties ---- */

static void add_member(QmpValue *dict, const X86Model *model, const QmpMember *member)
{
    const QmpType *type = qmp_type(member->type);
    const void *storage = &G_STRUCT_MEMBER(char, model->props, member->offset);

    if (qmp_member_present(member, model->props)) {
        qmp_value_add(dict, qmp_name(member->name), qmp_to_value(type, storage));
    }
}

CpuModelInfo *x86_model_full(const X86Model *model, const char *name)
{
    const QmpType *type = model->klass->props;
    CpuModelInfo *info = g_new0(CpuModelInfo, 1);

    info->name = g_strdup(name);
    info->props = qmp_value_dict();
    for (guint i = 0; i < type->n_members; i++) {
        if (can_be_set(&qmp_members(type)[i])) {
            add_member(info->props, model, &qmp_members(type)[i]);
        }
    }
    return info;
}

CpuModelInfo *x86_model_static(const X86Model *model)
{
    CpuModelInfo *info = g_new0(CpuModelInfo, 1);

    info->name = g_strdup("base");
    info->props = qmp_value_dict();
    for (const char *const *name = identity; *name; name++) {
        add_member(info->props, model, qmp_class_member(model->klass, *name));
    }
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if ((i == 0 || bit->offset != bit[-1].offset) && !hyperv_is_leaf(bit->leaf)) {
            qmp_value_add(info->props, qmp_name(bit->name),
                          qmp_value_bool(G_STRUCT_MEMBER(bool, model->props, bit->offset)));
        }
    }
    return info;
}

/* ---- Two models ---- */

/* The first model without a vendor has the accelerator's, whatever it is. */
static bool same_vendor(const X86Model *a, const X86Model *b)
{
    const char *vendor_a = a->props->vendor, *vendor_b = b->props->vendor;

    return !vendor_a || !vendor_b || g_str_equal(vendor_a, vendor_b);
}

static void add_name(strList *list, const char *name)
{
    list->items = g_renew(char *, list->items, list->n + 1);
    list->items[list->n++] = g_strdup(name);
}

CpuModelCompareInfo *x86_model_compare(const X86Model *a, const X86Model *b)
{
    CpuModelCompareInfo *info = g_new0(CpuModelCompareInfo, 1);
    bool a_more = false, b_more = false, same = same_vendor(a, b);

    if (!same) {
        add_name(&info->responsible_properties, "vendor");
    }
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];
        bool in_a = G_STRUCT_MEMBER(bool, a->props, bit->offset);
        bool in_b = G_STRUCT_MEMBER(bool, b->props, bit->offset);

        if (in_a != in_b && (i == 0 || bit->offset != bit[-1].offset)) {
            add_name(&info->responsible_properties, qmp_name(bit->name));
            a_more |= in_a;
            b_more |= in_b;
        }
    }
    info->result = !same || (a_more && b_more) ? CPU_MODEL_COMPARE_RESULT_INCOMPATIBLE
                   : a_more                     ? CPU_MODEL_COMPARE_RESULT_SUPERSET
                   : b_more                     ? CPU_MODEL_COMPARE_RESULT_SUBSET
                                                : CPU_MODEL_COMPARE_RESULT_IDENTICAL;
    return info;
}

static bool is_older(const X8664CpuProps *a, const X8664CpuProps *b)
{
    return a->family != b->family ? a->family < b->family
           : a->model != b->model ? a->model < b->model : a->stepping < b->stepping;
}

CpuModelInfo *x86_model_baseline(const X86Model *a, const X86Model *b, GError **error)
{
    const X86Model *older = is_older(b->props, a->props) ? b : a;
    CpuModelInfo *info;

    if (!same_vendor(a, b)) {
        qmp_error_set_at(error, "modelb", ERROR_REASON_INVALID_VALUE,
                         "the models have different vendors, '%s' and '%s'", a->props->vendor,
                         b->props->vendor);
        return NULL;
    }
    info = x86_model_static(older);
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (!hyperv_is_leaf(bit->leaf)) {
            qmp_value_set(info->props, qmp_name(bit->name),
                          qmp_value_bool(G_STRUCT_MEMBER(bool, a->props, bit->offset) &&
                                         G_STRUCT_MEMBER(bool, b->props, bit->offset)));
        }
    }
    qmp_value_set(info->props, "min-level",
                  qmp_value_uint(MIN(a->props->min_level, b->props->min_level)));
    qmp_value_set(info->props, "min-xlevel",
                  qmp_value_uint(MIN(a->props->min_xlevel, b->props->min_xlevel)));
    return info;
}
