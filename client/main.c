/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl: the table of verbs, and the dispatch from the command line to one of
 * them.
 */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "client/front.h"
#include "client/verb.h"
#include "qmp/arguments.h"
#include "qmp/nearest.h"
#include "qmp/text.h"

const Verb *const verbs[] = {
    &verb_create,
    &verb_start,
    &verb_stop,
    &verb_restart,
    &verb_kill,
    &verb_list,
    &verb_top,
    &verb_status,
    &verb_logs,
    &verb_edit,
    &verb_rename,
    &verb_autostart,
    &verb_delete,
    &verb_apply,
    &verb_translate,
    &verb_run,
    &verb_qemu,
    &verb_qmp,
    &verb_schema,
    &verb_state,
    &verb_monitor,
    &verb_wait,
    &verb_events,
    &verb_config,
    &verb_console,
    &verb_screen,
    &verb_screenshot,
    &verb_complete,
    NULL
};

static const Verb *find_verb(const char *name)
{
    for (gsize i = 0; verbs[i]; i++) {
        if (g_str_equal(verbs[i]->name, name)) {
            return verbs[i];
        }
    }
    return NULL;
}

/* The list of verbs, for --help. */
static char *list_verbs(void)
{
    GString *text = g_string_new("Verbs:");

    for (gsize i = 0; verbs[i]; i++) {
        g_string_append_printf(text, "\n  %-10s %s", verbs[i]->name, verbs[i]->summary);
    }
    g_string_append(text, "\n\n'vmctl VERB --help' shows a verb's arguments and options.");
    return g_string_free(text, FALSE);
}

static bool parse_options(Globals *globals, gboolean *version, int *argc, char ***argv,
                          GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new("VERB [ARGUMENT...]");
    GOptionEntry global_entries[VERB_N_GLOBALS];
    const GOptionEntry entries[] = {
        { "version", 0, 0, G_OPTION_ARG_NONE, version, "print the version and exit", NULL },
        G_OPTION_ENTRY_NULL
    };
    const GOptionEntry *const lists[] = { global_entries, entries, NULL };
    const QmpArguments arguments = { .lists = lists, .first_word_ends = true };
    g_autofree char *list = list_verbs();

    verb_global_entries(globals, global_entries);
    g_option_context_set_strict_posix(context, TRUE);   /* the words after it belong to the verb */
    g_option_context_set_summary(context, list);
    g_option_context_add_main_entries(context, global_entries, NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    return qmp_arguments_check(&arguments, *argc, *argv, error) &&
           g_option_context_parse(context, argc, argv, error);
}

/* What other programs call a verb. */
static const struct {
    const char *word, *verb;
} synonyms[] = {
    { "define", "create" }, { "destroy", "kill" },  { "log", "logs" },    { "ls", "list" },
    { "ps", "list" },       { "reboot", "restart" }, { "rm", "delete" },  { "shutdown", "stop" },
    { "undefine", "delete" }, { "enable", "autostart" },
};

static int refuse_verb(const char *name, GError **error)
{
    g_autofree char *shown = qmp_text_quote(name);
    g_autofree char *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (const Verb *const *verb = verbs; *verb; verb++) {
        qmp_nearest_add(&nearest, (*verb)->name);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(synonyms); i++) {
        if (g_str_equal(synonyms[i].word, name)) {
            nearest.best = synonyms[i].verb;
        }
    }
    hint = qmp_nearest_hint(&nearest);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                "there is no verb %s%s", shown,
                *hint ? hint : "; vmctl --help lists them");
    return EXIT_USAGE;
}

static int run_verb(Globals *globals, int argc, char **argv, GError **error)
{
    const Verb *verb;

    if (argc < 2) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "a verb is missing; vmctl --help lists them");
        return EXIT_USAGE;
    }
    verb = find_verb(argv[1]);
    if (!verb) {
        return refuse_verb(argv[1], error);
    }
    return verb->run(verb, globals, argc - 1, argv + 1, error);
}

int main(int argc, char **argv)
{
    Globals globals = { 0 };
    gboolean version = FALSE;
    g_autoptr(GError) error = NULL;
    int status = EXIT_USAGE;

    setlocale(LC_CTYPE, "");
    if (argc > 0 && front_is_name(argv[0])) {
        g_autofree char *program = g_path_get_basename(argv[0]);

        return front_run(program, argc - 1, (const char *const *)argv + 1);
    }
    g_set_prgname("vmctl");
    if (parse_options(&globals, &version, &argc, &argv, &error)) {
        if (version) {
            printf("vmctl %s\n", PACKAGE_VERSION);
            status = EXIT_OK;
        } else {
            status = run_verb(&globals, argc, argv, &error);
        }
    }
    if (error) {
        fprintf(stderr, "vmctl: %s\n", error->message);
    }
    if (fflush(stdout) != 0 && status == EXIT_OK) {
        perror("vmctl: standard output");
        status = EXIT_ERROR;
    }
    g_free(globals.socket);
    g_free(globals.name);
    return status;
}
