/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verbs that do one thing with each of the machines that they are given.
 */
#ifndef CLIENT_MACHINE_LOOP_H
#define CLIENT_MACHINE_LOOP_H

#include "client/verb.h"

/* Does it with one; the exit status, with *error unless that is EXIT_OK.  *ret_changed: whether
 * there was anything to do. */
typedef int MachineAction(const char *name, void *data, bool *ret_changed, GError **error);

/*
 * The arguments of the verb are names of machines, or there are none and --name says it.  Names
 * are checked before the first action.  A failure with one machine does not keep the others from
 * their turn, and is reported.  json: prints an array of objects with the members name, ok,
 * changed and, if it failed, error.  Returns the first status that is not EXIT_OK; EXIT_USAGE with
 * *error if no machine is named.
 */
int machine_loop(const Globals *globals, int argc, char **argv, bool json, MachineAction *action,
                 void *data, GError **error);

#endif
