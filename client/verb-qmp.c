/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl qmp: sends requests unchanged, and prints replies as they come.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/output.h"
#include "client/request-reader.h"
#include "client/verb.h"
#include "qmp/error.h"
#include "qmp/text.h"

typedef struct {
    Connection *conn;
    gboolean events;            /* print them, too */
    GArray *fds;                /* of int, for the first request */
    bool any_error;             /* an error reply came */
} Session;

/* Prints the events received so far.  False: the connection is gone. */
static bool print_events(Session *session, GError **error)
{
    for (;;) {
        g_autoptr(Message) event = NULL;

        switch (connection_next_event(session->conn, 0, &event, error)) {
        case CONNECTION_EVENT:
            if (session->events) {
                output_json_text(event->text);
            }
            break;
        case CONNECTION_TIMEOUT:
            return true;
        case CONNECTION_CLOSED:
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "the daemon closed the connection");
            return false;
        case CONNECTION_FAILED:
            return false;
        }
    }
}

static bool request(Session *session, const char *text, GError **error)
{
    g_autoptr(Message) reply =
        connection_request(session->conn, text, &g_array_index(session->fds, int, 0),
                           session->fds->len, error);

    g_array_set_size(session->fds, 0);
    if (!reply) {
        return false;
    }
    output_json_text(reply->text);
    session->any_error |= message_is_error(reply, NULL);
    return true;
}

static bool is_command_name(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_') {
            return false;
        }
    }
    return *text;
}

/* Sends all requests of a complete text. */
static bool request_all(Session *session, RequestReader *reader, bool at_end, GError **error)
{
    for (;;) {
        g_autoptr(RequestText) next = NULL;
        guint line = 0;

        if (!request_reader_next(reader, at_end, &next, &line, error)) {
            g_prefix_error(error, "line %u: ", line);
            return false;
        }
        if (!next) {
            return true;
        }
        if (!request(session, next->text, error)) {
            return false;
        }
    }
}

static bool request_argument(Session *session, const char *argument, GError **error)
{
    g_autoptr(RequestReader) reader = NULL;

    if (is_command_name(argument)) {
        g_autofree char *text = g_strdup_printf("{\"execute\":\"%s\"}", argument);

        return request(session, text, error);
    }
    reader = request_reader_new();
    request_reader_feed(reader, argument, strlen(argument));
    return request_all(session, reader, true, error);
}

/* Reads standard input up to its end, printing events meanwhile. */
static bool request_input(Session *session, GError **error)
{
    g_autoptr(RequestReader) reader = request_reader_new();

    for (;;) {
        struct pollfd fds[] = {
            { .fd = STDIN_FILENO, .events = POLLIN },
            { .fd = connection_fd(session->conn), .events = POLLIN },
        };
        char buffer[4096];
        ssize_t n;

        if (!print_events(session, error)) {
            return false;
        }
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 || !fds[0].revents) {
            continue;
        }
        n = read(STDIN_FILENO, buffer, sizeof(buffer));
        if (n < 0 && errno != EINTR) {
            qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                                "cannot read standard input");
            return false;
        }
        request_reader_feed(reader, buffer, MAX(n, 0));
        if (!request_all(session, reader, n == 0, error)) {
            return false;
        }
        if (n == 0) {
            return true;
        }
    }
}

static bool parse_fds(char **texts, GArray *fds, GError **error)
{
    for (; texts && *texts; texts++) {
        guint64 value;
        int fd;

        if (!g_ascii_string_to_unsigned(*texts, 10, 0, G_MAXINT, &value, NULL)) {
            g_autofree char *shown = qmp_text_quote(*texts);

            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "--pass-fd takes the number of a descriptor, not %s", shown);
            return false;
        }
        fd = value;
        g_array_append_val(fds, fd);
    }
    return true;
}

static bool run_session(Session *session, char **arguments, GError **error)
{
    if (!*arguments) {
        return request_input(session, error);
    }
    for (; *arguments; arguments++) {
        if (!request_argument(session, *arguments, error)) {
            return false;
        }
    }
    /* A closed connection is not an error here: `quit` is a good last request. */
    return print_events(session, NULL) || true;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) pass_fds = NULL;
    Session session = { .fds = fds };
    const GOptionEntry entries[] = {
        { "events", 'e', 0, G_OPTION_ARG_NONE, &session.events, "print events, too", NULL },
        { "pass-fd", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &pass_fds,
          "send an open descriptor with the first request (getfd)", "FD" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !parse_fds(pass_fds, fds, error)) {
        return EXIT_USAGE;
    }
    conn = session.conn = verb_connect(globals, error);
    if (!conn || !run_session(&session, argv + 1, error)) {
        return EXIT_ERROR;
    }
    return session.any_error ? EXIT_ERROR : EXIT_OK;
}

const Verb verb_qmp = {
    .name = "qmp",
    .arguments = "[REQUEST...]",
    .summary = "send requests and print the replies",
    .description = "A REQUEST is a JSON object, or the bare name of a command without arguments. "
                   "Without one,\nrequests are read from standard input.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
