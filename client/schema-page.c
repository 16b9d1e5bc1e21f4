/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of commands, events and types, and what pages of classes share with them
 * (schema-class-page.c).
 */
#include "config.h"
#include "client/schema-page.h"

#include <event2/buffer.h>
#include <string.h>

#include "client/layout.h"
#include "qmp/describe.h"
#include "qmp/dispatch.h"
#include "qmp/qapi-types.h"
#include "qmp/visit.h"

#define INDENT 2

/* ---- Pieces ---- */

char *schema_value_text(QmpValue *value)
{
    struct evbuffer *buffer = evbuffer_new();
    char *text;

    qmp_encode_value(value, buffer);
    text = g_strndup((const char *)evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer));
    evbuffer_free(buffer);
    qmp_value_free(value);
    return text;
}

char *schema_type_text(const QmpType *type)
{
    if (type->kind == QMP_KIND_LINK) {
        return g_strdup_printf("link to %s", type->target->name);
    }
    if (type->kind == QMP_KIND_LIST) {
        return g_strdup_printf("list of %s", type->element->name);
    }
    return g_strdup(type->name);
}

void schema_page_head(const SchemaPage *page, const char *name, const char *noun, const char *doc)
{
    g_string_append_printf(page->out, "%s (%s)\n\n", name, noun);
    layout_paragraphs(page->out, doc, INDENT, page->width);
}

void schema_page_text(const SchemaPage *page, const char *title, const char *text)
{
    if (text && *text) {
        g_string_append_printf(page->out, "\n%s:\n", title);
        layout_paragraphs(page->out, text, INDENT, page->width);
    }
}

void schema_page_example(const SchemaPage *page, const char *text)
{
    if (*text) {
        g_string_append(page->out, "\nExample:\n");
        layout_lines(page->out, text, INDENT);
    }
}

/* ---- Members ---- */

static void add_bounds(GString *facts, const QmpMember *member)
{
    const bool has_min = member->flags & QMP_MEMBER_HAS_MIN;
    const bool has_max = member->flags & QMP_MEMBER_HAS_MAX;
    g_autofree char *min =
        has_min ? schema_value_text(qmp_bound_value(member->type, member->min)) : NULL;
    g_autofree char *max =
        has_max ? schema_value_text(qmp_bound_value(member->type, member->max)) : NULL;
    const char *unit = member->type->kind == QMP_KIND_STR ? " bytes"
                       : member->type->kind == QMP_KIND_LIST ? " elements" : "";

    if (has_min && has_max && g_str_equal(min, max)) {
        g_string_append_printf(facts, ", %s%s", min, unit);
    } else if (has_min && has_max) {
        g_string_append_printf(facts, ", %s to %s%s", min, max, unit);
    } else if (has_min) {
        g_string_append_printf(facts, ", at least %s%s", min, unit);
    } else if (has_max) {
        g_string_append_printf(facts, ", at most %s%s", max, unit);
    }
}

static void add_values(GString *facts, const QmpType *type)
{
    if (type->kind == QMP_KIND_LIST) {
        type = type->element;
    }
    for (guint i = 0; type->kind == QMP_KIND_ENUM && i < type->n_values; i++) {
        g_string_append_printf(facts, "%s%s", i == 0 ? " (" : ", ", type->values[i].name);
    }
    if (type->kind == QMP_KIND_ENUM) {
        g_string_append_c(facts, ')');
    }
}

