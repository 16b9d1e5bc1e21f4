/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See schema-json.h.  The reply of query-qmp-schema is also a text in this program.
 */
#include "config.h"
#include "client/schema-json.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdlib.h>

#include "qmp/class-info.h"
#include "qmp/error.h"
#include "qmp/qapi-introspect.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/visit.h"

/* ---- query-qmp-schema ---- */

typedef struct {
    GHashTable *infos;          /* name to json_t, borrowed from all */
    GHashTable *taken;          /* names */
    json_t *all;
    json_t *list;               /* the result, which close_list() also walks */
} Closure;

static void closure_init(Closure *closure)
{
    json_t *info;
    size_t i;

    closure->all = json_loadb(qmp_introspect, qmp_introspect_length, 0, NULL);
    closure->infos = g_hash_table_new(g_str_hash, g_str_equal);
    closure->taken = g_hash_table_new(g_str_hash, g_str_equal);
    closure->list = json_array();
    json_array_foreach(closure->all, i, info) {
        g_hash_table_insert(closure->infos,
                            (char *)json_string_value(json_object_get(info, "name")), info);
    }
}

static void take(Closure *closure, const char *name)
{
    json_t *info = g_hash_table_lookup(closure->infos, name);

    if (info && g_hash_table_add(closure->taken,
                                 (char *)json_string_value(json_object_get(info, "name")))) {
        json_array_append(closure->list, info);
    }
}

static void take_types(Closure *closure, const json_t *entries)
{
    json_t *entry;
    size_t i;

    json_array_foreach(entries, i, entry) {
        const char *type = json_string_value(json_object_get(entry, "type"));

        if (type) {
            take(closure, type);
        }
    }
}

/* Adds the types that each entry of the list uses; the list grows meanwhile. */
static void close_list(Closure *closure)
{
    static const char *const keys[] = { "arg-type", "ret-type", "element-type" };

    for (size_t i = 0; i < json_array_size(closure->list); i++) {
        const json_t *info = json_array_get(closure->list, i);

        for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
            const char *type = json_string_value(json_object_get(info, keys[k]));

            if (type) {
                take(closure, type);
            }
        }
        take_types(closure, json_object_get(info, "members"));
        take_types(closure, json_object_get(info, "variants"));
    }
}

static void closure_done(Closure *closure)
{
    g_hash_table_unref(closure->taken);
    g_hash_table_unref(closure->infos);
    json_decref(closure->list);
    json_decref(closure->all);
}

static bool take_item(Closure *closure, const SchemaItem *item, GError **error)
{
    const char *name = item->kind == SCHEMA_TYPES ? item->type->info : item->name;

    if (!name) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                      "type '%s' is used by no command and no event, so query-qmp-schema has it "
                      "not", item->name);
        return false;
    }
    take(closure, name);
    return true;
}

static char *print_list(const json_t *list)
{
    char *printed = json_dumps(list, JSON_COMPACT);
    char *text = g_strdup(printed);

    free(printed);
    return text;
}

char *schema_json_infos(const GPtrArray *items, GError **error)
{
    Closure closure;
    char *text = NULL;
    bool ok = true;

    closure_init(&closure);
    for (guint i = 0; i < items->len && ok; i++) {
        ok = take_item(&closure, items->pdata[i], error);
    }
    if (ok) {
        close_list(&closure);
        text = print_list(closure.list);
    }
    closure_done(&closure);
    return text;
}

/* ---- query-class ---- */

/* Prints and frees a value.  As text, since a tree of jansson's cannot hold 2^64-1. */
static char *encode(const QmpType *type, void *value)
{
    struct evbuffer *buffer = evbuffer_new();
    char *text;

    qmp_encode_json(type, &value, buffer);
    text = g_strndup((const char *)evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer));
    evbuffer_free(buffer);
    qmp_clear(type, &value);
    return text;
}

char *schema_json_class(const SchemaItem *item)
{
    if (item->kind == SCHEMA_FEATURES) {
        return encode(&qmp_type_ClassProperty,
                      qmp_class_property(&qmp_class_x86_64_cpu, item->feature));
    }
    return encode(&qmp_type_ClassInfo, qmp_class_info(item->klass));
}
