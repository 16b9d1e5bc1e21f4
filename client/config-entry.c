/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See config-entry.h.
 */
#include "config.h"
#include "client/config-entry.h"

#include <stdio.h>
#include <string.h>

#include "client/translate/typed.h"
#include "qmp/error.h"

/* Members that are names of the entry itself or of a class. */
static const char *const own_names[] = { "id", "node-name", "driver", "qom-type", "type", NULL };

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ---- Making them ---- */

static void free_entry(gpointer data)
{
    ConfigEntry *entry = data;

    g_free(entry->key);
    json_decref(entry->request);
    json_decref(entry->complete);
    g_free(entry);
}

/* The class that the arguments name, or NULL. */
static const QmpClass *named_class(const char *command, const json_t *arguments)
{
    const char *name = g_str_equal(command, "object-add") ? member(arguments, "qom-type")
                     : g_str_equal(command, "device_add") ? member(arguments, "driver") : NULL;

    return name ? qmp_class_find(name) : NULL;
}

/* The place of what a command makes; NULL if it makes nothing. */
static const QmpClassPlace *find_place(const char *command, const QmpClass *klass)
{
    if (klass) {
        return klass->place ? &qmp_class_places[klass->place - 1] : NULL;
    }
    for (guint i = 0; i < qmp_n_class_places; i++) {
        if (g_strcmp0(qmp_class_places[i].add, command) == 0) {
            return &qmp_class_places[i];
        }
    }
    return NULL;
}

/* key: by its path, or by class and the number of entries before it that have no id, either. */
static char *make_key(const ConfigEntries *entries, const ConfigEntry *entry)
{
    if (entry->place->single) {
        return g_strdup(entry->place->path);
    }
    if (entry->id) {
        return g_strdup_printf("%s/%s", entry->place->path, entry->id);
    }
    for (guint n = 0;; n++) {
        g_autofree char *key = g_strdup_printf("%s[%u]", entry->klass->name, n);

        if (!g_hash_table_contains(entries->by_key, key)) {
            return g_steal_pointer(&key);
        }
    }
}

static bool add_request(ConfigEntries *entries, json_t *request, GError **error)
{
    const char *command = member(request, "execute");
    json_t *arguments = json_object_get(request, "arguments");
    const QmpClass *klass = command && arguments ? named_class(command, arguments) : NULL;
    const QmpClassPlace *place = command && arguments ? find_place(command, klass) : NULL;
    ConfigEntry *entry;
    json_t *complete;

    if (!place) {
        return true;
    }
    complete = typed_complete(command, arguments, error);
    if (!complete) {
        g_prefix_error(error, "%s: ", command);
        return false;
    }
    entry = g_new0(ConfigEntry, 1);
    entry->klass = klass ? klass : place->klass;
    entry->place = place;
    entry->request = json_incref(request);
    entry->complete = complete;
    entry->id = member(request ? arguments : NULL, place->id);
    entry->key = make_key(entries, entry);
    g_ptr_array_add(entries->entries, entry);
    g_hash_table_insert(entries->by_key, entry->key, entry);
    return true;
}

ConfigEntries *config_entries_new(const GPtrArray *requests, GError **error)
{
    g_autoptr(ConfigEntries) entries = g_new0(ConfigEntries, 1);

    entries->entries = g_ptr_array_new_with_free_func(free_entry);
    entries->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < requests->len; i++) {
        json_t *request = requests->pdata[i], *inner;
        size_t k;

        if (g_strcmp0(member(request, "execute"), "build") != 0) {
            if (!add_request(entries, request, error)) {
                return NULL;
            }
            continue;
        }
        json_array_foreach(json_object_get(json_object_get(request, "arguments"), "requests"), k,
                           inner) {
            if (!add_request(entries, inner, error)) {
                return NULL;
            }
        }
    }
    return g_steal_pointer(&entries);
}

void config_entries_free(ConfigEntries *entries)
{
    if (entries) {
        g_hash_table_unref(entries->by_key);
        g_ptr_array_unref(entries->entries);
        g_free(entries);
    }
}

/* ---- Comparing ---- */

/* "SLOT[.FUNCTION]", hexadecimal, or eight times the one and the other; -1 if it is neither. */
static json_int_t pci_address(const json_t *value)
{
    unsigned slot = 0, function = 0;

    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    return json_is_string(value) &&
           sscanf(json_string_value(value), "%x.%x", &slot, &function) >= 1
               ? (json_int_t)(slot * 8 + function) : -1;
}

static bool is_equal(const char *name, const json_t *a, const json_t *b)
{
    if (json_equal(a, b)) {
        return true;
    }
    return g_str_equal(name, "addr") && pci_address(a) >= 0 && pci_address(a) == pci_address(b);
}

GPtrArray *config_entry_differences(const ConfigEntry *there, const ConfigEntry *wanted)
{
    GPtrArray *names = g_ptr_array_new();
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(wanted->request, "arguments"), name, value) {
        if (!is_equal(name, json_object_get(there->complete, name),
                      json_object_get(wanted->complete, name))) {
            g_ptr_array_add(names, (gpointer)name);
        }
    }
    return names;
}

static bool mentions(const json_t *value, const char *id)
{
    const char *key;
    json_t *inner;
    size_t i;

    if (json_is_string(value)) {
        return g_str_equal(json_string_value(value), id);
    }
    json_array_foreach(value, i, inner) {
        if (mentions(inner, id)) {
            return true;
        }
    }
    json_object_foreach((json_t *)value, key, inner) {
        if (!g_strv_contains(own_names, key) && mentions(inner, id)) {
            return true;
        }
    }
    return false;
}

bool config_entry_refers(const ConfigEntry *entry, const ConfigEntry *target)
{
    return entry != target && target->id &&
           mentions(json_object_get(entry->request, "arguments"), target->id);
}

/* ---- Shortening ---- */

/* A member that is false and one that is absent are the same: not to have a feature. */
static bool means_same(const json_t *arguments, const json_t *complete)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)complete, name, value) {
        const json_t *other = json_object_get(arguments, name);

        if (!json_equal(other, value) && (other || !json_is_false(value))) {
            return false;
        }
    }
    json_object_foreach((json_t *)arguments, name, value) {
        if (!json_object_get(complete, name)) {
            return false;
        }
    }
    return true;
}

/* Whether the arguments mean the same without a member of object, which is a part of them. */
static bool is_needless(const char *command, const json_t *arguments, json_t *object,
                        const char *name, const json_t *complete)
{
    json_t *value = json_incref(json_object_get(object, name)), *without;
    bool same;

    json_object_del(object, name);
    without = typed_complete(command, arguments, NULL);
    same = without && means_same(without, complete);
    if (!same) {
        json_object_set(object, name, value);
    }
    json_decref(without);
    json_decref(value);
    return same;
}

static void shorten(const char *command, const json_t *arguments, json_t *object,
                    const json_t *complete)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) {
        g_ptr_array_add(names, g_strdup(name));
    }
    for (guint i = 0; i < names->len; i++) {
        if (!is_needless(command, arguments, object, names->pdata[i], complete) &&
            json_is_object(json_object_get(object, names->pdata[i]))) {
            shorten(command, arguments, json_object_get(object, names->pdata[i]), complete);
        }
    }
}

json_t *config_entry_shorten(const ConfigEntry *entry)
{
    json_t *request = json_deep_copy(entry->request);
    json_t *arguments = json_object_get(request, "arguments");

    shorten(member(request, "execute"), arguments, arguments, entry->complete);
    return request;
}
