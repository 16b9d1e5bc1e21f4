/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions for handlers, see plan.h.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"
#include "qmp/nearest.h"
#include "qmp/qapi-types-pc.h"
#include "qmp/text.h"

static const char *origin_of(const Plan *plan)
{
    return plan->current ? plan->current->origin : "default";
}

void plan_problem(Plan *plan, const Item *item, GError *error)
{
    g_autofree char *origin = item ? qmp_text_clean(item->origin) : NULL;

    g_prefix_error(&error, "%s: ", origin ? origin : "default");
    g_ptr_array_add(plan->out->problems, error);
}

static TranslationNote *add_note(Plan *plan, GPtrArray *notes, const char *format, va_list args)
{
    TranslationNote *note = g_new0(TranslationNote, 1);

    note->text = g_strdup_vprintf(format, args);
    note->origin = g_strdup(origin_of(plan));
    g_ptr_array_add(notes, note);
    return note;
}

void plan_note(Plan *plan, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_note(plan, plan->out->notes, format, args);
    va_end(args);
}

void plan_start(Plan *plan, TranslationStart start, const char *value, const char *format, ...)
{
    TranslationNote *note;
    va_list args;

    va_start(args, format);
    note = add_note(plan, plan->out->starts, format, args);
    va_end(args);
    note->start = start;
    note->value = g_strdup(value);
}

void plan_add(Plan *plan, const char *command, json_t *arguments, const char *why)
{
    TranslatedRequest *request = g_new0(TranslatedRequest, 1);

    request->json = json_pack("{s:s}", "execute", command);
    if (arguments) {
        json_object_set_new(request->json, "arguments", arguments);
    }
    request->origin = g_strdup(origin_of(plan));
    request->why = g_strdup(why);
    g_ptr_array_add(plan->out->requests, request);
}

void plan_place_error(const QmpOptions *options, GError **error)
{
    const char *path = error ? qmp_error_path(*error) : NULL;
    guint position = path ? qmp_options_position(options, path) : 0;

    if (position) {
        g_prefix_error(error, "at position %u: ", position);
    }
}

json_t *plan_typed(const char *command, const QmpOptions *options, GError **error)
{
    json_t *json = typed_from_options(typed_command(command), options, error);

    if (!json) {
        plan_place_error(options, error);
    }
    return json;
}

bool plan_check(const QmpType *type, const QmpOptions *options, GError **error)
{
    void *storage = NULL;

    if (!qmp_options_decode(options, type, &storage, error)) {
        plan_place_error(options, error);
        return false;
    }
    qmp_clear(type, &storage);
    return true;
}

bool plan_add_options(Plan *plan, const char *command, const QmpOptions *options, const char *why,
                      GError **error)
{
    json_t *arguments = plan_typed(command, options, error);

    if (!arguments) {
        return false;
    }
    plan_add(plan, command, arguments, why);
    return true;
}

bool plan_add_json(Plan *plan, const char *command, json_t *arguments, GError **error)
{
    if (!typed_check_json(command, arguments, error)) {
        return false;
    }
    plan_add(plan, command, json_incref(arguments), NULL);
    return true;
}

QmpOptions *plan_options(void)
{
    return qmp_options_parse("", NULL, 0, NULL);
}

static bool add_key(const char *key, void *data)
{
    g_ptr_array_add(data, g_strdup(key));
    return true;
}

GPtrArray *plan_keys(const QmpOptions *options)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

    qmp_options_foreach(options, add_key, keys);
    return keys;
}

/* A recursive copy: the current value and its destination. */
typedef struct {
    const QmpOptions *from;
    QmpOptions *to;
    const char *from_path, *to_path;
    GError **error;
} Copy;

static bool copy_node(const char *key, const void *node, void *data);

static bool copy_values(const Copy *copy, const void *node)
{
    const QmpInputOps *ops = &qmp_options_input;
    guint position = qmp_options_position(copy->from, copy->from_path);
    gsize length;

    if (ops->kind(node) != QMP_VALUE_STR) {
        return ops->dict_foreach(node, copy_node, (Copy *)copy);
    }
    ops->text_as_list(node, false);
    for (gsize i = 0; i < ops->list_length(node); i++) {
        const char *value = ops->get_str(ops->list_item(node, i), &length);

        if (!qmp_options_add(copy->to, copy->to_path, value, position, copy->error)) {
            return false;
        }
    }
    return true;
}

