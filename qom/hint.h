/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints for messages about an unknown name: "; did you mean 'x'?", or an empty
 * text if nothing is near.  Newly allocated.
 */
#ifndef QOM_HINT_H
#define QOM_HINT_H

#include "qom/object.h"

/* Of the properties of a class. */
char *hint_property(const QmpClass *klass, const char *name);

/* Of the children of an object: ids are names below a container. */
char *hint_child(Object *parent, const char *name);

/* Of the concrete classes that are ancestor or descend from it. */
char *hint_class(const QmpClass *ancestor, const char *name);

#endif
