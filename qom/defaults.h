/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults that a machine gives to devices: the machine type's `compat` rows,
 * then the list in the machine's property `defaults` (structs with the members
 * driver, property and value).  They override a class's own defaults, a request
 * overrides them, and they apply to devices only.
 *
 * The machine is the object at "/machine"; without one there are no such
 * defaults.  Threads: as qom/object.h says.
 */
#ifndef QOM_DEFAULTS_H
#define QOM_DEFAULTS_H

#include "qom/object.h"

/*
 * Checks every entry of machine's property `defaults` against the schema, at
 * machine creation.  Fails with class-not-found, invalid-type (not a device
 * class), property-not-found, property-read-only, internal-property or the
 * decoder's errors; the error's path is "defaults[I].driver" and the like.
 * machine may be of any class; one without that property passes.
 */
bool defaults_check(Object *machine, GError **error);

/*
 * Applies both lists to props of klass, a device class (others are left alone):
 * where several classes of its chain are named, the nearest one is applied
 * last; within a class, later entries are.  Properties in given are not
 * changed.
 * root: of the tree that the device will be in.  Fails as defaults_check does;
 * props may then be partly changed.
 */
bool defaults_apply(Object *root, const QmpClass *klass, void *props, const QmpGiven *given,
                    GError **error);

/* Whether either list has a default for this property of klass. */
bool defaults_name(Object *root, const QmpClass *klass, const char *property);

/* The machine request's name for a value that klass got from `defaults`:
 * "defaults[I].value", newly allocated; NULL if the value comes from
 * elsewhere. */
char *defaults_argument(Object *root, const QmpClass *klass, const char *property);

#endif
