/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common to all verbs: options, socket path, connection.  See verb.h.
 */
#include "config.h"
#include "client/verb.h"

#include <stdio.h>

#include "client/machine-place.h"
#include "client/mend.h"
#include "qmp/arguments.h"
#include "qmp/error.h"
#include "qmp/text.h"

void verb_global_entries(Globals *globals, GOptionEntry *entries)
{
    const GOptionEntry table[VERB_N_GLOBALS] = {
        { "socket", 's', 0, G_OPTION_ARG_FILENAME, &globals->socket,
          "the daemon's QMP socket", "PATH" },
        { "name", 'n', 0, G_OPTION_ARG_FILENAME, &globals->name,
          "the machine's name, which leads to its socket (default)", "NAME" },
        G_OPTION_ENTRY_NULL
    };

    memcpy(entries, table, sizeof(table));
}

static bool check_count(const Verb *verb, int count, GError **error)
{
    if (count < verb->min_args || (verb->max_args >= 0 && count > verb->max_args)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%s arguments\nusage: vmctl %s %s",
                    count < verb->min_args ? "missing" : "too many", verb->name, verb->arguments);
        return false;
    }
    return true;
}

bool verb_parse(const Verb *verb, Globals *globals, const GOptionEntry *entries, int *argc,
                char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(verb->arguments);
    GOptionEntry global_entries[VERB_N_GLOBALS];
    const GOptionEntry *const lists[] = { global_entries, entries, NULL };
    const QmpArguments arguments = { .lists = lists };
    g_autofree char *program = g_strconcat("vmctl ", verb->name, NULL);

    g_set_prgname(program);     /* for --help */
    verb_global_entries(globals, global_entries);
    g_option_context_set_summary(context, verb->description);
    if (entries) {
        g_option_context_add_main_entries(context, entries, NULL);
    }
    g_option_context_add_main_entries(context, global_entries, NULL);
    return qmp_arguments_check(&arguments, *argc, *argv, error) &&
           g_option_context_parse(context, argc, argv, error) &&
           check_count(verb, *argc - 1, error);
}

const char *verb_machine_name(const Globals *globals)
{
    if (globals->socket) {
        return NULL;
    }
    return globals->name ? globals->name : "default";
}

void verb_take_name(Globals *globals, int argc, char **argv)
{
    if (argc > 1) {
        g_free(globals->name);
        globals->name = g_strdup(argv[1]);
    }
}

char *verb_socket_path(const Globals *globals, GError **error)
{
    const char *name = verb_machine_name(globals);
    g_autofree char *directory = NULL;

    if (globals->socket) {
        return g_strdup(globals->socket);
    }
    if (!machine_check_name(name, error)) {
        return NULL;
    }
    directory = machine_run_directory(error);
    return directory ? g_build_filename(directory, name, "qmp.sock", NULL) : NULL;
}

Connection *verb_connect(const Globals *globals, GError **error)
{
    g_autofree char *path = verb_socket_path(globals, error);

    return path ? connection_open(path, error) : NULL;
}

int verb_print_problems(const Translation *translation, int n_args, const char *const *args)
{
    g_autoptr(Mend) mend = NULL;

    if (!translation->problems->len) {
        return EXIT_OK;
    }
    mend = mend_command_line(n_args, args);
    for (guint i = 0; i < mend->problems->len; i++) {
        fprintf(stderr, "vmctl: %s\n", (char *)mend->problems->pdata[i]);
    }
    if (mend->words && mend->words->len) {
        fprintf(stderr, "vmctl: 'vmctl translate --suggest -- ...' prints the nearest line that "
                "works\n");
    }
    return EXIT_ERROR;
}

bool verb_parse_timeout(const char *text, double *seconds, GError **error)
{
    g_autofree char *shown = NULL;
    double value = 0;

    if (!text) {
        return true;
    }
    if (qmp_parse_number(text, &value) == QMP_PARSE_OK && value >= 0) {
        *seconds = value;
        return true;
    }
    shown = qmp_text_quote(text);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "--timeout takes a number of seconds, not %s", shown);
    return false;
}

gint64 verb_deadline(double seconds)
{
    if (seconds > 1e9) {
        return CONNECTION_FOREVER;
    }
    return g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
}
