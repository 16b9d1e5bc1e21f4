/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with the options of a command line.
 *
 * GLib's parser takes what this lets pass.  It would refuse the rest in words of
 * its own, or not at all: a value behind an option that has none is lost on it.
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
 * Whether each of the argc words of argv, except for the first, that is an option is
 * known, and has a value if it takes one and none if not.  Otherwise *error
 * (G_OPTION_ERROR) names it.  What follows --help is not looked at.
 */
bool qmp_arguments_check(const QmpArguments *arguments, int argc, char **argv,
                         GError **error);

#endif
