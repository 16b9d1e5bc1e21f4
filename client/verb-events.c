/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl events: prints events as they come, until the daemon ends.
 *
 * With --trace, trace points are on meanwhile.  Their lines go to the machine's log;
 * those that this program has switched on are switched off again at its end, except after
 * SIGKILL.
 */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client/output.h"
#include "client/verb.h"
#include "qmp/error.h"

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

static void print_event(const Message *event, bool json)
{
    if (json) {
        puts(event->text);
        fflush(stdout);
    } else {
        print_line(event);
    }
}

/* ---- Trace points ---- */

static bool set_point(Connection *conn, const char *name, bool enable, GError **error)
{
    return connection_call(conn, "trace-event-set-state",
                           json_pack("{s:s, s:b}", "name", name, "enable", enable), NULL, error);
}

/* Switches on the points that are off, and records their names. */
static bool switch_on(Connection *conn, const char *pattern, GPtrArray *names, GError **error)
{
    json_t *points = NULL, *point;
    bool ok = connection_call(conn, "trace-event-get-state",
                              json_pack("{s:s}", "name", pattern), &points, error);
    size_t i;

    if (ok && !json_array_size(points)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "no trace point matches '%s'", pattern);
        ok = false;
    }
    json_array_foreach(points, i, point) {
        const char *name = json_string_value(json_object_get(point, "name"));
        const char *state = json_string_value(json_object_get(point, "state"));

        if (ok && name && g_strcmp0(state, "disabled") == 0) {
            ok = set_point(conn, name, true, error);
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    json_decref(points);
    return ok;
}

static bool switch_all_on(Connection *conn, char **patterns, GPtrArray *names, GError **error)
{
    for (guint i = 0; patterns && patterns[i]; i++) {
        if (!switch_on(conn, patterns[i], names, error)) {
            return false;
        }
    }
    return true;
}

/* A no-op if the daemon is gone. */
static void switch_off(Connection *conn, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        if (!set_point(conn, names->pdata[i], false, NULL)) {
            return;
        }
    }
}

/* ---- The loop ---- */

/* Returns a descriptor for the signals that end this program; -1 without trace points,
 * since then they may end it normally. */
static int catch_signals(const char *const *patterns)
{
    sigset_t mask;

    if (!patterns) {
        return -1;
    }
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    return signalfd(-1, &mask, SFD_CLOEXEC);
}

/* The number of the signal that came, or 0. */
static int taken_signal(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Waits for the daemon or a signal, whose number is the result. */
static int wait_for_something(const Connection *conn, int signals)
{
    struct pollfd fds[] = {
        { .fd = connection_fd(conn), .events = POLLIN },
        { .fd = signals, .events = POLLIN },
    };

    return poll(fds, G_N_ELEMENTS(fds), -1) > 0 && fds[1].revents ? taken_signal(signals) : 0;
}

/* Runs until the daemon ends, or a signal comes: *ret_signal. */
static int print_all(Connection *conn, bool json, int signals, int *ret_signal, GError **error)
{
    while (true) {
        g_autoptr(Message) event = NULL;
        ConnectionResult result = connection_next_event(conn, 0, &event, error);

        switch (result) {
        case CONNECTION_EVENT:
            print_event(event, json);
            break;
        case CONNECTION_TIMEOUT:
            *ret_signal = wait_for_something(conn, signals);
            if (*ret_signal) {
                return EXIT_OK;
            }
            break;
        default:
            return result == CONNECTION_CLOSED ? EXIT_OK : EXIT_ERROR;
        }
    }
}

/* Ends as if the signal had not been caught. */
static void end_by(int number)
{
    sigset_t mask;

    signal(number, SIG_DFL);
    raise(number);
    sigemptyset(&mask);
    sigaddset(&mask, number);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) patterns = NULL;
    gboolean json = FALSE;
    int signals, number = 0, status = EXIT_ERROR;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print events as they are sent", NULL },
        { "trace", 't', 0, G_OPTION_ARG_STRING_ARRAY, &patterns,
          "switch trace points on meanwhile; may be given several times", "PATTERN" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    signals = catch_signals((const char *const *)patterns);
    conn = verb_connect(globals, error);
    if (conn && switch_all_on(conn, patterns, names, error)) {
        status = print_all(conn, json, signals, &number, error);
    }
    if (conn) {
        switch_off(conn, names);
    }
    if (number) {
        end_by(number);
    }
    return status;
}

const Verb verb_events = {
    .name = "events",
    .arguments = "",
    .summary = "print events as they come",
    .description = "Trace points write lines to the machine's log; vmd-qmp(7) describes "
                   "them.",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
