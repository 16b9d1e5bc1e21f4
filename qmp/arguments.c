/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command line; see qmp/arguments.h.
 */
#include "config.h"
#include "qmp/arguments.h"

#include <string.h>

#include "qmp/nearest.h"
#include "qmp/text.h"

typedef enum {
    GOOD,
    BAD,                        /* *error is set */
    ENOUGH,                     /* help: nothing more is of interest */
} Result;

typedef struct {
    const QmpArguments *arguments;
    char **next;                /* the word after the present one */
    char **end;
    GError **error;
} Words;

G_GNUC_PRINTF(2, 3)
static Result fail(Words *words, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(words->error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);
    return BAD;
}

static bool takes_value(const GOptionEntry *entry)
{
    return entry->arg != G_OPTION_ARG_NONE;
}

/* The option with this long or short name, or NULL. */
static const GOptionEntry *find(const Words *words, const char *long_name, char short_name)
{
    for (const GOptionEntry *const *list = words->arguments->lists; *list; list++) {
        for (const GOptionEntry *entry = *list; entry->long_name; entry++) {
            if (long_name ? g_str_equal(entry->long_name, long_name)
                          : entry->short_name == short_name) {
                return entry;
            }
        }
    }
    return NULL;
}

static Result fail_unknown(Words *words, const char *name)
{
    g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *option = g_strconcat("--", name, NULL), *hint = NULL;
    g_autofree char *shown = qmp_text_quote(option);
    QmpNearest nearest;

    qmp_nearest_init(&nearest, option);
    for (const GOptionEntry *const *list = words->arguments->lists; *list; list++) {
        for (const GOptionEntry *entry = *list; entry->long_name; entry++) {
            g_ptr_array_add(options, g_strconcat("--", entry->long_name, NULL));
            qmp_nearest_add(&nearest, options->pdata[options->len - 1]);
        }
    }
    hint = qmp_nearest_hint(&nearest);
    return fail(words, "there is no option %s%s", shown, hint);
}

/* The value stands in the next word. */
static Result skip_value(Words *words, const char *option, const GOptionEntry *entry)
{
    if (words->next == words->end) {
        return fail(words, "the option %s lacks its value: %s", option, entry->arg_description);
    }
    words->next++;
    return GOOD;
}

static Result check_long(Words *words, const char *word)
{
    const char *equals = strchr(word, '=');
    g_autofree char *name = equals ? g_strndup(word + 2, equals - word - 2) : g_strdup(word + 2);
    const GOptionEntry *entry = find(words, name, 0);
    g_autofree char *option = g_strconcat("--", name, NULL);

    if (g_str_has_prefix(name, "help") && !entry) {
        return ENOUGH;
    }
    if (!entry) {
        return fail_unknown(words, name);
    }
    if (equals && !takes_value(entry)) {
        return fail(words, "the option %s takes no value", option);
    }
    return equals || !takes_value(entry) ? GOOD : skip_value(words, option, entry);
}

/* Several letters may be combined; one of them may take a value, which is the next word. */
static Result check_letters(Words *words, const char *word)
{
    g_autofree char *shown = qmp_text_quote(word);
    bool has_value = false;

    for (const char *letter = word + 1; *letter; letter++) {
        const GOptionEntry *entry = find(words, NULL, *letter);
        char option[] = { '-', *letter, '\0' };

        if (!entry && strchr("h?", *letter)) {
            return ENOUGH;
        }
        if (!entry && letter == word + 1) {
            return fail(words, "there is no option %s", shown);
        }
        if (!entry || (takes_value(entry) && has_value)) {
            return fail(words, "%s are not options that can be combined in one word; a value is a "
                        "separate word", shown);
        }
        has_value |= takes_value(entry);
        if (takes_value(entry) && skip_value(words, option, entry) != GOOD) {
            return BAD;
        }
    }
    return GOOD;
}

static Result check_word(Words *words, const char *word)
{
    if (word[0] != '-' || !word[1]) {
        return words->arguments->first_word_ends ? ENOUGH : GOOD;
    }
    if (g_str_equal(word, "--")) {
        return ENOUGH;
    }
    return word[1] == '-' ? check_long(words, word) : check_letters(words, word);
}

bool qmp_arguments_check(const QmpArguments *arguments, int argc, char **argv,
                         GError **error)
{
    Words words = { arguments, argv + MIN(argc, 1), argv + argc, error };
    Result result = GOOD;

    while (result == GOOD && words.next < words.end) {
        const char *word = *words.next++;

        result = check_word(&words, word);
    }
    return result != BAD;
}
