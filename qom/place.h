/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places: where in a tree requests put the objects they make (QmpClassPlace, from `place` of
 * a class in the schema).  Main thread.
 */
#ifndef QOM_PLACE_H
#define QOM_PLACE_H

#include "qom/object.h"

/* The folder of the objects of klass by id, and the one of those without id.  It is made if
 * missing; NULL if klass has none, or if its parent is missing. */
Object *place_folder(Object *root, const QmpClass *klass);
Object *place_anonymous(Object *root, const QmpClass *klass);

/* The object with this id in such a folder, of any class; NULL: there is none. */
Object *place_child(Object *root, const QmpClass *klass, const char *id);

/* The object of a class that has at most one; NULL: there is none. */
Object *place_single(Object *root, const QmpClass *klass);

/* Whether obj is in a folder of klass: a request made it, and a request may remove it. */
bool place_has(const QmpClass *klass, const Object *obj);
/* The id of obj in requests, if it is of klass; NULL: it has none. */
const char *place_id(const QmpClass *klass, const Object *obj);

/* Calls f with the name of each folder in the object at path; "": the root. */
void place_foreach_folder(const char *path, void (*f)(const char *name, void *data), void *data);

/*
 * Calls f for each object that requests have made, or are making. f must not
 * make or remove any.
 */
typedef void PlaceFunc(const QmpClassPlace *place, Object *obj, void *data);
void place_foreach_object(Object *root, PlaceFunc *f, void *data);

#endif
