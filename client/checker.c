/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks without a daemon, see checker.h.  `vmctl apply --check` uses it.
 */
#include "config.h"
#include "client/checker.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/dispatch.h"
#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/nearest.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-iothread.h"
#include "qmp/qapi-types-memory.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-virtio.h"
#include "qmp/visit.h"

/* Objects of these classes are made only by requests; some objects of other classes are made
 * with the machine, without a request. */
static const QmpClass *const made_by_requests[] = {
    &qmp_class_block_node, &qmp_class_chardev, &qmp_class_netdev, &qmp_class_iothread,
    &qmp_class_memory_backend, &qmp_class_rng_backend, &qmp_class_throttle_group,
};

/* The ids of a place. */
typedef struct {
    GHashTable *there;          /* id to line */
    GHashTable *coming;         /* those that links may name before they exist */
} Ids;

struct Checker {
    Ids *ids;                           /* as qmp_class_places[] */
    bool has_accel, has_machine;        /* both: the requests are for an empty daemon, and
                                           make all targets of links */
};

Checker *checker_new(void)
{
    Checker *checker = g_new0(Checker, 1);

    checker->ids = g_new(Ids, qmp_n_class_places);
    for (guint i = 0; i < qmp_n_class_places; i++) {
        checker->ids[i].there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        checker->ids[i].coming = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    return checker;
}

void checker_free(Checker *checker)
{
    if (checker) {
        for (guint i = 0; i < qmp_n_class_places; i++) {
            g_hash_table_unref(checker->ids[i].there);
            g_hash_table_unref(checker->ids[i].coming);
        }
        g_free(checker->ids);
        g_free(checker);
    }
}

/* The place whose ids a command takes: a single object has its id among the others. */
static const QmpClassPlace *place_of(const char *command)
{
    for (guint i = 0; i < qmp_n_class_places; i++) {
        const QmpClassPlace *place = &qmp_class_places[i];

        if (!place->single && (!g_strcmp0(place->add, command) ||
                               !g_strcmp0(place->remove, command))) {
            return place;
        }
    }
    return NULL;
}

static Ids *ids_at(const Checker *checker, const QmpClassPlace *place)
{
    return &checker->ids[place - qmp_class_places];
}

/* For messages: "block node"; newly allocated. */
static char *kind_at(const QmpClassPlace *place)
{
    return g_strdelimit(g_strdup(place->klass->name), "-", ' ');
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const QmpCommandArgs *)row)->name);
}

static bool fail_unknown(const char *name, GError **error)
{
    g_autofree char *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < qmp_n_command_args; i++) {
        qmp_nearest_add(&nearest, qmp_command_args[i].name);
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_COMMAND_NOT_FOUND, "there is no command '%s'%s", name, hint);
    return false;
}

/* The row of the command that a request names. */
static const QmpCommandArgs *find_row(const char *name, GError **error)
{
    const QmpCommandArgs *row = bsearch(name, qmp_command_args, qmp_n_command_args,
                                        sizeof(qmp_command_args[0]), compare_name);

    if (!row) {
        fail_unknown(name, error);
    }
    return row;
}

/* Checks the members of a request; returns its command. */
static const char *check_envelope(const json_t *request, GError **error)
{
    const char *name = NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)request, key, value) {
        bool is_name = g_str_equal(key, "execute") || g_str_equal(key, "exec-oob");

        if (is_name && name) {
            qmp_error_set(error, ERROR_REASON_SYNTAX,
                          "'execute' and 'exec-oob' exclude each other");
            return NULL;
        }
        if (is_name && !json_is_string(value)) {
            qmp_error_set(error, ERROR_REASON_INVALID_TYPE, "'%s' must be a string", key);
            return NULL;
        }
        if (is_name) {
            name = json_string_value(value);
        } else if (!g_str_equal(key, "arguments") && !g_str_equal(key, "id")) {
            qmp_error_set(error, ERROR_REASON_SYNTAX, "a request has no member '%s'", key);
            return NULL;
        }
    }
    if (!name) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "a request needs a member 'execute'");
    }
    return name;
}

/* ---- Links ---- */

typedef struct {
    const Checker *checker;
    GError *error;              /* about the first link without target */
} LinkCheck;

/* NULL: it may exist without a request. */
static const QmpClassPlace *place_of_links(const QmpClass *klass)
{
    for (gsize i = 0; i < G_N_ELEMENTS(made_by_requests); i++) {
        if (qmp_class_is_a(klass, made_by_requests[i])) {
            return qmp_class_place(klass);
        }
    }
    return NULL;
}

static char *hint_id(GHashTable *ids, const char *wanted)
{
    GHashTableIter iter;
    QmpNearest nearest;
    gpointer id;

    qmp_nearest_init(&nearest, wanted);
    g_hash_table_iter_init(&iter, ids);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        qmp_nearest_add(&nearest, id);
    }
    return qmp_nearest_hint(&nearest);
}

/* Only the daemon can resolve paths. */
static void check_link(const QmpType *type, const char *path, void *data)
{
    LinkCheck *check = data;
    const QmpClassPlace *place = place_of_links(qmp_class(type->target));
    const Ids *ids = place ? ids_at(check->checker, place) : NULL;
    g_autofree char *hint = NULL, *kind = NULL;

    if (check->error || !ids || strchr(path, '/') || g_hash_table_contains(ids->there, path) ||
        g_hash_table_contains(ids->coming, path)) {
        return;
    }
    hint = hint_id(ids->there, path);
    kind = kind_at(place);
    qmp_error_set(&check->error, ERROR_REASON_OBJECT_NOT_FOUND,
                  "%s '%s' is made by no request before%s", kind, path, hint);
}

