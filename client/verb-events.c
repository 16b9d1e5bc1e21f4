/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl events: prints events as they come, until the daemon goes away.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/output.h"
#include "client/verb.h"

/* "12:03:04.123456  SHUTDOWN  {"guest":true}", in local time. */
static void print_line(const Message *event)
{
    const json_t *stamp = json_object_get(event->json, "timestamp");
    const json_t *data = json_object_get(event->json, "data");
    json_int_t seconds = json_integer_value(json_object_get(stamp, "seconds"));
    json_int_t micro = json_integer_value(json_object_get(stamp, "microseconds"));
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    g_autofree char *clock = time ? g_date_time_format(time, "%T") : g_strdup("--:--:--");
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;

    printf("%s.%06d  %s%s%s\n", clock, (int)micro, message_event_name(event), text ? "  " : "",
           text ? text : "");
    fflush(stdout);
    free(text);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print events as they are sent", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    while (conn) {
        g_autoptr(Message) event = NULL;
        ConnectionResult result = connection_next_event(conn, CONNECTION_FOREVER, &event, error);

        if (result != CONNECTION_EVENT) {
            return result == CONNECTION_CLOSED ? EXIT_OK : EXIT_ERROR;
        }
        if (json) {
            puts(event->text);
            fflush(stdout);
        } else {
            print_line(event);
        }
    }
    return EXIT_ERROR;
}

const Verb verb_events = {
    .name = "events",
    .arguments = "",
    .summary = "print events as they come",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
