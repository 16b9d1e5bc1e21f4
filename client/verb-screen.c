/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screen: what a screen shows, on the terminal; and typing into the machine.
 */
#include "config.h"

#include <stdio.h>

#include "client/output.h"
#include "client/screen-view.h"
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

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean text = FALSE, json = FALSE;
    const GOptionEntry entries[] = {
        { "text", 't', 0, G_OPTION_ARG_NONE, &text, "print the text on it", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print text and cursor as JSON", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    return text || json ? print(globals, argv[1], json, error) : show(globals, argv[1], error);
}

const Verb verb_screen = {
    .name = "screen",
    .arguments = "[DEVICE]",
    .summary = "show a screen's text, and type into the machine",
    .description = "The screen is shown on the terminal, and what is typed there goes to the "
                   "machine's keyboard, until Ctrl-] is typed or the daemon ends; with --text or "
                   "--json it is printed.\n"
                   "The screen must be in a text mode, as those of firmware and boot loaders are; "
                   "'vmctl screenshot' makes pictures.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
