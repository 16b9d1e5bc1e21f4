/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jansson for the codec; see qmp/json.h.
 *
 * The usual text is parsed once.  A text that jansson refuses is checked again:
 * either it is wrong, and the message is ours; or jansson is too strict, and the
 * text is rewritten in its grammar.
 */
#include "config.h"
#include "qmp/json.h"

#include <errno.h>
#include <string.h>

#include "qmp/encode.h"
#include "qmp/error.h"
#include "qmp/json-check.h"
#include "qmp/json-token.h"
#include "qmp/text.h"

enum { PARSE_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };

/* Integers of fewer digits always fit jansson's. */
enum { LONG_DIGITS = 19 };

/* rewriting */

static bool is_long_integer(const char *literal, gsize length)
{
    g_autofree char *copy = NULL;
    gsize sign = *literal == '-';

    for (gsize i = sign; i < length; i++) {
        if (!g_ascii_isdigit(literal[i])) {
            return false;
        }
    }
    if (length - sign < LONG_DIGITS) {
        return false;
    }
    copy = g_strndup(literal, length);
    errno = 0;
    (void)g_ascii_strtoll(copy, NULL, 10);
    return errno != 0;
}

/* In double quotes, in which \' is not an escape. */
static void rewrite_string(const char *string, gsize length, GString *out)
{
    bool escaped = false;

    g_string_append_c(out, '"');
    for (gsize i = 1; i + 1 < length; i++) {
        if (string[i] == '"' && !escaped) {
            g_string_append_c(out, '\\');
        } else if (string[i] == '\'' && escaped) {
            g_string_truncate(out, out->len - 1);
        }
        g_string_append_c(out, string[i]);
        escaped = !escaped && string[i] == '\\';
    }
    g_string_append_c(out, '"');
}

/*
 * Appends a checked text, rewritten in jansson's grammar, up to the token with
 * which out has `stop` bytes; returns that token.
 */
static JsonToken rewrite(const char *text, gsize length, gsize stop, GString *out)
{
    JsonToken token = { 0 };

    while (out->len < stop) {
        const char *bytes;
        gsize size;

        token = json_token_next(text, length, token.end, NULL);
        bytes = text + token.start;
        size = token.end - token.start;
        if (token.kind == JSON_TOKEN_END) {
            break;
        }
        if (token.kind == JSON_TOKEN_STRING) {
            rewrite_string(bytes, size, out);
        } else if (token.kind == JSON_TOKEN_NUMBER && is_long_integer(bytes, size)) {
            g_string_append(out, "\"\\u0000");
            g_string_append_len(out, bytes, size);
            g_string_append_c(out, '"');
        } else {
            g_string_append_len(out, bytes, size);
        }
    }
    return token;
}

/* parsing */

/* An error that only jansson finds, at a position in the rewritten text. */
static void set_error(const char *text, gsize length, const json_error_t *failure,
                      gsize *ret_position, GError **error)
{
    g_autoptr(GString) scratch = g_string_new(NULL);
    JsonToken token = rewrite(text, length, MAX(failure->position, 1), scratch);
    g_autofree char *bytes = g_strndup(text + token.start, token.end - token.start);
    g_autofree char *quoted = qmp_text_quote(bytes);

    *ret_position = token.start + 1;
    switch (json_error_code(failure)) {
    case json_error_duplicate_key:
        qmp_error_set(error, ERROR_REASON_DUPLICATE_KEY,
                      "JSON parse error at byte %" G_GSIZE_FORMAT ": duplicate member %s",
                      *ret_position, quoted);
        break;
    case json_error_stack_overflow:
        qmp_error_set(error, ERROR_REASON_SYNTAX, "JSON parse error at byte %" G_GSIZE_FORMAT
                      ": more than %d nested objects and lists",
                      *ret_position, JSON_PARSER_MAX_DEPTH);
        break;
    default:
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error at byte %" G_GSIZE_FORMAT ": %s cannot be read",
                      *ret_position, quoted);
    }
}

json_t *qmp_json_parse_at(const char *text, gsize length, gsize *ret_position, GError **error)
{
    g_autoptr(GString) rewritten = NULL;
    json_error_t failure;
    json_t *json = json_loadb(text, length, PARSE_FLAGS, &failure);

    if (json || !qmp_json_check(text, length, ret_position, error)) {
        return json;
    }
    rewritten = g_string_sized_new(length + 64);
    rewrite(text, length, G_MAXSIZE, rewritten);
    json = json_loadb(rewritten->str, rewritten->len, PARSE_FLAGS | JSON_ALLOW_NUL, &failure);
    if (!json) {
        set_error(text, length, &failure, ret_position, error);
    }
    return json;
}

