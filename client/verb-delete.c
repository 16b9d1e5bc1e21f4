/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl delete, rename: machines that do not run.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "client/machine-config.h"
#include "client/machine-end.h"
#include "client/machine-loop.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/output.h"
#include "qmp/error.h"

static bool check_idle(const char *name, GError **error)
{
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);

    if (!record || !machine_record_is_live(record)) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_WRONG_STATE, "the machine runs: 'vmctl stop %s' ends it",
                  name);
    return false;
}

/* ---- delete ---- */

static bool delete_locked(const char *name, bool force, GError **error)
{
    g_autofree char *kept = NULL;
    bool changed;

    if (!(force ? machine_kill(name, &changed, error) : check_idle(name, error)) ||
        !machine_config_delete(name, &kept, error)) {
        return false;
    }
    if (kept) {
        fprintf(stderr, "vmctl: %s: %s has other files, and stays\n", name, kept);
    }
    return true;
}

static int delete_one(const char *name, void *data, bool *ret_changed, GError **error)
{
    const gboolean *force = data;
    int lock = machine_config_lock(name, error);

    if (lock < 0) {
        return EXIT_ERROR;
    }
    *ret_changed = delete_locked(name, *force, error);
    close(lock);
    return *ret_changed ? EXIT_OK : EXIT_ERROR;
}

static int run_delete(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE, force = FALSE;
    const GOptionEntry entries[] = {
        { "force", 'f', 0, G_OPTION_ARG_NONE, &force, "kill those that run", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array of what was done", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    return machine_loop(globals, argc, argv, json, delete_one, &force, error);
}

const Verb verb_delete = {
    .name = "delete",
    .arguments = "NAME...",
    .summary = "remove machines: configuration, log and record",
    .description = "Disk images are never removed.  A machine that runs is refused.",
    .min_args = 0,
    .max_args = -1,
    .run = run_delete,
};

/* ---- rename ---- */

static bool rename_locked(const char *name, const char *to, GError **error)
{
    int lock = machine_config_lock(name, error);
    bool ok = lock >= 0 && check_idle(name, error) && machine_config_rename(name, to, error);

    if (lock >= 0) {
        close(lock);
    }
    return ok;
}

static int run_rename(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON object", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (!machine_check_name(argv[1], error) || !machine_check_new_name(argv[2], error) ||
        !rename_locked(argv[1], argv[2], error)) {
        return EXIT_ERROR;
    }
    if (json) {
        json_t *out = json_pack("{s:s, s:s}", "name", argv[2], "was", argv[1]);

        output_json(out);
        json_decref(out);
    }
    return EXIT_OK;
}

const Verb verb_rename = {
    .name = "rename",
    .arguments = "NAME NEW-NAME",
    .summary = "give a machine another name",
    .description = "Its configuration, log, record and autostart go with it.  A machine that runs "
                   "is refused.",
    .min_args = 2,
    .max_args = 2,
    .run = run_rename,
};
