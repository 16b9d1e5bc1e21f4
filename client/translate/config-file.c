/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -readconfig files:
 *
 *   # a comment
 *   [drive "disk0"]            a group, with the id that its members have in quotes
 *     file = "disk.img"        a key and its value; no character in the quotes is special
 *
 * Groups are the options of the command line: [device] stands for -device.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qmp/nearest.h"
#include "qmp/text.h"

/* Files written by people are much smaller. */
enum { TEXT_MAX = 1 << 20 };

typedef struct {
    Plan *plan;
    const char *path;
    guint line;
    const OptionRow *row;       /* of the group, or NULL before the first one */
    QmpOptions *options;
    char *origin;
} Reader;

static bool fail(const Reader *reader, GError **error, ErrorReason reason, const char *text,
                 const char *why)
{
    g_autofree char *quoted = qmp_text_quote(text);

    qmp_error_set(error, reason, "%s:%u: %s %s", reader->path, reader->line, quoted, why);
    return false;
}

static bool end_group(Reader *reader, GError **error)
{
    const OptionRow *row = reader->row;

    reader->row = NULL;
    return !row || plan_add_group(reader->plan, row, g_steal_pointer(&reader->options),
                                  reader->origin, error);
}

static bool unknown_group(const Reader *reader, const char *name, GError **error)
{
    g_autofree char *hint = NULL, *why = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < n_option_rows; i++) {
        if (option_group(&option_rows[i])) {
            qmp_nearest_add(&nearest, option_group(&option_rows[i]));
        }
    }
    hint = qmp_nearest_hint(&nearest);
    why = g_strconcat("is not a group of options", hint, NULL);
    return fail(reader, error, ERROR_REASON_INVALID_VALUE, name, why);
}

/* Cuts text at the next quote; returns what follows it, or NULL if there is none. */
static char *cut_quoted(char *text)
{
    char *end = strchr(text, '"');

    if (!end) {
        return NULL;
    }
    *end = '\0';
    return g_strstrip(end + 1);
}

/* [group] or [group "id"] */
static bool begin_group(Reader *reader, char *text, GError **error)
{
    g_autofree char *whole = g_strdup(text);
    gsize length = strcspn(text + 1, " \t\"]");
    g_autofree char *name = g_strndup(text + 1, length);
    char *rest = g_strstrip(text + 1 + length);
    char *id = NULL;

    if (*rest == '"') {
        id = rest + 1;
        rest = cut_quoted(id);
        if (!rest) {
            return fail(reader, error, ERROR_REASON_SYNTAX, whole, "has an unterminated quote");
        }
    }
    if (!g_str_equal(rest, "]")) {
        return fail(reader, error, ERROR_REASON_SYNTAX, whole, "must be [GROUP] or [GROUP \"ID\"]");
    }
    if (!end_group(reader, error)) {
        return false;
    }
    reader->row = *name ? option_find_group(name) : NULL;
    if (!reader->row) {
        return unknown_group(reader, name, error);
    }
    g_free(reader->origin);
    reader->origin = g_strdup_printf("%s:%u: %s", reader->path, reader->line, whole);
    reader->options = qmp_options_parse("", NULL, reader->row->flags & OPTION_FLAT
                                                  ? QMP_OPTIONS_FLAT : 0, NULL);
    return !id || qmp_options_add(reader->options, "id", id, 0, error);
}

/* A device's class decides how its other keys are parsed, so it must come first. */
static bool set_driver(Reader *reader, const char *driver, GError **error)
{
    QmpOptions *options = qmp_options_parse("", NULL, device_options_flags(driver), NULL);
    g_autoptr(QmpOptions) before = reader->options;

    reader->options = options;
    return plan_move_all(before, options, "", error) &&
           qmp_options_add(options, "driver", driver, 0, error);
}

static bool add_key(Reader *reader, const char *key, const char *value, GError **error)
{
    if (reader->row->handle == option_device && g_str_equal(key, "driver")) {
        return set_driver(reader, value, error);
    }
    return qmp_options_add(reader->options, key, value, 0, error);
}

/* key = "value" */
static bool add_value(Reader *reader, char *text, GError **error)
{
    g_autofree char *whole = g_strdup(text);
    char *equals = strchr(text, '='), *value, *rest;

    if (!reader->row) {
        return fail(reader, error, ERROR_REASON_SYNTAX, text, "stands in no group");
    }
    if (!equals) {
        return fail(reader, error, ERROR_REASON_SYNTAX, text, "must be KEY = \"VALUE\"");
    }
    *equals = '\0';
    value = g_strstrip(equals + 1);
    if (*value != '"') {
        return fail(reader, error, ERROR_REASON_SYNTAX, whole, "must be KEY = \"VALUE\"");
    }
    rest = cut_quoted(++value);
    if (!rest || *rest) {
        return fail(reader, error, ERROR_REASON_SYNTAX, whole,
                    rest ? "has text after its value" : "has an unterminated quote");
    }
    if (!add_key(reader, g_strstrip(text), value, error)) {
        g_prefix_error(error, "%s:%u: ", reader->path, reader->line);
        return false;
    }
    return true;
}

static bool read_line(Reader *reader, char *line, GError **error)
{
    char *text = g_strstrip(line);

    if (!*text || *text == '#') {
        return true;
    }
    return *text == '[' ? begin_group(reader, text, error) : add_value(reader, text, error);
}

static bool read_lines(Reader *reader, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        reader->line = i + 1;
        if (!read_line(reader, lines[i], error)) {
            return false;
        }
    }
    return end_group(reader, error);
}

bool config_file_parse(Plan *plan, const char *path, const char *text, GError **error)
{
    Reader reader = { .plan = plan, .path = path };
    bool ok;

    if (!g_utf8_validate(text, -1, NULL)) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "%s: is not UTF-8 text", path);
        return false;
    }
    ok = read_lines(&reader, text, error);
    qmp_options_free(reader.options);
    g_free(reader.origin);
    return ok;
}

char *config_read_text(const char *path, GError **error)
{
    FILE *file = fopen(path, "re");
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    size_t n = 0;

    if (!file) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open it");
        return NULL;
    }
    while (text->len < TEXT_MAX && (n = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        g_string_append_len(text, buffer, n);
    }
    if (ferror(file)) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read it");
    } else if (n > 0 || strlen(text->str) != text->len) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "is not a text file of reasonable size");
        n = 1;
    }
    n += ferror(file) != 0;
    fclose(file);
    return n ? NULL : g_string_free(g_steal_pointer(&text), FALSE);
}

bool config_file_read(Plan *plan, const char *path, GError **error)
{
    g_autofree char *text = config_read_text(path, error);

    return text && config_file_parse(plan, path, text, error);
}
