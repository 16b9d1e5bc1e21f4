/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screen: what a screen shows, on the terminal or in a browser; and typing into the machine.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/screen-view.h"
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

static int print(Globals *globals, const char *device, bool json, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);
    json_t *arguments = device ? json_pack("{s:s}", "device", device) : NULL, *screen = NULL;

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

/* Until Ctrl-], or the daemon's end. */
static int show(Globals *globals, const char *device, GError **error)
{
    g_autoptr(Connection) watcher = verb_connect(globals, error);
    g_autoptr(Connection) typist = watcher ? verb_connect(globals, error) : NULL;
    g_autoptr(ScreenView) view = NULL;
    ScreenViewResult result;

    if (!typist) {
        return EXIT_ERROR;
    }
    view = screen_view_open(watcher, typist, device, error);
    if (!view) {
        return EXIT_ERROR;
    }
    result = screen_view_run(view, error);
    return result == SCREEN_VIEW_FAILED || result == SCREEN_VIEW_SIGNAL ? EXIT_ERROR : EXIT_OK;
}

/* Until Ctrl-C. */
static int show_in_browser(Globals *globals, const char *device, const char *novnc, gint port,
                           GError **error)
{
    g_autoptr(Connection) conn = NULL;

    if (port < 0 || port > G_MAXUINT16) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%d is not a port", port);
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    return conn && screen_web(conn, device, novnc ? novnc : NOVNC_FOLDER, port, error) ? EXIT_OK
                                                                                       : EXIT_ERROR;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean text = FALSE, json = FALSE, web = FALSE;
    gint port = 0;
    g_autofree char *novnc = NULL;
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
    if (web) {
        return show_in_browser(globals, argv[1], novnc, port, error);
    }
    return text || json ? print(globals, argv[1], json, error) : show(globals, argv[1], error);
}

const Verb verb_screen = {
    .name = "screen",
    .arguments = "[DEVICE]",
    .summary = "show a screen, and type into the machine",
    .description = "The screen is shown on the terminal, and what is typed there goes to the "
                   "machine's keyboard, until Ctrl-] is typed or the daemon ends; with --text or "
                   "--json it is printed.  For this it must be in a text mode, as those of "
                   "firmware and boot loaders are; 'vmctl screenshot' makes pictures.\n"
                   "--web prints an address for a browser on this host, which can be used once, "
                   "and serves it until Ctrl-C.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
