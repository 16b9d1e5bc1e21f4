/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding: from a node of any input to a typed value, by the rows.
 *
 * This file has objects, lists, unions and alternates; scalars are in
 * decode-scalar.c.  Each object counts the members that its rows took; only if
 * the input has more is the unknown member searched for.
 */
#include "config.h"
#include "qmp/decode.h"

#include <string.h>

#include "qmp/storage.h"
#include "qmp/text.h"

/* One object being decoded: the rows of its base, branch and class all take
 * their members from the same node. */
typedef struct {
    const QmpInput *input;
    const void *node;
    gsize left;                 /* members that no row has taken yet */
    const QmpPlace *place;
} Source;

static bool decode_value(const QmpInput *input, const QmpType *type, const void *node,
                         void *storage, const QmpPlace *place, GError **error);
static bool decode_object(Source *source, const QmpType *type, void *object, GError **error);

/* members */

static bool check_settable(const Source *source, const QmpMember *member,
                           const QmpPlace *place, GError **error)
{
    if (member->flags & QMP_MEMBER_READONLY) {
        return qmp_decode_fail(place, error, ERROR_REASON_PROPERTY_READ_ONLY,
                               "can only be read");
    }
    if (member->flags & QMP_MEMBER_INTERNAL && !source->input->allow_internal) {
        return qmp_decode_fail(place, error, ERROR_REASON_INTERNAL_PROPERTY,
                               "is internal: only a machine type may set it");
    }
    return true;
}

/* In lenient mode null stands for an optional string that is absent. */
static bool means_absent(const Source *source, const QmpMember *member, const void *item)
{
    return source->input->mode == QMP_INPUT_LENIENT &&
           qmp_type(member->type)->kind == QMP_KIND_STR &&
           member->flags & QMP_MEMBER_OPTIONAL &&
           source->input->ops->kind(item) == QMP_VALUE_NULL;
}

static bool decode_present(Source *source, const QmpMember *member, const void *item,
                           void *object, GError **error)
{
    QmpPlace place = { .up = source->place, .name = qmp_name(member->name), .row = member };
    void *storage = qmp_member_storage(member, object);
    QmpInput input = *source->input;

    if (!check_settable(source, member, &place, error) ||
        !qmp_decode_judge(&input, &place, member->flags, NULL, error)) {
        return false;
    }
    if (means_absent(source, member, item)) {
        return qmp_decode_judge_lenient(&input, &place, item, "a string", error);
    }
    if (member->flags & QMP_MEMBER_LENIENT) {
        input.mode = QMP_INPUT_LENIENT;
    }
    qmp_clear(qmp_type(member->type), storage);           /* the default */
    if (!decode_value(&input, qmp_type(member->type), item, storage, &place, error)) {
        return false;
    }
    if (member->has_offset >= 0) {
        *qmp_member_has(member, object) = true;
    }
    return true;
}

static const void *get_by_alias(const Source *source, const QmpMember *member)
{
    const void *item = NULL;

    for (guint i = 0; !item && i < qmp_n_member_aliases; i++) {
        if (qmp_member_aliases[i].name == member->name) {
            item = source->input->ops->dict_get(source->node,
                                                qmp_name(qmp_member_aliases[i].alias));
        }
    }
    return item;
}

/* The rows of one struct.  Records in given, if not NULL, which members were present. */
static bool decode_members(Source *source, const QmpType *type, void *object,
                           QmpGiven *given, GError **error)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];
        const void *item = NULL;

        if (source->left) {
            item = source->input->ops->dict_get(source->node, qmp_name(member->name));
        }
        if (source->left && !item && member->flags & QMP_MEMBER_ALIAS) {
            item = get_by_alias(source, member);
        }
        if (item) {
            source->left--;
            if (!decode_present(source, member, item, object, error)) {
                return false;
            }
            if (given) {
                given[i / 8] |= 1 << i % 8;
            }
        } else if (!(member->flags & QMP_MEMBER_OPTIONAL)) {
            QmpPlace place = { .up = source->place, .name = qmp_name(member->name) };

            return qmp_decode_fail(&place, error, ERROR_REASON_PROPERTY_MISSING,
                                   "is missing");
        }
    }
    return true;
}

