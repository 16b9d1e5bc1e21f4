/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screen: what a screen shows, on the terminal or in a browser.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/screen-web.h"
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
    gboolean text = FALSE, json = FALSE, web = FALSE;
    gint port = 0;
    g_autofree char *novnc = NULL;
    json_t *arguments = NULL, *screen = NULL;
    const GOptionEntry entries[] = {
        { "text", 't', 0, G_OPTION_ARG_NONE, &text, "print the text on it", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print text and cursor as JSON", NULL },
        { "web", 'w', 0, G_OPTION_ARG_NONE, &web, "show it in a browser", NULL },
        { "port", 'p', 0, G_OPTION_ARG_INT, &port, "--web: the port on 127.0.0.1", "PORT" },
        { "novnc", 0, 0, G_OPTION_ARG_FILENAME, &novnc, "--web: noVNC's folder", "FOLDER" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (!text && !json && !web) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--text, --json or --web is missing; 'vmctl screenshot' makes a picture");
        return EXIT_USAGE;
    }
    if (port < 0 || port > G_MAXUINT16) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%d is not a port", port);
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn) {
        return EXIT_ERROR;
    }
    if (web) {
        return screen_web(conn, argv[1], novnc ? novnc : NOVNC_FOLDER, port, error) ? EXIT_OK
                                                                                    : EXIT_ERROR;
    }
    arguments = argv[1] ? json_pack("{s:s}", "device", argv[1]) : NULL;
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
    .summary = "print the text on a screen, or show it in a browser",
    .description = "For its text, the screen must be in a text mode, as those of firmware and\n"
                   "boot loaders are.  --web prints an address for a browser on this host, which\n"
                   "can be used once, and serves it until Ctrl-C.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
