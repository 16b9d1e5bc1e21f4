/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks the options of a command line.
 *
 * GLib's parser gets only what passes this check.  It would reject the rest with
 * messages of its own, or not at all: it ignores a value given to an option that
 * takes none.
 */
#ifndef QMP_ARGUMENTS_H
#define QMP_ARGUMENTS_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const GOptionEntry *const *lists;   /* of all options there are; ends in NULL */
    bool first_word_ends;               /* options stand before the first other word only */
} QmpArguments;

/*
 * Checks that each option among the argc words of argv (the first word is skipped)
 * is known, and has a value exactly if it takes one.  Otherwise *error
 * (G_OPTION_ERROR) names the option.  Words after --help are not checked.
 */
bool qmp_arguments_check(const QmpArguments *arguments, int argc, char **argv,
                         GError **error);

#endif
