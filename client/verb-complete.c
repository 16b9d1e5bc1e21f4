/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl complete: the words that may come next on a command line, one per line.
 * A shell's completion calls it (docs/completion); the schema's names are
 * in the program, so that no daemon is needed.
 */
#include "config.h"

#include <stdio.h>

#include "client/complete-qemu.h"
#include "client/machine-place.h"
#include "client/schema-index.h"
#include "client/verb.h"
#include "qmp/dispatch.h"
#include "qmp/event.h"

static void offer(const char *word, const char *begin)
{
    if (g_str_has_prefix(word, begin)) {
        puts(word);
    }
}

static void offer_machines(const char *begin)
{
    g_autoptr(GPtrArray) names = machine_names(NULL);

    for (guint i = 0; names && i < names->len; i++) {
        offer(names->pdata[i], begin);
    }
}

static void offer_commands(const char *begin)
{
    for (gsize i = 0; i < qmp_n_command_args; i++) {
        offer(qmp_command_args[i].name, begin);
    }
}

static void offer_events(const char *begin)
{
    for (const char *const *event = qmp_event_names; *event; event++) {
        offer(*event, begin);
    }
}

/* Offers kinds of things, or names of one kind. */
static void offer_schema(char **words, int n, const char *begin)
{
    int kind = -1;

    for (int i = 0; i < n && kind < 0; i++) {
        kind = schema_kind_find(words[i]);
    }
    if (kind < 0) {
        for (kind = 0; kind < SCHEMA_N_KINDS; kind++) {
            offer(schema_kind_names[kind], begin);
        }
    } else {
        g_autoptr(GPtrArray) items = schema_items(kind);

        for (guint i = 0; i < items->len; i++) {
            offer(((const SchemaItem *)items->pdata[i])->name, begin);
        }
    }
}

static void offer_verbs(const char *begin)
{
    for (const Verb *const *verb = verbs; *verb; verb++) {
        offer((*verb)->name, begin);
    }
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return g_str_equal(word, a) || g_str_equal(word, b);
}

static bool takes_machine(const char *word)
{
    return is_one_of(word, "-n", "--name");
}

static bool takes_event(const char *word)
{
    return is_one_of(word, "-e", "--event");
}

static bool takes_file(const char *word)
{
    return is_one_of(word, "-s", "--socket") || is_one_of(word, "--from", "--daemon");
}

/* Index of the verb among the words, or -1; values of options do not count. */
static int find_verb_word(char **words, int n)
{
    for (int i = 0; i < n; i++) {
        if (takes_machine(words[i]) || takes_file(words[i])) {
            i++;
        } else if (words[i][0] != '-') {
            return i;
        }
    }
    return -1;
}

/* Where QEMU's options begin, after "--" or, for `qemu`, after the verb; or -1. */
static int find_options(char **words, int n, int verb)
{
    if (g_str_equal(words[verb], "qemu")) {
        return verb + 1;
    }
    for (int i = verb + 1; i < n; i++) {
        if (g_str_equal(words[i], "--")) {
            return i + 1;
        }
    }
    return -1;
}

/* The options that the verb's own help lists. */
static void offer_options(const char *verb, const char *begin)
{
    const char *words[] = { "/proc/self/exe", verb, "--help", NULL };
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;

    if (!g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text,
                      NULL, NULL, NULL)) {
        return;
    }
    parts = g_strsplit_set(text, " \n=,", -1);
    for (guint i = 0; parts[i]; i++) {
        if (g_str_has_prefix(parts[i], "--") && parts[i][2]) {
            offer(parts[i], begin);
        }
    }
}

static const char *const of_machines[] = {
    "start", "stop", "restart", "kill", "status", "logs", "edit", "rename", "autostart", "delete",
    "wait", NULL,
};

/* words: those before the last one, of which the one at verb is the verb. */
static void offer_for_verb(char **words, int n, int verb, const char *begin)
{
    const char *chosen = words[verb], *last = words[n - 1];
    int options = find_options(words, n, verb);

    if (options >= 0) {
        complete_qemu(n > options ? last : NULL, begin, offer);
    } else if (g_str_equal(chosen, "wait") && takes_event(last)) {
        offer_events(begin);
    } else if (*begin == '-') {
        offer_options(chosen, begin);
    } else if (g_str_equal(chosen, "qmp")) {
        offer_commands(begin);
    } else if (g_str_equal(chosen, "schema")) {
        offer_schema(words, n, begin);
    } else if (g_strv_contains(of_machines, chosen)) {
        offer_machines(begin);
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    char **words = argv + 1;
    int n = argc - 2;           /* those that are complete */
    const char *begin = argv[argc - 1];
    int chosen = find_verb_word(words, n);

    if (argc < 2) {
        return EXIT_OK;
    }
    if (chosen < 0 || find_options(words, n, chosen) < 0) {
        if (n > 0 && takes_machine(words[n - 1])) {
            offer_machines(begin);
            return EXIT_OK;
        }
        if (n > 0 && takes_file(words[n - 1])) {
            return EXIT_OK;     /* the shell completes names of files */
        }
    }
    if (chosen >= 0) {
        offer_for_verb(words, n, chosen, begin);
    } else {
        offer("--name", begin);
        offer("--socket", begin);
        offer_verbs(begin);
    }
    return EXIT_OK;
}

const Verb verb_complete = {
    .name = "complete",
    .arguments = "WORD...",
    .summary = "list completions for the last WORD",
    .description = "For the completion of shells.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
