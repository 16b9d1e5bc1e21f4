/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment of a tree: kept by its root (qom/root.h), found from any
 * object below it.
 */
#include "config.h"
#include "qom/env.h"

#include "qom/checks.h"
#include "qom/root.h"

void object_set_env(Object *root, const Env *env)
{
    g_return_if_fail(root->root);
    root_of(root)->env = env;
}

const Env *object_env(Object *obj)
{
    const Root *root = root_of(obj);

    return root ? root->env : NULL;
}

bool env_keep(Object *obj, EnvKeep keep, GError **error)
{
    const Env *env = object_env(obj);

    if (env && env->defer && env->defer(env, obj, keep)) {
        return true;
    }
    return keep(obj, error);
}

void env_foreach_pending(Object *obj, Object *bus, EnvPending f, void *opaque)
{
    const Env *env = object_env(obj);

    if (env && env->foreach_pending) {
        env->foreach_pending(env, bus, f, opaque);
    }
}

void env_refused(Object *obj, int error, int fd)
{
    const Env *env = object_env(obj);
    g_autofree char *path = env && env->refused ? object_path(obj) : NULL;

    if (path) {
        env->refused(env, error, path, fd);
    }
}

#ifdef DEBUG_CHECKS

void env_lock_assert(const Object *obj)
{
    const Root *root = root_of(obj);
    const Env *env = root ? root->env : NULL;

    if (env && env->locked && !env->locked(env)) {
        g_autofree char *path = object_path(obj);

        check_failed("'%s' is used without the machine lock", path);
    }
}

#endif
