/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl schema: describes the daemon's interface, without a daemon.  The schema is
 * in rows of this program; schema-index.c finds things in them, schema-page.c and
 * schema-json.c show them.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "client/layout.h"
#include "client/output.h"
#include "client/schema-json.h"
#include "client/schema-page.h"
#include "client/verb.h"
#include "qmp/class-info.h"
#include "qmp/dispatch.h"
#include "qmp/qapi-types-cpu.h"

/* ---- Tables ---- */

static const char *type_kind(const QmpType *type)
{
    switch (type->kind) {
    case QMP_KIND_ENUM:
        return "enum";
    case QMP_KIND_STRUCT:
        return "struct";
    case QMP_KIND_UNION:
    case QMP_KIND_CLASS_UNION:
        return "union";
    case QMP_KIND_ALTERNATE:
        return "alternate";
    default:
        return "built-in";
    }
}

static char *feature_place(const QmpMember *feature)
{
    char *cpuid = qmp_class_feature(&qmp_class_x86_64_cpu, feature, false);
    g_autofree char *msr = qmp_class_feature(&qmp_class_x86_64_cpu, feature, true);

    return cpuid ? cpuid : g_strdup_printf("MSR %s", msr);
}

/* The column between name and summary; newly allocated. */
static char *second_column(const SchemaItem *item)
{
    switch (item->kind) {
    case SCHEMA_COMMANDS:
        return g_strdup(item->entry->flags & QMP_COMMAND_QUERY ? "query" : "change");
    case SCHEMA_EVENTS:
        return g_strdup(item->entry->data ? "data" : "");
    case SCHEMA_TYPES:
        return g_strdup(type_kind(item->type->type));
    case SCHEMA_FEATURES:
        return feature_place(item->feature);
    case SCHEMA_MACHINES:
        return g_strdup_printf("%u", item->klass->cpu_max);
    case SCHEMA_CPUS:
        return g_strdup(item->klass->aliases ? qmp_name(item->klass->aliases[0]) : "");
    default:
        return g_strdup(qmp_enum_name(&qmp_type_ClassKind, qmp_class_kind(item->klass)));
    }
}

static void print_table(SchemaKind kind)
{
    static const char *const titles[SCHEMA_N_KINDS][4] = {
        [SCHEMA_COMMANDS] = { "COMMAND", "KIND", "WHAT IT DOES" },
        [SCHEMA_EVENTS] = { "EVENT", "WITH", "WHAT HAPPENED" },
        [SCHEMA_CLASSES] = { "CLASS", "KIND", "WHAT IT IS" },
        [SCHEMA_TYPES] = { "TYPE", "KIND", "WHAT IT IS" },
        [SCHEMA_MACHINES] = { "MACHINE", "CPUS", "WHAT IT IS" },
        [SCHEMA_CPUS] = { "CPU MODEL", "ALIAS", "WHAT IT IS" },
        [SCHEMA_FEATURES] = { "FEATURE", "CPUID", "WHAT IT IS" },
    };
    g_autoptr(GPtrArray) items = schema_items(kind);
    g_autoptr(LayoutTable) table = layout_table_new(titles[kind]);
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < items->len; i++) {
        const SchemaItem *item = items->pdata[i];
        g_autofree char *second = second_column(item);
        g_autofree char *summary = schema_item_summary(item);

        layout_table_add(table, (const char *[]){ item->name, second, summary });
    }
    layout_table_print(table, out, isatty(STDOUT_FILENO) ? layout_width() : 0);
    fputs(out->str, stdout);
}

/* How many things of each kind there are. */
static void print_kinds(void)
{
    g_autoptr(LayoutTable) table =
        layout_table_new((const char *const[]){ "KIND", "NUMBER", NULL });
    g_autoptr(GString) out = g_string_new(NULL);

    for (int kind = 0; kind < SCHEMA_N_KINDS; kind++) {
        g_autoptr(GPtrArray) items = schema_items(kind);
        g_autofree char *number = g_strdup_printf("%u", items->len);

        layout_table_add(table, (const char *[]){ schema_kind_names[kind], number });
    }
    layout_table_print(table, out, 0);
    fputs(out->str, stdout);
}

/* ---- Things ---- */

static void print_pages(const GPtrArray *items)
{
    const SchemaPage page = { .out = g_string_new(NULL), .width = layout_width() };

    for (guint i = 0; i < items->len; i++) {
        g_string_append(page.out, i > 0 ? "\n\n" : "");
        schema_page_item(&page, items->pdata[i]);
    }
    fputs(page.out->str, stdout);
    g_string_free(page.out, TRUE);
}

static bool has_infos(SchemaKind kind)
{
    return kind == SCHEMA_COMMANDS || kind == SCHEMA_EVENTS || kind == SCHEMA_TYPES;
}

/* Classes and features: one as it is, several as an array. */
static char *class_text(const GPtrArray *items, bool single)
{
    GString *text = g_string_new(single ? "" : "[");

    for (guint i = 0; i < items->len; i++) {
        g_autofree char *one = schema_json_class(items->pdata[i]);

        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", one);
    }
    g_string_append(text, single ? "" : "]");
    return g_string_free(text, FALSE);
}

static bool print_json(SchemaKind kind, const GPtrArray *items, bool single, GError **error)
{
    g_autofree char *text = has_infos(kind) ? schema_json_infos(items, error)
                                            : class_text(items, single);

    if (!text) {
        return false;
    }
    output_json_text(text);
    return true;
}

/* ---- The verb ---- */

static bool show(int kind, char **names, bool json, GError **error)
{
    g_autoptr(GPtrArray) items = NULL;

    if (!*names && json) {
        items = schema_items(kind);
        return print_json(kind, items, false, error);
    }
    if (!*names) {
        print_table(kind);
        return true;
    }
    items = g_ptr_array_new_with_free_func((GDestroyNotify)schema_item_free);
    if (!schema_find(kind, names, items, error)) {
        return false;
    }
    if (json) {
        return print_json(kind, items, items->len == 1, error);
    }
    print_pages(items);
    return true;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    int kind;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json,
          "print what query-qmp-schema or query-class would return", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    kind = argc > 1 ? schema_kind_find(argv[1]) : -1;
    if (kind < 0 && json) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--json needs the kind of things: commands, events, classes, types, "
                    "machines, cpus or features");
        return EXIT_USAGE;
    }
    if (argc < 2) {
        print_kinds();
        return EXIT_OK;
    }
    return show(kind, argv + (kind < 0 ? 1 : 2), json, error) ? EXIT_OK : EXIT_ERROR;
}

const Verb verb_schema = {
    .name = "schema",
    .arguments = "[commands|events|classes|types|machines|cpus|features] [NAME...]",
    .summary = "describe the daemon's interface",
    .description = "Without NAME, prints a table; with one, its full description.  Without a "
                   "kind, finds everything of that NAME.\nNo daemon is needed.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
