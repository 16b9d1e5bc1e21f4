/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl list: the machines of this host, one per line.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/machine-record.h"
#include "client/output.h"
#include "client/verb.h"

/* The run state of a machine's daemon, or NULL; also its answer about accelerators, which
 * the caller owns.  *ret_forbidden: NULL because this user has no permission. */
static char *live_state(const char *name, json_t **ret_accelerators, bool *ret_forbidden)
{
    const Globals globals = { .name = (char *)name };
    g_autofree char *path = verb_socket_path(&globals, NULL);
    g_autoptr(Connection) conn = verb_connect(&globals, NULL);
    json_t *status = NULL;
    char *state = NULL;

    *ret_forbidden = !conn && path && access(path, W_OK) < 0 && errno == EACCES;
    if (conn && connection_call(conn, "query-status", NULL, &status, NULL) &&
        connection_call(conn, "query-accelerators", NULL, ret_accelerators, NULL)) {
        state = g_strdup(json_string_value(json_object_get(status, "status")));
    }
    json_decref(status);
    return state;
}

/* Adds the accelerator and the reason for it to a live machine's entry. */
static void add_accelerator(json_t *entry, const json_t *accelerators)
{
    json_t *name = json_object_get(accelerators, "enabled");
    json_t *why = json_object_get(accelerators, "why");

    if (name) {
        json_object_set(entry, "accelerator", name);
    }
    if (why) {
        json_object_set(entry, "accelerator-why", why);
    }
}

/* Uses the record if the daemon is not running: connecting would start a
 * machine whose socket a service manager holds. */
static json_t *entry_of(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ExitRecord) record = machine_record_read(name, &error);
    json_t *entry, *accelerators = NULL;
    bool forbidden = false;
    g_autofree char *state = record && machine_record_is_live(record)
                                 ? live_state(name, &accelerators, &forbidden) : NULL;
    bool live = state != NULL;

    if (forbidden) {
        state = g_strdup("no permission to ask it");
    } else if (record && !live) {
        state = machine_record_describe(record);
    } else if (!live) {
        state = g_strdup(error ? error->message : "not started");
    }
    entry = json_pack("{s:s, s:s, s:b}", "name", name, "state", state, "live", live);
    add_accelerator(entry, accelerators);
    json_decref(accelerators);
    return entry;
}

static void print_row(const json_t *entry, size_t width)
{
    const char *name = json_string_value(json_object_get(entry, "accelerator"));
    const char *why = json_string_value(json_object_get(entry, "accelerator-why"));
    g_autofree char *accelerator = output_accelerator(name, why);

    printf("%-*s  %s%s%s\n", (int)width, json_string_value(json_object_get(entry, "name")),
           json_string_value(json_object_get(entry, "state")), accelerator ? ", " : "",
           accelerator ? accelerator : "");
}

static void print_table(const json_t *list)
{
    json_t *entry;
    size_t i, width = strlen("NAME");

    json_array_foreach(list, i, entry) {
        width = MAX(width, json_string_length(json_object_get(entry, "name")));
    }
    printf("%-*s  STATE\n", (int)width, "NAME");
    json_array_foreach(list, i, entry) {
        print_row(entry, width);
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    gboolean json = FALSE;
    json_t *list;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    names = machine_names(error);
    if (!names) {
        return EXIT_ERROR;
    }
    list = json_array();
    for (guint i = 0; i < names->len; i++) {
        json_array_append_new(list, entry_of(names->pdata[i]));
    }
    if (json) {
        output_json(list);
    } else {
        print_table(list);
    }
    json_decref(list);
    return EXIT_OK;
}

const Verb verb_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the machines of this host",
    .description = "A machine is a folder of the run directory or the state directory; its "
                   "details are those that its daemon wrote to the latter.",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
