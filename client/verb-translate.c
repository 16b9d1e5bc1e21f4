/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl translate: QEMU's command line as requests.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "client/checker.h"
#include "client/host-check.h"
#include "client/mend.h"
#include "client/output.h"
#include "client/translate/translate.h"
#include "client/translate/typed.h"
#include "client/verb.h"
#include "qmp/error.h"
#include "qmp/text.h"

typedef struct {
    gboolean pretty;
    gboolean explain;
    gboolean check;
    gboolean options;
    gboolean suggest;
} Options;

/* ---- What the schema says ---- */

/* The first paragraph of a comment, on one line; NULL if there is none. */
static char *first_paragraph(const char *doc)
{
    const char *end = strstr(doc, "\n\n");
    char *text = *doc ? g_strndup(doc, end ? (gsize)(end - doc) : strlen(doc)) : NULL;

    return text ? g_strdelimit(text, "\n", ' ') : NULL;
}

/* The class, or the branch of a union, that arguments are of. */
static QmpDoc doc_of(const QmpType *type, const json_t *arguments)
{
    const char *tag;

    if (!type) {
        return 0;
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        const char *name = json_string_value(json_object_get(arguments, qmp_name(type->tag_name)));
        const QmpClass *klass = name ? qmp_class_find(name) : NULL;

        return klass ? klass->doc : 0;
    }
    if (type->kind != QMP_KIND_UNION) {
        return type->doc;
    }
    tag = json_string_value(json_object_get(arguments,
                                            qmp_name(qmp_members(type)[type->tag].name)));
    for (guint i = 0; tag && i < type->n_branches; i++) {
        const QmpBranch *branch = &qmp_branches(type)[i];
        const QmpType *branch_type = qmp_type(branch->type);

        if (g_str_equal(qmp_name(branch->name), tag) && branch_type && branch_type->doc) {
            return branch_type->doc;
        }
    }
    return type->doc;
}

static const char *command_of(const json_t *request)
{
    return json_string_value(json_object_get(request, "execute"));
}

static char *describe(const json_t *request)
{
    return first_paragraph(qmp_doc(doc_of(typed_command(command_of(request)),
                                          json_object_get(request, "arguments"))));
}

/* ---- Ways to print a translation ---- */

static void print_plain(const Translation *translation)
{
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autofree char *text = typed_print(request->json);

        puts(text);
    }
}

/* Prints each request below a comment: the option that it comes from, and the
 * schema's description. */
static void print_pretty(const Translation *translation)
{
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autofree char *doc = describe(request->json);
        g_autofree char *origin = qmp_text_clean(request->origin);
        g_autofree char *text = typed_print(request->json);
        g_autofree char *indented = output_indent(text);

        printf("%s# %s%s%s\n", i ? "\n" : "", origin, doc ? ": " : "", doc ? doc : "");
        puts(indented);
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

/* "object-add kvm-accel": the command and what it makes. */
static void print_explained(const TranslatedRequest *request)
{
    static const char *const keys[] = { "qom-type", "driver", "type", "id", "node-name" };
    const json_t *arguments = json_object_get(request->json, "arguments");

    printf("%s: %s", request->origin, command_of(request->json));
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = json_string_value(json_object_get(arguments, keys[i]));

        if (value) {
            printf(" %s", value);
        }
    }
    printf("%s%s\n", request->why ? ": " : "", request->why ? request->why : "");
}

static void explain(const Translation *translation)
{
    for (guint i = 0; i < translation->requests->len; i++) {
        print_explained(translation->requests->pdata[i]);
    }
    print_notes(translation->starts, stdout, "", ": no request: ");
    print_notes(translation->notes, stdout, "", ": ");
}

/* ---- Without printing it ---- */

/* What does not keep the machine from being made. */
static void print_warnings(const Translation *translation)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];

        g_ptr_array_set_size(lines, 0);
        host_warn(request->json, lines);
        for (guint k = 0; k < lines->len; k++) {
            fprintf(stderr, "vmctl: %s: warning: %s\n", request->origin, (char *)lines->pdata[k]);
        }
    }
}

