/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options: see options.h.  The text becomes a tree of nodes; a node has either
 * the values of its key, or members.
 */
#include "config.h"
#include "qmp/options.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/text.h"

/* A range of integers in a list expands to at most this many, as in QEMU. */
enum { RANGE_MAX = 65536 };

/* No schema nests values this deeply. */
enum { DEPTH_MAX = 32 };

typedef struct Node Node;

struct Node {
    char *key;                  /* NULL: the outermost one, or an element of `items` */
    guint position;             /* of the first value, counted from 1 */
    GPtrArray *values;          /* of char, or NULL */
    GPtrArray *members;         /* of Node, in order, or NULL */
    GPtrArray *items;           /* the values as a list, of Node, made when asked for */
};

struct QmpOptions {
    Node *root;
    bool flat;
};

static void node_free(void *data)
{
    Node *node = data;

    g_free(node->key);
    g_clear_pointer(&node->values, g_ptr_array_unref);
    g_clear_pointer(&node->members, g_ptr_array_unref);
    g_clear_pointer(&node->items, g_ptr_array_unref);
    g_free(node);
}

static Node *find_member(const Node *node, const char *key, gsize length)
{
    for (guint i = 0; node->members && i < node->members->len; i++) {
        Node *member = node->members->pdata[i];

        if (strlen(member->key) == length && !memcmp(member->key, key, length)) {
            return member;
        }
    }
    return NULL;
}

static Node *need_member(Node *node, const char *key, gsize length, guint position)
{
    Node *member = find_member(node, key, length);

    if (!member) {
        member = g_new0(Node, 1);
        member->key = g_strndup(key, length);
        member->position = position;
        if (!node->members) {
            node->members = g_ptr_array_new_with_free_func(node_free);
        }
        g_ptr_array_add(node->members, member);
    }
    return member;
}

/* ---- Parsing ---- */

static bool fail(GError **error, guint position, const char *text, const char *why)
{
    g_autofree char *quoted = qmp_text_quote(text);

    if (position) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "at position %u: %s %s", position, quoted, why);
    } else {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "%s %s", quoted, why);
    }
    return false;
}

/* The node that a key means; dots lead to members. */
static Node *node_for(QmpOptions *options, const char *key, guint position, GError **error)
{
    Node *node = options->root;
    const char *part = key;

    for (guint depth = 0;; depth++) {
        gsize length = options->flat ? strlen(part) : strcspn(part, ".");

        if (length == 0) {
            fail(error, position, key, "is not the name of an option");
            return NULL;
        }
        if (node->values) {
            fail(error, position, key, "is a member of an option that already has a value");
            return NULL;
        }
        if (depth == DEPTH_MAX) {
            fail(error, position, key, "is nested too deeply");
            return NULL;
        }
        node = need_member(node, part, length, position);
        if (!part[length]) {
            break;
        }
        part += length + 1;
    }
    if (node->members) {
        fail(error, position, key, "has members and cannot also have a value");
        return NULL;
    }
    return node;
}