/* class unions */

static bool class_allowed(const QmpType *type, const QmpClass *klass)
{
    return qmp_class_is_a(klass, qmp_class(type->root)) &&
           (klass->flags & type->root_flags) == type->root_flags &&
           !(klass->flags & QMP_CLASS_ABSTRACT);
}

static bool fail_class(const QmpType *type, const QmpClass *klass, const char *name,
                       const QmpPlace *place, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(name), *hint = NULL;
    QmpNearest nearest;

    if (klass && klass->flags & QMP_CLASS_ABSTRACT) {
        return qmp_decode_fail(place, error, ERROR_REASON_CLASS_ABSTRACT,
                               "names the abstract class %s", quoted);
    }
    if (klass && qmp_class_is_a(klass, qmp_class(type->root))) {
        return qmp_decode_fail(place, error, ERROR_REASON_NOT_USER_CREATABLE,
                               "names the class %s, which only machine types use", quoted);
    }
    if (klass) {
        return qmp_decode_fail(place, error, ERROR_REASON_CLASS_NOT_FOUND,
                               "does not take the class %s", quoted);
    }
    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < qmp_n_class_names; i++) {
        if (class_allowed(type, qmp_class(qmp_class_names[i].klass))) {
            qmp_nearest_add(&nearest, qmp_name(qmp_class_names[i].name));
        }
    }
    hint = qmp_nearest_hint(&nearest);
    return qmp_decode_fail(place, error, ERROR_REASON_CLASS_NOT_FOUND,
                           "names the unknown class %s%s", quoted, hint);
}

/* The class and the name (an alias) may each carry marks. */
static bool judge_class(Source *source, const QmpPlace *place, const QmpClassName *row,
                        GError **error)
{
    const guint32 flags = row->flags | qmp_class(row->klass)->flags;
    g_autofree char *what = NULL;

    if (!(flags & QMP_MARKS)) {
        return true;
    }
    what = g_strdup_printf("class name '%s'", qmp_name(row->name));
    return qmp_decode_judge(source->input, place, flags, what, error);
}

static const QmpClass *decode_class(Source *source, const QmpType *type, GError **error)
{
    QmpPlace place = { .up = source->place, .name = qmp_name(type->tag_name) };
    const void *item = source->input->ops->dict_get(source->node, qmp_name(type->tag_name));
    const QmpClassName *row;
    const QmpClass *klass;
    const char *name;

    if (!item) {
        qmp_decode_fail(&place, error, ERROR_REASON_PROPERTY_MISSING, "is missing");
        return NULL;
    }
    source->left--;
    name = qmp_decode_text(source->input, &place, item, "a string", error);
    if (!name) {
        return NULL;
    }
    row = qmp_class_name_find(name);
    klass = row ? qmp_class(row->klass) : NULL;
    if (!klass || !class_allowed(type, klass)) {
        fail_class(type, klass, name, &place, error);
        return NULL;
    }
    return judge_class(source, &place, row, error) ? klass : NULL;
}

static bool decode_class_union(Source *source, const QmpType *type, void *object,
                               GError **error)
{
    const QmpClass *klass = decode_class(source, type, error);
    QmpGiven *given;
    void *props;

    if (!klass) {
        return false;
    }
    props = qmp_new_props(klass);
    given = g_new0(QmpGiven, klass->props->n_members / 8 + 1);
    *qmp_class_union_class(type, object) = klass;
    *qmp_class_union_props(type, object) = props;
    *qmp_class_union_given(type, object) = given;
    return decode_members(source, klass->props, props, given, error);
}

/* objects */

/* The row of a union says which values its tag may have. */
static bool check_tag(const Source *source, const QmpType *type, const void *object,
                      GError **error)
{
    const QmpMember *tag = &qmp_members(type)[type->tag];
    const QmpMember *row = source->place ? source->place->row : NULL;
    const QmpPlace place = { .up = source->place, .name = qmp_name(tag->name) };
    const int value = *(const int *)qmp_member_storage(tag, (void *)object);

    return !row || qmp_type(row->type) != type ||
           qmp_decode_check_only(&place, row, qmp_type(tag->type), (QmpScalar){ .u = value },
                                 error);
}

