/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties from outside: what qom-get, qom-set, qom-list and the two
 * property-list commands do, by the rows of the object's class.
 */
#ifndef QOM_PROPERTY_H
#define QOM_PROPERTY_H

#include "qom/object.h"
#include "qmp/visit.h"

/* Reads a property (row, or `type`, or a child as its path) as a neutral
 * value; newly allocated.  An absent str or link reads as "", anything else
 * absent and every secret as null.  Fails with property-not-found. */
QmpValue *object_property_get(Object *obj, const char *name, GError **error);

/*
 * The value of a row as a request for a new object would have to give it.  NULL: it
 * cannot be given, is absent, or is the default and no request named it.  fresh: props
 * of a new object of the class.  Links are as they were given.
 */
QmpValue *object_property_record(Object *obj, const QmpMember *member, const void *fresh);

/* Whether a request named the property, which must exist. */
bool object_property_given(const Object *obj, const char *name);

/* Whether the object was given a secret value for this row. */
bool object_property_keeps_secret(const Object *obj, const QmpMember *member);

/*
 * Sets a property by the row's own type; a link is resolved and held
 * immediately, as object_link does.  The property counts as given from then on.
 * Fails with property-not-found, property-read-only, internal-property (unless
 * the input allows it), deprecated-input or unstable-input (by the input's
 * policy), property-not-settable for one that is `settable: build` once the
 * object was made, wrong-state while it is being made; with the decoder's and
 * the link's errors; or with the error of the class's changed hook.  On failure
 * the old value remains.  A forwarded property is set in the part, once that
 * was made.
 */
bool object_property_set(Object *obj, const char *name, const QmpInput *input,
                         const void *node, GError **error);

/*
 * Gives a completed object another value of a property, of the row's type, which is copied: for
 * what a command changes other than by this property, whatever qom-set may.  Links in it are
 * resolved and held.  It counts as given from then on.  Fails with the link's errors, or with the
 * error of the class's changed hook, with a path that begins with the property; the old value
 * remains then.  Machine lock held.
 */
bool object_property_replace(Object *obj, const char *name, const void *value, GError **error);

/*
 * Lets a link of a completed object name another target, or none (NULL): for what a command
 * changes other than by this property.  It counts as given from then on, as if it had been set.
 * The link is neither read-only nor exclusive nor forwarded, and the target is of its class; else
 * nothing changes, and a critical is logged.  Machine lock held.
 */
void object_property_set_link(Object *obj, const char *name, Object *target);

/* Type of a child as in property lists: "child<irq>".  Newly allocated. */
char *child_type_name(const Object *child);

#endif
