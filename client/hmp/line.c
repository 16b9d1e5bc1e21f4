/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line and its requests: see hmp.h and line.h.
 */
#include "config.h"
#include "client/hmp/line.h"

#include <stdarg.h>
#include <string.h>

#include "qmp/json.h"
#include "qmp/nearest.h"
#include "qmp/text.h"

enum { HISTORY_MAX = 64 };

/* ---- The monitor ---- */

HmpMonitor *hmp_monitor_new(void)
{
    return g_new0(HmpMonitor, 1);
}

void hmp_monitor_free(HmpMonitor *monitor)
{
    if (monitor) {
        g_queue_clear_full(&monitor->history, g_free);
        g_free(monitor);
    }
}

void hmp_monitor_remember(HmpMonitor *monitor, const char *text)
{
    if (!text[strspn(text, " \t")] || !g_strcmp0(monitor->history.tail
                                                 ? monitor->history.tail->data : NULL, text)) {
        return;
    }
    g_queue_push_tail(&monitor->history, g_strdup(text));
    if (monitor->history.length > HISTORY_MAX) {
        g_free(g_queue_pop_head(&monitor->history));
    }
}

/* ---- Output ---- */

void hmp_print(HmpLine *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(line->out, format, args);
    va_end(args);
}

void hmp_print_text(HmpLine *line, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((guint8)*p < ' ' || *p == 0x7f) {
            hmp_print(line, "\\x%02x", (guint8)*p);
        } else {
            g_string_append_c(line->out, *p);
        }
    }
}

static void ask_free(void *data)
{
    HmpAsk *ask = data;

    g_free(ask->command);
    json_decref(ask->arguments);
    g_free(ask);
}

static void fail(HmpLine *line, const char *before, const char *format, va_list args)
{
    g_string_append(line->out, before);
    g_string_append_vprintf(line->out, format, args);
    if (line->out->str[line->out->len - 1] != '\n') {
        g_string_append_c(line->out, '\n');
    }
    line->failed = true;
    g_queue_clear_full(&line->asks, ask_free);
}

void hmp_fail(HmpLine *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(line, "Error: ", format, args);
    va_end(args);
}

void hmp_wrong(HmpLine *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(line, "", format, args);
    va_end(args);
}

/* ---- Requests ---- */

static void push(HmpLine *line, const char *command, json_t *arguments, HmpReply *reply, bool quiet)
{
    HmpAsk *ask = g_new0(HmpAsk, 1);

    ask->command = g_strdup(command);
    ask->arguments = arguments;
    ask->reply = reply;
    ask->quiet = quiet;
    if (line->failed) {
        ask_free(ask);
    } else {
        g_queue_push_tail(&line->asks, ask);
    }
}

void hmp_ask(HmpLine *line, const char *command, json_t *arguments, HmpReply *reply)
{
    push(line, command, arguments, reply, false);
}

void hmp_ask_quietly(HmpLine *line, const char *command, json_t *arguments, HmpReply *reply)
{
    push(line, command, arguments, reply, true);
}

HmpRequest *hmp_line_next(HmpLine *line)
{
    const HmpAsk *ask = g_queue_peek_head(&line->asks);
    HmpRequest *request;

    if (!ask) {
        return NULL;
    }
    request = g_new(HmpRequest, 1);
    request->command = g_strdup(ask->command);
    request->arguments = json_incref(ask->arguments);
    return request;
}

void hmp_request_free(HmpRequest *request)
{
    if (request) {
        g_free(request->command);
        json_decref(request->arguments);
        g_free(request);
    }
}

void hmp_line_reply(HmpLine *line, const json_t *result)
{
    HmpAsk *ask = g_queue_pop_head(&line->asks);

    if (ask && ask->reply) {
        ask->reply(line, result);
    }
    if (ask) {
        ask_free(ask);
    }
}

void hmp_line_reply_text(HmpLine *line, const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    json_t *result = qmp_json_parse(text, length, &error);

    if (result) {
        hmp_line_reply(line, result);
    } else {
        hmp_line_reply_error(line, error->message);
    }
    json_decref(result);
}

void hmp_line_reply_error(HmpLine *line, const char *message)
{
    const HmpAsk *ask = g_queue_peek_head(&line->asks);

    if (ask && ask->quiet) {
        hmp_line_reply(line, NULL);
    } else {
        hmp_fail(line, "%s", message);
    }
}

/* ---- Arguments ---- */

static const HmpArg *find_arg(const HmpLine *line, const char *name)
{
    for (guint i = 0; i < line->args->len; i++) {
        const HmpArg *arg = &g_array_index(line->args, HmpArg, i);

        if (g_str_equal(arg->name, name)) {
            return arg;
        }
    }
    return NULL;
}

const char *hmp_word(const HmpLine *line, const char *name)
{
    const HmpArg *arg = find_arg(line, name);

    return arg ? arg->text : NULL;
}

gint64 hmp_number(const HmpLine *line, const char *name)
{
    const HmpArg *arg = find_arg(line, name);

    return arg ? arg->number : 0;
}

bool hmp_given(const HmpLine *line, const char *name)
{
    return find_arg(line, name) != NULL;
}

/* ---- Members of replies ---- */

