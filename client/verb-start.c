/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl start, restart, autostart: machines that vmctl create made.
 */
#include "config.h"

#include <unistd.h>

#include "client/machine-config.h"
#include "client/machine-end.h"
#include "client/machine-loop.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/machine-start.h"
#include "qmp/error.h"

typedef struct {
    char *program;
    gboolean force;
    gboolean off;
    double timeout;
} Options;

static int start_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    const Options *options = data;

    return machine_start(name, options->program, ret_changed, error) ? EXIT_OK : EXIT_ERROR;
}

/* Those with the mark, in the place of the arguments. */
static int start_marked(Globals *globals, char *verb, gboolean json, Options *options,
                        GError **error)
{
    g_autoptr(GPtrArray) names = machine_names(error);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    if (!names) {
        return EXIT_ERROR;
    }
    g_ptr_array_add(words, verb);
    for (guint i = 0; i < names->len; i++) {
        if (machine_is_created(names->pdata[i]) && machine_autostart_is_set(names->pdata[i])) {
            g_ptr_array_add(words, names->pdata[i]);
        }
    }
    return words->len == 1 ? EXIT_OK
                           : machine_loop(globals, words->len, (char **)words->pdata, json,
                                          start_one, options, error);
}

static int run_start(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { 0 };
    gboolean json = FALSE, marked = FALSE;
    int status = EXIT_USAGE;
    const GOptionEntry entries[] = {
        { "autostart", 0, 0, G_OPTION_ARG_NONE, &marked, "all that `vmctl autostart` marked",
          NULL },
        { "daemon", 0, 0, G_OPTION_ARG_FILENAME, &options.program,
          "the daemon to start, without systemd", "PATH" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (verb_parse(verb, globals, entries, &argc, &argv, error)) {
        status = marked && argc == 1
                     ? start_marked(globals, argv[0], json, &options, error)
                     : machine_loop(globals, argc, argv, json, start_one, &options, error);
    }
    g_free(options.program);
    return status;
}

const Verb verb_start = {
    .name = "start",
    .arguments = "NAME...",
    .summary = "start machines that were created",
    .description = "Where systemd runs and for root, as units vmd@NAME.service; otherwise as "
                   "daemons of this user.  A machine that runs already is left alone.",
    .min_args = 0,
    .max_args = -1,
    .run = run_start,
};

/* ---- restart ---- */

static int stop_first(const char *name, const Options *options, GError **error)
{
    const Globals globals = { .name = (char *)name };
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);
    g_autoptr(Connection) conn = NULL;
    int status;

    if (!record || !machine_record_is_live(record)) {
        return EXIT_OK;
    }
    conn = verb_connect(&globals, error);
    status = conn ? machine_stop(conn, options->force, options->timeout, error) : EXIT_ERROR;
    if (status == EXIT_OK && !machine_await_end(name, verb_deadline(options->timeout))) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "the daemon did not end in time");
        status = EXIT_TIMEOUT;
    }
    return status;
}

static int restart_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    int status = EXIT_ERROR;

    if (!machine_is_created(name)) {
        machine_set_unknown(name, error);
        return status;
    }
    status = stop_first(name, data, error);
    return status == EXIT_OK ? start_one(name, data, ret_changed, error) : status;
}

static int run_restart(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { .timeout = 60 };
    g_autofree char *seconds = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "do not ask the guest", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds,
          "wait at most this long for its end (60)", "SECONDS" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &options.timeout, error)) {
        return EXIT_USAGE;
    }
    return machine_loop(globals, argc, argv, json, restart_one, &options, error);
}

const Verb verb_restart = {
    .name = "restart",
    .arguments = "NAME...",
    .summary = "stop machines, and start them by their configuration",
    .description = "One that does not run is started.",
    .min_args = 0,
    .max_args = -1,
    .run = run_restart,
};

/* ---- autostart ---- */

static int mark_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    const Options *options = data;
    int lock = machine_config_lock(name, error);
    bool ok = lock >= 0 && machine_autostart_set(name, !options->off, ret_changed, error);

    if (lock >= 0) {
        close(lock);
    }
    return ok ? EXIT_OK : EXIT_ERROR;
}

static int run_autostart(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Options options = { 0 };
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "off", 0, 0, G_OPTION_ARG_NONE, &options.off, "no longer", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    return machine_loop(globals, argc, argv, json, mark_one, &options, error);
}

const Verb verb_autostart = {
    .name = "autostart",
    .arguments = "NAME...",
    .summary = "start machines with the host",
    .description = "Without systemd, and for other users than root, `vmctl start --autostart` "
                   "starts them.",
    .min_args = 0,
    .max_args = -1,
    .run = run_autostart,
};
