/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl config: the requests that make the current machine, one per line, for
 * `vmctl apply`; or in other forms.
 */
#include "config.h"

#include <stdio.h>

#include "client/config-plan.h"
#include "client/output.h"
#include "client/request-file.h"
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

/* Prints what the file would change, as `apply --plan` sees it; EXIT_ERROR if there is anything. */
static int print_differences(Connection *conn, const char *file, GError **error)
{
    g_autoptr(GPtrArray) requests = request_file_read(file, error);
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    g_autoptr(ConfigEntries) entries = NULL, there = NULL;
    g_autoptr(ConfigPlan) plan = NULL;
    bool cold;

    for (guint i = 0; requests && i < requests->len; i++) {
        g_ptr_array_add(wanted, ((RequestText *)requests->pdata[i])->json);
    }
    entries = requests ? config_entries_new(wanted, error) : NULL;
    there = entries ? config_plan_ask(conn, &cold, error) : NULL;
    if (!there) {
        return EXIT_ERROR;
    }
    plan = config_plan_new(there, entries, cold);
    for (guint i = 0; i < plan->changes->len; i++) {
        puts(plan->changes->pdata[i]);
    }
    return plan->changes->len ? EXIT_ERROR : EXIT_OK;
}

/* The requests without what is there by default. */
static int print_minimal(Connection *conn, GError **error)
{
    bool cold;
    g_autoptr(ConfigEntries) there = config_plan_ask(conn, &cold, error);

    if (!there) {
        return EXIT_ERROR;
    }
    for (guint i = 0; i < there->entries->len; i++) {
        json_t *request = config_entry_shorten(there->entries->pdata[i]);

        output_json(request);
        json_decref(request);
    }
    return EXIT_OK;
}

typedef struct {
    gboolean build, readconfig, text, minimal;
    char *diff;
} Options;

static int print_config(Connection *conn, const Options *options, GError **error)
{
    json_t *config = NULL;
    int status = EXIT_OK;

    if (!connection_call(conn, "query-config", NULL, &config, error)) {
        return EXIT_ERROR;
    }
    if (options->build) {
        print_build(config);
    } else if (options->readconfig) {
        status = print_readconfig(config);
    } else {
        print_requirements(json_object_get(config, "requires"));
        (options->text ? print_texts : print_requests)(json_object_get(config, "requests"));
    }
    json_decref(config);
    return status;
}

static int print_any(const Globals *globals, const Options *options, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);

    if (!conn) {
        return EXIT_ERROR;
    }
    if (options->diff) {
        return print_differences(conn, options->diff, error);
    }
    return options->minimal ? print_minimal(conn, error) : print_config(conn, options, error);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { 0 };
    int status = EXIT_USAGE;
    const GOptionEntry entries[] = {
        { "build", 'b', 0, G_OPTION_ARG_NONE, &options.build,
          "print one request: a build of them all", NULL },
        { "readconfig", 'r', 0, G_OPTION_ARG_NONE, &options.readconfig,
          "print a file for QEMU's option -readconfig", NULL },
        { "text", 't', 0, G_OPTION_ARG_NONE, &options.text, "print KEY=VALUE text for people",
          NULL },
        { "minimal", 'm', 0, G_OPTION_ARG_NONE, &options.minimal,
          "leave out what is so by default", NULL },
        { "diff", 'd', 0, G_OPTION_ARG_FILENAME, &options.diff,
          "print what a file of requests would change", "FILE" },
        G_OPTION_ENTRY_NULL
    };

    if (verb_parse(verb, globals, entries, &argc, &argv, error)) {
        if (options.build + options.readconfig + options.text + options.minimal +
            (options.diff != NULL) > 1) {
            g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--build, "
                                "--readconfig, --text, --minimal and --diff exclude each other");
        } else {
            verb_take_name(globals, argc, argv);
            status = print_any(globals, &options, error);
        }
    }
    g_free(options.diff);
    return status;
}

const Verb verb_config = {
    .name = "config",
    .arguments = "[NAME]",
    .summary = "print the requests that make the current machine",
    .description = "vmctl apply takes this output.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
