/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Things of the schema as JSON text, as the daemon's queries would return them.
 * Newly allocated.
 */
#ifndef CLIENT_SCHEMA_JSON_H
#define CLIENT_SCHEMA_JSON_H

#include "client/schema-index.h"

/*
 * Commands, events and types: the list that query-qmp-schema would return if there was
 * nothing else, including the types that they use.  NULL with *error for a type that
 * is not in it.
 */
char *schema_json_infos(const GPtrArray *items, GError **error);

/* A class: the result of query-class.  A CPU feature: an element of its `properties`. */
char *schema_json_class(const SchemaItem *item);

#endif
