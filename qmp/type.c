/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Look-ups in the generated rows.
 *
 * qmp_classes[] is in the order of descent (parents first), which no search can
 * use; the look-up by name is a scan, about 600 comparisons that mostly end at
 * the first letter.  It runs once per object, never per access.
 */
#include "config.h"
#include "qmp/type.h"

#include <string.h>

static bool class_has_name(const QmpClass *klass, const char *name)
{
    if (!strcmp(klass->name, name)) {
        return true;
    }
    for (const char *const *alias = klass->aliases; alias && *alias; alias++) {
        if (!strcmp(*alias, name)) {
            return true;
        }
    }
    return false;
}

const QmpClass *qmp_class_find(const char *name)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (class_has_name(qmp_classes[i], name)) {
            return qmp_classes[i];
        }
    }
    return NULL;
}

bool qmp_class_is_a(const QmpClass *klass, const QmpClass *ancestor)
{
    while (klass && klass != ancestor) {
        klass = klass->parent;
    }
    return klass != NULL;
}

const QmpMember *qmp_class_member(const QmpClass *klass, const char *name)
{
    const QmpType *props = klass->props;

    for (guint i = 0; props && i < props->n_members; i++) {
        if (!strcmp(props->members[i].name, name)) {
            return &props->members[i];
        }
    }
    return NULL;
}

const char *qmp_enum_name(const QmpType *type, int value)
{
    if (value < 0 || (guint)value >= type->n_values) {
        return "?";
    }
    return type->values[value].name;
}

int qmp_enum_parse(const QmpType *type, const char *name)
{
    guint low = 0, high = type->n_values;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        guint value = type->sorted[middle];
        int order = strcmp(name, type->values[value].name);

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
