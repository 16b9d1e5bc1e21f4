/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl complete: the words that may come next on a command line, one per line.
 * A shell's completion calls it (docs/completion/vmctl); the schema's names are
 * in the program, so that no daemon is needed.
 */
#include "config.h"

#include <stdio.h>

#include "client/machine-record.h"
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

static bool takes_machine(const char *word)
{
    return g_str_equal(word, "-n") || g_str_equal(word, "--name");
}

static bool takes_event(const char *word)
{
    return g_str_equal(word, "-e") || g_str_equal(word, "--event");
}

static bool takes_file(const char *word)
{
    return g_str_equal(word, "-s") || g_str_equal(word, "--socket");
}

/* The verb among the words, or NULL; values of options do not count. */
static const char *find_verb_word(char **words, int n)
{
    for (int i = 0; i < n; i++) {
        if (takes_machine(words[i]) || takes_file(words[i])) {
            i++;
        } else if (words[i][0] != '-') {
            return words[i];
        }
    }
    return NULL;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    char **words = argv + 1;
    int n = argc - 2;           /* those that are complete */
    const char *begin = argv[argc - 1];
    const char *chosen = find_verb_word(words, n);

    if (argc < 2) {
        return EXIT_OK;
    }
    if (n > 0 && takes_machine(words[n - 1])) {
        offer_machines(begin);
    } else if (n > 0 && takes_file(words[n - 1])) {
        return EXIT_OK;         /* the shell completes names of files */
    } else if (n > 0 && g_strcmp0(chosen, "wait") == 0 && takes_event(words[n - 1])) {
        offer_events(begin);
    } else if (!chosen) {
        offer("--name", begin);
        offer("--socket", begin);
        offer_verbs(begin);
    } else if (g_str_equal(chosen, "qmp")) {
        offer_commands(begin);
    } else if (g_str_equal(chosen, "schema")) {
        offer_schema(words, n, begin);
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
