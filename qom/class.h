/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes as qom's own files see them: a schema class together with the C types
 * of its chain.  Private to this folder; other code uses qom/object.h.
 */
#ifndef QOM_CLASS_H
#define QOM_CLASS_H

#include "qom/device.h"
#include "qom/object.h"

/* Built on first use, const and published for good. */
struct Class {
    const QmpClass *schema;
    gsize size;                 /* of the instance struct */
    const void *kind;           /* the nearest TypeInfo.kind, or NULL */
    guint n_types;
    const TypeInfo *types[];    /* of the chain, base first; only those with code */
};

/* The class of a schema class, from any thread; never NULL. */
const Class *class_get(const QmpClass *schema);

#endif
