/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects and their properties.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"
#include "client/translate/typed.h"
#include "qmp/json.h"

/* ---- Lists ---- */

static void on_list(HmpLine *line, const json_t *reply)
{
    const json_t *property;
    gsize i;

    json_array_foreach(reply, i, property) {
        hmp_print(line, "%s (%s)\n", hmp_str(property, "name"), hmp_str(property, "type"));
    }
}

void hmp_qom_list(HmpLine *line)
{
    if (hmp_given(line, "path")) {
        hmp_ask(line, "qom-list", json_pack("{s:s}", "path", hmp_word(line, "path")), on_list);
    } else {
        hmp_print(line, "/\n");
    }
}

static void on_value(HmpLine *line, const json_t *reply)
{
    g_autofree char *text = json_dumps(reply, JSON_ENCODE_ANY | JSON_INDENT(4));

    hmp_print(line, "%s\n", text ? text : "");
}

void hmp_qom_get(HmpLine *line)
{
    hmp_ask(line, "qom-get", json_pack("{s:s, s:s}", "path", hmp_word(line, "path"), "property",
                                       hmp_word(line, "property")), on_value);
}

/* ---- qom-set: text by the property's own row ---- */

static void set_value(HmpLine *line, json_t *value)
{
    hmp_ask(line, "qom-set", json_pack("{s:s, s:s, s:o}", "path", hmp_word(line, "path"),
                                       "property", hmp_word(line, "property"), "value", value),
            NULL);
}

static void on_class(HmpLine *line, const json_t *reply)
{
    const char *name = json_string_value(reply);
    const QmpClass *klass = name ? qmp_class_find(name) : NULL;
    const QmpMember *member =
        klass ? qmp_class_member(klass, hmp_word(line, "property")) : NULL;
    g_autoptr(GError) error = NULL;
    json_t *value;

    /* An unknown property is the daemon's to name. */
    value = member ? typed_from_text(member, hmp_word(line, "value"), &error)
                   : json_string(hmp_word(line, "value"));
    if (value) {
        set_value(line, value);
    } else {
        hmp_fail(line, "%s", error->message);
    }
}

void hmp_qom_set(HmpLine *line)
{
    const char *text = hmp_word(line, "value");
    g_autoptr(GError) error = NULL;
    json_t *value;

    if (!hmp_given(line, "j")) {
        hmp_ask(line, "qom-get", json_pack("{s:s, s:s}", "path", hmp_word(line, "path"),
                                           "property", "type"), on_class);
        return;
    }
    value = qmp_json_parse(text, strlen(text), &error);
    if (value) {
        set_value(line, value);
    } else {
        hmp_fail(line, "%s", error->message);
    }
}

/* ---- info qom-tree ---- */

/* The stack of paths that are still to be printed is in line->keep, the next one last. */
static void next_node(HmpLine *line);

static void on_children(HmpLine *line, const json_t *reply)
{
    json_t *node = json_incref(json_array_get(line->keep, json_array_size(line->keep) - 1));
    const char *path = hmp_str(node, "path");
    gint64 depth = hmp_int(node, "depth");

    json_array_remove(line->keep, json_array_size(line->keep) - 1);
    for (gsize i = json_array_size(reply); reply && i-- > 0;) {
        const json_t *property = json_array_get(reply, i);
        const char *type = hmp_str(property, "type"), *name = hmp_str(property, "name");
        g_autofree char *child = NULL, *klass = NULL;

        if (!g_str_has_prefix(type, "child<") || !g_str_has_suffix(type, ">")) {
            continue;
        }
        child = g_strdup_printf("%s/%s", g_str_equal(path, "/") ? "" : path, name);
        klass = g_strndup(type + 6, strlen(type) - 7);
        json_array_append_new(line->keep,
                              json_pack("{s:s, s:s, s:s, s:I}", "path", child, "name", name,
                                        "class", klass, "depth", (json_int_t)depth + 2));
    }
    json_decref(node);
    next_node(line);
}

static void next_node(HmpLine *line)
{
    const json_t *node = json_array_get(line->keep, json_array_size(line->keep) - 1);

    if (node) {
        hmp_print(line, "%*s/%s (%s)\n", (int)hmp_int(node, "depth"), "", hmp_str(node, "name"),
                  hmp_str(node, "class"));
        hmp_ask_quietly(line, "qom-list", json_pack("{s:s}", "path", hmp_str(node, "path")),
                        on_children);
    }
}

static void on_tree_class(HmpLine *line, const json_t *reply)
{
    const char *path = hmp_word(line, "path"), *slash;

    path = path ? path : "/machine";
    slash = strrchr(path, '/');
    line->keep = json_pack("[{s:s, s:s, s:s, s:i}]", "path", path, "name", slash ? slash + 1 : path,
                           "class", json_string_value(reply), "depth", 0);
    next_node(line);
}

void hmp_info_qom_tree(HmpLine *line)
{
    const char *path = hmp_word(line, "path");

    hmp_ask(line, "qom-get", json_pack("{s:s, s:s}", "path", path ? path : "/machine",
                                       "property", "type"), on_tree_class);
}

/* ---- info qdm ---- */

static void on_types(HmpLine *line, const json_t *reply)
{
    const json_t *type;
    gsize i;

    json_array_foreach(reply, i, type) {
        hmp_print(line, "name \"%s\"\n", hmp_str(type, "name"));
    }
}

void hmp_info_qdm(HmpLine *line)
{
    hmp_ask(line, "qom-list-types", json_pack("{s:s, s:b}", "implements", "device", "abstract", 0),
            on_types);
}
