/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON text to jansson's tree, and the tree as an input of the walker.  With
 * client/, the only place that sees json_t.
 *
 * jansson's integers end at 2^63-1.  A larger integer literal is kept in the
 * tree as a string of U+0000 and the literal: qmp_json_input shows it as UINT up
 * to 2^64-1 and as NUMBER beyond, so that the decoder says "out of range" and
 * not "wrong type".  Strings with U+0000 of the client's own are refused.
 *
 * All functions are pure and may be called from any thread.
 */
#ifndef QMP_JSON_H
#define QMP_JSON_H

#include <glib.h>
#include <jansson.h>

#include "qmp/visit.h"

/* Nodes are json_t. */
extern const QmpInputOps qmp_json_input;

/* An object without members, for requests without arguments: any node but NULL
 * works. */
extern const QmpInputOps qmp_empty_input;

/*
 * Parses exactly one JSON text of `length` bytes.  Strings may stand in single
 * quotes and have \', as QEMU takes them.  A text that is not valid fails (reason
 * syntax), and so do duplicate members (duplicate-key); the message has the number
 * of the byte, counted from 1.  Free with json_decref().
 */
json_t *qmp_json_parse(const char *text, gsize length, GError **error);

/* The same; with an error, *ret_position is the number of the byte. */
json_t *qmp_json_parse_at(const char *text, gsize length, gsize *ret_position, GError **error);

/* Prints a tree as qmp_json_parse() made it. */
void qmp_json_print(const json_t *json, struct evbuffer *out);

#endif
