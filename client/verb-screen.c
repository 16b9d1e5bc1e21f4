/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screen: what a screen shows, on the terminal.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/verb.h"

static void print_text(const json_t *screen)
{
    const json_t *lines = json_object_get(screen, "lines"), *line;
    gsize i;

    json_array_foreach(lines, i, line) {
        printf("%s\n", json_string_value(line) ? json_string_value(line) : "");
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean text = FALSE, json = FALSE;
    json_t *arguments = NULL, *screen = NULL;
    const GOptionEntry entries[] = {
        { "text", 't', 0, G_OPTION_ARG_NONE, &text, "print the text on it", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print text and cursor as JSON", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (!text && !json) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--text or --json is missing; 'vmctl screenshot' makes a picture");
        return EXIT_USAGE;
    }
    arguments = argv[1] ? json_pack("{s:s}", "device", argv[1]) : NULL;
    conn = verb_connect(globals, error);
    if (!conn) {
        json_decref(arguments);
        return EXIT_ERROR;
    }
    if (!connection_call(conn, "query-screen-text", arguments, &screen, error)) {
        return EXIT_ERROR;
    }
    (json ? output_json : print_text)(screen);
    json_decref(screen);
    return EXIT_OK;
}

const Verb verb_screen = {
    .name = "screen",
    .arguments = "[DEVICE]",
    .summary = "print the text on a screen",
    .description = "The screen must be in a text mode, as those of firmware and boot loaders are.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
