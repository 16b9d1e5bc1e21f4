/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See mend.h.  The messages of a translation begin with the option, as it was written, and name
 * what is wrong in quotation marks.
 */
#include "config.h"
#include "client/mend.h"

#include <stdlib.h>
#include <string.h>

#include "client/translate/translate.h"

/* Each round mends at least one option; one that is not better after so many is left out. */
enum { TRIES = 3 };

/* What a name that does not exist here becomes. */
static const struct {
    const char *message, *name;
} replacements[] = {
    { "there is no machine type ", "pc" },
    { "there is no accelerator ", "tcg" },
};

typedef struct {
    const char *const *args;    /* the line as it was */
    int n_args;
    GPtrArray *words;           /* of char */
    GHashTable *tries;          /* number of changes by the option's name */
    GPtrArray *lost;            /* of char: ids of what was left out, in quotation marks */
    Mend *out;
} Work;

/* ---- Reading messages ---- */

/* The text in the last quotation marks before end; NULL if there is none. */
static char *quoted_before(const char *text, const char *end)
{
    const char *close = g_strrstr_len(text, end - text, "'");
    const char *open = close ? g_strrstr_len(text, close - text, "'") : NULL;

    return open ? g_strndup(open + 1, close - open - 1) : NULL;
}

/* The text in the first quotation marks. */
static char *quoted_after(const char *text)
{
    const char *open = strchr(text, '\'');
    const char *close = open ? strchr(open + 1, '\'') : NULL;

    return close ? g_strndup(open + 1, close - open - 1) : NULL;
}

/* "word 3: -fly: ": removes the beginning, and says the index of the word; or -1. */
static int take_number(const char **message)
{
    char *end;
    long number;

    if (!g_str_has_prefix(*message, "word ")) {
        return -1;
    }
    number = strtol(*message + strlen("word "), &end, 10);
    *message = g_str_has_prefix(end, ": ") ? end + 2 : *message;
    return (int)number - 1;
}

/* Whether the message begins with n words from the i-th on; *ret_rest is what follows. */
static bool begins_with(const Work *work, guint i, guint n, const char *message,
                        const char **ret_rest)
{
    const char *word = work->words->pdata[i];
    g_autofree char *origin = n == 2 ? g_strdup_printf("%s %s: ", word,
                                                       (char *)work->words->pdata[i + 1])
                                     : g_strconcat(word, ": ", NULL);

    if (!g_str_has_prefix(message, origin)) {
        return false;
    }
    *ret_rest = message + strlen(origin);
    return true;
}

/* The option that a message is about, and its number of words; -1: none. */
static int find_option(const Work *work, const char *message, guint *ret_n, const char **ret_rest)
{
    int number = take_number(&message);

    for (guint n = 2; n > 0; n--) {
        for (guint i = 0; i + n <= work->words->len; i++) {
            if ((number < 0 || (guint)number == i) && begins_with(work, i, n, message, ret_rest)) {
                *ret_n = n;
                return i;
            }
        }
    }
    return -1;
}

/* ---- Changing an option ---- */

/* Takes ownership of text, which replaces the word. */
static void set_word(Work *work, guint i, char *text)
{
    g_free(work->words->pdata[i]);
    work->words->pdata[i] = text;
}

static bool replace_in(Work *work, guint i, const char *from, const char *to)
{
    const char *word = work->words->pdata[i];
    const char *at = from && *from ? strstr(word, from) : NULL;

    if (!at) {
        return false;
    }
    set_word(work, i, g_strdup_printf("%.*s%s%s", (int)(at - word), word, to, at + strlen(from)));
    return true;
}

/* By what the message says that was meant. */
static bool take_hint(Work *work, guint i, guint n, const char *rest)
{
    static const char mark[] = "did you mean '";
    const char *hint = strstr(rest, mark);
    g_autofree char *meant = hint ? quoted_after(hint) : NULL;
    g_autofree char *wrong = hint ? quoted_before(rest, hint) : NULL;

    if (!meant || !wrong) {
        return false;
    }
    if (n == 1) {
        set_word(work, i, g_strconcat("-", meant, NULL));
        return true;
    }
    return replace_in(work, i + 1, wrong, meant);
}

static bool take_replacement(Work *work, guint i, guint n, const char *rest)
{
    for (gsize k = 0; n == 2 && k < G_N_ELEMENTS(replacements); k++) {
        const char *at = strstr(rest, replacements[k].message);
        g_autofree char *wrong = at ? quoted_after(at) : NULL;

        if (wrong && replace_in(work, i + 1, wrong, replacements[k].name)) {
            return true;
        }
    }
    return false;
}

/* A key that does not exist here is left out with its value. */
static bool drop_key(Work *work, guint i, guint n, const char *rest)
{
    const char *at = strstr(rest, "parameter '");
    g_autofree char *key = at && strstr(at, "is unknown") ? quoted_after(at) : NULL;
    g_auto(GStrv) parts = key && n == 2 ? g_strsplit(work->words->pdata[i + 1], ",", -1) : NULL;
    g_autofree char *begin = key ? g_strconcat(key, "=", NULL) : NULL;
    GString *text = g_string_new(NULL);
    bool found = false;

    for (guint k = 0; parts && parts[k]; k++) {
        if (k > 0 && (g_str_equal(parts[k], key) || g_str_has_prefix(parts[k], begin))) {
            found = true;
        } else {
            g_string_append_printf(text, "%s%s", k ? "," : "", parts[k]);
        }
    }
    if (!found) {
        g_string_free(text, TRUE);
        return false;
    }
    set_word(work, i + 1, g_string_free(text, FALSE));
    return true;
}

