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
#include "qmp/visit.h"

/* Each namespace of ids: the command that adds one, the one that removes it, and
 * the argument of both that has it. */
static const struct {
    const char *add;
    const char *remove;
    const char *member;
    const char *kind;           /* for messages */
} namespaces[] = {
    { "object-add",   "object-del",     "id",        "object" },
    { "device_add",   "device_del",     "id",        "device" },
    { "chardev-add",  "chardev-remove", "id",        "chardev" },
    { "netdev_add",   "netdev_del",     "id",        "netdev" },
    { "blockdev-add", "blockdev-del",   "node-name", "block node" },
};

struct Checker {
    GHashTable *ids[G_N_ELEMENTS(namespaces)];      /* id to line */
};

Checker *checker_new(void)
{
    Checker *checker = g_new0(Checker, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        checker->ids[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    return checker;
}

void checker_free(Checker *checker)
{
    if (checker) {
        for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
            g_hash_table_unref(checker->ids[i]);
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

static bool check_arguments(const QmpCommandArgs *row, const json_t *arguments, GError **error)
{
    const QmpInput input = {
        .ops = arguments ? &qmp_json_input : &qmp_empty_input,
        .mode = row->flags & QMP_COMMAND_LENIENT ? QMP_INPUT_LENIENT : QMP_INPUT_STRICT,
    };
    const void *node = arguments ? (const void *)arguments : row;
    void *storage = NULL;

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
    qmp_clear(row->args, &storage);
    return true;
}

static bool check_id(Checker *checker, const char *command, const json_t *arguments, guint line,
                     GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        const char *id = json_string_value(json_object_get(arguments, namespaces[i].member));
        gpointer earlier;

        if (!id) {
            continue;
        }
        if (g_str_equal(command, namespaces[i].remove)) {
            g_hash_table_remove(checker->ids[i], id);
        }
        if (!g_str_equal(command, namespaces[i].add)) {
            continue;
        }
        if (g_hash_table_lookup_extended(checker->ids[i], id, NULL, &earlier)) {
            qmp_error_set(error, ERROR_REASON_ID_IN_USE, "%s id '%s' is in use since line %u",
                          namespaces[i].kind, id, GPOINTER_TO_UINT(earlier));
            return false;
        }
        g_hash_table_insert(checker->ids[i], g_strdup(id), GUINT_TO_POINTER(line));
    }
    return true;
}

bool checker_check(Checker *checker, const json_t *request, guint line, GError **error)
{
    const char *name = check_envelope(request, error);
    const json_t *arguments = json_object_get(request, "arguments");
    const QmpCommandArgs *row = name ? find_row(name, error) : NULL;

    return row && check_arguments(row, arguments, error) &&
           check_id(checker, name, arguments, line, error);
}
