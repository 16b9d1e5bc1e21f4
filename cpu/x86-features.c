/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Features of an x86 CPU, by the schema's tables of bits and of what they need.
 *
 * A feature's property is absent unless the request, the machine's defaults or
 * the model name it.  Absent ones are chosen here; then features are dropped whose
 * parents are off, and then those that the accelerator lacks.
 */
#include "config.h"
#include "cpu/x86-features.h"

#include <string.h>

#include "cpu/cpuid-hyperv.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qom/qapi-objects-cpu.h"

enum {
    LEAF_KVM_FEATURES = 0x40000001,
};

bool x86_is_host_class(const QmpClass *klass)
{
    return qmp_class_is_a(klass, &qmp_class_max_x86_64_cpu);
}

guint32 x86_feature_word(const X8664CpuProps *props, guint32 leaf, guint32 subleaf, guint reg)
{
    guint32 word = 0;

    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->leaf == leaf && bit->subleaf == subleaf && bit->reg == reg &&
            G_STRUCT_MEMBER(bool, props, bit->offset)) {
            word |= 1u << bit->bit;
        }
    }
    return word;
}

guint64 x86_feature_msr(const X8664CpuProps *props, guint32 msr, guint64 *ret_named)
{
    guint64 value = 0;

    *ret_named = 0;
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->reg == QMP_CPUID_MSR && bit->leaf == msr) {
            *ret_named |= 1ull << bit->bit;
            value |= (guint64)G_STRUCT_MEMBER(bool, props, bit->offset) << bit->bit;
        }
    }
    return value;
}

/* ---- Resolving ---- */

typedef struct {
    Accel *accel;               /* or NULL */
    X8664CpuProps *props;
    const QmpGiven *given;      /* what the request named, or NULL */
    bool host_model;
    guint32 leaf, subleaf;      /* of regs */
    guint32 regs[4];            /* what the accelerator offers there */
    bool has_regs;
    guint off;                  /* QMP_CPUID_OFF_* of the accelerator */
    GPtrArray *unavailable;     /* of const char * */
} Resolver;

static guint off_flag(const Accel *accel)
{
    if (!accel) {
        return 0;
    }
    return object_is_a(&accel->object, &qmp_class_kvm_accel) ? QMP_CPUID_OFF_KVM
           : object_is_a(&accel->object, &qmp_class_tcg_accel) ? QMP_CPUID_OFF_TCG : 0;
}

static bool is_offered(Resolver *r, const QmpCpuidBit *bit)
{
    const AccelOps *ops = r->accel ? accel_ops(r->accel) : NULL;

    if (!ops || !ops->cpuid_supported) {
        return true;
    }
    if (bit->reg == QMP_CPUID_MSR) {
        return ops->msr_supported && ops->msr_supported(r->accel, bit->leaf) >> bit->bit & 1;
    }
    if (!r->has_regs || bit->leaf != r->leaf || bit->subleaf != r->subleaf) {
        ops->cpuid_supported(r->accel, bit->leaf, bit->subleaf, r->regs);
        r->leaf = bit->leaf;
        r->subleaf = bit->subleaf;
        r->has_regs = true;
    }
    return r->regs[bit->reg] >> bit->bit & 1;
}

static bool *value_of(const Resolver *r, guint32 offset)
{
    return &G_STRUCT_MEMBER(bool, r->props, offset);
}

/* Whether the accelerator offers a feature, that is all of its bits. */
static bool feature_is_offered(Resolver *r, guint first)
{
    guint32 offset = qmp_cpuid_bits[first].offset;

    for (guint i = first; i < qmp_n_cpuid_bits && qmp_cpuid_bits[i].offset == offset; i++) {
        if (!is_offered(r, &qmp_cpuid_bits[i])) {
            return false;
        }
    }
    return true;
}

static bool is_first_row(guint i)
{
    return i == 0 || qmp_cpuid_bits[i].offset != qmp_cpuid_bits[i - 1].offset;
}

static void note_unavailable(Resolver *r, const char *name)
{
    if (!g_ptr_array_find(r->unavailable, name, NULL)) {
        g_ptr_array_add(r->unavailable, (gpointer)name);
    }
}

/* ---- What is requested ---- */

static bool choose(Resolver *r, guint i)
{
    guint flags = qmp_cpuid_bits[i].flags;

    if (r->accel && r->props->hv_passthrough && hyperv_is_leaf(qmp_cpuid_bits[i].leaf)) {
        return feature_is_offered(r, i);
    }
    if (!r->accel || flags & QMP_CPUID_NOT_CHOSEN ||
        (r->props->migratable && flags & QMP_CPUID_UNMIGRATABLE) ||
        !(r->host_model || flags & QMP_CPUID_CHOSEN)) {
        return false;
    }
    return feature_is_offered(r, i);
}

