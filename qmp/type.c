/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Look-ups in the generated rows.
 */
#include "config.h"
#include "qmp/type.h"

#include <string.h>

const QmpClassName *qmp_class_name_find(const char *name)
{
    guint low = 0, high = qmp_n_class_names;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(name, qmp_name(qmp_class_names[middle].name));

        if (!order) {
            return &qmp_class_names[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const QmpClass *qmp_class_find(const char *name)
{
    const QmpClassName *row = qmp_class_name_find(name);

    return row ? qmp_class(row->klass) : NULL;
}

bool qmp_class_is_a(const QmpClass *klass, const QmpClass *ancestor)
{
    while (klass && klass != ancestor) {
        klass = klass->parent;
    }
    return klass != NULL;
}

const QmpClassPlace *qmp_class_place(const QmpClass *klass)
{
    return klass->place ? &qmp_class_places[klass->place - 1] : NULL;
}

static const QmpMember *find_member(const QmpClass *klass, const char *name)
{
    const QmpType *props = klass->props;

    for (guint i = 0; props && i < props->n_members; i++) {
        if (!strcmp(qmp_name(qmp_members(props)[i].name), name)) {
            return &qmp_members(props)[i];
        }
    }
    return NULL;
}

const QmpMember *qmp_class_member(const QmpClass *klass, const char *name)
{
    const QmpMember *member = find_member(klass, name);

    for (guint i = 0; !member && i < qmp_n_member_aliases; i++) {
        const QmpMemberAlias *row = &qmp_member_aliases[i];

        if (!strcmp(qmp_name(row->alias), name)) {
            member = find_member(klass, qmp_name(row->name));
            member = member && member->flags & QMP_MEMBER_ALIAS ? member : NULL;
        }
    }
    return member;
}

const char *qmp_enum_name(const QmpType *type, int value)
{
    if (value < 0 || (guint)value >= type->n_values) {
        return "?";
    }
    return qmp_name(qmp_values(type)[value].name);
}

int qmp_enum_parse(const QmpType *type, const char *name)
{
    guint low = 0, high = type->n_values;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        guint value = qmp_sorted(type)[middle];
        int order = strcmp(name, qmp_name(qmp_values(type)[value].name));

        if (!order) {
            return value;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}
