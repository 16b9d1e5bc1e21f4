/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl stop, kill: end machines, with the guest's help where that is possible, or at once.
 */
#include "config.h"

#include "client/machine-end.h"
#include "client/machine-loop.h"
#include "client/machine-place.h"
#include "client/machine-record.h"

typedef struct {
    gboolean force;
    double timeout;
} Stop;

static int stop_at(const Globals *globals, const Stop *stop, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);

    return conn ? machine_stop(conn, stop->force, stop->timeout, error) : EXIT_ERROR;
}

/* A machine that does not run has been stopped. */
static int stop_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    const Globals globals = { .name = (char *)name };
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);
    bool idle = record ? !machine_record_is_live(record) : machine_is_created(name);
    int status = idle ? EXIT_OK : stop_at(&globals, data, error);

    *ret_changed = !idle && status == EXIT_OK;
    return status;
}

static int run_stop(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Stop stop = { .timeout = 60 };
    g_autofree char *seconds = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "force", 'f', 0, G_OPTION_ARG_NONE, &stop.force, "do not ask the guest", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds, "wait at most this long (60)",
          "SECONDS" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &stop.timeout, error)) {
        return EXIT_USAGE;
    }
    if (globals->socket && argc == 1) {
        return stop_at(globals, &stop, error);
    }
    if (argc == 1 && !globals->name) {
        globals->name = g_strdup(verb_machine_name(globals));
    }
    return machine_loop(globals, argc, argv, json, stop_one, &stop, error);
}

const Verb verb_stop = {
    .name = "stop",
    .arguments = "[NAME...]",
    .summary = "end machines",
    .description = "Presses the power button of a running guest, if its machine has one, and ends "
                   "any other\nmachine at once, also one whose accelerator executes nothing "
                   "(qtest).",
    .min_args = 0,
    .max_args = -1,
    .run = run_stop,
};

static int kill_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);

    if (!record && !machine_is_created(name)) {
        machine_set_unknown(name, error);
        return EXIT_ERROR;
    }
    return machine_kill(name, ret_changed, error) ? EXIT_OK : EXIT_ERROR;
}

static int run_kill(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    return machine_loop(globals, argc, argv, json, kill_one, NULL, error);
}

const Verb verb_kill = {
    .name = "kill",
    .arguments = "NAME...",
    .summary = "end machines at once, also those that do not answer",
    .description = "Tells the daemon to quit, and kills it if it has not ended two seconds later.",
    .min_args = 0,
    .max_args = -1,
    .run = run_kill,
};
