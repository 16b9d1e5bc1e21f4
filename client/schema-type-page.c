/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of types, and the content of types, which arguments and events show, too.
 */
#include "config.h"

#include "client/layout.h"
#include "client/schema-page.h"

#define INDENT 2

/* ---- What is in it ---- */

static void print_members(const SchemaPage *page, const QmpType *type)
{
    for (guint i = 0; i < type->n_members; i++) {
        schema_page_member(page, &qmp_members(type)[i], NULL);
    }
}

/* The branches of a union, by the value of its tag. */
static void print_branches(const SchemaPage *page, const QmpType *type)
{
    for (guint i = 0; i < type->n_branches; i++) {
        const QmpBranch *branch = &qmp_branches(type)[i];

        if (qmp_type(branch->type)) {
            g_string_append_printf(page->out, "\nIf %s is %s, also:\n", qmp_name(type->tag_name),
                                   qmp_name(branch->name));
            print_members(page, qmp_type(branch->type));
        }
    }
}

static void print_alternatives(const SchemaPage *page, const QmpType *type)
{
    g_string_append(page->out, "\nOne of:\n");
    for (guint i = 0; i < type->n_branches; i++) {
        g_autofree char *text = schema_type_text(qmp_type(qmp_branches(type)[i].type));

        layout_paragraphs(page->out, text, INDENT, page->width);
        layout_paragraphs(page->out, qmp_doc(qmp_branches(type)[i].doc), 3 * INDENT, page->width);
    }
}

static void print_values(const SchemaPage *page, const QmpType *type)
{
    g_string_append(page->out, "\nValues:\n");
    for (guint i = 0; i < type->n_values; i++) {
        const QmpEnumValue *value = &qmp_values(type)[i];
        GString *line = g_string_new(qmp_name(value->name));

        schema_page_marks(line, value->flags);
        layout_paragraphs(page->out, line->str, INDENT, page->width);
        layout_paragraphs(page->out, qmp_doc(value->doc), 3 * INDENT, page->width);
        g_string_free(line, TRUE);
    }
}

/* Whether a request may name the class; devices of machine types are known, but refused. */
static bool may_be_named(const QmpType *type, const QmpClass *klass)
{
    return qmp_class_is_a(klass, qmp_class(type->root)) && !(klass->flags & QMP_CLASS_ABSTRACT) &&
           klass->plug != QMP_PLUG_BOARD &&
           (klass->flags & type->root_flags) == type->root_flags;
}

/* The classes that a class union takes. */
static void print_classes(const SchemaPage *page, const QmpType *type)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *title = g_strdup_printf("Classes that %s may name", qmp_name(type->tag_name));

    for (guint i = 0; i < qmp_n_classes; i++) {
        if (may_be_named(type, qmp_classes[i])) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", qmp_classes[i]->name);
        }
    }
    schema_page_text(page, title, names->str);
}

void schema_page_content(const SchemaPage *page, const char *title, const QmpType *type)
{
    if (type->kind == QMP_KIND_ENUM) {
        print_values(page, type);
        return;
    }
    if (type->kind == QMP_KIND_ALTERNATE) {
        print_alternatives(page, type);
        return;
    }
    if (type->n_members > 0 || type->kind == QMP_KIND_CLASS_UNION) {
        g_string_append_printf(page->out, "\n%s:\n", title);
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        g_string_append_printf(page->out, "  %s: name of a class\n"
                               "      the class, whose properties are members, too; see\n"
                               "      'vmctl schema classes NAME'\n", qmp_name(type->tag_name));
    }
    print_members(page, type);
    if (type->kind == QMP_KIND_UNION) {
        print_branches(page, type);
    } else if (type->kind == QMP_KIND_CLASS_UNION) {
        print_classes(page, type);
    }
}

/* ---- Who uses it ---- */

static bool is_of(const QmpType *type, const QmpType *wanted)
{
    return type == wanted ||
           (type && type->kind == QMP_KIND_LIST && qmp_type(type->element) == wanted);
}

