/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl config: the requests that make the current machine, one per line, for
 * `vmctl apply`; or in other forms.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/translate/write-config.h"
#include "client/verb.h"
#include "qmp/json.h"
#include "qmp/options.h"

/* Prints what the requests need as a comment before them. */
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

/* The whole as a file for -readconfig.  What the file cannot express is reported on
 * standard error. */
static int print_readconfig(const json_t *config)
{
    g_autoptr(GPtrArray) unsaid = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = write_config(json_object_get(config, "requests"), unsaid);

    printf("# Read with -nodefaults -readconfig FILE\n");
    print_requirements(json_object_get(config, "requires"));
    printf("\n%s", text);
    for (guint i = 0; i < unsaid->len; i++) {
        fprintf(stderr, "vmctl: not expressed: %s\n", (const char *)unsaid->pdata[i]);
    }
    return unsaid->len ? EXIT_ERROR : EXIT_OK;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean build = FALSE, readconfig = FALSE, text = FALSE;
    int status = EXIT_OK;
    json_t *config = NULL;
    const GOptionEntry entries[] = {
        { "build", 'b', 0, G_OPTION_ARG_NONE, &build, "print one request: a build of them all",
          NULL },
        { "readconfig", 'r', 0, G_OPTION_ARG_NONE, &readconfig,
          "print a file for QEMU's option -readconfig", NULL },
        { "text", 't', 0, G_OPTION_ARG_NONE, &text, "print KEY=VALUE text for people", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (build + readconfig + text > 1) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--build, --readconfig and --text exclude each other");
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn || !connection_call(conn, "query-config", NULL, &config, error)) {
        return EXIT_ERROR;
    }
    if (build) {
        print_build(config);
    } else if (readconfig) {
        status = print_readconfig(config);
    } else {
        print_requirements(json_object_get(config, "requires"));
        (text ? print_texts : print_requests)(json_object_get(config, "requests"));
    }
    json_decref(config);
    return status;
}

const Verb verb_config = {
    .name = "config",
    .arguments = "",
    .summary = "print the requests that make the current machine",
    .description = "vmctl apply takes this output.",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
