/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Help in the place of QEMU: see front-help.h.  The forms are QEMU's, which scripts read.
 */
#include "config.h"
#include "client/front-help.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "client/schema-index.h"
#include "client/translate/translate.h"
#include "client/verb.h"
#include "qmp/describe.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-control.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/qapi-types-net.h"

/* ---- The program ---- */

static bool print_option(const char *name, const char *argument, const char *fate, void *data)
{
    if (!g_str_has_prefix(fate, "refused: ")) {
        g_autofree char *left = g_strconcat("-", name, argument ? " " : "", argument, NULL);

        printf("%-30s  %s\n", left, fate);
    }
    return true;
}

static void print_version(void)
{
    /* The level of QEMU's interfaces, as in query-version. */
    printf("QEMU emulator version 7.2.0 (vmd %s)\n", PACKAGE_VERSION);
}

static void print_help(const char *program)
{
    print_version();
    printf("usage: %s [options] [disk_image]\n\n"
           "'disk_image' is a raw or qcow2 image for the first hard disk.  What becomes of each "
           "option:\n\n", program);
    translate_foreach_option(print_option, NULL);
}

/* ---- Classes ---- */

static char *summary_of(const QmpClass *klass)
{
    SchemaItem item = { .kind = SCHEMA_CLASSES, .row = klass };

    return schema_item_summary(&item);
}

/* Of all descendants of ancestor that objects can be of, or of all if it is NULL. */
static void foreach_class(const QmpClass *ancestor, void (*print)(const QmpClass *klass))
{
    for (guint i = 0; i < qmp_n_class_names; i++) {
        const QmpClass *klass = qmp_class(qmp_class_names[i].klass);

        if (g_str_equal(qmp_name(qmp_class_names[i].name), klass->name) &&
            !(klass->flags & QMP_CLASS_ABSTRACT) &&
            (!ancestor || qmp_class_is_a(klass, ancestor))) {
            print(klass);
        }
    }
}

/* A name without the end that its kind of class has. */
static char *short_name(const QmpClass *klass, const char *end)
{
    return g_strndup(klass->name, strlen(klass->name) -
                     (g_str_has_suffix(klass->name, end) ? strlen(end) : 0));
}

static void print_machine(const QmpClass *klass)
{
    g_autofree char *name = short_name(klass, "-machine");
    g_autofree char *text = summary_of(klass);

    printf("%-20s %s%s\n", name, text, klass->flags & QMP_CLASS_DEFAULT ? " (default)" : "");
    for (const QmpName *alias = klass->aliases; alias && *alias; alias++) {
        g_autofree char *other = g_strndup(qmp_name(*alias), strlen(qmp_name(*alias)) -
                                           (g_str_has_suffix(qmp_name(*alias), "-machine")
                                            ? strlen("-machine") : 0));

        printf("%-20s %s (alias of %s)\n", other, text, name);
    }
}

static void print_cpu(const QmpClass *klass)
{
    g_autofree char *name = short_name(klass, "-x86_64-cpu");
    g_autofree char *text = summary_of(klass);

    printf("x86 %-20s  %s\n", name, text);
}

static void print_accel(const QmpClass *klass)
{
    g_autofree char *name = short_name(klass, "-accel");

    if (!g_str_equal(name, "any")) {
        puts(name);
    }
}

static void print_object(const QmpClass *klass)
{
    if (klass->flags & QMP_CLASS_USER_CREATABLE &&
        !qmp_class_is_a(klass, &qmp_class_accel) && !qmp_class_is_a(klass, &qmp_class_machine)) {
        printf("  %s\n", klass->name);
    }
}

static void print_device(const QmpClass *klass)
{
    g_autofree char *text = NULL;

    if (!(klass->flags & QMP_CLASS_DEVICE) || klass->plug == QMP_PLUG_BOARD ||
        qmp_class_is_a(klass, &qmp_class_x86_64_cpu)) {
        return;
    }
    text = summary_of(klass);
    printf("name \"%s\"", klass->name);
    if (klass->bus) {
        printf(", bus %s", klass->bus->name);
    }
    if (klass->aliases && *klass->aliases) {
        printf(", alias \"%s\"", qmp_name(*klass->aliases));
    }
    printf(", desc \"%s\"\n", text);
}

/* ---- Lists ---- */

static void list_machines(void)
{
    puts("Supported machines are:");
    foreach_class(&qmp_class_machine, print_machine);
}

static void list_cpus(void)
{
    g_autoptr(GPtrArray) features = schema_items(SCHEMA_FEATURES);

    puts("Available CPUs:");
    foreach_class(&qmp_class_x86_64_cpu, print_cpu);
    puts("\nRecognized CPUID flags:");
    for (guint i = 0; i < features->len; i++) {
        printf("%s%s%s", i % 8 ? " " : "  ", ((const SchemaItem *)features->pdata[i])->name,
               i % 8 == 7 || i + 1 == features->len ? "\n" : "");
    }
}

