/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write-config: requests as a -readconfig file, the inverse of a translation.
 *
 * Reading it with -nodefaults makes the same machine.  What the format cannot express becomes a
 * comment in the file, and a line in a list for the caller.
 */
#ifndef CLIENT_TRANSLATE_WRITE_CONFIG_H
#define CLIENT_TRANSLATE_WRITE_CONFIG_H

#include <glib.h>
#include <jansson.h>

/* requests: as query-config returns them.  Adds a line (of char) to unsaid for each thing that the
 * text does not express.  Free with g_free(). */
char *write_config(const json_t *requests, GPtrArray *unsaid);

#endif