static void add_marks(GString *facts, guint32 flags)
{
    const struct {
        guint32 flag;
        const char *text;
    } marks[] = {
        { QMP_MEMBER_READONLY, "read-only" },
        { QMP_MEMBER_RUN, "settable at run time" },
        { QMP_MEMBER_INTERNAL, "for machine types only" },
        { QMP_MEMBER_EXCLUSIVE, "exclusive" },
        { QMP_MEMBER_SECRET, "secret" },
        { QMP_MEMBER_UNSTABLE, "unstable" },
        { QMP_MEMBER_DEPRECATED, "deprecated" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (flags & marks[i].flag) {
            g_string_append_printf(facts, ", %s", marks[i].text);
        }
    }
}

static QmpValue *default_of(const QmpMember *member, const QmpClass *klass)
{
    if (klass) {
        return qmp_class_default(klass, member);
    }
    return member->flags & QMP_MEMBER_HAS_DEFAULT ? qmp_scalar_value(member->type, member->def)
                                                  : NULL;
}

/* Everything but the comment, on one line. */
static char *member_facts(const QmpMember *member, const QmpClass *klass)
{
    g_autofree char *type = schema_type_text(member->type);
    GString *facts = g_string_new(type);
    QmpValue *value = default_of(member, klass);

    add_values(facts, member->type);
    add_bounds(facts, member);
    if (value) {
        g_autofree char *text = schema_value_text(value);

        g_string_append_printf(facts, ", default %s", text);
    } else if (member->flags & QMP_MEMBER_OPTIONAL) {
        g_string_append(facts, ", optional");
    }
    add_marks(facts, member->flags);
    if (member->part) {
        g_string_append_printf(facts, ", of the part %s", member->part);
    }
    return g_string_free(facts, FALSE);
}

void schema_page_member(const SchemaPage *page, const QmpMember *member, const QmpClass *klass)
{
    g_autofree char *facts = member_facts(member, klass);
    g_autofree char *line = g_strdup_printf("%s: %s", member->name, facts);

    layout_hanging(page->out, line, INDENT, 5 * INDENT, page->width);
    layout_paragraphs(page->out, qmp_doc(member->doc), 3 * INDENT, page->width);
}

/* ---- Types ---- */

static void print_members(const SchemaPage *page, const QmpType *type)
{
    for (guint i = 0; i < type->n_members; i++) {
        schema_page_member(page, &type->members[i], NULL);
    }
}

/* What is behind the members of a union, by the value of its tag. */
static void print_branches(const SchemaPage *page, const QmpType *type)
{
    for (guint i = 0; i < type->n_branches; i++) {
        const QmpBranch *branch = &type->branches[i];

        if (branch->type) {
            g_string_append_printf(page->out, "\nIf %s is %s, also:\n", type->tag_name,
                                   branch->name);
            print_members(page, branch->type);
        }
    }
}

static void print_alternatives(const SchemaPage *page, const QmpType *type)
{
    g_string_append(page->out, "\nOne of:\n");
    for (guint i = 0; i < type->n_branches; i++) {
        g_autofree char *text = schema_type_text(type->branches[i].type);

        layout_paragraphs(page->out, text, INDENT, page->width);
        layout_paragraphs(page->out, qmp_doc(type->branches[i].doc), 3 * INDENT, page->width);
    }
}

static void print_values(const SchemaPage *page, const QmpType *type)
{
    g_string_append(page->out, "\nValues:\n");
    for (guint i = 0; i < type->n_values; i++) {
        const QmpEnumValue *value = &type->values[i];
        GString *line = g_string_new(value->name);

        add_marks(line, value->flags);
        layout_paragraphs(page->out, line->str, INDENT, page->width);
        layout_paragraphs(page->out, qmp_doc(value->doc), 3 * INDENT, page->width);
        g_string_free(line, TRUE);
    }
}

/* Whether a request may name the class; devices of machine types are known, but refused. */
static bool may_be_named(const QmpType *type, const QmpClass *klass)
{
    return qmp_class_is_a(klass, type->root) && !(klass->flags & QMP_CLASS_ABSTRACT) &&
           klass->plug != QMP_PLUG_BOARD &&
           (klass->flags & type->root_flags) == type->root_flags;
}

/* The classes that a class union takes. */
static void print_classes(const SchemaPage *page, const QmpType *type)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *title = g_strdup_printf("Classes that %s may name", type->tag_name);

    for (guint i = 0; i < qmp_n_classes; i++) {
        if (may_be_named(type, qmp_classes[i])) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", qmp_classes[i]->name);
        }
    }
    schema_page_text(page, title, names->str);
}

/* Members of arguments, data or a type, below a title. */
static void print_content(const SchemaPage *page, const char *title, const QmpType *type)
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
                               "      'vmctl schema classes NAME'\n", type->tag_name);
    }
    print_members(page, type);
    if (type->kind == QMP_KIND_UNION) {
        print_branches(page, type);
    } else if (type->kind == QMP_KIND_CLASS_UNION) {
        print_classes(page, type);
    }
}

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

