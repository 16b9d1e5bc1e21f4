/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mending a QEMU command line: all that it cannot have, and the nearest one that works.
 *
 * A translation ends after the phase in which something was refused, as what follows would only
 * repeat it.  Here the refused option is replaced or left out, and the rest is translated, until
 * nothing is refused any more.
 */
#ifndef CLIENT_MEND_H
#define CLIENT_MEND_H

#include <glib.h>

typedef struct {
    GPtrArray *words;           /* of char: the line that works; NULL: none was found */
    GPtrArray *problems;        /* of char: what was refused, and why */
    GPtrArray *changes;         /* of char: what was replaced or left out */
} Mend;

/* args are as for translate_command_line(). */
Mend *mend_command_line(int n_args, const char *const *args);
void mend_free(Mend *mend);                 /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mend, mend_free)

/* The words as a shell would take them.  Free with g_free(). */
char *mend_line(const Mend *mend);

#endif