const char *hmp_str(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

guint64 hmp_uint(const json_t *value)
{
    if (!value) {
        return 0;
    }
    return qmp_json_input.kind(value) == QMP_VALUE_UINT
        ? qmp_json_input.get_uint(value) : (guint64)json_integer_value(value);
}

json_t *hmp_json_uint(guint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    return qmp_json_parse(text, strlen(text), NULL);
}

gint64 hmp_int(const json_t *object, const char *name)
{
    return hmp_uint(json_object_get(object, name));
}

bool hmp_bool(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* ---- Beginning and end ---- */

HmpLine *hmp_line_bare(HmpMonitor *monitor, const char *text)
{
    HmpLine *line = g_new0(HmpLine, 1);

    line->monitor = monitor;
    line->text = g_strndup(text, HMP_LINE_MAX + 1);
    line->id = HMP_N_COMMANDS;
    line->args = g_array_new(FALSE, FALSE, sizeof(HmpArg));
    line->out = g_string_new(NULL);
    return line;
}

void hmp_line_free(HmpLine *line)
{
    if (!line) {
        return;
    }
    for (guint i = 0; i < line->args->len; i++) {
        g_free(g_array_index(line->args, HmpArg, i).text);
    }
    g_array_unref(line->args);
    if (line->registers) {
        g_array_unref(line->registers);
    }
    if (line->candidates) {
        g_ptr_array_unref(line->candidates);
    }
    g_queue_clear_full(&line->asks, ask_free);
    g_string_free(line->out, TRUE);
    json_decref(line->keep);
    g_free(line->text);
    g_free(line);
}

/* A daemon's text may be a guest's: nothing in it moves the cursor or hides other text. */
static void veil(char *text)
{
    while (*text) {
        char *end = text + strcspn(text, "\n\t");
        const char separator = *end;

        *end = '\0';
        qmp_text_veil(text);
        *end = separator;
        text = end + (separator != '\0');
    }
}

const char *hmp_line_output(const HmpLine *line)
{
    veil(line->out->str);
    return line->out->str;
}

bool hmp_line_failed(const HmpLine *line)
{
    return line->failed;
}

/* The command that the text begins with, and its arguments. */
static HmpCommandId find_command(const char *text, const char **ret_arguments)
{
    gsize length = strcspn(text, " \t/");

    if (length == 4 && strncmp(text, "info", 4) == 0) {
        const char *what = text + 4 + strspn(text + 4, " \t");
        g_autofree char *name =
            g_strdup_printf("info %.*s", (int)strcspn(what, " \t"), what);

        *ret_arguments = what + strlen(name + 5);
        return hmp_find(*what ? name : "info", *what ? strlen(name) : 4);
    }
    *ret_arguments = text + length;
    return hmp_find(text, length);
}

/* What the unknown command may have been meant to be. */
static void unknown(HmpLine *line, const char *text)
{
    bool info = g_str_has_prefix(text, "info ");
    gsize skip = info ? 5 + strspn(text + 5, " \t") : 0;
    g_autofree char *name = g_strndup(text + skip, strcspn(text + skip, " \t/"));
    g_autofree char *shown = qmp_text_quote(name), *hint = NULL;
    QmpNearest nearest;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    qmp_nearest_init(&nearest, name);
    for (HmpCommandId id = 0; id < HMP_N_COMMANDS; id++) {
        char *candidate = hmp_row_name(id);

        g_ptr_array_add(names, candidate);
        if (g_str_has_prefix(candidate, "info ") == info) {
            qmp_nearest_add(&nearest, candidate + (info ? 5 : 0));
        }
    }
    hint = qmp_nearest_hint(&nearest);
    hmp_wrong(line, "unknown command: %s%s\n", shown, hint);
}

/* Parses the arguments, and executes the command. */
static void start(HmpLine *line)
{
    const char *text = line->text + strspn(line->text, " \t\r\n"), *arguments;

    line->id = find_command(text, &arguments);
    if (hmp_parse(line, arguments)) {
        hmp_execute(line);
    }
}

static void on_registers(HmpLine *line, const json_t *reply)
{
    line->registers = hmp_state_registers(reply);
    start(line);
}

static bool takes_numbers(HmpCommandId id)
{
    return strstr(hmp_row_args(id), ":int") != NULL;
}

HmpLine *hmp_line_new(HmpMonitor *monitor, const char *text)
{
    HmpLine *line = hmp_line_bare(monitor, text);
    const char *arguments;
    HmpCommandId id;

    if (strlen(line->text) > HMP_LINE_MAX) {
        hmp_wrong(line, "the line is longer than %d bytes\n", HMP_LINE_MAX);
        return line;
    }
    if (!g_utf8_validate(line->text, -1, NULL)) {
        hmp_wrong(line, "the line is not UTF-8\n");
        return line;
    }
    text = line->text + strspn(line->text, " \t\r\n");
    if (!*text || *text == '#') {
        return line;
    }
    id = find_command(text, &arguments);
    if (id == HMP_N_COMMANDS) {
        unknown(line, text);
    } else if (takes_numbers(id) && hmp_names_registers(arguments)) {
        hmp_ask_cpu(line, monitor->cpu, on_registers);
    } else {
        start(line);
    }
    return line;
}