static bool decode_object(Source *source, const QmpType *type, void *object, GError **error)
{
    const QmpBranch *branch;

    qmp_fill_defaults(type, object);
    if (!decode_members(source, type, object, NULL, error)) {
        return false;
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        return decode_class_union(source, type, object, error);
    }
    if (type->kind != QMP_KIND_UNION) {
        return true;
    }
    if (!check_tag(source, type, object, error)) {
        return false;
    }
    branch = qmp_union_branch(type, object);
    return !branch ||
           decode_object(source, qmp_type(branch->type), (char *)object + type->u_offset, error);
}

/* Calls f for each name that the object takes, as far as it is decoded, until f
 * returns true. Returns true if f did. */
static bool each_name(const QmpType *type, const void *object,
                      bool (*f)(const char *name, void *data), void *data)
{
    const QmpBranch *branch;
    const QmpClass *klass;

    for (guint i = 0; i < type->n_members; i++) {
        if (f(qmp_name(qmp_members(type)[i].name), data)) {
            return true;
        }
    }
    if (type->kind == QMP_KIND_UNION) {
        branch = qmp_union_branch(type, object);
        return branch &&
               each_name(qmp_type(branch->type), (const char *)object + type->u_offset, f, data);
    }
    if (type->kind == QMP_KIND_CLASS_UNION) {
        klass = *qmp_class_union_class(type, object);
        return f(qmp_name(type->tag_name), data) ||
               each_name(klass->props, *qmp_class_union_props(type, object), f, data);
    }
    return false;
}

typedef struct {
    const QmpType *type;
    const void *object;
    const char *unknown;        /* result */
    GHashTable *seen;
} UnknownSearch;

static bool name_is(const char *name, void *data)
{
    return !strcmp(name, data);
}

static bool stop_at_unknown(const char *key, const void *item, void *data)
{
    UnknownSearch *search = data;

    if (!each_name(search->type, search->object, name_is, (void *)key)) {
        search->unknown = key;
        return false;
    }
    return true;
}

static bool stop_at_duplicate(const char *key, const void *item, void *data)
{
    UnknownSearch *search = data;

    if (!g_hash_table_add(search->seen, (void *)key)) {
        search->unknown = key;
        return false;
    }
    return true;
}

static bool offer_name(const char *name, void *data)
{
    qmp_nearest_add(data, name);
    return false;
}

/* The first member that no row knows, or NULL; *nearest gets the name that it may stand for. */
static const char *find_unknown(const Source *source, const QmpType *type, const void *object,
                                QmpNearest *nearest)
{
    UnknownSearch search = { .type = type, .object = object };

    if (source->input->ops->dict_foreach(source->node, stop_at_unknown, &search)) {
        return NULL;
    }
    qmp_nearest_init(nearest, search.unknown);
    each_name(type, object, offer_name, nearest);
    return search.unknown;
}

/* Why a struct, or the chosen branch of a union, does not support this member; NULL: it does
 * not know the name. */
static const char *why_unsupported(const QmpType *type, const void *object, const char *name)
{
    const QmpBranch *branch;

    for (guint i = 0; i < type->n_unsupported; i++) {
        if (g_str_equal(qmp_name(qmp_unsupported(type)[i].name), name)) {
            return qmp_name(qmp_unsupported(type)[i].why);
        }
    }
    branch = type->kind == QMP_KIND_UNION ? qmp_union_branch(type, object) : NULL;
    return branch ? why_unsupported(qmp_type(branch->type),
                                    (const char *)object + type->u_offset, name) : NULL;
}

/* More members than rows: names the surplus one, and what it may stand for. */
static bool fail_surplus(const Source *source, const QmpType *type, const void *object,
                         GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    UnknownSearch search = { .seen = seen };
    QmpPlace place = { .up = source->place };
    g_autofree char *hint = NULL;
    const char *why;
    QmpNearest nearest;

    place.name = find_unknown(source, type, object, &nearest);
    if (!place.name) {
        source->input->ops->dict_foreach(source->node, stop_at_duplicate, &search);
        place.name = search.unknown ? search.unknown : "?";
        return qmp_decode_fail(&place, error, ERROR_REASON_DUPLICATE_KEY,
                               "is given twice");
    }
    why = why_unsupported(type, object, place.name);
    if (why) {
        return qmp_decode_fail(&place, error, ERROR_REASON_NOT_SUPPORTED, "is not supported: %s",
                               why);
    }
    hint = qmp_nearest_hint(&nearest);
    return qmp_decode_fail(&place, error, ERROR_REASON_PROPERTY_NOT_FOUND, "is unknown%s", hint);
}

