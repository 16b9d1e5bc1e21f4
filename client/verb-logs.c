/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl logs: what a machine's daemon wrote.  Under systemd the journal has it, and journalctl
 * shows it; otherwise it is a file, which tail shows.
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "client/machine-place.h"
#include "client/verb.h"
#include "qmp/error.h"
#include "qmp/text.h"

#define LINES "100"

typedef struct {
    gboolean follow;
    gboolean json;
    char *lines;
} Options;

/* Becomes that program.  Returns with *error only. */
static int become(GPtrArray *words, GError **error)
{
    g_ptr_array_add(words, NULL);
    execvp(words->pdata[0], (char **)words->pdata);
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot start %s",
                        (char *)words->pdata[0]);
    return EXIT_ERROR;
}

static void add(GPtrArray *words, const char *word)
{
    g_ptr_array_add(words, g_strdup(word));
}

static int show_journal(const char *name, const Options *options, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    add(words, "journalctl");
    add(words, "--unit");
    g_ptr_array_add(words, g_strdup_printf("vmd@%s.service", name));
    add(words, "--lines");
    add(words, options->lines ? options->lines : LINES);
    add(words, options->json ? "--output=json" : "--output=short");
    if (options->follow) {
        add(words, "--follow");
    }
    return become(words, error);
}

static int show_file(const char *name, const Options *options, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = machine_log_path(name);

    if (options->json) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "%s is text; only the journal has JSON", path);
        return EXIT_ERROR;
    }
    if (access(path, R_OK) < 0) {
        if (errno == ENOENT && machine_is_created(name)) {
            return EXIT_OK;     /* it was never started */
        }
        if (errno == ENOENT) {
            machine_set_unknown(name, error);
        } else {
            qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read %s", path);
        }
        return EXIT_ERROR;
    }
    add(words, "tail");
    add(words, "-n");
    add(words, options->lines ? options->lines : LINES);
    if (options->follow) {
        add(words, "-F");
    }
    add(words, "--");
    add(words, path);
    return become(words, error);
}

static int show(const Globals *globals, int argc, char **argv, const Options *options,
                GError **error)
{
    const char *name = argc > 1 ? argv[1] : verb_machine_name(globals);
    gint64 lines;

    if (options->lines && (qmp_parse_int(options->lines, &lines) != QMP_PARSE_OK || lines < 0)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "--lines takes a number, not '%s'",
                      options->lines);
        return EXIT_USAGE;
    }
    if (!name || !machine_check_name(name, error)) {
        return EXIT_ERROR;
    }
    return machine_is_service() ? show_journal(name, options, error)
                                : show_file(name, options, error);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { 0 };
    int status = EXIT_USAGE;
    const GOptionEntry entries[] = {
        { "follow", 'f', 0, G_OPTION_ARG_NONE, &options.follow, "go on with what is written",
          NULL },
        { "lines", 'l', 0, G_OPTION_ARG_FILENAME, &options.lines, "how many lines (" LINES ")",
          "NUMBER" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "print the journal's JSON", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (verb_parse(verb, globals, entries, &argc, &argv, error)) {
        status = show(globals, argc, argv, &options, error);
    }
    g_free(options.lines);
    return status;
}

const Verb verb_logs = {
    .name = "logs",
    .arguments = "[NAME]",
    .summary = "show what a machine's daemon wrote",
    .description = "Under systemd that is the unit's journal, otherwise the file log in the "
                   "machine's folder of the state directory.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