static void request_feature(Resolver *r, guint i, const QmpMember *member, bool given)
{
    const QmpCpuidBit *bit = &qmp_cpuid_bits[i];
    bool *has = &G_STRUCT_MEMBER(bool, r->props, member->has_offset);
    bool *value = value_of(r, bit->offset);

    if (bit->leaf == LEAF_KVM_FEATURES && !r->props->kvm) {
        *value = false;
    } else if (!*has) {
        *value = choose(r, i);
    } else if (!given && bit->flags & r->off) {
        *value = false;
    }
    *has = true;
}

/* The rows of properties and the table of bits are in the same order. */
static void request_all(Resolver *r)
{
    const QmpType *rows = qmp_class_x86_64_cpu.props;
    guint row = 0;

    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        if (!is_first_row(i)) {
            continue;
        }
        while (qmp_members(rows)[row].offset != qmp_cpuid_bits[i].offset) {
            row = (row + 1) % rows->n_members;
        }
        request_feature(r, i, &qmp_members(rows)[row], qmp_given(r->given, row));
    }
}

/* Drops features whose parents the CPU does not have.  A parent's own rows come first, so one
 * pass does it.  Reports all of them, or those that the request named. */
static void drop_orphans(Resolver *r, bool report_all)
{
    const QmpType *rows = qmp_class_x86_64_cpu.props;

    for (guint i = 0; i < qmp_n_cpuid_needs; i++) {
        const QmpCpuidNeed *need = &qmp_cpuid_needs[i];
        guint row = 0;

        if (!*value_of(r, need->offset) || *value_of(r, need->needs)) {
            continue;
        }
        *value_of(r, need->offset) = false;
        while (qmp_members(rows)[row].offset != need->offset) {
            row++;
        }
        if (report_all || qmp_given(r->given, row)) {
            note_unavailable(r, qmp_name(qmp_members(rows)[row].name));
        }
    }
}

/* ---- What the accelerator lacks ---- */

static void filter_all(Resolver *r)
{
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (is_first_row(i) && *value_of(r, bit->offset) && !feature_is_offered(r, i)) {
            *value_of(r, bit->offset) = false;
            note_unavailable(r, qmp_name(bit->name));
        }
    }
    drop_orphans(r, true);
}

static void list_unavailable(Resolver *r)
{
    strList *list = &r->props->unavailable_features;

    for (gsize i = 0; i < list->n; i++) {
        g_free(list->items[i]);
    }
    g_free(list->items);
    list->n = r->unavailable->len;
    list->items = list->n ? g_new(char *, list->n) : NULL;
    for (gsize i = 0; i < list->n; i++) {
        list->items[i] = g_strdup(g_ptr_array_index(r->unavailable, i));
    }
}

static char *join_names(const strList *names)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < names->n; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "", names->items[i]);
    }
    return g_string_free(text, FALSE);
}

void x86_features_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props,
                         const QmpGiven *given, X8664CpuProps *ret_requested)
{
    g_autoptr(GPtrArray) unavailable = g_ptr_array_new();
    Resolver r = {
        .accel = accel,
        .props = props,
        .given = given,
        .host_model = x86_is_host_class(klass),
        .off = off_flag(accel),
        .unavailable = unavailable,
    };

    request_all(&r);
    drop_orphans(&r, false);
    if (ret_requested) {
        *ret_requested = *props;
    }
    filter_all(&r);
    list_unavailable(&r);
}

/* A guest is told that it runs on Hyper-V, and relies on what it was made for. */
static bool check_hyperv(const X8664CpuProps *props, const AccelOps *ops, GError **error)
{
    for (gsize i = 0; i < props->unavailable_features.n; i++) {
        const char *name = props->unavailable_features.items[i];

        if (g_str_has_prefix(name, "hv-")) {
            qmp_error_set_at(error, name, ERROR_REASON_NOT_SUPPORTED,
                             "accelerator '%s' lacks feature '%s', or what it needs is off",
                             ops->name, name);
            return false;
        }
    }
    return true;
}

bool x86_features_resolve(Cpu *cpu, GError **error)
{
    const Object *obj = &cpu->device.object;
    X8664CpuProps *props = x86_64_cpu_props(cpu);
    g_autofree char *names = NULL;

    x86_features_choose(cpu->accel, object_class(cpu), props, obj->given, NULL);
    if (props->unavailable_features.n == 0) {
        return true;
    }
    if (!check_hyperv(props, accel_ops(cpu->accel), error)) {
        return false;
    }
    names = join_names(&props->unavailable_features);
    if (props->enforce) {
        qmp_error_set_at(error, "enforce", ERROR_REASON_NOT_SUPPORTED,
                         "accelerator '%s' lacks features of CPU model '%s': %s",
                         accel_ops(cpu->accel)->name, object_class_name(cpu), names);
        return false;
    }
    if (props->check) {
        g_warning("accelerator '%s' lacks features of CPU model '%s', which the guest will not "
                  "see: %s", accel_ops(cpu->accel)->name, object_class_name(cpu), names);
    }
    return true;
}