/* Whether each_name() lists all names: a branch that is not known yet would add some. */
static bool names_are_known(const QmpType *type, const void *object)
{
    return type->kind != QMP_KIND_UNION &&
           (type->kind != QMP_KIND_CLASS_UNION || *qmp_class_union_class(type, object));
}

/*
 * A misspelt member is reported missing under its right name: then the error
 * says that it is misspelt.
 */
static void explain_missing(const Source *source, const QmpType *type, const void *object,
                            GError **error)
{
    QmpNearest nearest;

    if (error && g_error_matches(*error, QMP_ERROR, ERROR_REASON_PROPERTY_MISSING) &&
        names_are_known(type, object) && find_unknown(source, type, object, &nearest) &&
        nearest.best) {
        g_clear_error(error);
        fail_surplus(source, type, object, error);
    }
}

static bool decode_boxed(const QmpInput *input, const QmpType *type, const void *node,
                         void **storage, const QmpPlace *place, GError **error)
{
    Source source = { .input = input, .node = node, .place = place };

    if (input->ops->kind(node) != QMP_VALUE_DICT) {
        return qmp_decode_fail_type(input, place, node, "an object", error);
    }
    *storage = g_malloc0(MAX(type->size, 1));
    source.left = input->ops->dict_size(node);
    if (!decode_object(&source, type, *storage, error)) {
        explain_missing(&source, type, *storage, error);
        return false;
    }
    return !source.left || fail_surplus(&source, type, *storage, error);
}

/* lists */

/* A list, or text that may stand for one. */
static bool is_list(const QmpInput *input, const QmpType *type, const void *node)
{
    QmpKind kind = qmp_type(type->element)->kind;
    bool ints = qmp_is_signed(kind) || qmp_is_unsigned(kind);

    return input->ops->kind(node) == QMP_VALUE_LIST ||
           (input->ops->kind(node) == QMP_VALUE_STR && input->ops->text_as_list &&
            input->ops->text_as_list(node, ints));
}

static bool decode_list(const QmpInput *input, const QmpType *type, const void *node,
                        QmpList *list, const QmpPlace *place, GError **error)
{
    QmpPlace element = { .up = place };
    gsize n;

    if (!is_list(input, type, node)) {
        return qmp_decode_fail_type(input, place, node, "a list", error);
    }
    n = input->ops->list_length(node);
    if (!qmp_decode_check_length(place, n, "elements", error)) {
        return false;
    }
    list->items = n ? g_malloc0_n(n, qmp_storage_size(qmp_type(type->element))) : NULL;
    list->n = n;
    for (gsize i = 0; i < n; i++) {
        element.index = i;
        if (!decode_value(input, qmp_type(type->element), input->ops->list_item(node, i),
                          qmp_list_element(type, list, i), &element, error)) {
            return false;
        }
    }
    return true;
}

/* alternates */

/* How well a branch's type takes a value of this kind; 0: not at all. */
static int branch_rank(const QmpInput *input, const QmpType *type, QmpValueKind kind)
{
    bool integer = qmp_is_signed(type->kind) || qmp_is_unsigned(type->kind);

    switch (kind) {
    case QMP_VALUE_NULL:
        return type->kind == QMP_KIND_NULL ? 2 : 0;
    case QMP_VALUE_BOOL:
        return type->kind == QMP_KIND_BOOL ? 2 : 0;
    case QMP_VALUE_INT:
    case QMP_VALUE_UINT:
        return integer ? 2 : type->kind == QMP_KIND_NUMBER;
    case QMP_VALUE_NUMBER:
        return type->kind == QMP_KIND_NUMBER ? 2 : 0;
    case QMP_VALUE_STR:
        if (type->kind == QMP_KIND_LIST) {
            return input->ops->text_as_list != NULL;
        }
        if (type->kind == QMP_KIND_STR || type->kind == QMP_KIND_ENUM ||
            type->kind == QMP_KIND_LINK) {
            return 2;
        }
        return input->mode == QMP_INPUT_LENIENT &&
               (integer || type->kind == QMP_KIND_BOOL || type->kind == QMP_KIND_NUMBER);
    case QMP_VALUE_LIST:
        return type->kind == QMP_KIND_LIST ? 2 : 0;
    case QMP_VALUE_DICT:
        return qmp_is_boxed(type) && type->kind != QMP_KIND_ALTERNATE ? 2 : 0;
    }
    return 0;
}

