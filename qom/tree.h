/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of qom/ need from the tree beyond qom/object.h.  Private to
 * this folder.
 */
#ifndef QOM_TREE_H
#define QOM_TREE_H

#include "qom/object.h"

/* Takes all children out of a dying object. */
void tree_drop_children(Object *obj);

/* The head of obj's ordered list of children, NULL if it has none; for walks
 * that do not change the tree. */
const GList *tree_first(const Object *obj);

/* The object that a NULL-terminated list of plain names leads to from obj, or
 * NULL; empty names are skipped. */
Object *tree_walk(Object *obj, char *const *names);

/* Whether obj is ancestor or below it. */
bool tree_is_below(const Object *obj, const Object *ancestor);

#endif