/* Reports what the schema refuses and what the host lacks. */
static int check(const Translation *translation)
{
    g_autoptr(Checker) checker = checker_new();
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];

        checker_note_begin(checker, request->json);
        checker_expect(checker, request->json);
    }
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autoptr(GError) error = NULL;
        guint before = lines->len;

        if (!checker_check(checker, request->json, i + 1, &error)) {
            fprintf(stderr, "vmctl: %s: %s\n", request->origin, error->message);
            g_ptr_array_add(lines, NULL);
            continue;
        }
        host_check(request->json, lines);
        for (guint k = before; k < lines->len; k++) {
            fprintf(stderr, "vmctl: %s: %s\n", request->origin, (char *)lines->pdata[k]);
        }
    }
    print_warnings(translation);
    return lines->len ? EXIT_ERROR : EXIT_OK;
}

static bool print_option(const char *name, const char *argument, const char *fate, void *data)
{
    printf("-%s%s%s\n\t%s\n", name, argument ? " " : "", argument ? argument : "", fate);
    return true;
}

/* Prints the nearest line that works, and on standard error what is different in it. */
static int suggest(int n_args, const char *const *args)
{
    g_autoptr(Mend) mend = mend_command_line(n_args, args);
    const GPtrArray *lines = mend->words ? mend->changes : mend->problems;
    g_autofree char *line = mend->words ? mend_line(mend) : NULL;

    for (guint i = 0; i < lines->len; i++) {
        fprintf(stderr, "vmctl: %s\n", (char *)lines->pdata[i]);
    }
    if (!line) {
        return EXIT_ERROR;
    }
    puts(line);
    return EXIT_OK;
}

static int run_translation(const Options *options, const Translation *translation)
{
    if (options->check) {
        return check(translation);
    }
    if (options->explain) {
        explain(translation);
        return EXIT_OK;
    }
    print_notes(translation->starts, stderr, "vmctl: ", ": no request: ");
    if (options->pretty) {
        print_pretty(translation);
    } else {
        print_plain(translation);
    }
    return EXIT_OK;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Translation) translation = NULL;
    Options options = { 0 };
    const GOptionEntry entries[] = {
        { "check", 'c', 0, G_OPTION_ARG_NONE, &options.check,
          "print only what this host lacks", NULL },
        { "explain", 'e', 0, G_OPTION_ARG_NONE, &options.explain,
          "print what each option became, and why", NULL },
        { "pretty", 'p', 0, G_OPTION_ARG_NONE, &options.pretty,
          "indent requests, each below the schema's description", NULL },
        { "suggest", 0, 0, G_OPTION_ARG_NONE, &options.suggest,
          "print the nearest command line that works", NULL },
        { "options", 0, 0, G_OPTION_ARG_NONE, &options.options,
          "print the table of options and their translations", NULL },
        G_OPTION_ENTRY_NULL
    };
    int first;

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (options.options) {
        translate_foreach_option(print_option, NULL);
        return EXIT_OK;
    }
    first = argc > 1 && g_str_equal(argv[1], "--") ? 2 : 1;
    if (options.suggest) {
        return suggest(argc - first, (const char *const *)argv + first);
    }
    translation = translate_command_line(argc - first, (const char *const *)argv + first);
    if (verb_print_problems(translation, argc - first, (const char *const *)argv + first)) {
        return EXIT_ERROR;
    }
    return run_translation(&options, translation);
}

const Verb verb_translate = {
    .name = "translate",
    .arguments = "[-- QEMU-OPTION...]",
    .summary = "print the requests for a QEMU command line",
    .description = "The options of qemu-system-x86_64 become requests, one per line, in the order "
                   "to send them; vmctl apply sends them. vmctl-options(7) lists the translation "
                   "of each option.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