static bool fail_alternate(const QmpInput *input, const QmpType *type, const void *node,
                           const QmpPlace *place, GError **error)
{
    g_autoptr(GString) expected = g_string_new("one of");

    for (guint i = 0; i < type->n_branches; i++) {
        g_string_append_printf(expected, "%s %s", i ? "," : "",
                               qmp_name(qmp_type(qmp_branches(type)[i].type)->name));
    }
    return qmp_decode_fail_type(input, place, node, expected->str, error);
}

static bool decode_alternate(const QmpInput *input, const QmpType *type, const void *node,
                             void **storage, const QmpPlace *place, GError **error)
{
    QmpValueKind kind = input->ops->kind(node);
    int best = 0, chosen = -1;

    for (guint i = 0; i < type->n_branches; i++) {
        int rank = branch_rank(input, qmp_type(qmp_branches(type)[i].type), kind);

        if (rank > best) {
            best = rank;
            chosen = i;
        }
    }
    if (chosen < 0) {
        return fail_alternate(input, type, node, place, error);
    }
    *storage = g_malloc0(MAX(type->size, 1));
    *(int *)((char *)*storage + type->tag_offset) = chosen;
    return decode_value(input, qmp_type(qmp_branches(type)[chosen].type), node,
                        (char *)*storage + type->u_offset, place, error);
}

/* all kinds */

static bool decode_value(const QmpInput *input, const QmpType *type, const void *node,
                         void *storage, const QmpPlace *place, GError **error)
{
    switch (type->kind) {
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_CLASS_UNION:
        return decode_boxed(input, type, node, storage, place, error);
    case QMP_KIND_ALTERNATE:
        return decode_alternate(input, type, node, storage, place, error);
    case QMP_KIND_LIST:
        return decode_list(input, type, node, storage, place, error);
    default:
        return qmp_decode_scalar(input, type, node, storage, place, error);
    }
}

bool qmp_decode(const QmpInput *input, const QmpType *type, const void *node, void *storage,
                GError **error)
{
    QmpPlace outermost = { .up = NULL };

    if (!decode_value(input, type, node, storage, &outermost, error)) {
        qmp_clear(type, storage);
        return false;
    }
    return true;
}

bool qmp_decode_element(const QmpInput *input, const QmpMember *member, const void *list,
                        gsize i, void *storage, GError **error)
{
    const QmpType *type = qmp_type(qmp_type(member->type)->element);
    QmpPlace outermost = { .up = NULL };
    QmpPlace place = { .up = &outermost, .name = qmp_name(member->name) };
    QmpPlace element = { .up = &place, .index = i };

    if (!decode_value(input, type, input->ops->list_item(list, i), storage, &element, error)) {
        qmp_clear(type, storage);
        return false;
    }
    return true;
}

bool qmp_decode_member(const QmpInput *input, const QmpMember *member, const void *node,
                       void *object, GError **error)
{
    QmpPlace outermost = { .up = NULL };
    QmpPlace place = { .up = &outermost, .name = qmp_name(member->name), .row = member };
    void *storage = qmp_member_storage(member, object);
    QmpAnyStorage value = { .link = { NULL, NULL } };

    if (!decode_value(input, qmp_type(member->type), node, &value, &place, error)) {
        qmp_clear(qmp_type(member->type), &value);
        return false;
    }
    qmp_clear(qmp_type(member->type), storage);
    memcpy(storage, &value, qmp_storage_size(qmp_type(member->type)));
    if (member->has_offset >= 0) {
        *qmp_member_has(member, object) = true;
    }
    return true;
}
