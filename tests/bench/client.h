/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client that measures round trips: a blocking Unix socket and a line
 * buffer.
 *
 * Both servers send one message a line, so a reply is read without a JSON
 * parser, which would be timed along with the server.  A read that takes longer
 * than 30 seconds is an error.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <glib.h>
#include <stdbool.h>

typedef struct Client Client;

/* Takes fd, a connected stream socket. */
Client *client_new(int fd);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

bool client_send(Client *client, const char *text, GError **error);

/* The next line without its end; the client's, until the next call.  NULL on
 * error and at the end of the stream. */
const char *client_read_line(Client *client, GError **error);

/* The next line that is not an event; an error reply is an error. */
const char *client_read_reply(Client *client, GError **error);

/* client_send and client_read_reply. */
bool client_call(Client *client, const char *request, GError **error);

/* The median of what count client_calls took, in nanoseconds; negative on error. */
double client_median_call(Client *client, const char *request, guint count, GError **error);

/* Reads up to an event of that name; an error reply is an error. */
bool client_wait_event(Client *client, const char *name, GError **error);

/* Sends request count times as fast as the server takes it, and reads count
 * lines meanwhile.  There must be no unread line before. */
bool client_pipeline(Client *client, const char *request, guint count, GError **error);

#endif
