/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of commands and events, and code that the pages of types
 * (schema-type-page.c) and classes (schema-class-page.c) share with them.
 */
#include "config.h"
#include "client/schema-page.h"

#include <event2/buffer.h>
#include <string.h>

#include "client/layout.h"
#include "qmp/describe.h"
#include "qmp/dispatch.h"
#include "qmp/qapi-types-run-state.h"
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
        return g_strdup_printf("link to %s", qmp_class(type->target)->name);
    }
    if (type->kind == QMP_KIND_LIST) {
        return g_strdup_printf("list of %s", qmp_name(qmp_type(type->element)->name));
    }
    return g_strdup(qmp_name(type->name));
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
        has_min ? schema_value_text(qmp_bound_value(qmp_type(member->type), member->min)) : NULL;
    g_autofree char *max =
        has_max ? schema_value_text(qmp_bound_value(qmp_type(member->type), member->max)) : NULL;
    const char *unit = qmp_type(member->type)->kind == QMP_KIND_STR ? " bytes"
                       : qmp_type(member->type)->kind == QMP_KIND_LIST ? " elements" : "";

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
        type = qmp_type(type->element);
    }
    for (guint i = 0; type->kind == QMP_KIND_ENUM && i < type->n_values; i++) {
        g_string_append_printf(facts, "%s%s", i == 0 ? " (" : ", ",
                               qmp_name(qmp_values(type)[i].name));
    }
    if (type->kind == QMP_KIND_ENUM) {
        g_string_append_c(facts, ')');
    }
}

static void add_only(GString *facts, const QmpMember *member)
{
    const QmpType *type = qmp_type(member->type);

    if (type->kind == QMP_KIND_UNION) {
        type = qmp_type(qmp_members(type)[type->tag].type);
    }
    for (guint i = 0; i < member->n_only; i++) {
        g_autofree char *text = schema_value_text(qmp_scalar_value(type, qmp_only(member)[i]));

        g_string_append_printf(facts, "%s%s", i ? ", " : "; only ", text);
    }
}

void schema_page_marks(GString *facts, guint32 flags)
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
    return member->flags & QMP_MEMBER_HAS_DEFAULT
           ? qmp_scalar_value(qmp_type(member->type), member->def) : NULL;
}

/* Everything except the comment, on one line. */
static char *member_facts(const QmpMember *member, const QmpClass *klass)
{
    g_autofree char *type = schema_type_text(qmp_type(member->type));
    GString *facts = g_string_new(type);
    QmpValue *value = default_of(member, klass);

    add_values(facts, qmp_type(member->type));
    add_bounds(facts, member);
    add_only(facts, member);
    if (value) {
        g_autofree char *text = schema_value_text(value);

        g_string_append_printf(facts, ", default %s", text);
    } else if (member->flags & QMP_MEMBER_OPTIONAL) {
        g_string_append(facts, ", optional");
    }
    schema_page_marks(facts, member->flags);
    if (member->part) {
        g_string_append_printf(facts, ", of the part %s", qmp_name(member->part));
    }
    return g_string_free(facts, FALSE);
}

void schema_page_member(const SchemaPage *page, const QmpMember *member, const QmpClass *klass)
{
    g_autofree char *facts = member_facts(member, klass);
    g_autofree char *line = g_strdup_printf("%s: %s", qmp_name(member->name), facts);

    layout_hanging(page->out, line, INDENT, 5 * INDENT, page->width);
    layout_paragraphs(page->out, qmp_doc(member->doc), 3 * INDENT, page->width);
}

/* ---- Commands and events ---- */

static char *states_text(guint32 states)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < qmp_type_RunState.n_values; i++) {
        if (states >> i & 1) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   qmp_name(qmp_values(&qmp_type_RunState)[i].name));
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
    if ((entry->flags & (QMP_COMMAND_DURING_BUILD | QMP_COMMAND_QUERY | QMP_COMMAND_OOB)) ==
        QMP_COMMAND_DURING_BUILD) {
        g_string_append_printf(how, "%sdoes not wait for a build", how->len ? ", " : "");
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
        schema_page_content(page, "Arguments", entry->data);
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
    const char *const *events = klass ? qmp_class_events(klass) : NULL;

    return events && g_strv_contains(events, event);
}

/* Whether the class itself sends the event, and not just a parent or a part. */
static bool sends_itself(const QmpClass *klass, const char *event)
{
    for (guint i = 0; i < klass->n_parts; i++) {
        if (sends(qmp_class(klass->parts[i].driver), event)) {
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
        schema_page_content(page, "Data", entry->data);
    }
    schema_page_text(page, "Rate", qmp_manual_text(entry->rate));
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
        schema_page_type(page, item->type);
        break;
    case SCHEMA_FEATURES:
        schema_page_feature(page, item->feature);
        break;
    default:
        schema_page_class(page, item);
    }
}
