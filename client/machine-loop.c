/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See machine-loop.h.
 */
#include "config.h"
#include "client/machine-loop.h"

#include <stdio.h>

#include "client/machine-place.h"
#include "client/output.h"

static int step(const char *name, json_t *list, MachineAction *action, void *data)
{
    g_autoptr(GError) error = NULL;
    bool changed = false;
    int status = action(name, data, &changed, &error);

    json_array_append_new(list, json_pack("{s:s, s:b, s:b, s:s*}", "name", name,
                                          "ok", status == EXIT_OK, "changed", changed,
                                          "error", error ? error->message : NULL));
    if (error) {
        fprintf(stderr, "vmctl: %s: %s\n", name, error->message);
    }
    return status;
}

int machine_loop(const Globals *globals, int argc, char **argv, bool json, MachineAction *action,
                 void *data, GError **error)
{
    char *only[] = { (char *)argv[0], globals->name };
    int status = EXIT_OK;
    json_t *list;

    if (argc < 2 && globals->name) {
        argc = 2;
        argv = only;
    }
    if (argc < 2 || globals->socket) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "the name of a machine is missing; vmctl list shows them");
        return EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        if (!machine_check_name(argv[i], error)) {
            return EXIT_ERROR;
        }
    }
    list = json_array();
    for (int i = 1; i < argc; i++) {
        int one = step(argv[i], list, action, data);

        status = status == EXIT_OK ? one : status;
    }
    if (json) {
        output_json(list);
    }
    json_decref(list);
    return status;
}
