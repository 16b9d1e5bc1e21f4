/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options by the schema's rows, see typed.h.
 */
#include "config.h"
#include "client/translate/typed.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/dispatch.h"
#include "qmp/error.h"
#include "qmp/json.h"

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const QmpCommandArgs *)row)->name);
}

static const QmpCommandArgs *find_command(const char *command)
{
    return bsearch(command, qmp_command_args, qmp_n_command_args, sizeof(qmp_command_args[0]),
                   compare_name);
}

const QmpType *typed_command(const char *command)
{
    const QmpCommandArgs *row = find_command(command);

    return row ? row->args : NULL;
}

/* A value as JSON, including defaults. */
static json_t *encode(const QmpType *type, const void *storage)
{
    struct evbuffer *out = evbuffer_new();
    json_t *json;

    qmp_encode_json(type, storage, out);
    json = qmp_json_parse((char *)evbuffer_pullup(out, -1), evbuffer_get_length(out), NULL);
    evbuffer_free(out);
    return json;
}

json_t *typed_complete(const char *command, const json_t *arguments, GError **error)
{
    const QmpCommandArgs *row = find_command(command);
    const QmpInput input = {
        .ops = &qmp_json_input,
        .mode = row->flags & QMP_COMMAND_LENIENT ? QMP_INPUT_LENIENT : QMP_INPUT_STRICT,
    };
    void *storage = NULL;
    json_t *complete;

    if (!qmp_decode(&input, row->args, arguments, &storage, error)) {
        return NULL;
    }
    complete = encode(row->args, &storage);
    qmp_clear(row->args, &storage);
    return complete;
}

bool typed_check_json(const char *command, const json_t *arguments, GError **error)
{
    json_t *complete = typed_complete(command, arguments, error);

    json_decref(complete);
    return complete != NULL;
}

/* The given value of a secret, which prints as null: a string, or a list of them. */
static json_t *secret_of(const void *given)
{
    const QmpInputOps *ops = &qmp_options_input;
    gsize n = ops->list_length(given), length;
    json_t *list;

    if (n == 0) {
        return json_string(ops->get_str(given, &length));
    }
    list = json_array();
    for (gsize i = 0; i < n; i++) {
        json_array_append_new(list, json_string(ops->get_str(ops->list_item(given, i), &length)));
    }
    return list;
}

/* Removes members from json that node does not have. */
static void prune(json_t *json, const void *node)
{
    const QmpInputOps *ops = &qmp_options_input;
    const char *key;
    json_t *value, *element;
    void *next;
    size_t i;

    json_object_foreach_safe(json, next, key, value) {
        const void *given = ops->dict_get(node, key);
        QmpValueKind kind = given ? ops->kind(given) : QMP_VALUE_NULL;

        if (!given) {
            json_object_del(json, key);
        } else if (kind == QMP_VALUE_DICT && json_is_object(value)) {
            prune(value, given);
        } else if (kind == QMP_VALUE_LIST) {
            json_array_foreach(value, i, element) {
                prune(element, ops->list_item(given, i));
            }
        } else if (json_is_null(value)) {
            json_object_set_new(json, key, secret_of(given));
        }
    }
}

json_t *typed_from_options(const QmpType *type, const QmpOptions *options, GError **error)
{
    void *storage = NULL;
    json_t *json;

    if (!qmp_options_decode(options, type, &storage, error)) {
        return NULL;
    }
    json = encode(type, &storage);
    qmp_clear(type, &storage);
    prune(json, qmp_options_root(options));
    return json;
}

json_t *typed_from_text(const QmpMember *member, const char *text, GError **error)
{
    const QmpInput input = { .ops = &qmp_options_input, .mode = QMP_INPUT_LENIENT };
    g_autoptr(QmpOptions) options = qmp_options_parse("", NULL, QMP_OPTIONS_FLAT, error);
    QmpList storage[2] = { { 0, NULL }, { 0, NULL } };      /* room for any member's value */
    json_t *json;

    qmp_options_set(options, qmp_name(member->name), text);
    if (!qmp_decode(&input, qmp_type(member->type),
                    qmp_options_input.dict_get(qmp_options_root(options), qmp_name(member->name)),
                    storage, error)) {
        return NULL;
    }
    json = encode(qmp_type(member->type), storage);
    qmp_clear(qmp_type(member->type), storage);
    return json;
}

char *typed_print(const json_t *json)
{
    struct evbuffer *out = evbuffer_new();
    gsize length;
    char *text;

    qmp_json_print(json, out);
    length = evbuffer_get_length(out);
    text = g_strndup((const char *)evbuffer_pullup(out, -1), length);
    evbuffer_free(out);
    return text;
}

static bool add_json(const json_t *json, const char *path, QmpOptions *options, GError **error)
{
    g_autofree char *number = NULL;
    const char *text, *key;
    json_t *value;
    size_t i;

    if (json_is_object(json)) {
        json_object_foreach((json_t *)json, key, value) {
            g_autofree char *below = path ? g_strconcat(path, ".", key, NULL) : g_strdup(key);

            if (!add_json(value, below, options, error)) {
                return false;
            }
        }
        return true;
    }
    if (json_is_array(json)) {
        json_array_foreach(json, i, value) {
            g_autofree char *below = g_strdup_printf("%s.%zu", path, i);

            if (!add_json(value, below, options, error)) {
                return false;
            }
        }
        return true;
    }
    if (json_is_null(json)) {
        qmp_error_set(error, ERROR_REASON_INVALID_TYPE, "'%s' must not be null", path);
        return false;
    }
    number = json_is_string(json) ? NULL : json_dumps(json, JSON_ENCODE_ANY);
    text = json_is_boolean(json) ? (json_is_true(json) ? "on" : "off")
                                 : number ? number : json_string_value(json);
    return qmp_options_add(options, path, text, 0, error);
}

bool typed_to_options(const json_t *json, QmpOptions *options, GError **error)
{
    return add_json(json, NULL, options, error);
}