static bool add_value(QmpOptions *options, const char *key, const char *value, guint position,
                      GError **error)
{
    Node *node = node_for(options, key, position, error);

    if (!node) {
        return false;
    }
    if (!node->values) {
        node->values = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(node->values, g_strdup(value));
    return true;
}

/* Up to the next single comma; doubled ones become one. */
static char *take_piece(const char **text)
{
    GString *piece = g_string_new(NULL);
    const char *p = *text;

    while (*p && (p[0] != ',' || p[1] == ',')) {
        if (*p == ',') {
            p++;
        }
        g_string_append_c(piece, *p++);
    }
    *text = *p ? p + 1 : p;
    return g_string_free(piece, FALSE);
}

/* A word without `=`. */
static bool add_bare(QmpOptions *options, const char *word, guint position, GError **error)
{
    bool off = g_str_has_prefix(word, "no") && word[2];

    return add_value(options, off ? word + 2 : word, off ? "off" : "on", position, error);
}

static bool parse(QmpOptions *options, const char *text, const char *implied_key, GError **error)
{
    const char *rest = text;

    while (*rest) {
        guint position = rest - text + 1;
        gsize length = strcspn(rest, "=,");
        g_autofree char *key = g_strndup(rest, length);
        g_autofree char *value = NULL;
        bool ok;

        if (rest[length] == '=') {
            rest += length + 1;
            value = take_piece(&rest);
            ok = add_value(options, key, value, position, error);
        } else {
            value = take_piece(&rest);
            ok = implied_key && position == 1
                 ? add_value(options, implied_key, value, position, error)
                 : add_bare(options, value, position, error);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- Lists ---- */

/* A member's key as the index of a list, or -1. */
static gint64 index_of(const Node *member)
{
    guint64 index;

    if (!g_ascii_isdigit(member->key[0]) || (member->key[0] == '0' && member->key[1]) ||
        !g_ascii_string_to_unsigned(member->key, 10, 0, RANGE_MAX, &index, NULL)) {
        return -1;
    }
    return index;
}

static bool is_list(const Node *node)
{
    return node->members && node->members->len && index_of(node->members->pdata[0]) >= 0;
}

static int compare_index(gconstpointer a, gconstpointer b)
{
    gint64 x = index_of(*(const Node *const *)a), y = index_of(*(const Node *const *)b);

    return x < y ? -1 : x > y;
}

/* Checks that either all or no members are indices, and that indices have no gap; sorts them. */
static bool check_lists(Node *node, GError **error)
{
    bool list = is_list(node);

    for (guint i = 0; node->members && i < node->members->len; i++) {
        Node *member = node->members->pdata[i];

        if ((index_of(member) >= 0) != list) {
            return fail(error, member->position, member->key,
                        "cannot be mixed with the others: some are names, some are list indices");
        }
        if (!check_lists(member, error)) {
            return false;
        }
    }
    if (!list) {
        return true;
    }
    g_ptr_array_sort(node->members, compare_index);
    for (guint i = 0; i < node->members->len; i++) {
        Node *member = node->members->pdata[i];

        if (index_of(member) != i) {
            return fail(error, member->position, member->key,
                        "leaves a gap: list indices begin with 0 and are consecutive");
        }
    }
    return true;
}

static void add_item(GPtrArray *items, const char *text)
{
    Node *item = g_new0(Node, 1);

    item->values = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(item->values, g_strdup(text));
    g_ptr_array_add(items, item);
}

/* "3-6"; anything else, and a range that is too long, is left to the decoder. */
static bool parse_range(const char *text, gint64 *ret_first, gint64 *ret_last)
{
    const char *dash = text[0] ? strchr(text + 1, '-') : NULL;
    g_autofree char *first = dash ? g_strndup(text, dash - text) : NULL;

    return dash && qmp_parse_int(first, ret_first) == QMP_PARSE_OK &&
           qmp_parse_int(dash + 1, ret_last) == QMP_PARSE_OK && *ret_first <= *ret_last &&
           (guint64)*ret_last - (guint64)*ret_first < RANGE_MAX;
}

static void add_items(GPtrArray *items, const char *text, bool ranges)
{
    gint64 first, last;

    if (!ranges || !parse_range(text, &first, &last)) {
        add_item(items, text);
        return;
    }
    for (gint64 i = first; i <= last; i++) {
        char number[24];

        g_snprintf(number, sizeof(number), "%" G_GINT64_FORMAT, i);
        add_item(items, number);
    }
}

/* ---- As an input ---- */

static QmpValueKind options_kind(const void *data)
{
    const Node *node = data;

    if (node->values) {
        return QMP_VALUE_STR;
    }
    return is_list(node) ? QMP_VALUE_LIST : QMP_VALUE_DICT;
}

static const char *options_get_str(const void *data, gsize *ret_length)
{
    const Node *node = data;
    const char *text = node->values->pdata[node->values->len - 1];

    *ret_length = strlen(text);
    return text;
}

static const GPtrArray *elements(const Node *node)
{
    return node->values ? node->items : node->members;
}

static bool options_text_as_list(const void *data, bool ranges)
{
    Node *node = (Node *)data;

    g_clear_pointer(&node->items, g_ptr_array_unref);
    node->items = g_ptr_array_new_with_free_func(node_free);
    for (guint i = 0; i < node->values->len; i++) {
        add_items(node->items, node->values->pdata[i], ranges);
    }
    return true;
}

static gsize options_list_length(const void *data)
{
    const GPtrArray *list = elements(data);

    return list ? list->len : 0;
}

static const void *options_list_item(const void *data, gsize i)
{
    return elements(data)->pdata[i];
}

static gsize options_dict_size(const void *data)
{
    const Node *node = data;

    return node->members ? node->members->len : 0;
}

static const void *options_dict_get(const void *data, const char *key)
{
    return find_member(data, key, strlen(key));
}

static bool options_dict_foreach(const void *data,
                                 bool (*f)(const char *key, const void *item, void *data),
                                 void *opaque)
{
    const Node *node = data;

    for (guint i = 0; node->members && i < node->members->len; i++) {
        const Node *member = node->members->pdata[i];

        if (!f(member->key, member, opaque)) {
            return false;
        }
    }
    return true;
}

const QmpInputOps qmp_options_input = {
    .kind = options_kind,
    .get_str = options_get_str,
    .text_as_list = options_text_as_list,
    .list_length = options_list_length,
    .list_item = options_list_item,
    .dict_size = options_dict_size,
    .dict_get = options_dict_get,
    .dict_foreach = options_dict_foreach,
};

/* ---- The group ---- */

QmpOptions *qmp_options_parse(const char *text, const char *implied_key, guint flags,
                              GError **error)
{
    g_autoptr(QmpOptions) options = g_new0(QmpOptions, 1);

    options->root = g_new0(Node, 1);
    options->flat = flags & QMP_OPTIONS_FLAT;
    if (!parse(options, text, implied_key, error) || !check_lists(options->root, error)) {
        return NULL;
    }
    return g_steal_pointer(&options);
}

bool qmp_options_add_text(QmpOptions *options, const char *text, const char *implied_key,
                          GError **error)
{
    return parse(options, text, implied_key, error) && check_lists(options->root, error);
}

bool qmp_options_add(QmpOptions *options, const char *path, const char *value, guint position,
                     GError **error)
{
    return add_value(options, path, value, position, error) &&
           check_lists(options->root, error);
}

void qmp_options_free(QmpOptions *options)
{
    if (options) {
        node_free(options->root);
        g_free(options);
    }
}

const void *qmp_options_root(const QmpOptions *options)
{
    return options->root;
}

bool qmp_options_decode(const QmpOptions *options, const QmpType *type, void *storage,
                        GError **error)
{
    const QmpInput input = { .ops = &qmp_options_input, .mode = QMP_INPUT_LENIENT };

    return qmp_decode(&input, type, options->root, storage, error);
}

const char *qmp_options_get(const QmpOptions *options, const char *key)
{
    const Node *node = find_member(options->root, key, strlen(key));
    gsize length;

    return node && node->values ? options_get_str(node, &length) : NULL;
}

const char *qmp_options_get_nth(const QmpOptions *options, const char *key, guint i)
{
    const Node *node = find_member(options->root, key, strlen(key));

    return node && node->values && i < node->values->len ? node->values->pdata[i] : NULL;
}

bool qmp_options_remove(QmpOptions *options, const char *key)
{
    Node *node = find_member(options->root, key, strlen(key));

    return node && g_ptr_array_remove(options->root->members, node);
}

void qmp_options_set(QmpOptions *options, const char *key, const char *value)
{
    Node *node;

    qmp_options_remove(options, key);
    node = need_member(options->root, key, strlen(key), 0);
    node->values = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(node->values, g_strdup(value));
}

void qmp_options_foreach(const QmpOptions *options, bool (*f)(const char *key, void *data),
                         void *data)
{
    const GPtrArray *members = options->root->members;

    for (guint i = 0; members && i < members->len; i++) {
        if (!f(((const Node *)members->pdata[i])->key, data)) {
            return;
        }
    }
}

guint qmp_options_position(const QmpOptions *options, const char *path)
{
    const Node *node = options->root;

    while (node && *path) {
        const Node *whole = find_member(node, path, strlen(path));
        gsize length = strcspn(path, ".[]");

        if (whole) {
            return whole->position;         /* dots are part of the keys */
        }
        if (length) {
            node = find_member(node, path, length) ?: node;
        }
        path += length + (path[length] != '\0');
    }
    return node->position;
}
