/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of requests: read as a whole, checked by the schema, and sent one after the other.
 */
#ifndef CLIENT_REQUEST_FILE_H
#define CLIENT_REQUEST_FILE_H

#include "client/connection.h"
#include "client/request-reader.h"

/* All requests (of RequestText) of a file, or of standard input for "-".  NULL with *error, which
 * begins with the file's name and the line. */
GPtrArray *request_file_read(const char *path, GError **error);
/* The same for text; name is for messages. */
GPtrArray *request_file_parse(const char *name, const char *text, GError **error);

/* Checks each by the schema; build: those that `build` takes may name each other in any order.
 * Adds a message (char) for each mistake to mistakes. */
void request_file_check(const char *name, const GPtrArray *requests, bool build,
                        GPtrArray *mistakes);

/* Called after a step: when it began, and what it was about. */
typedef void RequestFileReport(gint64 start, const char *text);

/* Sends them, up to the first error, which *error then locates; build: as few as possible, each a
 * `build`.  report may be NULL. */
bool request_file_send(Connection *conn, const char *name, const GPtrArray *requests, bool build,
                       RequestFileReport *report, GError **error);

#endif
