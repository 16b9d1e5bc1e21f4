/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl stop: ends the machine, with the guest's help where that is possible.
 */
#include "config.h"

#include "client/ending.h"
#include "client/verb.h"
#include "qmp/error.h"

static bool offers(Connection *conn, const char *command, bool *ret, GError **error)
{
    json_t *commands = NULL, *item;
    size_t i;

    if (!connection_call(conn, "query-commands", NULL, &commands, error)) {
        return false;
    }
    *ret = false;
    json_array_foreach(commands, i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));

        *ret |= g_strcmp0(name, command) == 0;
    }
    json_decref(commands);
    return true;
}

static bool can_power_down(Connection *conn, bool *ret, GError **error)
{
    bool hears = false, offered = false;

    if (!ending_guest_hears(conn, &hears, error) ||
        !offers(conn, "system_powerdown", &offered, error)) {
        return false;
    }
    *ret = hears && offered;
    return true;
}

/* Waits for the end of the daemon after `quit`: its SHUTDOWN event or the end
 * of the connection. */
static int wait_gone(Connection *conn, gint64 deadline, GError **error)
{
    for (;;) {
        g_autoptr(Message) event = NULL;

        switch (connection_next_event(conn, deadline, &event, error)) {
        case CONNECTION_EVENT:
            break;
        case CONNECTION_CLOSED:
            return EXIT_OK;
        case CONNECTION_TIMEOUT:
            qmp_error_set(error, ERROR_REASON_GENERIC, "the daemon did not end in time");
            return EXIT_TIMEOUT;
        case CONNECTION_FAILED:
            return EXIT_ERROR;
        }
    }
}

static int quit(Connection *conn, gint64 deadline, GError **error)
{
    if (!connection_call(conn, "quit", NULL, NULL, error)) {
        return EXIT_ERROR;
    }
    return wait_gone(conn, deadline, error);
}

/* False without *error: the machine has no button. */
static bool press_button(Connection *conn, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (connection_call(conn, "system_powerdown", NULL, NULL, &why)) {
        return true;
    }
    if (!g_error_matches(why, QMP_ERROR, ERROR_REASON_NOT_SUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&why));
    }
    return false;
}

static int power_down(Connection *conn, gint64 deadline, GError **error)
{
    g_autoptr(GError) why = NULL;
    int status;

    if (!press_button(conn, &why)) {
        if (!why) {
            return quit(conn, deadline, error);
        }
        g_propagate_error(error, g_steal_pointer(&why));
        return EXIT_ERROR;
    }
    status = ending_wait(conn, deadline, NULL, NULL, error);
    if (status == EXIT_TIMEOUT) {
        g_clear_error(error);
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "the guest did not power off in time; --force ends it");
    }
    return status;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    gboolean force = FALSE;
    g_autofree char *seconds = NULL;
    double timeout = 60;
    bool gracefully = false;
    const GOptionEntry entries[] = {
        { "force", 'f', 0, G_OPTION_ARG_NONE, &force, "do not ask the guest", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds, "wait at most this long (60)",
          "SECONDS" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &timeout, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn || (!force && !can_power_down(conn, &gracefully, error))) {
        return EXIT_ERROR;
    }
    return gracefully ? power_down(conn, verb_deadline(timeout), error)
                      : quit(conn, verb_deadline(timeout), error);
}

const Verb verb_stop = {
    .name = "stop",
    .arguments = "",
    .summary = "end the machine",
    .description = "Presses the power button of a running guest, if its machine has one, and ends "
                   "any other\nmachine at once, also one whose accelerator executes nothing "
                   "(qtest).",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
