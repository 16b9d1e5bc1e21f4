/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl apply: a file of requests, sent one after the other, or only checked.
 *
 * The whole file is read before the first request is sent, so that a syntax
 * error changes nothing.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/build-list.h"
#include "client/checker.h"
#include "client/ending.h"
#include "client/request-reader.h"
#include "client/verb.h"
#include "qmp/error.h"

typedef struct {
    gboolean build;
    gboolean check;
    gboolean if_exists;
    gboolean verbose;
    gboolean wait;
    double timeout;             /* seconds, for wait */
} Options;

/* Reads a file, or standard input if it is called "-". */
static bool read_input(const char *path, RequestReader *reader, GError **error)
{
    FILE *file = g_str_equal(path, "-") ? stdin : fopen(path, "re");
    char buffer[65536];
    size_t n;
    bool ok;

    if (!file) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open %s", path);
        return false;
    }
    while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        request_reader_feed(reader, buffer, n);
    }
    ok = !ferror(file);
    if (!ok) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read %s", path);
    }
    if (file != stdin) {
        fclose(file);
    }
    return ok;
}

/* All requests of a file. */
static GPtrArray *read_requests(const char *path, GError **error)
{
    g_autoptr(RequestReader) reader = request_reader_new();
    g_autoptr(GPtrArray) requests =
        g_ptr_array_new_with_free_func((GDestroyNotify)request_text_free);

    if (!read_input(path, reader, error)) {
        return NULL;
    }
    for (;;) {
        RequestText *request;
        guint line;

        if (!request_reader_next(reader, true, &request, &line, error)) {
            g_prefix_error(error, "%s:%u: ", path, line);
            return NULL;
        }
        if (!request) {
            return g_steal_pointer(&requests);
        }
        g_ptr_array_add(requests, request);
    }
}

/* Prepends the request's position to an error, and appends the argument's path
 * if the message does not name it. */
static void locate_error(GError **error, const char *file, const RequestText *request)
{
    g_autofree char *path = g_strdup(qmp_error_path(*error));

    if (path && !strstr((*error)->message, path)) {
        g_autofree char *message = g_strdup_printf("%s (%s)", (*error)->message, path);

        g_free((*error)->message);
        (*error)->message = g_steal_pointer(&message);
    }
    g_prefix_error(error, "%s:%u: %s: ", file, request->line, request_text_command(request));
}

/* Reports every mistake, not only the first. */
static int check(const char *file, const GPtrArray *requests, bool build)
{
    g_autoptr(Checker) checker = checker_new();
    guint mistakes = 0;

    for (guint i = 0; i < requests->len; i++) {
        const RequestText *request = requests->pdata[i];

        checker_note_begin(checker, request->json);
        if (build && build_list_takes(request->json)) {
            checker_expect(checker, request->json);
        }
    }
    for (guint i = 0; i < requests->len; i++) {
        const RequestText *request = requests->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!checker_check(checker, request->json, request->line, &error)) {
            locate_error(&error, file, request);
            fprintf(stderr, "vmctl: %s\n", error->message);
            mistakes++;
        }
    }
    return mistakes ? EXIT_ERROR : EXIT_OK;
}

/* "object-add kvm-accel kvm0": what a request is about, for --verbose. */
static char *describe(const RequestText *request)
{
    static const char *const keys[] = { "qom-type", "driver", "type", "id", "path", "property" };
    const json_t *arguments = json_object_get(request->json, "arguments");
    GString *text = g_string_new(request_text_command(request));

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = json_string_value(json_object_get(arguments, keys[i]));

        if (value) {
            g_string_append_printf(text, " %s", value);
        }
    }
    return g_string_free(text, FALSE);
}

static void print_step(gint64 start, const char *text)
{
    printf("%9.2f ms  %s\n", (g_get_monotonic_time() - start) / 1000.0, text);
    fflush(stdout);
}

static bool send_request(Connection *conn, const RequestText *request, GError **error)
{
    g_autoptr(Message) reply = connection_request(conn, request->text, NULL, 0, error);

    return reply && !message_is_error(reply, error);
}

/* How many requests from the i-th on go into one `build`; 1 for one that is sent separately. */
static guint count_built(const GPtrArray *requests, guint i, bool build)
{
    guint n = 0;

    while (build && i + n < requests->len && n < BUILD_LIST_MAX &&
           build_list_takes(((RequestText *)requests->pdata[i + n])->json)) {
        n++;
    }
    return MAX(n, 1);
}

/* Sends n of them as one; *ret_culprit is the one that an error is about. */
static bool send_build(Connection *conn, const GPtrArray *requests, guint first, guint n,
                       guint *ret_culprit, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    g_autoptr(Message) reply = NULL;
    g_autofree char *text = NULL;
    GError *why = NULL;
    int culprit;

    for (guint i = first; i < first + n; i++) {
        g_ptr_array_add(texts, ((RequestText *)requests->pdata[i])->text);
    }
    text = build_list_text((const char *const *)texts->pdata, n);
    reply = connection_request(conn, text, NULL, 0, &why);
    if (reply && !message_is_error(reply, &why)) {
        return true;
    }
    culprit = build_list_locate(why);
    *ret_culprit = culprit >= 0 && (guint)culprit < n ? first + culprit : first;
    g_propagate_error(error, why);
    return false;
}

static bool send_step(Connection *conn, const GPtrArray *requests, guint first, guint n, bool build,
                      guint *ret_culprit, GError **error)
{
    if (build && build_list_takes(((RequestText *)requests->pdata[first])->json)) {
        return send_build(conn, requests, first, n, ret_culprit, error);
    }
    *ret_culprit = first;
    return send_request(conn, requests->pdata[first], error);
}

static bool send_all(Connection *conn, const char *file, const GPtrArray *requests,
                     const Options *options, GError **error)
{
    for (guint i = 0, n; i < requests->len; i += n) {
        gint64 start = g_get_monotonic_time();
        g_autofree char *text = NULL;
        guint culprit;

        n = count_built(requests, i, options->build);
        text = n > 1 ? g_strdup_printf("build of %u requests", n) : describe(requests->pdata[i]);
        if (!send_step(conn, requests, i, n, options->build, &culprit, error)) {
            locate_error(error, file, requests->pdata[culprit]);
            return false;
        }
        if (options->verbose) {
            print_step(start, text);
        }
    }
    return true;
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

    if (!conn || !send_all(conn, file, requests, options, error)) {
        return EXIT_ERROR;
    }
    if (!options->wait) {
        return EXIT_OK;
    }
    start = g_get_monotonic_time();
    return ending_wait(conn, verb_deadline(options->timeout),
                       options->verbose ? print_event : NULL, &start, error);
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
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose,
          "print each step and how long it took", NULL },
        { "wait", 'w', 0, G_OPTION_ARG_NONE, &options.wait,
          "then wait until the machine has ended", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds,
          "with --wait: at most this long", "SECONDS" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &options.timeout, error)) {
        return EXIT_USAGE;
    }
    if (options.if_exists && !g_file_test(argv[1], G_FILE_TEST_EXISTS)) {
        return EXIT_OK;
    }
    requests = read_requests(argv[1], error);
    if (!requests) {
        return EXIT_ERROR;
    }
    if (options.check) {
        return check(argv[1], requests, options.build);
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