static void print_type(const SchemaPage *page, const QmpManualType *manual)
{
    const QmpType *type = manual->type;
    const char *text = built_in_text(type);

    schema_page_head(page, type->name, text ? "built-in type" : "type",
                     text ? text : qmp_doc(type->doc));
    if (!text) {
        print_content(page, "Members", type);
    }
    schema_page_text(page, "Notes", qmp_manual_text(manual->notes));
    schema_page_text(page, "Since", qmp_manual_text(manual->since));
}

/* ---- Commands and events ---- */

static char *states_text(guint32 states)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < qmp_type_RunState.n_values; i++) {
        if (states >> i & 1) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   qmp_type_RunState.values[i].name);
        }
    }
    return g_string_free(names, FALSE);
}

static void print_how(const SchemaPage *page, const QmpManualEntry *entry)
{
    g_autofree char *states = entry->states == G_MAXUINT32 ? NULL : states_text(entry->states);
    GString *how = g_string_new(NULL);

    g_string_append(how, entry->flags & QMP_COMMAND_QUERY ? "changes nothing" : "");
    if (entry->flags & QMP_COMMAND_OOB) {
        g_string_append_printf(how, "%scan be executed out of band", how->len ? ", " : "");
    }
    if (entry->flags & QMP_COMMAND_LENIENT) {
        g_string_append_printf(how, "%stakes strings for bools, numbers and sizes",
                               how->len ? ", " : "");
    }
    schema_page_text(page, "Kind", how->str);
    schema_page_text(page, "Run states that allow it", states ? states : "all");
    g_string_free(how, TRUE);
}

static void print_command(const SchemaPage *page, const QmpManualEntry *entry)
{
    schema_page_head(page, entry->name, "command", qmp_manual_text(entry->doc));
    if (entry->data) {
        print_content(page, "Arguments", entry->data);
    }
    if (entry->ret) {
        g_autofree char *type = schema_type_text(entry->ret);
        g_autofree char *text = g_strdup_printf("%s: %s", type,
                                                qmp_manual_text(entry->returns));

        schema_page_text(page, "Returns", text);
    }
    schema_page_text(page, "Errors", qmp_manual_text(entry->errors));
    print_how(page, entry);
}

static bool sends(const QmpClass *klass, const char *event)
{
    return klass && klass->events && g_strv_contains(klass->events, event);
}

/* Whether it is not just a parent or a part that sends the event. */
static bool sends_itself(const QmpClass *klass, const char *event)
{
    for (guint i = 0; i < klass->n_parts; i++) {
        if (sends(klass->parts[i].driver, event)) {
            return false;
        }
    }
    return sends(klass, event) && !sends(klass->parent, event);
}

static char *senders(const char *event)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if (sends_itself(klass, event)) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", klass->name);
        }
    }
    return g_string_free(names, FALSE);
}

static void print_event(const SchemaPage *page, const QmpManualEntry *entry)
{
    g_autofree char *classes = senders(entry->name);

    schema_page_head(page, entry->name, "event", qmp_manual_text(entry->doc));
    if (entry->data) {
        print_content(page, "Data", entry->data);
    }
    schema_page_text(page, "Sent by objects of", classes);
}

static void print_entry(const SchemaPage *page, const SchemaItem *item)
{
    const QmpManualEntry *entry = item->entry;

    if (item->kind == SCHEMA_EVENTS) {
        print_event(page, entry);
    } else {
        print_command(page, entry);
    }
    schema_page_text(page, "Features", qmp_manual_text(entry->features));
    schema_page_text(page, "Notes", qmp_manual_text(entry->notes));
    schema_page_example(page, qmp_manual_text(entry->example));
    schema_page_text(page, "Since", qmp_manual_text(entry->since));
}

void schema_page_item(const SchemaPage *page, const SchemaItem *item)
{
    switch (item->kind) {
    case SCHEMA_COMMANDS:
    case SCHEMA_EVENTS:
        print_entry(page, item);
        break;
    case SCHEMA_TYPES:
        print_type(page, item->type);
        break;
    case SCHEMA_FEATURES:
        schema_page_feature(page, item->feature);
        break;
    default:
        schema_page_class(page, item);
    }
}
