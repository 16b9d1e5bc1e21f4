/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl config: the requests that make the machine as it is, one a line, as
 * `vmctl apply` takes them; or as text for people.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/verb.h"
#include "qmp/json.h"
#include "qmp/options.h"

/* What the requests need stands before them as a comment. */
static void print_requirements(const json_t *list)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry) {
        printf("# needs %s %s\n", json_string_value(json_object_get(entry, "kind")),
               json_string_value(json_object_get(entry, "name")));
    }
}

static void print_requests(const json_t *list)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry) {
        output_json(entry);
    }
}

/* "device_add driver=isa-serial,id=com1" */
static void print_texts(const json_t *list)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry) {
        g_autofree char *text =
            qmp_options_print(&qmp_json_input, json_object_get(entry, "arguments"));

        printf("%s %s\n", json_string_value(json_object_get(entry, "execute")), text);
    }
}

/* The whole as one request. */
static void print_build(json_t *config)
{
    json_t *request = json_pack("{s:s, s:O}", "execute", "build", "arguments", config);

    output_json(request);
    json_decref(request);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean build = FALSE, text = FALSE;
    json_t *config = NULL;
    const GOptionEntry entries[] = {
        { "build", 'b', 0, G_OPTION_ARG_NONE, &build, "print one request: a build of them all",
          NULL },
        { "text", 't', 0, G_OPTION_ARG_NONE, &text, "print KEY=VALUE text for people", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn || !connection_call(conn, "query-config", NULL, &config, error)) {
        return EXIT_ERROR;
    }
    if (build) {
        print_build(config);
    } else {
        print_requirements(json_object_get(config, "requires"));
        (text ? print_texts : print_requests)(json_object_get(config, "requests"));
    }
    json_decref(config);
    return EXIT_OK;
}

const Verb verb_config = {
    .name = "config",
    .arguments = "",
    .summary = "print the requests that make the machine as it is",
    .description = "What it prints is what vmctl apply takes.",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
