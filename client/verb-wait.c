/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl wait: waits until the machine has ended, or for an event.
 */
#include "config.h"

#include "client/ending.h"
#include "client/machine-end.h"
#include "client/machine-record.h"
#include "client/output.h"
#include "client/verb.h"
#include "qmp/error.h"
#include "qmp/event.h"
#include "qmp/nearest.h"

/* Seconds that a daemon may take to write its record. */
#define RECORD_PATIENCE 5

/* Waiting for an unknown event would never end. */
static bool check_event(const char *name, GError **error)
{
    g_autofree char *hint = NULL;
    QmpNearest nearest;

    if (g_strv_contains(qmp_event_names, name)) {
        return true;
    }
    qmp_nearest_init(&nearest, name);
    for (const char *const *event = qmp_event_names; *event; event++) {
        qmp_nearest_add(&nearest, *event);
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no event '%s'%s", name, hint);
    return false;
}

/* Waits for an event by name and prints it. */
static int wait_event(Connection *conn, const char *name, gint64 deadline, GError **error)
{
    for (;;) {
        g_autoptr(Message) event = NULL;

        switch (connection_next_event(conn, deadline, &event, error)) {
        case CONNECTION_EVENT:
            if (g_str_equal(message_event_name(event), name)) {
                output_json_text(event->text);
                return EXIT_OK;
            }
            break;
        case CONNECTION_TIMEOUT:
            qmp_error_set(error, ERROR_REASON_GENERIC, "timed out: no event %s came", name);
            return EXIT_TIMEOUT;
        case CONNECTION_CLOSED:
            qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                          "the connection ended before an event %s came", name);
            return EXIT_BAD_END;
        case CONNECTION_FAILED:
            return EXIT_ERROR;
        }
    }
}

/* The daemon ended before the wait began: its record replaces its last event. No event
 * will come. */
static int tell_end(const ExitRecord *record, const char *event, GError **error)
{
    g_autofree char *how = machine_record_describe(record);

    if (!event && !record->running && record->cause != SHUTDOWN_CAUSE_GUEST_PANIC &&
        record->cause != SHUTDOWN_CAUSE_HOST_ERROR) {
        return EXIT_OK;
    }
    qmp_error_set(error, ERROR_REASON_GENERIC, "the machine has ended: %s", how);
    return EXIT_BAD_END;
}

static int wait_live(const Globals *globals, const char *event, gint64 deadline, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);

    if (!conn) {
        return EXIT_ERROR;
    }
    return event ? wait_event(conn, event, deadline, error)
                 : ending_wait(conn, deadline, NULL, NULL, error);
}

/* The record is complete once the daemon's process has ended, soon after its last event. */
static void print_record(const char *name)
{
    g_autoptr(ExitRecord) record = NULL;

    machine_await_end(name, verb_deadline(RECORD_PATIENCE));
    record = machine_record_read(name, NULL);
    if (record) {
        machine_record_print(record);
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(ExitRecord) record = NULL;
    g_autofree char *event = NULL;
    const char *name;
    g_autofree char *seconds = NULL;
    double timeout = VERB_NO_TIMEOUT;
    gboolean json = FALSE;
    int status;
    const GOptionEntry entries[] = {
        { "event", 'e', 0, G_OPTION_ARG_FILENAME, &event,
          "wait for this event instead, and print it", "NAME" },
        { "timeout", 't', 0, G_OPTION_ARG_FILENAME, &seconds, "wait at most this long", "SECONDS" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print the record of its end, if it has one",
          NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !verb_parse_timeout(seconds, &timeout, error) || (event && !check_event(event, error))) {
        return EXIT_USAGE;
    }
    verb_take_name(globals, argc, argv);
    name = verb_machine_name(globals);
    record = name ? machine_record_read(name, NULL) : NULL;
    status = record && !machine_record_is_live(record)
                 ? tell_end(record, event, error)
                 : wait_live(globals, event, verb_deadline(timeout), error);
    if (json && name && status != EXIT_TIMEOUT && !event) {
        print_record(name);
    }
    return status;
}

const Verb verb_wait = {
    .name = "wait",
    .arguments = "[NAME]",
    .summary = "wait until the machine has ended",
    .description = "Exit status: 0 it was shut down, 3 it crashed, panicked or was lost, 124 timed "
                   "out.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
