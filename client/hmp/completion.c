/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion: what the last word of a line could be.  Commands, classes and properties are in the
 * schema; what exists is asked for.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/line.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-object.h"

static void offer(HmpLine *line, const char *before, const char *word, const char *after)
{
    const char *wanted = line->text + strlen(line->text) - line->completed;
    char *candidate = g_strconcat(before, word, after, NULL);

    if (*word && g_str_has_prefix(candidate, wanted)) {
        g_ptr_array_add(line->candidates, candidate);
    } else {
        g_free(candidate);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ---- Commands ---- */

static void offer_commands(HmpLine *line, bool info)
{
    for (HmpCommandId id = 0; id < HMP_N_COMMANDS; id++) {
        g_autofree char *name = hmp_row_name(id);

        if (g_str_has_prefix(name, "info ") == info && hmp_row_qmp(id)[0] != '-') {
            offer(line, "", name + (info ? 5 : 0), "");
        }
    }
}

/* ---- What exists ---- */

/* Candidates are what stands before the value in the word ("netdev="), and the value. */
static const char *prefix_of(const HmpLine *line)
{
    return json_is_string(line->keep) ? json_string_value(line->keep) : "";
}

static void offer_members(HmpLine *line, const json_t *list, const char *member)
{
    const json_t *entry;
    gsize i;

    json_array_foreach(list, i, entry) {
        offer(line, prefix_of(line), hmp_str(entry, member), "");
    }
}

static void on_children(HmpLine *line, const json_t *reply)
{
    const json_t *child;
    gsize i;

    json_array_foreach(reply, i, child) {
        if (g_str_has_prefix(hmp_str(child, "type"), "child<")) {
            offer(line, prefix_of(line), hmp_str(child, "name"), "");
        }
    }
}

static void on_chardevs(HmpLine *line, const json_t *reply)
{
    offer_members(line, reply, "label");
}

static void on_drives(HmpLine *line, const json_t *reply)
{
    offer_members(line, reply, "device");
    offer_members(line, reply, "qdev");
}

static void on_nodes(HmpLine *line, const json_t *reply)
{
    offer_members(line, reply, "node-name");
}

static void on_traces(HmpLine *line, const json_t *reply)
{
    offer_members(line, reply, "name");
}

static void on_properties(HmpLine *line, const json_t *reply)
{
    const json_t *property;
    gsize i;

    json_array_foreach(reply, i, property) {
        if (!g_str_has_prefix(hmp_str(property, "type"), "child<")) {
            offer(line, "", hmp_str(property, "name"), "");
        }
    }
}

static void ask_children(HmpLine *line, const char *path)
{
    hmp_ask_quietly(line, "qom-list", json_pack("{s:s}", "path", path), on_children);
}

static void ask_path(HmpLine *line, const char *word)
{
    const char *slash = strrchr(word, '/');
    g_autofree char *parent = g_strndup(word, slash ? slash - word : 0);
    g_autofree char *prefix = g_strconcat(parent, "/", NULL);

    line->keep = json_string(prefix);
    ask_children(line, *parent ? parent : "/");
}

/* What the links of a class can lead to. */
static void ask_targets(HmpLine *line, const QmpClass *target)
{
    const QmpClassPlace *place = qmp_class_place(target);

    if (place && !place->single) {
        ask_children(line, place->path);
    } else {
        ask_children(line, "/objects");
        ask_children(line, "/machine/peripheral");
    }
}

/* ---- Options: class, then property=value ---- */

static void offer_classes(HmpLine *line, const QmpType *type)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if (qmp_class_is_a(klass, qmp_class(type->root)) && !(klass->flags & QMP_CLASS_ABSTRACT) &&
            (klass->flags & type->root_flags) == type->root_flags) {
            offer(line, "", klass->name, "");
        }
    }
}

static void offer_keys(HmpLine *line, const QmpType *type)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (!(member->flags & (QMP_MEMBER_INTERNAL | QMP_MEMBER_READONLY))) {
            offer(line, "", qmp_name(member->name), "=");
        }
    }
}

static void offer_values(HmpLine *line, const QmpMember *member, const char *prefix)
{
    const QmpType *type = qmp_type(member->type);

    if (type->kind == QMP_KIND_BOOL) {
        offer(line, prefix, "on", "");
        offer(line, prefix, "off", "");
    }
    for (guint i = 0; type->kind == QMP_KIND_ENUM && i < type->n_values; i++) {
        offer(line, prefix, qmp_enum_name(type, i), "");
    }
    if (type->kind == QMP_KIND_LINK) {
        line->keep = json_string(prefix);
        ask_targets(line, qmp_class(type->target));
    }
}

/* The members that one value of a union's tag adds. */
static const QmpType *branch_of(const QmpType *type, const char *value)
{
    const QmpType *tag = qmp_type(qmp_members(type)[type->tag].type);
    int i = qmp_enum_parse(tag, value);

    return i >= 0 ? qmp_type(qmp_branches(type)[i].type) : NULL;
}

/* The key's row: of the class or branch, or of what all have. */
static const QmpMember *find_row(const QmpType *type, const char *key)
{
    for (guint i = 0; type && i < type->n_members; i++) {
        if (g_str_equal(qmp_name(qmp_members(type)[i].name), key)) {
            return &qmp_members(type)[i];
        }
    }
    return NULL;
}

