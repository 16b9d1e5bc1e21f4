/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Features of an x86 CPU, by the schema's table of CPUID bits.
 *
 * A feature's property is absent unless the request, the machine's defaults or
 * the model name it.  Absent ones are chosen here.
 */
#include "config.h"
#include "cpu/x86-features.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-builtin.h"
#include "qom/qapi-objects-cpu.h"

enum {
    LEAF_KVM_FEATURES = 0x40000001,
};

/* Features of the accelerator itself, which are on in every model if available. */
static const char *const accel_features[] = {
    "hypervisor", "x2apic", "kvmclock", "kvm-nopiodelay", "kvm-asyncpf", "kvm-steal-time",
    "kvm-pv-eoi", "kvmclock-stable-bit", NULL,
};

/* `host` and `max` do not enable these: they describe the machine's shape, with
 * or without separate leaves, or promise something that only the client knows. */
static const char *const never_chosen[] = {
    "ht", "cmp-legacy", "topoext", "kvm-hint-dedicated", NULL,
};

/* Features that bind the machine to its host. */
static const char *const not_migratable[] = { "invtsc", NULL };

bool x86_is_host_model(const Object *obj)
{
    return object_is_a(obj, &qmp_class_max_x86_64_cpu);
}

bool x86_was_given(const Object *obj, const char *property)
{
    const QmpClass *klass = object_class(obj);
    const QmpMember *member = qmp_class_member(klass, property);

    return member && qmp_given(obj->given, member - qmp_members(klass->props));
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

/* ---- Resolving ---- */

typedef struct {
    Accel *accel;               /* or NULL */
    X8664CpuProps *props;
    bool host_model;
    guint32 leaf, subleaf;      /* of regs */
    guint32 regs[4];            /* what the accelerator offers there */
    bool has_regs;
    GPtrArray *unavailable;     /* of const char * */
} Resolver;

static bool is_offered(Resolver *r, const QmpCpuidBit *bit)
{
    const AccelOps *ops = r->accel ? accel_ops(r->accel) : NULL;

    if (!ops || !ops->cpuid_supported) {
        return true;
    }
    if (!r->has_regs || bit->leaf != r->leaf || bit->subleaf != r->subleaf) {
        ops->cpuid_supported(r->accel, bit->leaf, bit->subleaf, r->regs);
        r->leaf = bit->leaf;
        r->subleaf = bit->subleaf;
        r->has_regs = true;
    }
    return r->regs[bit->reg] >> bit->bit & 1;
}

static bool choose(const Resolver *r, const QmpCpuidBit *bit, bool offered)
{
    if (!r->accel || !offered || g_strv_contains(never_chosen, qmp_name(bit->name)) ||
        (r->props->migratable && g_strv_contains(not_migratable, qmp_name(bit->name)))) {
        return false;
    }
    return r->host_model || g_strv_contains(accel_features, qmp_name(bit->name));
}

static void resolve_bit(Resolver *r, const QmpCpuidBit *bit, const QmpMember *member)
{
    bool *has = &G_STRUCT_MEMBER(bool, r->props, member->has_offset);
    bool *value = &G_STRUCT_MEMBER(bool, r->props, bit->offset);
    bool offered = is_offered(r, bit);

    if (bit->leaf == LEAF_KVM_FEATURES && !r->props->kvm) {
        *value = false;
    } else if (!*has) {
        *value = choose(r, bit, offered);
    } else if (*value && !offered) {
        *value = false;
        g_ptr_array_add(r->unavailable, (gpointer)qmp_name(bit->name));
    }
    *has = true;
}

/* The rows of properties and the table of bits are in the same order. */
static void resolve_all(Resolver *r)
{
    const QmpType *rows = qmp_class_x86_64_cpu.props;
    guint row = 0;

    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        while (qmp_members(rows)[row].offset != qmp_cpuid_bits[i].offset) {
            row = (row + 1) % rows->n_members;
        }
        resolve_bit(r, &qmp_cpuid_bits[i], &qmp_members(rows)[row]);
    }
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

void x86_features_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props)
{
    g_autoptr(GPtrArray) unavailable = g_ptr_array_new();
    Resolver r = {
        .accel = accel,
        .props = props,
        .host_model = qmp_class_is_a(klass, &qmp_class_max_x86_64_cpu),
        .unavailable = unavailable,
    };

    resolve_all(&r);
    list_unavailable(&r);
}

bool x86_features_resolve(Cpu *cpu, GError **error)
{
    X8664CpuProps *props = x86_64_cpu_props(cpu);
    g_autofree char *names = NULL;

    x86_features_choose(cpu->accel, object_class(cpu), props);
    if (props->unavailable_features.n == 0) {
        return true;
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
