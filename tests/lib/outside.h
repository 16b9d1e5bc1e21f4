/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other people's programs as judges of what this project writes.
 */
#ifndef TESTS_LIB_OUTSIDE_H
#define TESTS_LIB_OUTSIDE_H

#include <glib.h>
#include <stdbool.h>

/* Whether a program is there; if not, the present test is skipped with that. */
bool outside_have(const char *program);

/* Runs a command line in a folder, which must end with status 0; its output and
 * error output, newly allocated. */
char *outside_run(const char *folder, const char *command);
/* The same for arguments with spaces; argv ends with NULL. */
char *outside_run_argv(const char *folder, const char *const *argv);

/* A folder of the test's own, removed with all files in it by outside_remove. */
char *outside_folder(void);
void outside_remove(const char *folder);
void outside_write(const char *folder, const char *name, const void *data, gsize length);

#endif