json_t *qmp_json_parse(const char *text, gsize length, GError **error)
{
    gsize position;

    return qmp_json_parse_at(text, length, &position, error);
}

/* The walker's view. */

/* The literal of a long integer, or NULL. */
static const char *long_integer(const json_t *json)
{
    if (json_is_string(json) && json_string_length(json) &&
        !json_string_value(json)[0]) {
        return json_string_value(json) + 1;
    }
    return NULL;
}

/* A long integer's value: unsigned, or a floating point number if it exceeds 64 bits. */
static QmpValue read_long_integer(const char *literal)
{
    guint64 u;

    errno = 0;
    u = g_ascii_strtoull(literal, NULL, 10);
    if (literal[0] == '-' || errno) {
        return (QmpValue){ .kind = QMP_VALUE_NUMBER, .d = g_ascii_strtod(literal, NULL) };
    }
    return (QmpValue){ .kind = QMP_VALUE_UINT, .u = u };
}

static QmpValueKind string_kind(const json_t *json)
{
    const char *literal = long_integer(json);

    return literal ? read_long_integer(literal).kind : QMP_VALUE_STR;
}

static QmpValueKind input_kind(const void *node)
{
    switch (json_typeof((const json_t *)node)) {
    case JSON_OBJECT:
        return QMP_VALUE_DICT;
    case JSON_ARRAY:
        return QMP_VALUE_LIST;
    case JSON_STRING:
        return string_kind(node);
    case JSON_INTEGER:
        return QMP_VALUE_INT;
    case JSON_REAL:
        return QMP_VALUE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return QMP_VALUE_BOOL;
    case JSON_NULL:
        break;
    }
    return QMP_VALUE_NULL;
}

static bool input_get_bool(const void *node)
{
    return json_is_true((const json_t *)node);
}

static gint64 input_get_int(const void *node)
{
    return json_integer_value(node);
}

static guint64 input_get_uint(const void *node)
{
    return read_long_integer(long_integer(node)).u;
}

static double input_get_number(const void *node)
{
    const char *literal = long_integer(node);

    return literal ? read_long_integer(literal).d : json_real_value(node);
}

static const char *input_get_str(const void *node, gsize *ret_length)
{
    *ret_length = json_string_length(node);
    return json_string_value(node);
}

static gsize input_list_length(const void *node)
{
    return json_array_size(node);
}

static const void *input_list_item(const void *node, gsize i)
{
    return json_array_get(node, i);
}

static gsize input_dict_size(const void *node)
{
    return json_object_size(node);
}

static const void *input_dict_get(const void *node, const char *key)
{
    return json_object_get(node, key);
}

static bool input_dict_foreach(const void *node,
                               bool (*f)(const char *key, const void *item, void *data),
                               void *data)
{
    json_t *object = (json_t *)node;    /* iterators of jansson are not const */
    void *iter = json_object_iter(object);

    for (; iter; iter = json_object_iter_next(object, iter)) {
        if (!f(json_object_iter_key(iter), json_object_iter_value(iter), data)) {
            return false;
        }
    }
    return true;
}

const QmpInputOps qmp_json_input = {
    .kind = input_kind,
    .get_bool = input_get_bool,
    .get_int = input_get_int,
    .get_uint = input_get_uint,
    .get_number = input_get_number,
    .get_str = input_get_str,
    .list_length = input_list_length,
    .list_item = input_list_item,
    .dict_size = input_dict_size,
    .dict_get = input_dict_get,
    .dict_foreach = input_dict_foreach,
};

static QmpValueKind empty_kind(const void *node)
{
    return QMP_VALUE_DICT;
}

static gsize empty_dict_size(const void *node)
{
    return 0;
}

static const void *empty_dict_get(const void *node, const char *key)
{
    return NULL;
}

static bool empty_dict_foreach(const void *node,
                               bool (*f)(const char *key, const void *item, void *data),
                               void *data)
{
    return true;
}

/* A dictionary is never asked for what dictionaries lack. */
const QmpInputOps qmp_empty_input = {
    .kind = empty_kind,
    .dict_size = empty_dict_size,
    .dict_get = empty_dict_get,
    .dict_foreach = empty_dict_foreach,
};

/* printing */

void qmp_json_print(const json_t *json, struct evbuffer *out)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_node(&printer, &qmp_json_input, json);
    qmp_print_done(&printer);
}
