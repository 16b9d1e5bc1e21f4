/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl translate: QEMU's command line as requests.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "client/checker.h"
#include "client/translate/translate.h"
#include "client/verb.h"
#include "qmp/error.h"
#include "qmp/json.h"

typedef struct {
    gboolean pretty;
    gboolean explain;
    gboolean check;
    gboolean options;
} Options;

/* ---- Ways to print a translation ---- */

static void print_json(const json_t *json, size_t flags)
{
    json_dumpf(json, stdout, flags);
    putchar('\n');
}

static void print_plain(const Translation *translation)
{
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];

        print_json(request->json, JSON_ENCODE_ANY);
    }
}

static void print_notes(const GPtrArray *notes, FILE *file, const char *before,
                        const char *between)
{
    for (guint i = 0; i < notes->len; i++) {
        const TranslationNote *note = notes->pdata[i];

        fprintf(file, "%s%s%s%s\n", before, note->origin, between, note->text);
    }
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Translation) translation = NULL;
    Options options = { 0 };
    int first;

    (void)options;
    if (!verb_parse(verb, globals, NULL, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    first = argc > 1 && g_str_equal(argv[1], "--") ? 2 : 1;
    translation = translate_command_line(argc - first, (const char *const *)argv + first);
    for (guint i = 0; i < translation->problems->len; i++) {
        const GError *problem = translation->problems->pdata[i];

        fprintf(stderr, "vmctl: %s\n", problem->message);
    }
    if (translation->problems->len) {
        return EXIT_ERROR;
    }
    print_notes(translation->starts, stderr, "vmctl: ", ": no request: ");
    print_plain(translation);
    return EXIT_OK;
}

const Verb verb_translate = {
    .name = "translate",
    .arguments = "-- QEMU-OPTION...",
    .summary = "print the requests for a QEMU command line",
    .description = "The options of qemu-system-x86_64 become requests, one a line, in the order "
                   "to send them; vmctl apply sends them. vmctl-options(7) tells what becomes of "
                   "each option.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