static void complete_key(HmpLine *line, const QmpType *type, const char *first, const char *word)
{
    const bool classes = type->kind == QMP_KIND_CLASS_UNION;
    const QmpClass *klass = classes ? qmp_class_find(first) : NULL;
    const QmpType *rest = klass ? klass->props : classes ? NULL : branch_of(type, first);
    const char *equals = strchr(word, '=');

    line->completed = strlen(word);
    if (equals) {
        g_autofree char *key = g_strndup(word, equals - word);
        g_autofree char *prefix = g_strndup(word, equals + 1 - word);
        const QmpMember *member = find_row(rest, key);

        member = member ? member : find_row(type, key);
        if (member) {
            offer_values(line, member, prefix);
        }
        return;
    }
    offer_keys(line, type);
    if (rest) {
        offer_keys(line, rest);
    }
}

static void complete_options(HmpLine *line, const QmpType *type, const char *word)
{
    const char *comma = strrchr(word, ',');
    g_autofree char *first = g_strndup(word, strcspn(word, ","));

    if (comma) {
        complete_key(line, type, first, comma + 1);
    } else if (type->kind == QMP_KIND_CLASS_UNION) {
        offer_classes(line, type);
    } else {
        const QmpType *tag = qmp_type(qmp_members(type)[type->tag].type);

        for (guint i = 0; i < tag->n_values; i++) {
            offer(line, "", qmp_enum_name(tag, i), "");
        }
    }
}

/* ---- Arguments ---- */

static void complete_options_of(HmpLine *line, const char *word)
{
    switch (line->id) {
    case HMP_device_add:
        complete_options(line, &qmp_type_DeviceOptions, word);
        break;
    case HMP_object_add:
        complete_options(line, &qmp_type_ObjectOptions, word);
        break;
    case HMP_netdev_add:
        complete_options(line, &qmp_type_Netdev, word);
        break;
    default:
        break;
    }
}

static void complete_id(HmpLine *line)
{
    switch (line->id) {
    case HMP_object_del:
        ask_children(line, "/objects");
        break;
    case HMP_device_del:
        ask_children(line, "/machine/peripheral");
        break;
    case HMP_netdev_del:
    case HMP_set_link:
        ask_children(line, "/netdevs");
        break;
    case HMP_chardev_remove:
    case HMP_ringbuf_read:
    case HMP_ringbuf_write:
        hmp_ask_quietly(line, "query-chardev", NULL, on_chardevs);
        break;
    case HMP_drive_del:
        hmp_ask_quietly(line, "query-named-block-nodes", NULL, on_nodes);
        break;
    case HMP_trace_event:
        hmp_ask_quietly(line, "trace-event-get-state", json_pack("{s:s}", "name", "*"), on_traces);
        break;
    default:
        break;
    }
}

static void complete_argument(HmpLine *line, const HmpArgRow *row, const char *word,
                              const char *before)
{
    if (row->kind == HMP_ARG_ONOFF) {
        offer(line, "", "on", "");
        offer(line, "", "off", "");
    } else if (g_str_equal(row->name, "command")) {
        offer_commands(line, false);
    } else if (g_str_equal(row->name, "options")) {
        complete_options_of(line, word);
    } else if (g_str_equal(row->name, "path") && *word == '/') {
        ask_path(line, word);
    } else if (g_str_equal(row->name, "property")) {
        hmp_ask_quietly(line, "qom-list", json_pack("{s:s}", "path", before), on_properties);
    } else if (g_str_equal(row->name, "device") && line->id != HMP_ringbuf_read &&
               line->id != HMP_ringbuf_write) {
        hmp_ask_quietly(line, "query-block", NULL, on_drives);
    } else {
        complete_id(line);
    }
}

/* The row of the n-th argument that is not a flag. */
static bool find_arg_row(HmpCommandId id, guint n, HmpArgRow *ret)
{
    const char *rows = hmp_row_args(id);

    while (hmp_arg_next(&rows, ret)) {
        if (!ret->letter && ret->kind != HMP_ARG_FORMAT && !n--) {
            return true;
        }
    }
    return false;
}

/* words: the command's, then the arguments that are complete, then the one that is not. */
static void complete_words(HmpLine *line, char **words, guint n)
{
    const char *last = words[n - 1];
    bool info = n > 1 && g_str_equal(words[0], "info");
    g_autofree char *name = g_strconcat(words[0], info ? " " : NULL, info ? words[1] : NULL, NULL);
    guint first = info ? 2 : 1, flags = 0;
    HmpArgRow row;

    line->completed = strlen(last);
    if (n == 1 || n == first) {
        offer_commands(line, info);
        return;
    }
    line->id = hmp_find(name, strlen(name));
    for (guint i = first; i < n - 1; i++) {
        flags += words[i][0] == '-';
    }
    if (line->id < HMP_N_COMMANDS && find_arg_row(line->id, n - 1 - first - flags, &row)) {
        complete_argument(line, &row, last, words[n - 2]);
    }
}

HmpLine *hmp_completion_new(HmpMonitor *monitor, const char *text)
{
    HmpLine *line = hmp_line_bare(monitor, text);
    g_auto(GStrv) parts = g_strsplit_set(line->text, " \t", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    line->candidates = g_ptr_array_new_with_free_func(g_free);
    for (char **part = parts; *part; part++) {
        if (**part || !part[1]) {
            g_ptr_array_add(words, *part);
        }
    }
    if (words->len && strlen(line->text) <= HMP_LINE_MAX) {
        complete_words(line, (char **)words->pdata, words->len);
    }
    return line;
}

const GPtrArray *hmp_line_candidates(const HmpLine *line)
{
    g_ptr_array_sort(line->candidates, compare);
    return line->candidates;
}

gsize hmp_line_completed(const HmpLine *line)
{
    return line->completed;
}
