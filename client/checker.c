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
#include "qmp/qapi-types-memory.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-virtio.h"
#include "qmp/visit.h"

enum { OBJECTS, DEVICES, CHARDEVS, NETDEVS, BLOCK_NODES, NAMESPACES };

/* Each namespace of ids: the command that adds one, the one that removes it, and
 * the argument of both that has it. */
static const struct {
    const char *add;
    const char *remove;
    const char *member;
    const char *kind;           /* for messages */
} namespaces[NAMESPACES] = {
    [OBJECTS]     = { "object-add",   "object-del",     "id",        "object" },
    [DEVICES]     = { "device_add",   "device_del",     "id",        "device" },
    [CHARDEVS]    = { "chardev-add",  "chardev-remove", "id",        "chardev" },
    [NETDEVS]     = { "netdev_add",   "netdev_del",     "id",        "netdev" },
    [BLOCK_NODES] = { "blockdev-add", "blockdev-del",   "node-name", "block node" },
};

/* What a link to an object of a class looks its id up in; of other classes some objects are
 * made with the machine, so that no request names them. */
static const struct {
    const QmpClass *klass;
    int space;
} link_spaces[] = {
    { &qmp_class_block_node, BLOCK_NODES },
    { &qmp_class_chardev, CHARDEVS },
    { &qmp_class_netdev, NETDEVS },
    { &qmp_class_iothread, OBJECTS },
    { &qmp_class_memory_backend, OBJECTS },
    { &qmp_class_rng_backend, OBJECTS },
    { &qmp_class_throttle_group, OBJECTS },
};

struct Checker {
    GHashTable *ids[NAMESPACES];        /* id to line */
    GHashTable *coming[NAMESPACES];     /* ids that links may name before they are there */
    bool has_accel, has_machine;        /* both: it is for an empty daemon, and all that links
                                           lead to is made by requests */
};

Checker *checker_new(void)
{
    Checker *checker = g_new0(Checker, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        checker->ids[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        checker->coming[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    return checker;
}

void checker_free(Checker *checker)
{
    if (checker) {
        for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
            g_hash_table_unref(checker->ids[i]);
            g_hash_table_unref(checker->coming[i]);
        }
        g_free(checker);
    }
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

/* The members that a request may have, and what is wrong with the others. */
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
    GError *error;              /* about the first one that leads nowhere */
} LinkCheck;

static int space_of(const QmpClass *klass)
{
    for (gsize i = 0; i < G_N_ELEMENTS(link_spaces); i++) {
        if (qmp_class_is_a(klass, link_spaces[i].klass)) {
            return link_spaces[i].space;
        }
    }
    return -1;
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

/* Paths are the daemon's to resolve. */
static void check_link(const QmpType *type, const char *path, void *data)
{
    LinkCheck *check = data;
    int space = space_of(type->target);
    g_autofree char *hint = NULL;

    if (check->error || space < 0 || strchr(path, '/') ||
        g_hash_table_contains(check->checker->ids[space], path) ||
        g_hash_table_contains(check->checker->coming[space], path)) {
        return;
    }
    hint = hint_id(check->checker->ids[space], path);
    qmp_error_set(&check->error, ERROR_REASON_OBJECT_NOT_FOUND,
                  "%s '%s' is made by no request before%s", namespaces[space].kind, path, hint);
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

/* A node may have others in it, each with a name. */
static void add_inner_nodes(Checker *checker, const json_t *node, guint line)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)node, key, value) {
        const char *name = json_string_value(json_object_get(value, "node-name"));

        if (name) {
            g_hash_table_insert(checker->ids[BLOCK_NODES], g_strdup(name),
                                GUINT_TO_POINTER(line));
        }
        add_inner_nodes(checker, value, line);
    }
}

static bool add_id(Checker *checker, int space, const char *id, guint line, GError **error)
{
    gpointer earlier;

    if (g_hash_table_lookup_extended(checker->ids[space], id, NULL, &earlier)) {
        qmp_error_set(error, ERROR_REASON_ID_IN_USE, "%s id '%s' is in use since line %u",
                      namespaces[space].kind, id, GPOINTER_TO_UINT(earlier));
        return false;
    }
    g_hash_table_insert(checker->ids[space], g_strdup(id), GUINT_TO_POINTER(line));
    return true;
}

static bool check_id(Checker *checker, const char *command, const json_t *arguments, guint line,
                     GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        const char *id = json_string_value(json_object_get(arguments, namespaces[i].member));

        if (id && g_str_equal(command, namespaces[i].remove)) {
            g_hash_table_remove(checker->ids[i], id);
        }
        if (id && g_str_equal(command, namespaces[i].add) &&
            !add_id(checker, i, id, line, error)) {
            return false;
        }
    }
    if (g_str_equal(command, namespaces[BLOCK_NODES].add)) {
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

/* The ids of a list, which has been checked for its form. */
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
    size_t index;
    json_t *inner;

    for (gsize i = 0; command && i < G_N_ELEMENTS(namespaces); i++) {
        const char *id = json_string_value(json_object_get(arguments, namespaces[i].member));

        if (id && g_str_equal(command, namespaces[i].add)) {
            g_hash_table_add(checker->coming[i], g_strdup(id));
        }
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
