/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places: see place.h.
 */
#include "config.h"
#include "qom/place.h"

#include <string.h>

enum { NAME_SIZE = 64 };

/* ---- From a path to an object ---- */

/* The first name of path; what follows it, "" at the end. */
static const char *cut_name(const char *path, char name[NAME_SIZE])
{
    gsize length = strcspn(path + 1, "/");

    g_strlcpy(name, path + 1, MIN(length + 1, NAME_SIZE));
    return path + 1 + length;
}

static Object *find(Object *root, const char *path)
{
    char name[NAME_SIZE];
    Object *obj = root;

    while (obj && *path) {
        path = cut_name(path, name);
        obj = object_child(obj, name);
    }
    return obj;
}

/* The same, but makes missing folders at the end of the path. */
static Object *find_folder(Object *root, const char *path)
{
    char name[NAME_SIZE];
    Object *obj = root;

    while (obj && *path) {
        path = cut_name(path, name);
        obj = *path ? object_child(obj, name) : object_container(obj, name);
    }
    return obj;
}

Object *place_folder(Object *root, const QmpClass *klass)
{
    const QmpClassPlace *place = qmp_class_place(klass);

    return place && !place->single ? find_folder(root, place->path) : NULL;
}

Object *place_anonymous(Object *root, const QmpClass *klass)
{
    const QmpClassPlace *place = qmp_class_place(klass);

    return place && place->anonymous ? find_folder(root, place->anonymous) : NULL;
}

Object *place_child(Object *root, const QmpClass *klass, const char *id)
{
    const QmpClassPlace *place = qmp_class_place(klass);
    Object *folder = place && !place->single ? find(root, place->path) : NULL;

    return folder ? object_child(folder, id) : NULL;
}

Object *place_single(Object *root, const QmpClass *klass)
{
    const QmpClassPlace *place = qmp_class_place(klass);

    return place && place->single ? find(root, place->path) : NULL;
}

/* ---- From an object to its path ---- */

static bool is_at(const Object *obj, const char *path)
{
    const char *end = path + strlen(path);

    while (end > path) {
        const char *slash = g_strrstr_len(path, end - path, "/");
        gsize length = end - slash - 1;

        if (!obj || !obj->name || strlen(obj->name) != length ||
            memcmp(obj->name, slash + 1, length) != 0) {
            return false;
        }
        obj = obj->parent;
        end = slash;
    }
    return obj != NULL;
}

bool place_has(const QmpClass *klass, const Object *obj)
{
    const QmpClassPlace *place = qmp_class_place(klass);

    return place && !place->single &&
           (is_at(obj->parent, place->path) ||
            (place->anonymous && is_at(obj->parent, place->anonymous)));
}

const char *place_id(const QmpClass *klass, const Object *obj)
{
    const QmpClassPlace *place = qmp_class_place(klass);

    return place && !place->single && is_at(obj->parent, place->path) ? obj->name : NULL;
}

/* ---- All of them ---- */

static void tell_folder(const char *folder, const char *path, void (*f)(const char *, void *),
                        void *data)
{
    const char *slash = strrchr(folder, '/');

    if (strlen(path) == (gsize)(slash - folder) && g_str_has_prefix(folder, path)) {
        f(slash + 1, data);
    }
}

void place_foreach_folder(const char *path, void (*f)(const char *name, void *data), void *data)
{
    for (guint i = 0; i < qmp_n_class_places; i++) {
        const QmpClassPlace *place = &qmp_class_places[i];

        if (!place->single) {
            tell_folder(place->path, path, f, data);
        }
        if (place->anonymous) {
            tell_folder(place->anonymous, path, f, data);
        }
    }
}

typedef struct {
    const QmpClassPlace *place;
    PlaceFunc *f;
    void *data;
} Visit;

static bool visit(Object *obj, void *data)
{
    const Visit *v = data;

    v->f(v->place, obj, v->data);
    return true;
}

static void visit_folder(Object *root, const char *path, Visit *v)
{
    Object *folder = find(root, path);

    if (folder) {
        object_foreach_child(folder, visit, v);
    }
}

void place_foreach_object(Object *root, PlaceFunc *f, void *data)
{
    for (guint i = 0; i < qmp_n_class_places; i++) {
        const QmpClassPlace *place = &qmp_class_places[i];
        Visit v = { .place = place, .f = f, .data = data };
        Object *single = place->single ? find(root, place->path) : NULL;

        if (single) {
            f(place, single, data);
        }
        if (!place->single) {
            visit_folder(root, place->path, &v);
        }
        if (place->anonymous) {
            visit_folder(root, place->anonymous, &v);
        }
    }
}