static bool copy_node(const char *key, const void *node, void *data)
{
    const Copy *up = data;
    g_autofree char *from_path = g_strconcat(up->from_path, ".", key, NULL);
    g_autofree char *to_path = g_strconcat(up->to_path, ".", key, NULL);
    const Copy copy = { up->from, up->to, from_path, to_path, up->error };

    return copy_values(&copy, node);
}

bool plan_move(QmpOptions *from, const char *key, QmpOptions *to, const char *path, GError **error)
{
    const void *node = qmp_options_input.dict_get(qmp_options_root(from), key);
    const Copy copy = { from, to, key, path, error };

    if (node && !copy_values(&copy, node)) {
        return false;
    }
    qmp_options_remove(from, key);
    return true;
}

bool plan_move_all(QmpOptions *from, QmpOptions *to, const char *prefix, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(from);

    for (guint i = 0; i < keys->len; i++) {
        g_autofree char *path = g_strconcat(prefix, keys->pdata[i], NULL);

        if (!plan_move(from, keys->pdata[i], to, path, error)) {
            return false;
        }
    }
    return true;
}

bool plan_check_keys(const QmpOptions *options, const char *const *known, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(options);

    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];
        g_autofree char *hint = NULL, *quoted = NULL;
        QmpNearest nearest;

        if (g_strv_contains(known, key)) {
            continue;
        }
        qmp_nearest_init(&nearest, key);
        for (gsize k = 0; known[k]; k++) {
            qmp_nearest_add(&nearest, known[k]);
        }
        hint = qmp_nearest_hint(&nearest);
        quoted = qmp_text_quote(key);
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND,
                      "at position %u: there is no key %s%s", qmp_options_position(options, key),
                      quoted, hint);
        return false;
    }
    return true;
}

/* Takes one value of a built-in type; *storage is unchanged if it was not given. */
static bool take(QmpOptions *options, const char *key, const QmpType *type, void *storage,
                 GError **error)
{
    const QmpInput input = { .ops = &qmp_options_input, .mode = QMP_INPUT_LENIENT };
    const void *node = qmp_options_input.dict_get(qmp_options_root(options), key);

    if (node && !qmp_decode(&input, type, node, storage, error)) {
        g_prefix_error(error, "'%s': ", key);
        if (qmp_options_position(options, key)) {
            g_prefix_error(error, "at position %u: ", qmp_options_position(options, key));
        }
        return false;
    }
    qmp_options_remove(options, key);
    return true;
}

bool plan_take_bool(QmpOptions *options, const char *key, bool *ret, GError **error)
{
    return take(options, key, &qmp_type_bool, ret, error);
}

bool plan_take_uint(QmpOptions *options, const char *key, guint64 *ret, GError **error)
{
    return take(options, key, &qmp_type_uint64, ret, error);
}

bool plan_take_size(QmpOptions *options, const char *key, guint64 *ret, GError **error)
{
    return take(options, key, &qmp_type_size, ret, error);
}

static const char *id_of(const Item *item)
{
    if (item->json) {
        return json_string_value(json_object_get(item->json, "id"));
    }
    return item->options ? qmp_options_get(item->options, "id") : NULL;
}

static bool id_is_taken(const Plan *plan, const char *id)
{
    for (guint i = 0; i < plan->items->len; i++) {
        if (g_strcmp0(id_of(plan->items->pdata[i]), id) == 0) {
            return true;
        }
    }
    return false;
}

char *plan_unique_id(const Plan *plan, const char *base)
{
    char *id = g_strdup(base);

    for (guint n = 1; id_is_taken(plan, id); n++) {
        g_free(id);
        id = g_strdup_printf("%s-%u", base, n);
    }
    return id;
}

bool plan_has_device(const Plan *plan, const char *driver)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const Item *item = plan->items->pdata[i];
        const char *name = item->json ? json_string_value(json_object_get(item->json, "driver"))
                           : item->options ? qmp_options_get(item->options, "driver") : NULL;

        if (g_strcmp0(name, driver) == 0) {
            return true;
        }
    }
    return false;
}

bool plan_has_pci(const Plan *plan)
{
    const QmpClass *machine = plan->machine.klass;

    return machine && qmp_class_is_a(machine, &qmp_class_generic_pc_machine);
}

bool plan_refuse(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "%s", text);
    return false;
}
