/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root of a tree: a container with the data of the tree as a whole.
 * Private to this folder.
 */
#ifndef QOM_ROOT_H
#define QOM_ROOT_H

#include "qom/env.h"
#include "qom/object.h"

typedef struct {
    Object object;
    const Env *env;                     /* borrowed, or NULL */
    GQueue buses;                       /* of Bus, in order of entering the tree */
    guint64 serial;                     /* of the last completion */
} Root;

/* The root of obj's tree; NULL if its branch is not in a tree. */
Root *root_of(const Object *obj);

#endif