static void list_accels(void)
{
    puts("Accelerators supported in QEMU binary:");
    foreach_class(&qmp_class_accel, print_accel);
}

static void list_devices(void)
{
    foreach_class(NULL, print_device);
}

static void list_objects(void)
{
    puts("List of user creatable objects:");
    foreach_class(NULL, print_object);
}

static void list_values(const char *title, const QmpType *type)
{
    puts(title);
    for (guint i = 0; i < type->n_values; i++) {
        puts(qmp_enum_name(type, i));
    }
}

static void list_netdevs(void)
{
    list_values("Available netdev backend types:", &qmp_type_NetClientDriver);
}

static void list_chardevs(void)
{
    list_values("Available chardev backend types:", &qmp_type_ChardevBackendKind);
}

/* ---- Properties of a class ---- */

static void print_property(const QmpClass *klass, const QmpMember *member)
{
    g_autofree char *type = qmp_member_type_name(member);
    SchemaItem item = { .kind = SCHEMA_FEATURES, .row = member };
    g_autofree char *text = schema_item_summary(&item);

    if (!(member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL))) {
        printf("  %s=<%s>%s%s\n", qmp_name(member->name), type, *text ? "  - " : "", text);
    }
}

/* The class that an option's value names: by itself, or with the end of its kind. */
static const QmpClass *find_class(const char *name, const char *end)
{
    g_autofree char *full = g_strconcat(name, end, NULL);
    const QmpClass *klass = qmp_class_find(full);

    return klass ? klass : qmp_class_find(name);
}

static int print_properties(const char *program, const char *option, const char *name,
                            const char *end)
{
    const QmpClass *klass = find_class(name, end);

    if (!klass) {
        fprintf(stderr, "%s: -%s %s,help: there is no '%s'\n", program, option, name, name);
        return EXIT_ERROR;
    }
    printf("%s options:\n", name);
    for (guint i = 0; i < klass->props->n_members; i++) {
        print_property(klass, &qmp_members(klass->props)[i]);
    }
    return EXIT_OK;
}

/* ---- Words ---- */

static const struct {
    const char *option;
    void (*list)(void);
    const char *key;            /* of the first word, or NULL */
    const char *end;            /* of the names of its classes; NULL: it has none */
} lists[] = {
    { "machine", list_machines, "type=", "-machine" },
    { "M", list_machines, "type=", "-machine" },
    { "cpu", list_cpus, "model=", NULL },
    { "accel", list_accels, "accel=", "-accel" },
    { "device", list_devices, "driver=", "" },
    { "object", list_objects, "qom-type=", "" },
    { "netdev", list_netdevs, "type=", NULL },
    { "nic", list_netdevs, "type=", NULL },
    { "chardev", list_chardevs, "backend=", NULL },
};

static bool is_help(const char *word)
{
    return g_str_equal(word, "help") || g_str_equal(word, "?");
}

/* The value of an option; whether it asks for help. */
static bool help_value(const char *program, const char *option, const char *value,
                       int *ret_status)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    bool later = false;

    for (guint i = 1; words[0] && words[i]; i++) {
        later |= is_help(words[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const char *key = lists[i].key, *first = words[0] ? words[0] : "";

        if (!g_str_equal(lists[i].option, option)) {
            continue;
        }
        first += key && g_str_has_prefix(first, key) ? strlen(key) : 0;
        if (is_help(first)) {
            lists[i].list();
            *ret_status = EXIT_OK;
            return true;
        }
        if (later && lists[i].end) {
            *ret_status = print_properties(program, option, first, lists[i].end);
            return true;
        }
    }
    return false;
}

typedef struct {
    const char *name;           /* wanted */
    bool takes;                 /* it has an argument */
} Search;

static bool match(const char *name, const char *argument, const char *fate, void *data)
{
    Search *search = data;

    if (!g_str_equal(name, search->name)) {
        return true;
    }
    search->takes = argument != NULL;
    return false;
}

bool front_help(const char *program, int n_args, const char *const *args, int *ret_status)
{
    for (int i = 0; i < n_args; i++) {
        Search search = { .name = args[i] + (args[i][0] == '-') + g_str_has_prefix(args[i], "--") };

        *ret_status = EXIT_OK;
        if (args[i][0] != '-') {
            continue;
        }
        if (g_str_equal(search.name, "version")) {
            print_version();
            return true;
        }
        if (g_str_equal(search.name, "help") || g_str_equal(search.name, "h")) {
            print_help(program);
            return true;
        }
        translate_foreach_option(match, &search);
        if (search.takes && i + 1 < n_args &&
            help_value(program, search.name, args[++i], ret_status)) {
            return true;
        }
    }
    return false;
}
