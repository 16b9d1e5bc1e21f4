/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See class-info.h.  Nothing is cached: each answer is made from the rows.
 */
#include "config.h"
#include "qmp/class-info.h"

#include "qmp/describe.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-memory.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-object.h"
#include "qmp/recipe.h"

ClassKind qmp_class_kind(const QmpClass *klass)
{
    const struct {
        const QmpClass *root;
        ClassKind kind;
    } kinds[] = {
        { &qmp_class_cpu, CLASS_KIND_CPU },     /* before devices, which CPUs are, too */
        { &qmp_class_device, CLASS_KIND_DEVICE },
        { &qmp_class_bus, CLASS_KIND_BUS },
        { &qmp_class_machine, CLASS_KIND_MACHINE },
        { &qmp_class_accel, CLASS_KIND_ACCELERATOR },
        { &qmp_class_memory_backend, CLASS_KIND_MEMORY_BACKEND },
        { &qmp_class_chardev, CLASS_KIND_CHARDEV },
        { &qmp_class_netdev, CLASS_KIND_NETDEV },
        { &qmp_class_block_node, CLASS_KIND_BLOCK_NODE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (qmp_class_is_a(klass, kinds[i].root)) {
            return kinds[i].kind;
        }
    }
    return CLASS_KIND_OBJECT;
}

/* ---- Marks ---- */

static void list_features(bool unstable, bool deprecated, bool *ret_has, ClassFeatureList *ret)
{
    *ret_has = unstable || deprecated;
    if (!*ret_has) {
        return;
    }
    ret->items = g_new0(ClassFeature, 2);
    if (unstable) {
        ret->items[ret->n++] = CLASS_FEATURE_UNSTABLE;
    }
    if (deprecated) {
        ret->items[ret->n++] = CLASS_FEATURE_DEPRECATED;
    }
}

static void member_features(guint32 flags, bool *ret_has, ClassFeatureList *ret)
{
    list_features(flags & QMP_MEMBER_UNSTABLE, flags & QMP_MEMBER_DEPRECATED, ret_has, ret);
}

/* ---- Properties ---- */

static const QmpType *enum_of(const QmpType *type)
{
    if (type->kind == QMP_KIND_LIST) {
        type = qmp_type(type->element);
    }
    return type->kind == QMP_KIND_ENUM ? type : NULL;
}

static void list_values(const QmpType *type, ClassValueList *ret)
{
    ret->items = g_new0(ClassValue *, type->n_values);
    for (guint i = 0; i < type->n_values; i++) {
        const QmpEnumValue *value = &qmp_values(type)[i];
        ClassValue *info = g_new0(ClassValue, 1);

        info->name = g_strdup(qmp_name(value->name));
        info->description = g_strdup(qmp_doc(value->doc));
        member_features(value->flags, &info->has_features, &info->features);
        ret->items[ret->n++] = info;
    }
}

static PropertySettable settable(const QmpMember *member)
{
    if (member->flags & QMP_MEMBER_READONLY) {
        return PROPERTY_SETTABLE_NEVER;
    }
    return member->flags & QMP_MEMBER_RUN ? PROPERTY_SETTABLE_RUN : PROPERTY_SETTABLE_BUILD;
}

static void add_place(GString *text, const QmpCpuidBit *bit)
{
    static const char *const registers[] = { "eax", "ebx", "ecx", "edx" };

    g_string_append_printf(text, "%s%x", text->len ? ", " : "", bit->leaf);
    if (bit->subleaf) {
        g_string_append_printf(text, ":%x", bit->subleaf);
    }
    if (bit->reg != QMP_CPUID_MSR) {
        g_string_append_printf(text, ".%s", registers[bit->reg]);
    }
    g_string_append_printf(text, "[%u]", bit->bit);
}

char *qmp_class_feature(const QmpClass *klass, const QmpMember *member, bool msr)
{
    GString *text;

    if (qmp_type(member->type)->kind != QMP_KIND_BOOL ||
        !qmp_class_is_a(klass, &qmp_class_x86_64_cpu)) {
        return NULL;
    }
    text = g_string_new(NULL);
    for (guint i = 0; i < qmp_n_cpuid_bits; i++) {
        const QmpCpuidBit *bit = &qmp_cpuid_bits[i];

        if (bit->offset == member->offset && (bit->reg == QMP_CPUID_MSR) == msr) {
            add_place(text, bit);
        }
    }
    return g_string_free(text, text->len == 0);
}

static void add_str(strList *list, const char *name)
{
    list->items = g_renew(char *, list->items, list->n + 1);
    list->items[list->n++] = g_strdup(name);
}

static const char *feature_at(guint32 offset)
{
    guint i = 0;

    while (qmp_cpuid_bits[i].offset != offset) {
        i++;
    }
    return qmp_name(qmp_cpuid_bits[i].name);
}

static void list_needs(ClassProperty *info, const QmpMember *member)
{
    if (!info->cpuid && !info->msr) {
        return;
    }
    for (guint i = 0; i < qmp_n_cpuid_needs; i++) {
        if (qmp_cpuid_needs[i].offset == member->offset) {
            add_str(&info->needs, feature_at(qmp_cpuid_needs[i].needs));
        }
    }
    info->has_needs = info->needs.n > 0;
}

static void list_aliases(ClassProperty *info, const QmpMember *member)
{
    for (guint i = 0; member->flags & QMP_MEMBER_ALIAS && i < qmp_n_member_aliases; i++) {
        if (qmp_member_aliases[i].name == member->name) {
            add_str(&info->aliases, qmp_name(qmp_member_aliases[i].alias));
        }
    }
    info->has_aliases = info->aliases.n > 0;
}

/* Optional members that are either true or absent. */
static void mark(bool condition, bool *ret_has, bool *ret)
{
    *ret_has = *ret = condition;
}

static void describe_type(ClassProperty *info, const QmpMember *member)
{
    const QmpType *values = enum_of(qmp_type(member->type));

    info->type = qmp_member_type_name(member);
    if (qmp_type(member->type)->kind == QMP_KIND_LINK) {
        info->link = g_strdup(qmp_class(qmp_type(member->type)->target)->name);
    }
    if (member->flags & QMP_MEMBER_HAS_MIN) {
        info->min = qmp_bound_value(qmp_type(member->type), member->min);
    }
    if (member->flags & QMP_MEMBER_HAS_MAX) {
        info->max = qmp_bound_value(qmp_type(member->type), member->max);
    }
    info->has_only = member->n_only > 0;
    info->only.items = g_new0(QmpValue *, member->n_only);
    for (guint i = 0; i < member->n_only; i++) {
        info->only.items[info->only.n++] =
            qmp_scalar_value(qmp_type(member->type), qmp_only(member)[i]);
    }
    info->has_values = values != NULL;
    if (values) {
        list_values(values, &info->values);
    }
}

ClassProperty *qmp_class_property(const QmpClass *klass, const QmpMember *member)
{
    ClassProperty *info = g_new0(ClassProperty, 1);
    const guint32 flags = member->flags;

    info->name = g_strdup(qmp_name(member->name));
    info->q_class = g_strdup(qmp_member_owner(klass, member)->name);
    info->description = g_strdup(qmp_doc(member->doc));
    describe_type(info, member);
    info->settable = settable(member);
    info->q_default = qmp_class_default(klass, member);
    info->part = member->part ? g_strdup(qmp_name(member->part)) : NULL;
    info->cpuid = qmp_class_feature(klass, member, false);
    info->msr = qmp_class_feature(klass, member, true);
    list_needs(info, member);
    list_aliases(info, member);
    mark(qmp_member_required(klass, member), &info->has_required, &info->required);
    mark(flags & QMP_MEMBER_EXCLUSIVE, &info->has_exclusive, &info->exclusive);
    mark(flags & QMP_MEMBER_INTERNAL, &info->has_internal, &info->internal);
    mark(flags & QMP_MEMBER_SECRET, &info->has_secret, &info->secret);
    member_features(flags, &info->has_features, &info->features);
    return info;
}

/* ---- The class ---- */

static void list_names(ClassInfo *info, const QmpClass *klass)
{
    for (const QmpName *alias = klass->aliases; alias && *alias; alias++) {
        add_str(&info->aliases, qmp_name(*alias));
    }
    for (const QmpClass *up = klass->parent; up; up = up->parent) {
        add_str(&info->parents, up->name);
    }
    for (const QmpClass *const *bus = qmp_class_buses(klass); bus && *bus; bus++) {
        add_str(&info->buses, (*bus)->name);
    }
    for (const char *const *event = qmp_class_events(klass); event && *event; event++) {
        add_str(&info->events, *event);
    }
}

static void describe_place(ClassInfo *info, const QmpClass *klass)
{
    static const ClassPlug plugs[] = {
        [QMP_PLUG_BOARD] = CLASS_PLUG_BOARD,
        [QMP_PLUG_COLD] = CLASS_PLUG_COLD,
        [QMP_PLUG_HOT] = CLASS_PLUG_HOT,
    };

    info->has_plug = klass->plug != QMP_PLUG_NONE;
    info->plug = plugs[klass->plug];
    info->bus = klass->bus ? g_strdup(klass->bus->name) : NULL;
}

static void describe_machine(ClassInfo *info, const QmpClass *klass)
{
    info->has_cpu_max = info->has_is_default = info->has_compat = true;
    info->cpu_max = klass->cpu_max;
    info->is_default = klass->flags & QMP_CLASS_DEFAULT;
    info->default_cpu_type = klass->default_cpu ? g_strdup(qmp_class(klass->default_cpu)->name)
                                                : NULL;
    info->default_ram_id = g_strdup(qmp_name_or_null(klass->default_ram_id));
    qmp_compat_list(klass, &info->compat);
}

static void list_members(ClassInfo *info, const QmpClass *klass)
{
    const QmpType *props = klass->props;

    info->properties.items = g_new0(ClassProperty *, props->n_members);
    for (guint i = 0; i < props->n_members; i++) {
        info->properties.items[info->properties.n++] =
            qmp_class_property(klass, &qmp_members(props)[i]);
    }
    info->parts.items = g_new0(RecipeEntry *, klass->n_parts);
    for (guint i = 0; i < klass->n_parts; i++) {
        info->parts.items[info->parts.n++] = qmp_recipe_entry(klass, &klass->parts[i]);
    }
}

ClassInfo *qmp_class_info(const QmpClass *klass)
{
    ClassInfo *info = g_new0(ClassInfo, 1);

    info->name = g_strdup(klass->name);
    info->kind = qmp_class_kind(klass);
    info->abstract = klass->flags & QMP_CLASS_ABSTRACT;
    info->user_creatable = klass->flags & QMP_CLASS_USER_CREATABLE;
    info->device = klass->flags & QMP_CLASS_DEVICE;
    info->shared = klass->flags & QMP_CLASS_SHARED;
    info->description = g_strdup(qmp_doc(klass->doc));
    info->since = g_strdup(qmp_doc(klass->since));
    list_features(klass->flags & QMP_CLASS_UNSTABLE, klass->flags & QMP_CLASS_DEPRECATED,
                  &info->has_features, &info->features);
    list_names(info, klass);
    describe_place(info, klass);
    if (klass->flags & QMP_CLASS_MACHINE) {
        describe_machine(info, klass);
    }
    list_members(info, klass);
    return info;
}
