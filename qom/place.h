/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places: where in a tree the objects are that requests make (QmpClassPlace, from `place` of
 * a class in the schema).  Main thread.
 */
#ifndef QOM_PLACE_H
#define QOM_PLACE_H

#include "qom/object.h"

/* The folder where objects of klass are by their ids, and that of those without one.  It is
 * made if it is not there; NULL if klass has none, or what it lies in is not there. */
Object *place_folder(Object *root, const QmpClass *klass);
Object *place_anonymous(Object *root, const QmpClass *klass);

/* The object of this id in such a folder, of whatever class; NULL: it is not there. */
Object *place_child(Object *root, const QmpClass *klass, const char *id);

/* The object of a class of which there is one at most; NULL: it is not there. */
Object *place_single(Object *root, const QmpClass *klass);

/* Whether obj is in a folder of klass: requests made it, and may remove it. */
bool place_has(const QmpClass *klass, const Object *obj);
/* What requests call obj, if it is of klass; NULL: it has no id. */
const char *place_id(const QmpClass *klass, const Object *obj);

/* Calls f with the name of each folder that lies in the object at path; "": the root. */
void place_foreach_folder(const char *path, void (*f)(const char *name, void *data), void *data);

/* Calls f for each object that requests have made, or are making.  f makes and removes none. */
typedef void PlaceFunc(const QmpClassPlace *place, Object *obj, void *data);
void place_foreach_object(Object *root, PlaceFunc *f, void *data);

#endif
