/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths: the canonical one of an object, the object of a full or partial one,
 * and the rule for ids.
 *
 * A full path costs one lookup per component.  A partial one is tried at every
 * object of the tree: a cost that ids and full paths do not have.
 */
#include "config.h"
#include "qom/object.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/tree.h"

char *object_path(const Object *obj)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (; obj->parent; obj = obj->parent) {
        g_string_prepend(path, obj->name);
        g_string_prepend_c(path, '/');
    }
    if (!obj->root) {
        g_string_prepend(path, object_class_name(obj));
    } else if (!path->len) {
        g_string_append_c(path, '/');
    }
    return g_string_free(g_steal_pointer(&path), FALSE);
}

typedef struct {
    char *const *names;
    const QmpClass *schema;     /* or NULL */
    Object *found;
    Object *second;             /* another one with the same partial path */
    Object *other;              /* a match that is not of class schema */
} Search;

static void search(Object *at, Search *s)
{
    Object *obj;

    if (!tree_first(at)) {
        return;
    }
    obj = tree_walk(at, s->names);
    if (obj && s->schema && !object_is_a(obj, s->schema)) {
        s->other = obj;
    } else if (obj) {
        *(s->found ? &s->second : &s->found) = obj;
    }
    for (const GList *link = tree_first(at); link && !s->second; link = link->next) {
        search(link->data, s);
    }
}

static bool has_name(char *const *names)
{
    for (; *names; names++) {
        if (**names) {
            return true;
        }
    }
    return false;
}

static Object *resolve_partial(Object *root, const char *path, Search *s, GError **error)
{
    if (has_name(s->names)) {
        search(root, s);
    }
    if (s->second) {
        g_autofree char *first = object_path(s->found);
        g_autofree char *second = object_path(s->second);

        qmp_error_set(error, ERROR_REASON_PATH_AMBIGUOUS,
                      "path '%s' is ambiguous: '%s' or '%s'", path, first, second);
        return NULL;
    }
    return s->found ?: s->other;
}

Object *object_resolve_type(Object *root, const char *path, const QmpClass *schema,
                            GError **error)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    Search s = { .names = names, .schema = schema };
    GError *ambiguous = NULL;
    Object *obj;

    if (*path == '/') {
        obj = tree_walk(root, names);
    } else {
        obj = resolve_partial(root, path, &s, &ambiguous);
    }
    if (ambiguous) {
        g_propagate_error(error, ambiguous);
        return NULL;
    }
    if (!obj) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "object '%s' not found", path);
        return NULL;
    }
    if (schema && !object_is_a(obj, schema)) {
        qmp_error_set(error, ERROR_REASON_INVALID_TYPE, "object '%s' is of class '%s', not '%s'",
                      path, object_class_name(obj), schema->name);
        return NULL;
    }
    return obj;
}

Object *object_resolve(Object *root, const char *path, GError **error)
{
    return object_resolve_type(root, path, NULL, error);
}

bool object_check_id(const char *id, GError **error)
{
    bool ok = g_ascii_isalpha(*id);

    for (const char *p = id; ok && *p; p++) {
        ok = g_ascii_isalnum(*p) || strchr("-._", *p);
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_ID_INVALID,
                      "'%s' is not an id: a letter, then letters, digits, '-', '.' or '_'", id);
    }
    return ok;
}