/* Whether a member or branch of holder is of the type, or a list of it. */
static bool has_member_of(const QmpType *holder, guint32 first, const QmpType *wanted)
{
    for (guint32 i = first; i < holder->n_members; i++) {
        if (is_of(qmp_type(qmp_members(holder)[i].type), wanted)) {
            return true;
        }
    }
    for (guint32 i = 0; i < holder->n_branches; i++) {
        const QmpType *branch = qmp_type(qmp_branches(holder)[i].type);

        /* The type of a wrapped branch has no name of its own. */
        if (branch && (branch == wanted || has_member_of(branch, 0, wanted))) {
            return true;
        }
    }
    return false;
}

static void add_user(GString *users, const char *name)
{
    g_string_append_printf(users, "%s%s", users->len ? ", " : "", name);
}

/* Arguments and data that have no name belong to the command or event. */
static void add_entries(GString *users, const QmpManualEntry *entries, guint n,
                        const QmpType *wanted)
{
    for (guint i = 0; i < n; i++) {
        const QmpType *data = entries[i].data;

        if (is_of(data, wanted) || is_of(entries[i].ret, wanted) ||
            (data && has_member_of(data, 0, wanted))) {
            add_user(users, entries[i].name);
        }
    }
}

static char *users_of(const QmpType *wanted)
{
    GString *users = g_string_new(NULL);

    add_entries(users, qmp_manual_commands, qmp_n_manual_commands, wanted);
    add_entries(users, qmp_manual_events, qmp_n_manual_events, wanted);
    for (guint i = 0; i < qmp_n_manual_types; i++) {
        if (has_member_of(qmp_manual_types[i].type, 0, wanted)) {
            add_user(users, qmp_name(qmp_manual_types[i].type->name));
        }
    }
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];
        guint32 inherited = klass->parent ? klass->parent->props->n_members : 0;

        if (has_member_of(klass->props, inherited, wanted)) {
            add_user(users, klass->name);
        }
    }
    return g_string_free(users, FALSE);
}

/* ---- The page ---- */

static const char *built_in_text(const QmpType *type)
{
    static const char *const texts[QMP_KIND_ANY + 1] = {
        [QMP_KIND_NULL] = "JSON's null.",
        [QMP_KIND_BOOL] = "true or false.",
        [QMP_KIND_INT8] = "An integer from -128 to 127.",
        [QMP_KIND_INT16] = "An integer from -32768 to 32767.",
        [QMP_KIND_INT32] = "An integer from -2147483648 to 2147483647.",
        [QMP_KIND_INT64] = "An integer from -2^63 to 2^63-1.",
        [QMP_KIND_UINT8] = "An integer from 0 to 255.",
        [QMP_KIND_UINT16] = "An integer from 0 to 65535.",
        [QMP_KIND_UINT32] = "An integer from 0 to 4294967295.",
        [QMP_KIND_UINT64] = "An integer from 0 to 2^64-1.",
        [QMP_KIND_SIZE] = "A number of bytes from 0 to 2^64-1.  As text (device_add, QEMU's "
                          "options) it may have a suffix: K, M, G, T, P or E.",
        [QMP_KIND_NUMBER] = "A number with or without a fraction.",
        [QMP_KIND_STR] = "A string.",
        [QMP_KIND_ANY] = "Any JSON value.",
    };

    return texts[type->kind];
}

void schema_page_type(const SchemaPage *page, const QmpManualType *manual)
{
    const QmpType *type = manual->type;
    const char *text = built_in_text(type);

    schema_page_head(page, qmp_name(type->name), text ? "built-in type" : "type",
                     text ? text : qmp_doc(type->doc));
    if (!text) {
        g_autofree char *users = users_of(type);

        schema_page_content(page, "Members", type);
        schema_page_text(page, "Used by", users);
    }
    schema_page_text(page, "Notes", qmp_manual_text(manual->notes));
    schema_page_text(page, "Since", qmp_manual_text(manual->since));
}