/* What names it later is refused because of that. */
static void note_lost(Work *work, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (guint k = 0; parts[k]; k++) {
        if (g_str_has_prefix(parts[k], "id=")) {
            g_ptr_array_add(work->lost, g_strdup_printf("'%s'", parts[k] + strlen("id=")));
        }
    }
}

static bool is_consequence(const Work *work, const char *message)
{
    for (guint i = 0; i < work->lost->len; i++) {
        if (strstr(message, work->lost->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* Whether it may be tried once more to change the option rather than to leave it out. */
static bool may_try(Work *work, const char *option)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(work->tries, option));

    g_hash_table_insert(work->tries, g_strdup(option), GUINT_TO_POINTER(n + 1));
    return n < TRIES;
}

static char *option_text(const Work *work, guint i, guint n)
{
    return n == 2 ? g_strdup_printf("%s %s", (char *)work->words->pdata[i],
                                    (char *)work->words->pdata[i + 1])
                  : g_strdup(work->words->pdata[i]);
}

/* False: it is not known which option the message is about. */
static bool mend_one(Work *work, const char *message)
{
    const char *rest = NULL;
    guint n = 0;
    int i = find_option(work, message, &n, &rest);
    g_autofree char *before = NULL;

    if (i < 0) {
        return false;
    }
    before = option_text(work, i, n);
    if (may_try(work, work->words->pdata[i]) &&
        (take_hint(work, i, n, rest) || drop_key(work, i, n, rest) ||
         take_replacement(work, i, n, rest))) {
        g_autofree char *after = option_text(work, i, n);

        g_ptr_array_add(work->out->changes, g_strdup_printf("%s: now %s", before, after));
        return true;
    }
    note_lost(work, before);
    g_ptr_array_add(work->out->changes, g_strdup_printf("%s: left out: %s", before, rest));
    g_ptr_array_remove_range(work->words, i, n);
    return true;
}

/* ---- All of them ---- */

static bool was_written(const Work *work, const char *word)
{
    for (int i = 0; i < work->n_args; i++) {
        if (g_str_equal(work->args[i], word)) {
            return true;
        }
    }
    return false;
}

/* Tells of what is wrong with the line as it was, not with changes and their consequences. */
static void tell(Work *work, const char *message)
{
    const char *rest = NULL;
    guint n = 0;
    int i = find_option(work, message, &n, &rest);

    if (i < 0) {
        g_ptr_array_add(work->out->problems, g_strdup(message));
    } else if (was_written(work, work->words->pdata[i + n - 1]) && !is_consequence(work, rest)) {
        g_autofree char *option = option_text(work, i, n);

        g_ptr_array_add(work->out->problems, g_strdup_printf("%s: %s", option, rest));
    }
}

/* False: there are problems, and none of them could be mended. */
static bool mend_round(Work *work, bool *ret_done)
{
    g_autoptr(Translation) translation =
        translate_command_line(work->words->len, (const char *const *)work->words->pdata);
    GPtrArray *problems = translation->problems;
    bool mended = false;

    *ret_done = problems->len == 0;
    for (guint i = 0; i < problems->len; i++) {
        tell(work, ((GError *)problems->pdata[i])->message);
    }
    /* From the end, so that numbers of words remain those of the messages. */
    for (guint i = problems->len; i-- > 0;) {
        const GError *problem = problems->pdata[i];

        mended |= mend_one(work, problem->message);
    }
    return mended || *ret_done;
}

Mend *mend_command_line(int n_args, const char *const *args)
{
    Mend *out = g_new0(Mend, 1);
    g_autoptr(GHashTable) tries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    Work work = { .args = args, .n_args = n_args, .tries = tries, .lost = lost, .out = out };
    bool done = false;

    out->problems = g_ptr_array_new_with_free_func(g_free);
    out->changes = g_ptr_array_new_with_free_func(g_free);
    work.words = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n_args; i++) {
        g_ptr_array_add(work.words, g_strdup(args[i]));
    }
    while (!done && mend_round(&work, &done)) {
    }
    if (done) {
        out->words = work.words;
    } else {
        g_ptr_array_unref(work.words);
    }
    return out;
}

void mend_free(Mend *mend)
{
    if (mend) {
        g_clear_pointer(&mend->words, g_ptr_array_unref);
        g_ptr_array_unref(mend->problems);
        g_ptr_array_unref(mend->changes);
        g_free(mend);
    }
}

char *mend_line(const Mend *mend)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@%";
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < mend->words->len; i++) {
        const char *word = mend->words->pdata[i];
        g_autofree char *quoted = g_shell_quote(word);

        g_string_append_printf(text, "%s%s", i ? " " : "",
                               *word && !word[strspn(word, plain)] ? word : quoted);
    }
    return g_string_free(text, FALSE);
}