static bool check_links(const Checker *checker, const QmpType *type, const void *storage,
                        GError **error)
{
    LinkCheck check = { .checker = checker };

    if (checker->has_accel && checker->has_machine) {
        qmp_foreach_link(type, storage, check_link, &check);
    }
    if (check.error) {
        g_propagate_error(error, check.error);
        return false;
    }
    return true;
}

static bool check_arguments(const Checker *checker, const QmpCommandArgs *row,
                            const json_t *arguments, GError **error)
{
    const QmpInput input = {
        .ops = arguments ? &qmp_json_input : &qmp_empty_input,
        .mode = row->flags & QMP_COMMAND_LENIENT ? QMP_INPUT_LENIENT : QMP_INPUT_STRICT,
    };
    const void *node = arguments ? (const void *)arguments : row;
    void *storage = NULL;
    bool ok;

    if (arguments && !json_is_object(arguments)) {
        qmp_error_set(error, ERROR_REASON_INVALID_TYPE, "'arguments' must be an object");
        return false;
    }
    if (!row->args) {
        if (json_object_size(arguments) == 0) {
            return true;
        }
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "the command takes no arguments");
        return false;
    }
    if (!qmp_decode(&input, row->args, node, &storage, error)) {
        return false;
    }
    ok = check_links(checker, row->args, &storage, error);
    qmp_clear(row->args, &storage);
    return ok;
}

/* ---- Ids ---- */

/* A node may contain others, each with a name. */
static void add_inner_nodes(Checker *checker, const json_t *node, guint line)
{
    const QmpClassPlace *place = qmp_class_place(&qmp_class_block_node);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)node, key, value) {
        const char *name = json_string_value(json_object_get(value, place->id));

        if (name) {
            g_hash_table_insert(ids_at(checker, place)->there, g_strdup(name),
                                GUINT_TO_POINTER(line));
        }
        add_inner_nodes(checker, value, line);
    }
}

static bool add_id(Checker *checker, const QmpClassPlace *place, const char *id, guint line,
                   GError **error)
{
    GHashTable *there = ids_at(checker, place)->there;
    g_autofree char *kind = NULL;
    gpointer earlier;

    if (g_hash_table_lookup_extended(there, id, NULL, &earlier)) {
        kind = kind_at(place);
        qmp_error_set(error, ERROR_REASON_ID_IN_USE, "%s id '%s' is in use since line %u", kind,
                      id, GPOINTER_TO_UINT(earlier));
        return false;
    }
    g_hash_table_insert(there, g_strdup(id), GUINT_TO_POINTER(line));
    return true;
}

static bool check_id(Checker *checker, const char *command, const json_t *arguments, guint line,
                     GError **error)
{
    const QmpClassPlace *place = place_of(command);
    const char *id = place ? json_string_value(json_object_get(arguments, place->id)) : NULL;

    if (id && g_str_equal(command, place->remove)) {
        g_hash_table_remove(ids_at(checker, place)->there, id);
    } else if (id && !add_id(checker, place, id, line, error)) {
        return false;
    }
    if (place && place->klass == &qmp_class_block_node) {
        add_inner_nodes(checker, arguments, line);
    }
    return true;
}

/* The list of a `build`, or NULL. */
static json_t *built(const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "execute"));

    return g_strcmp0(name, "build") == 0
           ? json_object_get(json_object_get(request, "arguments"), "requests") : NULL;
}

/* Adds the ids of a list, whose form was checked. */
static bool check_list(Checker *checker, const json_t *list, guint line, GError **error)
{
    size_t i;
    json_t *request;

    json_array_foreach(list, i, request) {
        if (!check_id(checker, json_string_value(json_object_get(request, "execute")),
                      json_object_get(request, "arguments"), line, error)) {
            g_prefix_error(error, "requests[%zu]: ", i);
            return false;
        }
    }
    return true;
}

/* ---- Requests ---- */

void checker_expect(Checker *checker, const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "execute"));
    const json_t *arguments = json_object_get(request, "arguments");
    const QmpClassPlace *place = command ? place_of(command) : NULL;
    const char *id = place ? json_string_value(json_object_get(arguments, place->id)) : NULL;
    size_t index;
    json_t *inner;

    if (id && g_str_equal(command, place->add)) {
        g_hash_table_add(ids_at(checker, place)->coming, g_strdup(id));
    }
    json_array_foreach(built(request), index, inner) {
        checker_expect(checker, inner);
    }
}

void checker_note_begin(Checker *checker, const json_t *request)
{
    const json_t *arguments = json_object_get(request, "arguments");
    const char *type = json_string_value(json_object_get(arguments, "qom-type"));
    const QmpClass *klass = type ? qmp_class_find(type) : NULL;
    size_t i;
    json_t *inner;

    checker->has_machine |= klass && klass->flags & QMP_CLASS_MACHINE;
    checker->has_accel |= klass && (klass == &qmp_class_any_accel ||
                                    qmp_class_is_a(klass, &qmp_class_accel));
    json_array_foreach(built(request), i, inner) {
        checker_note_begin(checker, inner);
    }
}

bool checker_check(Checker *checker, const json_t *request, guint line, GError **error)
{
    const char *name = check_envelope(request, error);
    const json_t *arguments = json_object_get(request, "arguments");
    const QmpCommandArgs *row = name ? find_row(name, error) : NULL;

    if (built(request)) {
        checker_expect(checker, request);
    }
    return row && check_arguments(checker, row, arguments, error) &&
           check_id(checker, name, arguments, line, error) &&
           check_list(checker, built(request), line, error);
}
