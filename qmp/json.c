/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jansson for the codec; see qmp/json.h.
 *
 * The usual text is parsed once.  Only if jansson finds an integer that it
 * cannot hold, the text is rewritten, with each such literal as a marked
 * string, and parsed again.
 */
#include "config.h"
#include "qmp/json.h"

#include <errno.h>
#include <string.h>

#include "qmp/encode.h"
#include "qmp/error.h"

enum { PARSE_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };

/* Integers of fewer digits always fit jansson's. */
enum { LONG_DIGITS = 19 };

/* parsing */

static json_t *load(const char *text, gsize length, gsize flags, bool *ret_overflow,
                    GError **error)
{
    json_error_t failure;
    json_t *json = json_loadb(text, length, PARSE_FLAGS | flags, &failure);

    if (json) {
        return json;
    }
    *ret_overflow = json_error_code(&failure) == json_error_numeric_overflow;
    g_strdelimit(failure.text, "\r\n", ' ');
    qmp_error_set(error, json_error_code(&failure) == json_error_duplicate_key
                         ? ERROR_REASON_DUPLICATE_KEY : ERROR_REASON_SYNTAX,
                  "JSON parse error at byte %d: %s", failure.position, failure.text);
    return NULL;
}

/* One past the number that begins at i. */
static gsize number_end(const char *text, gsize length, gsize i)
{
    while (i < length && (g_ascii_isalnum(text[i]) || strchr("+-.", text[i]))) {
        if (!text[i]) {
            break;
        }
        i++;
    }
    return i;
}

static bool is_long_integer(const char *literal, gsize length)
{
    gsize digits = 0;

    for (gsize i = *literal == '-'; i < length; i++, digits++) {
        if (!g_ascii_isdigit(literal[i])) {
            return false;
        }
    }
    return digits >= LONG_DIGITS && literal[*literal == '-'] != '0';
}

static bool fits_int64(const char *literal, gsize length)
{
    g_autofree char *copy = g_strndup(literal, length);

    errno = 0;
    (void)g_ascii_strtoll(copy, NULL, 10);
    return errno == 0;
}

/* Copies the string literal at i, or returns 0: it has a U+0000. */
static gsize copy_string(GString *out, const char *text, gsize length, gsize i)
{
    gsize start = i++;

    while (i < length && text[i] != '"') {
        if (text[i] == '\\') {
            if (length - i >= 6 && !memcmp(text + i, "\\u0000", 6)) {
                return 0;
            }
            i++;
        }
        i++;
    }
    i = MIN(i + 1, length);
    g_string_append_len(out, text + start, i - start);
    return i;
}

/* The text with long integers as marked strings; NULL: it has a U+0000. */
static GString *mark_long_integers(const char *text, gsize length)
{
    g_autoptr(GString) out = g_string_sized_new(length + 64);
    gsize i = 0, end;

    while (i < length) {
        if (text[i] == '"') {
            i = copy_string(out, text, length, i);
            if (!i) {
                return NULL;
            }
            continue;
        }
        if (text[i] != '-' && !g_ascii_isdigit(text[i])) {
            g_string_append_c(out, text[i++]);
            continue;
        }
        end = number_end(text, length, i);
        if (is_long_integer(text + i, end - i) && !fits_int64(text + i, end - i)) {
            g_string_append(out, "\"\\u0000");
            g_string_append_len(out, text + i, end - i);
            g_string_append_c(out, '"');
        } else {
            g_string_append_len(out, text + i, end - i);
        }
        i = end;
    }
    return g_steal_pointer(&out);
}

json_t *qmp_json_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(GString) marked = NULL;
    bool overflow = false;
    json_t *json;

    json = load(text, length, 0, &overflow, error);
    if (json || !overflow) {
        return json;
    }
    g_clear_error(error);       /* the second try says more */
    marked = mark_long_integers(text, length);
    if (!marked) {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error: strings must not contain U+0000");
        return NULL;
    }
    return load(marked->str, marked->len, JSON_ALLOW_NUL, &overflow, error);
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

static QmpValueKind string_kind(const json_t *json)
{
    const char *literal = long_integer(json);

    if (!literal) {
        return QMP_VALUE_STR;
    }
    errno = 0;
    (void)g_ascii_strtoull(literal, NULL, 10);
    return literal[0] == '-' || errno ? QMP_VALUE_NUMBER : QMP_VALUE_UINT;
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
    return g_ascii_strtoull(long_integer(node), NULL, 10);
}

static double input_get_number(const void *node)
{
    const char *literal = long_integer(node);

    return literal ? g_ascii_strtod(literal, NULL) : json_real_value(node);
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
