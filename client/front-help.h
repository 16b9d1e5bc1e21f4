/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU prints instead of running a machine: -version, -help, and lists for the value
 * `help`, made from the schema.
 */
#ifndef CLIENT_FRONT_HELP_H
#define CLIENT_FRONT_HELP_H

#include <stdbool.h>

/* Whether the words ask for that: then it is printed, and *ret_status is the exit status. */
bool front_help(const char *program, int n_args, const char *const *args, int *ret_status);

#endif
