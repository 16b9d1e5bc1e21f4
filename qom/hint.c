/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints: see hint.h.  qmp/nearest.h decides which names are near.
 */
#include "config.h"
#include "qom/hint.h"

#include "qmp/nearest.h"

char *hint_property(const QmpClass *klass, const char *name)
{
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < klass->props->n_members; i++) {
        qmp_nearest_add(&nearest, qmp_name(qmp_members(klass->props)[i].name));
    }
    return qmp_nearest_hint(&nearest);
}

static bool offer_child(Object *child, void *data)
{
    qmp_nearest_add(data, child->name);
    return true;
}

char *hint_child(Object *parent, const char *name)
{
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    object_foreach_child(parent, offer_child, &nearest);
    return qmp_nearest_hint(&nearest);
}

char *hint_class(const QmpClass *ancestor, const char *name)
{
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (qmp_class_is_a(qmp_classes[i], ancestor) &&
            !(qmp_classes[i]->flags & QMP_CLASS_ABSTRACT)) {
            qmp_nearest_add(&nearest, qmp_classes[i]->name);
        }
    }
    return qmp_nearest_hint(&nearest);
}
