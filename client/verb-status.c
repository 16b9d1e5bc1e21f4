/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl status: what the machine is doing, or how it ended, in one line.
 */
#include "config.h"

#include <stdio.h>

#include "client/machine-record.h"
#include "client/output.h"
#include "client/verb.h"

/* The daemon's answers. */
typedef struct {
    json_t *name, *status, *cpus, *accelerators;
} Answers;

static bool ask(Connection *conn, Answers *answers, GError **error)
{
    return connection_call(conn, "query-name", NULL, &answers->name, error) &&
           connection_call(conn, "query-status", NULL, &answers->status, error) &&
           connection_call(conn, "query-cpus-fast", NULL, &answers->cpus, error) &&
           connection_call(conn, "query-accelerators", NULL, &answers->accelerators, error);
}

static void print_json(const Answers *answers)
{
    const json_t *accelerator = json_object_get(answers->accelerators, "enabled");
    json_t *out = json_pack("{s:O*, s:O*, s:O*, s:I, s:b, s:O*, s:O*}",
                            "name", json_object_get(answers->name, "name"),
                            "status", json_object_get(answers->status, "status"),
                            "running", json_object_get(answers->status, "running"),
                            "vcpus", (json_int_t)json_array_size(answers->cpus),
                            "kvm", g_strcmp0(json_string_value(accelerator), "kvm") == 0,
                            "accelerator", accelerator,
                            "accelerator-why", json_object_get(answers->accelerators, "why"));

    output_json(out);
    json_decref(out);
}

static void print_text(const Answers *answers)
{
    const char *name = json_string_value(json_object_get(answers->name, "name"));
    const char *status = json_string_value(json_object_get(answers->status, "status"));
    g_autofree char *cpus = output_count(json_array_size(answers->cpus), "vCPU");
    const json_t *accelerators = answers->accelerators;
    g_autofree char *accelerator =
        output_accelerator(json_string_value(json_object_get(accelerators, "enabled")),
                           json_string_value(json_object_get(accelerators, "why")));

    printf("%s%s%s, %s%s%s\n", name ? name : "", name ? ": " : "", status ? status : "?", cpus,
           accelerator ? ", " : "", accelerator ? accelerator : "");
}

static int tell_record(const char *name, const ExitRecord *record, bool json)
{
    g_autofree char *text = machine_record_describe(record);

    if (json) {
        machine_record_print(record);
    } else {
        printf("%s: %s\n", name, text);
    }
    return EXIT_BAD_END;
}

static int tell_live(Connection *conn, bool json, GError **error)
{
    Answers answers = { 0 };
    bool ok = ask(conn, &answers, error);

    if (ok && json) {
        print_json(&answers);
    } else if (ok) {
        print_text(&answers);
    }
    json_decref(answers.name);
    json_decref(answers.status);
    json_decref(answers.cpus);
    json_decref(answers.accelerators);
    return ok ? EXIT_OK : EXIT_ERROR;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autoptr(ExitRecord) record = NULL;
    const char *name;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON object", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    verb_take_name(globals, argc, argv);
    name = verb_machine_name(globals);
    record = name ? machine_record_read(name, NULL) : NULL;
    if (record && !machine_record_is_live(record)) {
        return tell_record(name, record, json);
    }
    conn = verb_connect(globals, error);
    return conn ? tell_live(conn, json, error) : EXIT_ERROR;
}

const Verb verb_status = {
    .name = "status",
    .arguments = "[NAME]",
    .summary = "show what the machine is doing, or how it ended",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
