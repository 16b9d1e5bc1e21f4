/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command line: what is refused, in which words, and that GLib's
 * parser takes the rest.
 */
#include "config.h"

#include <string.h>

#include "qmp/arguments.h"

typedef struct {
    gboolean verbose, quiet;
    char *name, *level, **paths;
} Values;

/* The error of a command line, or NULL.  GLib's parser is asked what else is taken. */
static char *try_words(const char *line, bool first_word_ends)
{
    Values values = { 0 };
    const GOptionEntry some[] = {
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &values.verbose, "", NULL },
        { "name", 'n', 0, G_OPTION_ARG_FILENAME, &values.name, "", "NAME" },
        { "socket", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &values.paths, "", "PATH" },
        G_OPTION_ENTRY_NULL
    };
    const GOptionEntry others[] = {
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &values.quiet, "", NULL },
        { "level", 'l', 0, G_OPTION_ARG_FILENAME, &values.level, "", "LEVEL" },
        G_OPTION_ENTRY_NULL
    };
    const GOptionEntry *const lists[] = { some, others, NULL };
    const QmpArguments arguments = { lists, first_word_ends };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_option_context_add_main_entries(context, some, NULL);
    g_option_context_add_main_entries(context, others, NULL);
    g_option_context_set_strict_posix(context, first_word_ends);
    g_option_context_set_help_enabled(context, FALSE);
    if (qmp_arguments_check(&arguments, g_strv_length(words), words, &error)) {
        g_option_context_parse_strv(context, &words, &error);
        g_assert_no_error(error);
    } else {
        g_assert_true(error->domain == G_OPTION_ERROR);
        text = g_strdup(error->message);
    }
    g_free(values.name);
    g_free(values.level);
    g_strfreev(values.paths);
    return text;
}

static void test_good(void)
{
    static const char *const lines[] = {
        "p", "p word", "p -v", "p -vq word", "p --verbose --name x", "p --name=x -q", "p --name=",
        "p -n x", "p -vn x", "p -nv x word", "p --name --quiet", "p -n -q", "p --socket a --socket=b",
        "p -- --wrong", "p -", "p word --quiet - -v", "p --name --", "p -l \xff\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = try_words(lines[i], false);

        g_test_message("%s", lines[i]);
        g_assert_cmpstr(text, ==, NULL);
    }
}

static void test_bad(void)
{
    static const char *const cases[][2] = {
        { "p --nam x", "there is no option '--nam'; did you mean '--name'?" },
        { "p --levle=3", "there is no option '--levle'; did you mean '--level'?" },
        { "p --something", "there is no option '--something'" },
        { "p --", NULL },
        { "p ---", "there is no option '---'" },
        { "p --\xff\n", "there is no option '--\xef\xbf\xbd?'" },
        { "p word -x", "there is no option '-x'" },
        { "p --verbose=1", "the option --verbose takes no value" },
        { "p --verbose=", "the option --verbose takes no value" },
        { "p --name", "the option --name lacks its value: NAME" },
        { "p -q -l", "the option -l lacks its value: LEVEL" },
        { "p -vl", "the option -l lacks its value: LEVEL" },
        { "p -nfoo x", "'-nfoo' are not options that can be combined in one word; a value is a "
          "separate word" },
        { "p -nl a b", "'-nl' are not options that can be combined in one word; a value is a "
          "separate word" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = try_words(cases[i][0], false);

        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

/* Words after the first one that is not an option belong to another program. */
static void test_first_word(void)
{
    g_autofree char *good = try_words("p -v word --wrong", true);
    g_autofree char *bad = try_words("p -v --wrong word", true);

    g_assert_cmpstr(good, ==, NULL);
    g_assert_cmpstr(bad, ==, "there is no option '--wrong'");
}

/* Where help was asked for, GLib's parser gives it, and ends the program. */
static void test_help(void)
{
    static char *lines[][4] = {
        { "p", "--help", "--wrong", NULL }, { "p", "-h", "--wrong", NULL },
        { "p", "-?", "--wrong", NULL }, { "p", "--help-all", "--wrong", NULL },
    };
    const GOptionEntry *const lists[] = { NULL };
    const QmpArguments arguments = { .lists = lists };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_true(qmp_arguments_check(&arguments, 3, lines[i], NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/arguments/good", test_good);
    g_test_add_func("/qmp/arguments/bad", test_bad);
    g_test_add_func("/qmp/arguments/first-word", test_first_word);
    g_test_add_func("/qmp/arguments/help", test_help);
    return g_test_run();
}
