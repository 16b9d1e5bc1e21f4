/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl apply: a file of requests, sent one after the other, or only checked.
 *
 * The whole file is read before the first request is sent, so that a syntax
 * error changes nothing.
 */
#include "config.h"

#include <stdio.h>

#include "client/config-plan.h"
#include "client/ending.h"
#include "client/request-file.h"
#include "client/translate/typed.h"
#include "client/verb.h"

/* Seconds that guests have for giving up devices. */
#define UPDATE_TIMEOUT 60

typedef struct {
    gboolean build;
    gboolean check;
    gboolean if_exists;
    gboolean plan;
    gboolean update;
    gboolean verbose;
    gboolean wait;
    double timeout;             /* seconds, for wait */
} Options;

static void print_step(gint64 start, const char *text)
{
    printf("%9.2f ms  %s\n", (g_get_monotonic_time() - start) / 1000.0, text);
    fflush(stdout);
}

/* Reports every mistake, not only the first. */
static int check(const char *file, const GPtrArray *requests, bool build)
{
    g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);

    request_file_check(file, requests, build, mistakes);
    for (guint i = 0; i < mistakes->len; i++) {
        fprintf(stderr, "vmctl: %s\n", (char *)mistakes->pdata[i]);
    }
    return mistakes->len ? EXIT_ERROR : EXIT_OK;
}

static void print_event(const Message *event, gpointer data)
{
    const char *reason = json_string_value(
        json_object_get(json_object_get(event->json, "data"), "reason"));
    g_autofree char *text = g_strdup_printf("event %s%s%s", message_event_name(event),
                                            reason ? " " : "", reason ? reason : "");

    print_step(*(gint64 *)data, text);
}

static int apply(const Globals *globals, const char *file, const GPtrArray *requests,
                 const Options *options, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);
    gint64 start;

    if (!conn || !request_file_send(conn, file, requests, options->build,
                                     options->verbose ? print_step : NULL, error)) {
        return EXIT_ERROR;
    }
    if (!options->wait) {
        return EXIT_OK;
    }
    start = g_get_monotonic_time();
    return ending_wait(conn, verb_deadline(options->timeout),
                       options->verbose ? print_event : NULL, &start, error);
}

/* ---- From the machine as it is ---- */

static ConfigPlan *make_plan(Connection *conn, const char *file, const GPtrArray *requests,
                             GError **error)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    g_autoptr(ConfigEntries) there = NULL, entries = NULL;
    bool cold = false;

    for (guint i = 0; i < requests->len; i++) {
        g_ptr_array_add(wanted, ((RequestText *)requests->pdata[i])->json);
    }
    entries = config_entries_new(wanted, error);
    if (!entries) {
        g_prefix_error(error, "%s: ", file);
        return NULL;
    }
    there = config_plan_ask(conn, &cold, error);
    return there ? config_plan_new(there, entries, cold) : NULL;
}

/* Prints the steps; what only a restart can change is said, and then nothing is sent. */
static int apply_plan(const Globals *globals, const char *file, const GPtrArray *requests,
                      const Options *options, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);
    g_autoptr(ConfigPlan) plan = conn ? make_plan(conn, file, requests, error) : NULL;

    if (!plan) {
        return EXIT_ERROR;
    }
    for (guint i = 0; options->plan && i < plan->steps->len; i++) {
        g_autofree char *text = typed_print(plan->steps->pdata[i]);

        puts(text);
    }
    for (guint i = 0; i < plan->blocked->len; i++) {
        fprintf(stderr, "vmctl: only a restart can change %s\n", (char *)plan->blocked->pdata[i]);
    }
    if (plan->blocked->len) {
        return EXIT_ERROR;
    }
    if (!options->update) {
        return EXIT_OK;
    }
    return config_plan_send(plan, conn, verb_deadline(MIN(options->timeout, UPDATE_TIMEOUT)),
                            error) ? EXIT_OK : EXIT_ERROR;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) requests = NULL;
    g_autofree char *seconds = NULL;
    Options options = { .timeout = VERB_NO_TIMEOUT };
    const GOptionEntry entries[] = {
        { "build", 'b', 0, G_OPTION_ARG_NONE, &options.build,
          "send what build takes as one request: all of it succeeds, or none", NULL },
        { "check", 'c', 0, G_OPTION_ARG_NONE, &options.check,
          "check against the schema and send nothing", NULL },
        { "if-exists", 0, 0, G_OPTION_ARG_NONE, &options.if_exists,
          "succeed, and send nothing, if there is no such file", NULL },
        { "plan", 'p', 0, G_OPTION_ARG_NONE, &options.plan,
          "print the requests that lead from the machine as it is to the file", NULL },
        { "update", 'u', 0, G_OPTION_ARG_NONE, &options.update, "send those requests", NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose,
          "print each step and how long it took", NULL },
        { "wait", 'w', 0, G_OPTION_ARG_NONE, &options.wait,
          "then wait until the machine has ended", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds,
          "with --wait and --update: wait at most this long", "SECONDS" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &options.timeout, error)) {
        return EXIT_USAGE;
    }
    if (options.if_exists && !g_file_test(argv[1], G_FILE_TEST_EXISTS)) {
        return EXIT_OK;
    }
    requests = request_file_read(argv[1], error);
    if (!requests) {
        return EXIT_ERROR;
    }
    if (options.check) {
        return check(argv[1], requests, options.build);
    }
    if (options.plan || options.update) {
        return apply_plan(globals, argv[1], requests, &options, error);
    }
    return apply(globals, argv[1], requests, &options, error);
}

const Verb verb_apply = {
    .name = "apply",
    .arguments = "FILE",
    .summary = "send the requests of a file, up to the first error",
    .description = "FILE has JSON objects, on one line or several, and '#' comments; - is "
                   "standard input.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
