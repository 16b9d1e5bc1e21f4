/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks requests without a daemon, by the daemon's own rows and decoder: names
 * of commands, classes, members and properties, types, bounds; duplicate ids in one
 * namespace; and, if the requests make accelerator and machine, links to objects that
 * none of them makes.
 *
 * It cannot check what only a daemon knows: whether a file exists, whether a
 * state allows a command, and the state of an existing machine that requests
 * change.
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

/* To be called for each request before the first is checked: records whether it makes
 * accelerator or machine.  With both, the requests are for an empty daemon, and links must
 * lead to what they make. */
void checker_note_begin(Checker *checker, const json_t *request);

/* Earlier requests may link to what this one makes, as in a `build`. */
void checker_expect(Checker *checker, const json_t *request);

/*
 * Checks the next request, as qmp_json_parse() made it.  line is remembered for
 * "id 'x' is in use since line N".
 */
bool checker_check(Checker *checker, const json_t *request, guint line, GError **error);

#endif
