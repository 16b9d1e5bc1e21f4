/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A blocking QMP client on a Unix socket.
 *
 * One request is on its way at a time; events that arrive meanwhile are kept in
 * order until connection_next_event() returns them.  Messages keep the text
 * that the daemon sent, because jansson's integers end at 2^63-1 and a reply
 * must reach the reader unchanged.
 *
 * It works with any QMP server, and is independent of commands.  Not
 * thread-safe.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct Connection Connection;

/* No deadline; others are g_get_monotonic_time() values. */
#define CONNECTION_FOREVER G_MAXINT64

/* A message of the daemon. */
typedef struct {
    char *text;                 /* as sent, one line without its end */
    json_t *json;               /* the same, as qmp_json_parse() makes it */
} Message;

void message_free(Message *message);        /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_free)

/* Name of an event ("SHUTDOWN"), or NULL if message is a reply. */
const char *message_event_name(const Message *message);

/* True if message is an error reply; *error is then set to it, with reason and
 * path if the daemon sent them. */
bool message_is_error(const Message *message, GError **error);

/*
 * Connects, waits for the greeting (at most 10 seconds) and negotiates; the
 * capability error-details is enabled if it is offered.  Fails with "no daemon
 * listens on PATH: ..." if nothing listens there.
 */
Connection *connection_open(const char *path, GError **error);
/* The same; the greeting and each reply may take that many microseconds. */
Connection *connection_open_within(const char *path, gint64 patience, GError **error);
/* The same on a socket that is connected already, of which it takes ownership, even on failure;
 * name is for messages. */
Connection *connection_open_fd(int fd, const char *name, GError **error);
void connection_close(Connection *conn);    /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_close)

/* Sets how long a reply may take, in microseconds; by default there is no limit.
 * After a reply has timed out the connection cannot be used any more. */
void connection_set_patience(Connection *conn, gint64 patience);

/* For poll(): readable when a message may be waiting that was not read yet. */
int connection_fd(const Connection *conn);

/*
 * Sends one request as it is written, with descriptors (n_fds may be 0; they
 * stay the caller's), and waits for its reply, error replies included.
 *
 * Returns the reply; NULL with *error if the daemon is gone or sent what is not
 * QMP.
 */
Message *connection_request(Connection *conn, const char *text, const int *fds, gsize n_fds,
                            GError **error);

/*
 * Executes a command.  Takes ownership of arguments, which may be NULL.
 *
 * ret_result (may be NULL) gets a reference to the member `return`.  An error
 * reply is returned as *error.
 */
bool connection_call(Connection *conn, const char *command, json_t *arguments,
                     json_t **ret_result, GError **error);

typedef enum {
    CONNECTION_EVENT,           /* *ret_event is set */
    CONNECTION_TIMEOUT,         /* the deadline has passed */
    CONNECTION_CLOSED,          /* the daemon has closed the connection */
    CONNECTION_FAILED,          /* *error is set */
} ConnectionResult;

/* The next event, oldest first, waiting until deadline at the longest. */
ConnectionResult connection_next_event(Connection *conn, gint64 deadline, Message **ret_event,
                                       GError **error);

/* Sends a command, and returns without its reply; until connection_reply() has returned that, only
 * that function may be called.  Takes ownership of arguments, which may be NULL. */
bool connection_send(Connection *conn, const char *command, json_t *arguments, GError **error);

/* The reply, waiting until deadline at the longest: CONNECTION_EVENT, and ret_result gets a
 * reference to its member `return`; CONNECTION_FAILED if it is an error.  Events are dropped. */
ConnectionResult connection_reply(Connection *conn, gint64 deadline, json_t **ret_result,
                                  GError **error);

#endif
