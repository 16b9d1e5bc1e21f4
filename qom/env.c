/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment of a tree: kept by its root (qom/root.h), found from any
 * object below it.
 */
#include "config.h"
#include "qom/env.h"

#include "qom/root.h"

void object_set_env(Object *root, const Env *env)
{
    g_return_if_fail(root->root);
    ((Root *)root)->env = env;
}

const Env *object_env(Object *obj)
{
    const Root *root = root_of(obj);

    return root ? root->env : NULL;
}
