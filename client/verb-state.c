/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl state: the registers of a device or a CPU, by name.
 *
 * A register is printed in hexadecimal with its full width; a signed number, or a time, in
 * decimal.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "client/output.h"
#include "client/verb.h"
#include "qmp/json.h"

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* Hexadecimal digits of a register's type; 0: it is not a register. */
static int digits(const char *type)
{
    return g_str_has_prefix(type, "uint")
        ? (int)g_ascii_strtoull(type + strlen("uint"), NULL, 10) / 4 : 0;
}

static guint64 to_uint(const json_t *value)
{
    return qmp_json_input.kind(value) == QMP_VALUE_UINT
        ? qmp_json_input.get_uint(value) : (guint64)json_integer_value(value);
}

static void append_value(GString *line, const char *type, const json_t *value)
{
    g_autofree char *text = NULL;

    if (digits(type) && value) {
        g_string_append_printf(line, "0x%0*" G_GINT64_MODIFIER "x", digits(type),
                               to_uint(value));
    } else if (json_is_string(value)) {
        g_string_append(line, json_string_value(value));
    } else if (json_is_null(value)) {
        g_string_append(line, "never");
    } else if (!value) {
        g_string_append(line, "not set");
    } else {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        g_string_append(line, text ? text : "?");
    }
}

/* How many elements from the i-th on are equal to it. */
static gsize alike(const json_t *values, gsize i)
{
    gsize n = 1;

    while (i + n < json_array_size(values) &&
           json_equal(json_array_get(values, i), json_array_get(values, i + n))) {
        n++;
    }
    return n;
}

/* A list; elements that occur more than twice in a row are printed once. */
static void append_values(GString *line, const char *type, const json_t *values)
{
    if (!json_is_array(values) || g_str_equal(type, "value")) {
        append_value(line, type, values);
        return;
    }
    for (gsize i = 0; i < json_array_size(values);) {
        gsize n = alike(values, i);

        g_string_append(line, i ? " " : "");
        append_value(line, type, json_array_get(values, i));
        if (n > 2) {
            g_string_append_printf(line, " (%zu times)", n);
        }
        i += n > 2 ? n : 1;
    }
}

/* A group without nested groups is printed on one line. */
static bool is_flat(const json_t *fields)
{
    gsize i;
    const json_t *field;

    json_array_foreach(fields, i, field) {
        if (json_object_get(field, "fields") || json_is_array(json_object_get(field, "value"))) {
            return false;
        }
    }
    return true;
}

static void append_flat(GString *line, const json_t *fields)
{
    gsize i;
    const json_t *field;

    json_array_foreach(fields, i, field) {
        g_string_append_printf(line, "%s%s ", i ? "  " : "", member(field, "name"));
        append_value(line, member(field, "type"), json_object_get(field, "value"));
    }
}

enum {
    INDENT = 2,
    NAME_WIDTH = 16,
    DUMP_DIGITS = 64,           /* per line of many bytes */
};

static bool is_dump(const json_t *field)
{
    return g_str_equal(member(field, "type"), "bytes") &&
           strlen(member(field, "value")) > DUMP_DIGITS;
}

/* Lines of bytes with the offset of their first; "*" stands for more of the same. */
static void print_dump(const char *text, int indent)
{
    const char *last = NULL;
    bool same = false;

    for (const char *line = text; *line; line += strnlen(line, DUMP_DIGITS)) {
        if (last && strncmp(last, line, DUMP_DIGITS) == 0) {
            printf("%*s%s", same ? 0 : indent, "", same ? "" : "*\n");
            same = true;
            continue;
        }
        same = false;
        last = line;
        printf("%*s%04zx  %.*s\n", indent, "", (gsize)(line - text) / 2, DUMP_DIGITS, line);
    }
}

static void print_fields(const json_t *fields, int indent)
{
    gsize i;
    const json_t *field;

    json_array_foreach(fields, i, field) {
        const json_t *group = json_object_get(field, "fields");
        g_autoptr(GString) line = g_string_new(NULL);

        if (group && is_flat(group)) {
            append_flat(line, group);
        } else if (!group && !is_dump(field)) {
            append_values(line, member(field, "type"), json_object_get(field, "value"));
        }
        g_string_prepend(line, line->len ? " " : "");
        printf("%*s%-*s%s\n", indent, "", line->len ? NAME_WIDTH : 0, member(field, "name"),
               line->str);
        if (group && !is_flat(group)) {
            print_fields(group, indent + INDENT);
        } else if (is_dump(field)) {
            print_dump(member(field, "value"), indent + INDENT);
        }
    }
}

static void print_state(const json_t *state)
{
    const json_t *sections = json_object_get(state, "sections"), *section;
    gsize i;

    printf("%s\n", member(state, "path"));
    if (!json_array_size(sections)) {
        printf("%*sno state\n", INDENT, "");
    }
    json_array_foreach(sections, i, section) {
        printf("%*s%s, version %d\n", INDENT, "", member(section, "name"),
               (int)json_integer_value(json_object_get(section, "version")));
        print_fields(json_object_get(section, "fields"), 2 * INDENT);
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean json = FALSE;
    json_t *state = NULL;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON object", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn || !connection_call(conn, "query-device-state",
                                  json_pack("{s:s}", "path", argv[1]), &state, error)) {
        return EXIT_ERROR;
    }
    (json ? output_json : print_state)(state);
    json_decref(state);
    return EXIT_OK;
}

const Verb verb_state = {
    .name = "state",
    .arguments = "PATH",
    .summary = "print the registers of a device or a CPU",
    .description = "PATH is an id, or a path in the machine's tree.  query-cpus-fast lists the\n"
                   "paths of CPUs; the first one's is usually /machine/unattached/device[0].",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
