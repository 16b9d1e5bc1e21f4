/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of files in requests.  A machine that is started later has another working directory
 * than whoever wrote its requests.
 */
#ifndef CLIENT_FILE_NAMES_H
#define CLIENT_FILE_NAMES_H

#include <glib.h>
#include <jansson.h>

/* Makes the relative ones in a request absolute, below directory. */
void file_names_make_absolute(json_t *request, const char *directory);

/* The first relative one, "MEMBER 'NAME'", newly allocated; NULL if there is none. */
char *file_names_find_relative(const json_t *request);

#endif
