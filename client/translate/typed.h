/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed: options as the JSON that a request carries, by the schema's rows.
 */
#ifndef CLIENT_TRANSLATE_TYPED_H
#define CLIENT_TRANSLATE_TYPED_H

#include <jansson.h>

#include "qmp/options.h"

/* The type of a command's arguments, or NULL if there is no such command. */
const QmpType *typed_command(const char *command);

/*
 * Decodes all options as type, a struct or union, and returns the given values with JSON's
 * types, without the defaults that decoding filled in.  Errors are qmp_decode()'s.
 */
json_t *typed_from_options(const QmpType *type, const QmpOptions *options, GError **error);

/* The same for one value of a property: text such as "on" or "1G". */
json_t *typed_from_text(const QmpMember *member, const char *text, GError **error);

/* Decodes JSON as the arguments of a command, by the daemon's rules. */
bool typed_check_json(const char *command, const json_t *arguments, GError **error);

/* The same; returns them as the daemon understands them, with all defaults. */
json_t *typed_complete(const char *command, const json_t *arguments, GError **error);

/* As text, on one line.  Free with g_free(). */
char *typed_print(const json_t *json);

/* Adds a JSON object's members as options; members of members get dots. */
bool typed_to_options(const json_t *json, QmpOptions *options, GError **error);

#endif
