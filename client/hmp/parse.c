/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of a line, by the row of its command.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/line.h"
#include "qmp/text.h"

static const char *skip_blanks(const char *text)
{
    while (g_ascii_isspace(*text)) {
        text++;
    }
    return text;
}

/* ---- Words ---- */

static char *take_quoted(const char **text, const char **ret_why)
{
    g_autoptr(GString) word = g_string_new(NULL);
    const char *p = *text + 1;

    for (; *p != '"'; p++) {
        char c = *p;

        if (c == '\\' && p[1]) {
            c = *++p;
            if (!strchr("nr\\'\"", c)) {
                *ret_why = "unsupported escape";
                return NULL;
            }
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        if (!c) {
            *ret_why = "unterminated string";
            return NULL;
        }
        g_string_append_c(word, c);
    }
    *text = p + 1;
    return g_string_free(g_steal_pointer(&word), FALSE);
}

/* Takes the next word from *text, quoted or not, and moves it on.  NULL: there is none, or *ret_why
 * says what is wrong with it. */
static char *take_word(const char **text, const char **ret_why)
{
    const char *start = skip_blanks(*text), *end = start;

    *ret_why = NULL;
    if (*start == '"') {
        *text = start;
        return take_quoted(text, ret_why);
    }
    while (*end && !g_ascii_isspace(*end)) {
        end++;
    }
    *text = end;
    return end > start ? g_strndup(start, end - start) : NULL;
}

/* ---- Kinds ---- */

static bool wrong(HmpLine *line, const char *why)
{
    g_autofree char *name = hmp_row_name(line->id);

    hmp_wrong(line, "%s: %s\nTry \"help %s\" for more information\n", name, why, name);
    return false;
}

static bool take_format(HmpLine *line, const char **text)
{
    const char *p = skip_blanks(*text);
    HmpFormat *format = &line->format;

    *format = (HmpFormat){ .count = 1 };
    if (*p != '/') {
        return true;
    }
    p++;
    if (g_ascii_isdigit(*p)) {
        char *end;

        format->count = g_ascii_strtoll(p, &end, 10);
        p = end;
    }
    for (; *p && !g_ascii_isspace(*p); p++) {
        if (strchr("ouxdic", *p)) {
            format->format = *p;
        } else if (strchr("bhwg", *p)) {
            format->size = *p;
        } else {
            return wrong(line, "invalid char in format");
        }
    }
    *text = p;
    return true;
}

static bool take_size(HmpLine *line, const HmpArgRow *row, const char *word, gint64 *ret)
{
    gsize length = strlen(word);
    /* A number without a suffix is MiB there. */
    g_autofree char *scaled =
        row->kind == HMP_ARG_MIB && g_ascii_isdigit(length ? word[length - 1] : 'x')
            ? g_strconcat(word, "M", NULL) : g_strdup(word);
    guint64 size;

    if (qmp_parse_size(scaled, &size) != QMP_PARSE_OK || size > G_MAXINT64) {
        return wrong(line, "invalid size");
    }
    *ret = size;
    return true;
}

static bool take_onoff(HmpLine *line, const char *word, gint64 *ret)
{
    *ret = g_str_equal(word, "on");
    return *ret || g_str_equal(word, "off") || wrong(line, "expected 'on' or 'off'");
}

static bool take_number(HmpLine *line, const char **text, gint64 *ret)
{
    const char *why = hmp_expression(line, text, ret);

    return !why || wrong(line, why);
}

static bool take_text(HmpLine *line, const HmpArgRow *row, const char **text, HmpArg *arg)
{
    const char *why;

    if (row->kind == HMP_ARG_REST) {
        arg->text = g_strchomp(g_strdup(skip_blanks(*text)));
        *text += strlen(*text);
        return true;
    }
    arg->text = take_word(text, &why);
    if (!arg->text) {
        return wrong(line, why ? why : "string expected");
    }
    if (row->kind == HMP_ARG_ONOFF) {
        return take_onoff(line, arg->text, &arg->number);
    }
    return row->kind == HMP_ARG_WORD || row->kind == HMP_ARG_OPTION ||
           take_size(line, row, arg->text, &arg->number);
}

static bool is_flag(const char *text, const HmpArgRow *row)
{
    return text[0] == '-' && text[1] == row->letter && (!text[2] || g_ascii_isspace(text[2]));
}

/* Whether the argument is not there, and need not be. */
static bool is_left_out(const char *text, const HmpArgRow *row)
{
    return row->letter ? !is_flag(text, row) : row->optional && !*text;
}

static bool take_value(HmpLine *line, const HmpArgRow *row, const char **text, HmpArg *arg)
{
    if (row->kind == HMP_ARG_FLAG) {
        arg->number = true;
        return true;
    }
    if (!*skip_blanks(*text)) {
        return wrong(line, row->kind == HMP_ARG_INT ? "number expected" : "string expected");
    }
    return row->kind == HMP_ARG_INT ? take_number(line, text, &arg->number)
                                    : take_text(line, row, text, arg);
}

static bool take_argument(HmpLine *line, const HmpArgRow *row, const char **text)
{
    HmpArg arg = { .kind = row->kind };
    bool ok;

    *text = skip_blanks(*text);
    if (row->kind == HMP_ARG_FORMAT) {
        return take_format(line, text);
    }
    if (is_left_out(*text, row)) {
        return true;
    }
    memcpy(arg.name, row->name, sizeof(arg.name));
    *text += row->letter ? 2 : 0;
    ok = take_value(line, row, text, &arg);
    g_array_append_val(line->args, arg);
    return ok;
}

bool hmp_parse(HmpLine *line, const char *arguments)
{
    const char *rows = hmp_row_args(line->id);
    HmpArgRow row;

    while (hmp_arg_next(&rows, &row)) {
        if (!take_argument(line, &row, &arguments)) {
            return false;
        }
    }
    if (*skip_blanks(arguments)) {
        return wrong(line, "extraneous characters at the end of line");
    }
    return true;
}
