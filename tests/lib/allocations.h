/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts allocations of the whole process, all threads, by standing in for
 * malloc() and its kin.  Linked only into tests that ask for it.
 *
 *     int main(int argc, char **argv)
 *     {
 *         allocations_init(argv);
 *         ...
 *
 *     allocations_start();
 *     ...
 *     g_assert_cmpuint(allocations_stop(), ==, 0);
 */
#ifndef TESTS_LIB_ALLOCATIONS_H
#define TESTS_LIB_ALLOCATIONS_H

#include <glib.h>
#include <stdbool.h>

/* First in main: GLib's slices come from malloc() as well then, for which the
 * program may be started once more. */
void allocations_init(char **argv);
/* False where a sanitizer has malloc() for itself. */
bool allocations_counted(void);

void allocations_start(void);
/* How many there were since then. */
guint allocations_stop(void);

#endif
