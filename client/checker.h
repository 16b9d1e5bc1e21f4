/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks requests without a daemon, by the daemon's own rows and decoder: names
 * of commands, classes, members and properties, types, bounds; and ids that are
 * given twice in one namespace.
 *
 * It cannot say what only a daemon knows: whether a file exists, a link's
 * target was made, a state allows a command.
 */
#ifndef CLIENT_CHECKER_H
#define CLIENT_CHECKER_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct Checker Checker;

Checker *checker_new(void);
void checker_free(Checker *checker);        /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Checker, checker_free)

/*
 * Checks the next of a row of requests, as qmp_json_parse() made it.  line is
 * remembered for "id 'x' is in use since line N".
 */
bool checker_check(Checker *checker, const json_t *request, guint line, GError **error);

#endif
