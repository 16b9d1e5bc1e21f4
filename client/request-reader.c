/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The splitter, see request-reader.h.  `vmctl apply` and `vmctl qmp` read with
 * it.  It removes comments and counts lines; qmp/framer.c does the rest, as it
 * does for connections.
 */
#include "config.h"
#include "client/request-reader.h"

#include "qmp/error.h"
#include "qmp/framer.h"
#include "qmp/json.h"
#include "qmp/lexer.h"

struct RequestReader {
    QmpFramer *framer;
    GString *input;             /* comments blanked out */
    gsize next;                 /* first byte of input that the framer has not seen */
    guint line;                 /* the line that it is on */
    guint start_line;           /* where the text in the framer begins */
    bool comment;               /* the end of input is inside a comment, */
    QmpLexState lex;            /*   or inside this state of the lexer */
};

void request_text_free(RequestText *request)
{
    if (request) {
        json_decref(request->json);
        g_free(request->text);
        g_free(request);
    }
}

const char *request_text_command(const RequestText *request)
{
    const char *name = json_string_value(json_object_get(request->json, "execute"));

    if (!name) {
        name = json_string_value(json_object_get(request->json, "exec-oob"));
    }
    return name ? name : "?";
}

RequestReader *request_reader_new(void)
{
    RequestReader *reader = g_new0(RequestReader, 1);

    reader->framer = qmp_framer_new(NULL);
    reader->input = g_string_new(NULL);
    reader->line = 1;
    return reader;
}

void request_reader_free(RequestReader *reader)
{
    if (reader) {
        qmp_framer_free(reader->framer);
        g_string_free(reader->input, TRUE);
        g_free(reader);
    }
}

/* c, or a space if it belongs to a comment. */
static char without_comment(RequestReader *reader, char c)
{
    if (reader->comment) {
        reader->comment = c != '\n';
        return reader->comment ? ' ' : c;
    }
    reader->comment = c == '#' && !qmp_lex_in_string(reader->lex);
    if (reader->comment) {
        c = ' ';
    }
    if (qmp_lex(&reader->lex, c) == QMP_LEX_BEFORE) {
        qmp_lex(&reader->lex, c);
    }
    return c;
}

void request_reader_feed(RequestReader *reader, const char *data, gsize size)
{
    g_string_erase(reader->input, 0, reader->next);
    reader->next = 0;
    for (gsize i = 0; i < size; i++) {
        g_string_append_c(reader->input, without_comment(reader, data[i]));
    }
}

static guint count_lines(const char *data, gsize size)
{
    guint n = 0;

    for (gsize i = 0; i < size; i++) {
        n += data[i] == '\n';
    }
    return n;
}

/* Between texts: goes to where the next one begins. */
static void skip_space(RequestReader *reader)
{
    const GString *input = reader->input;

    while (reader->next < input->len && g_ascii_isspace(input->str[reader->next])) {
        reader->line += input->str[reader->next++] == '\n';
    }
    reader->start_line = reader->line;
}

/* Passes input to the framer, and counts the lines that it takes. */
static QmpFrame take(RequestReader *reader, const char **ret_text, gsize *ret_length,
                     GError **error)
{
    const char *start = reader->input->str + reader->next;
    const char *data = start;
    gsize length = reader->input->len - reader->next;
    QmpFrame result = qmp_framer_next(reader->framer, &data, &length, ret_text, ret_length, error);

    reader->line += count_lines(start, data - start);
    reader->next += data - start;
    return result;
}

static RequestText *request_new(const char *text, gsize length, guint *line, GError **error)
{
    gsize position;
    json_t *json = qmp_json_parse_at(text, length, &position, error);
    RequestText *request;

    if (!json) {
        *line += count_lines(text, MIN(position - 1, length));
        return NULL;
    }
    if (!json_is_object(json)) {
        json_decref(json);
        qmp_error_set(error, ERROR_REASON_SYNTAX, "a request is an object, in braces");
        return NULL;
    }
    request = g_new0(RequestText, 1);
    request->json = json;
    request->line = *line;
    request->text = g_strndup(text, length);
    return request;
}

bool request_reader_next(RequestReader *reader, bool at_end, RequestText **ret_request,
                         guint *ret_line, GError **error)
{
    const char *text;
    gsize length;

    *ret_request = NULL;
    if (!qmp_framer_is_partial(reader->framer)) {
        skip_space(reader);
    }
    *ret_line = reader->start_line;
    switch (take(reader, &text, &length, error)) {
    case QMP_FRAME_TEXT:
        *ret_request = request_new(text, length, ret_line, error);
        return *ret_request;
    case QMP_FRAME_ERROR:
        return false;
    case QMP_FRAME_MORE:
        break;
    }
    if (at_end && qmp_framer_is_partial(reader->framer)) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "the request that begins here has no end");
        return false;
    }
    return true;
}
