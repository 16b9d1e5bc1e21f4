/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits text from people and scripts into requests: JSON objects, any number
 * on a line or over several lines, with blank lines and, outside strings,
 * `#` comments up to the end of the line between and inside them.
 *
 * It checks only the form; client/checker.h checks what a request contains.
 */
#ifndef CLIENT_REQUEST_READER_H
#define CLIENT_REQUEST_READER_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct {
    char *text;                 /* without comments, otherwise as written */
    json_t *json;               /* the same, as qmp_json_parse() makes it */
    guint line;                 /* where it begins, from 1 */
} RequestText;

void request_text_free(RequestText *request);       /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RequestText, request_text_free)

/* The command's name, or "?" if there is none. */
const char *request_text_command(const RequestText *request);

typedef struct RequestReader RequestReader;

RequestReader *request_reader_new(void);
void request_reader_free(RequestReader *reader);    /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RequestReader, request_reader_free)

/* Adds input, which may end anywhere. */
void request_reader_feed(RequestReader *reader, const char *data, gsize size);

/*
 * Takes the next complete request into *ret_request, which is NULL if more
 * input is needed; at_end says that there will be none, so that a partial
 * request is an error.  *ret_line is where it begins.  False with *error if
 * that is not a JSON object; the reader cannot be used any more then.
 */
bool request_reader_next(RequestReader *reader, bool at_end, RequestText **ret_request,
                         guint *ret_line, GError **error);

#endif
