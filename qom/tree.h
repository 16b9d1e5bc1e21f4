/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What qom's own files need from the tree beyond qom/object.h.  Private to this
 * folder.
 */
#ifndef QOM_TREE_H
#define QOM_TREE_H

#include "qom/object.h"

/* Takes all children out of a dying object. */
void tree_drop_children(Object *obj);

/* The first link of obj's list of children in order, NULL if it has none; for
 * walks that change nothing. */
const GList *tree_first(const Object *obj);

/* The object that a NULL-terminated list of plain names leads to from obj, or
 * NULL; empty names are skipped. */
Object *tree_walk(Object *obj, char *const *names);

/* Whether obj is ancestor or below it. */
bool tree_is_below(const Object *obj, const Object *ancestor);

#endif
