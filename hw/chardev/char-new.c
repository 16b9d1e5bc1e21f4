/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From chardev-add's union to a character backend in the tree: which class a
 * kind is, and what is checked before anything is opened.
 */
#include "config.h"
#include "hw/chardev/char.h"

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/hint.h"
#include "qom/place.h"
#include "qom/qapi-objects-char.h"

static const QmpClass *const classes[] = {
    [CHARDEV_BACKEND_KIND_FILE] = &qmp_class_chardev_file,
    [CHARDEV_BACKEND_KIND_PIPE] = &qmp_class_chardev_pipe,
    [CHARDEV_BACKEND_KIND_SOCKET] = &qmp_class_chardev_socket,
    [CHARDEV_BACKEND_KIND_PTY] = &qmp_class_chardev_pty,
    [CHARDEV_BACKEND_KIND_NULL] = &qmp_class_chardev_null,
    [CHARDEV_BACKEND_KIND_STDIO] = &qmp_class_chardev_stdio,
    [CHARDEV_BACKEND_KIND_RINGBUF] = &qmp_class_chardev_ringbuf,
    [CHARDEV_BACKEND_KIND_MEMORY] = &qmp_class_chardev_ringbuf,
    [CHARDEV_BACKEND_KIND_UDP] = &qmp_class_chardev_udp,
    [CHARDEV_BACKEND_KIND_MUX] = &qmp_class_chardev_mux,
};

G_STATIC_ASSERT(G_N_ELEMENTS(classes) == CHARDEV_BACKEND_KIND__MAX);

static bool find_stdio(Object *child, void *data)
{
    Object **found = data;

    *found = object_dynamic_cast(child, &qmp_class_chardev_stdio);
    return !*found;
}

/* The process has one standard input. */
static bool check_stdio(Object *chardevs, GError **error)
{
    Object *other = NULL;

    object_foreach_child(chardevs, find_stdio, &other);
    if (other) {
        qmp_error_set_at(error, "backend.type", ERROR_REASON_IN_USE,
                         "standard input and output are in use by chardev '%s'", other->name);
        return false;
    }
    return true;
}

static bool begin(Object *parent, Chardev *chr, const char *id, GError **error)
{
    const Env *env = object_env(parent);

    if (!object_add_child(parent, id, &chr->object, error)) {
        return false;
    }
    if (!object_link(&chr->object, error) ||
        (chr->ops->setup && !chr->ops->setup(chr, env, error))) {
        object_destroy(&chr->object);
        return false;
    }
    return true;
}

Chardev *chardev_new(Object *root, const char *id, const ChardevBackend *backend,
                     GError **error)
{
    Object *parent = place_folder(root, &qmp_class_chardev);
    const QmpClass *klass = classes[backend->type];
    ChardevProps *props;
    Chardev *chr;
    bool ok;

    if (!object_check_id(id, error) ||
        (klass == &qmp_class_chardev_stdio && !check_stdio(parent, error))) {
        return NULL;
    }
    props = qmp_new_props(klass);
    qmp_clone(&qmp_type_ChardevBackend, &props->backend, &backend);
    chr = to_chardev(object_new_with_props(klass, props, NULL));
    ok = begin(parent, chr, id, error);
    object_unref(chr);
    return ok ? chr : NULL;
}

Chardev *chardev_find(Object *root, const char *id, GError **error)
{
    Object *obj = object_child(place_folder(root, &qmp_class_chardev), id);

    if (!obj || object_life(obj) != OBJECT_COMPLETE) {
        g_autofree char *hint = hint_child(place_folder(root, &qmp_class_chardev), id);

        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "chardev '%s' not found%s", id, hint);
        return NULL;
    }
    return to_chardev(obj);
}
