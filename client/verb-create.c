/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl create: a machine by name, from QEMU's options or from a file of requests.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "client/file-names.h"
#include "client/host-check.h"
#include "client/machine-config.h"
#include "client/machine-place.h"
#include "client/machine-start.h"
#include "client/output.h"
#include "client/translate/typed.h"
#include "client/verb.h"
#include "qmp/error.h"

typedef struct {
    char *from;
    char *program;
    gboolean start;
    gboolean json;
} Options;

/* ---- From options ---- */

/* What concerns a daemon's process is decided when it starts. */
static bool takes_start(const TranslationNote *note, const char *name)
{
    switch (note->start) {
    case START_NAME:
        return g_strcmp0(note->value, name) == 0;
    case START_DAEMONIZE:
        return true;
    default:
        return false;
    }
}

/* Prints what the machine cannot have, as it is started later and by others. */
static bool check_starts(const Translation *translation, const char *name)
{
    bool ok = !translation->overlays->len;

    if (!ok) {
        fprintf(stderr, "vmctl: -snapshot: what a guest writes is kept, or lost, by 'vmctl run'; a "
                "machine that is created has its own images\n");
    }
    for (guint i = 0; i < translation->starts->len; i++) {
        const TranslationNote *note = translation->starts->pdata[i];

        if (!takes_start(note, name)) {
            fprintf(stderr, "vmctl: %s: a machine that is created cannot have this: %s\n",
                    note->origin, note->text);
            ok = false;
        }
    }
    return ok;
}

/* A terminal is attached later, by `vmctl console`, which needs a pty. */
static void make_pty(const TranslatedRequest *request, const char *name)
{
    json_t *arguments = json_object_get(request->json, "arguments");
    json_t *backend = json_object_get(arguments, "backend");
    const char *type = json_string_value(json_object_get(backend, "type"));

    if (g_strcmp0(type, "stdio") == 0) {
        json_object_set_new(backend, "type", json_string("pty"));
        json_object_del(json_object_get(backend, "data"), "signal");
        fprintf(stderr, "vmctl: %s: the terminal is a pty: 'vmctl -n %s console %s'\n",
                request->origin, name,
                json_string_value(json_object_get(arguments, "id")));
    }
}

static void warn(const TranslatedRequest *request)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    host_check(request->json, lines);
    host_warn(request->json, lines);
    for (guint i = 0; i < lines->len; i++) {
        fprintf(stderr, "vmctl: %s: warning: %s\n", request->origin, (char *)lines->pdata[i]);
    }
}

/* The options, as a comment that a shell would take. */
static void put_words(GString *text, const char *name, int n, char **words)
{
    g_string_append_printf(text, "# vmctl create %s --", name);
    for (int i = 0; i < n; i++) {
        g_autofree char *word = g_shell_quote(words[i]);
        bool plain = *words[i] && !words[i][strspn(words[i], "abcdefghijklmnopqrstuvwxyz"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                   "-_./:=,+@%")];

        g_string_append_printf(text, " %s", plain ? words[i] : g_strdelimit(word, "\n", ' '));
    }
    g_string_append_c(text, '\n');
}

/* The configuration's text; NULL with *error, or with messages printed. */
static char *from_options(const char *name, int n, char **words)
{
    g_autoptr(Translation) translation =
        translate_command_line(n, (const char *const *)words);
    g_autofree char *directory = g_get_current_dir();
    g_autoptr(GString) text = g_string_new(NULL);

    if (verb_print_problems(translation, n, (const char *const *)words) != EXIT_OK ||
        !check_starts(translation, name)) {
        return NULL;
    }
    put_words(text, name, n, words);
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autofree char *line = NULL;

        make_pty(request, name);
        file_names_make_absolute(request->json, directory);
        warn(request);
        line = typed_print(request->json);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_steal_pointer(&text->str);
}

/* ---- From a file ---- */

static char *from_file(const char *path, GError **error)
{
    g_autoptr(GIOChannel) input = NULL;
    g_autoptr(GError) why = NULL;
    char *text = NULL;

    if (g_str_equal(path, "-")) {
        input = g_io_channel_unix_new(0);
        g_io_channel_set_encoding(input, NULL, NULL);
        g_io_channel_read_to_end(input, &text, NULL, &why);
    } else {
        g_file_get_contents(path, &text, NULL, &why);
    }
    if (!text) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s", why->message);
    }
    return text;
}

/* ---- The verb ---- */

static void print_json(const char *name, bool started)
{
    g_autofree char *path = machine_config_path(name);
    json_t *out = json_pack("{s:s, s:s, s:b}", "name", name, "config", path, "started", started);

    output_json(out);
    json_decref(out);
}

static int create(const char *name, const char *text, const Options *options, GError **error)
{
    bool changed;

    if (!machine_config_create(name, text, error)) {
        return EXIT_ERROR;
    }
    if (options->start && !machine_start(name, options->program, &changed, error)) {
        g_prefix_error(error, "'%s' was created, but does not start: ", name);
        return EXIT_ERROR;
    }
    if (options->json) {
        print_json(name, options->start);
    }
    return EXIT_OK;
}

static int run_options(const Options *options, int argc, char **argv, GError **error)
{
    const char *name = argv[1];
    int first = argc > 2 && g_str_equal(argv[2], "--") ? 3 : 2;
    g_autofree char *text = NULL;

    if (options->from && argc > first) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--from and QEMU's options exclude each other");
        return EXIT_USAGE;
    }
    if (!machine_check_new_name(name, error)) {
        return EXIT_ERROR;
    }
    text = options->from ? from_file(options->from, error)
                         : from_options(name, argc - first, argv + first);
    if (!text || !machine_config_check(options->from ? options->from : name, text)) {
        return EXIT_ERROR;
    }
    return create(name, text, options, error);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { 0 };
    int status = EXIT_USAGE;
    const GOptionEntry entries[] = {
        { "from", 0, 0, G_OPTION_ARG_FILENAME, &options.from,
          "take the requests of a file, or of standard input (-)", "FILE" },
        { "start", 0, 0, G_OPTION_ARG_NONE, &options.start, "start it, too", NULL },
        { "daemon", 0, 0, G_OPTION_ARG_FILENAME, &options.program,
          "the daemon to start, without systemd", "PATH" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "print a JSON object", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (verb_parse(verb, globals, entries, &argc, &argv, error)) {
        status = run_options(&options, argc, argv, error);
    }
    g_free(options.from);
    g_free(options.program);
    return status;
}

const Verb verb_create = {
    .name = "create",
    .arguments = "NAME [-- QEMU-OPTION...]",
    .summary = "create a machine by name",
    .description = "Its configuration is the requests that QEMU's options become, or those of a "
                   "file.  Nothing runs until vmctl start.",
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
