/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree: parents, children in order and by name, numbers for names that end
 * in "[*]", and walks.  Paths are in path.c.
 *
 * Most objects have no child, many have a few, and some containers have ten
 * thousand.  So the record of children is allocated with the first one, and its
 * hash table only when walking the list would become slow.
 */
#include "config.h"
#include "qom/tree.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/class.h"
#include "qom/env.h"
#include "qom/qapi-objects-object.h"
#include "qom/root.h"

/* With this many children or more, a hash table finds them. */
enum { HASH_FROM = 9 };

struct ObjectChildren {
    GQueue order;               /* of Object, one reference each */
    GHashTable *links;          /* name -> GList * in order; NULL while few */
    GHashTable *numbers;        /* prefix of "[*]" -> Numbers; NULL without */
};

/* Which numbers of a prefix are free: those in freed, and all from next on
 * (unless an explicit name took one, which is checked when it is about to be
 * used). */
typedef struct {
    guint next;
    GTree *freed;               /* set of numbers below next */
} Numbers;

static void numbers_free(gpointer data)
{
    Numbers *numbers = data;

    g_tree_unref(numbers->freed);
    g_free(numbers);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    guint i = GPOINTER_TO_UINT(a), j = GPOINTER_TO_UINT(b);

    return (i > j) - (i < j);
}

static Object *child_of(const GList *link)
{
    return link->data;
}

static GList *find_link(const Object *parent, const char *name)
{
    const struct ObjectChildren *children = parent->children;

    if (!children) {
        return NULL;
    }
    if (children->links) {
        return g_hash_table_lookup(children->links, name);
    }
    for (GList *link = children->order.head; link; link = link->next) {
        if (g_str_equal(child_of(link)->name, name)) {
            return link;
        }
    }
    return NULL;
}

/* ---- Numbers ---- */

static Numbers *get_numbers(struct ObjectChildren *children, const char *prefix)
{
    Numbers *numbers;

    if (!children->numbers) {
        children->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, numbers_free);
    }
    numbers = g_hash_table_lookup(children->numbers, prefix);
    if (!numbers) {
        numbers = g_new0(Numbers, 1);
        numbers->freed = g_tree_new(compare_numbers);
        g_hash_table_insert(children->numbers, g_strdup(prefix), numbers);
    }
    return numbers;
}

static guint take_number(Numbers *numbers)
{
    GTreeNode *first = g_tree_node_first(numbers->freed);
    gpointer key;

    if (!first) {
        return numbers->next++;
    }
    key = g_tree_node_key(first);
    g_tree_remove(numbers->freed, key);
    return GPOINTER_TO_UINT(key);
}

/* "NAME[*]" to "NAME[7]". */
static char *numbered_name(Object *parent, const char *pattern)
{
    g_autofree char *prefix = g_strndup(pattern, strlen(pattern) - strlen("[*]"));
    Numbers *numbers = get_numbers(parent->children, prefix);

    for (;;) {
        g_autofree char *name = g_strdup_printf("%s[%u]", prefix, take_number(numbers));

        if (!find_link(parent, name)) {
            return g_steal_pointer(&name);
        }
    }
}

/* A name has become free: if "[*]" may give it again, records it. */
static void return_number(struct ObjectChildren *children, const char *name)
{
    const char *bracket = strrchr(name, '[');
    g_autofree char *prefix = NULL;
    g_autofree char *digits = NULL;
    Numbers *numbers;
    guint64 number;

    if (!children->numbers || !bracket || !g_str_has_suffix(bracket, "]")) {
        return;
    }
    prefix = g_strndup(name, bracket - name);
    digits = g_strndup(bracket + 1, strlen(bracket) - 2);
    numbers = g_hash_table_lookup(children->numbers, prefix);
    if (numbers && g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT, &number, NULL) &&
        number < numbers->next) {
        g_tree_insert(numbers->freed, GUINT_TO_POINTER((guint)number), NULL);
    }
}

/* ---- What the whole tree knows of its members ---- */

static void enter_tree(Root *root, Object *obj)
{
    if (object_is_a(obj, &qmp_class_bus)) {
        Bus *bus = to_bus(obj);

        bus->tree_link.data = bus;
        g_queue_push_tail_link(&root->buses, &bus->tree_link);
    }
    for (const GList *link = tree_first(obj); link; link = link->next) {
        enter_tree(root, link->data);
    }
}

static void leave_tree(Root *root, Object *obj)
{
    for (const GList *link = tree_first(obj); link; link = link->next) {
        leave_tree(root, link->data);
    }
    if (object_is_a(obj, &qmp_class_bus)) {
        g_queue_unlink(&root->buses, &to_bus(obj)->tree_link);
    }
}

static void leave_owner(Object *obj)
{
    if (object_is_a(obj, &qmp_class_bus)) {
        Bus *bus = to_bus(obj);

        if (bus->owner && bus->owner->buses) {
            g_ptr_array_remove(bus->owner->buses, bus);
        }
        bus->owner = NULL;
    }
}

/* ---- Parent and children ---- */

static void make_links(struct ObjectChildren *children)
{
    children->links = g_hash_table_new(g_str_hash, g_str_equal);
    for (GList *link = children->order.head; link; link = link->next) {
        g_hash_table_insert(children->links, child_of(link)->name, link);
    }
}

static void append_child(struct ObjectChildren *children, Object *child)
{
    g_queue_push_tail(&children->order, child);
    if (children->links) {
        g_hash_table_insert(children->links, child->name, children->order.tail);
    } else if (children->order.length >= HASH_FROM) {
        make_links(children);
    }
}

static bool check_child(Object *parent, const char *name, Object *child, GError **error)
{
    g_autofree char *path = NULL;

    if (!*name || strchr(name, '/')) {
        qmp_error_set(error, ERROR_REASON_ID_INVALID, "'%s' is not a name for an object", name);
        return false;
    }
    if (child->parent || child->root || tree_is_below(parent, child)) {
        path = object_path(child);
        qmp_error_set(error, ERROR_REASON_IN_USE, "object '%s' is in the tree already", path);
        return false;
    }
    if (find_link(parent, name)) {
        path = object_path(parent);
        qmp_error_set(error, ERROR_REASON_ID_IN_USE, "object '%s' has a child '%s' already", path,
                      name);
        return false;
    }
    return true;
}

bool object_add_child(Object *parent, const char *name, Object *child, GError **error)
{
    Root *root;

    env_lock_assert(parent);
    if (!check_child(parent, name, child, error)) {
        return false;
    }
    if (!parent->children) {
        parent->children = g_new0(struct ObjectChildren, 1);
    }
    child->name = g_str_has_suffix(name, "[*]") ? numbered_name(parent, name) : g_strdup(name);
    child->parent = parent;
    append_child(parent->children, object_ref(child));
    root = root_of(parent);
    if (root) {
        enter_tree(root, child);
    }
    return true;
}

void object_unparent(Object *obj)
{
    struct ObjectChildren *children;
    GList *link;
    Root *root;

    env_lock_assert(obj);
    if (!obj->parent) {
        return;
    }
    root = root_of(obj);
    if (root) {
        leave_tree(root, obj);
    }
    leave_owner(obj);
    link = find_link(obj->parent, obj->name);
    children = obj->parent->children;
    if (children->links) {
        g_hash_table_remove(children->links, obj->name);
    }
    g_queue_delete_link(&children->order, link);
    return_number(children, obj->name);
    obj->parent = NULL;
    g_clear_pointer(&obj->name, g_free);
    object_unref(obj);
}

void tree_drop_children(Object *obj)
{
    if (!obj->children) {
        return;
    }
    while (obj->children->order.tail) {
        object_unparent(obj->children->order.tail->data);
    }
    g_clear_pointer(&obj->children->links, g_hash_table_unref);
    g_clear_pointer(&obj->children->numbers, g_hash_table_unref);
    g_clear_pointer(&obj->children, g_free);
}

Object *object_child(Object *parent, const char *name)
{
    GList *link = find_link(parent, name);

    return link ? link->data : NULL;
}

guint object_n_children(Object *parent)
{
    return parent->children ? parent->children->order.length : 0;
}

const GList *tree_first(const Object *obj)
{
    return obj->children ? obj->children->order.head : NULL;
}

/* ---- Walks ---- */

/* The current children, each with a reference, so that a callback may change
 * the tree during the walk. */
static GPtrArray *snapshot(Object *parent)
{
    GPtrArray *children = g_ptr_array_new_full(object_n_children(parent), object_unref);

    for (const GList *link = tree_first(parent); link; link = link->next) {
        g_ptr_array_add(children, object_ref(link->data));
    }
    return children;
}

void object_foreach_child(Object *parent, bool (*f)(Object *child, void *data), void *data)
{
    g_autoptr(GPtrArray) children = NULL;

    if (!tree_first(parent)) {
        return;
    }
    children = snapshot(parent);
    for (guint i = 0; i < children->len; i++) {
        Object *child = children->pdata[i];

        if (child->parent == parent && !f(child, data)) {
            return;
        }
    }
}

/* False if f asked to stop. */
static bool walk_descendants(Object *parent, bool (*f)(Object *obj, void *data), void *data)
{
    g_autoptr(GPtrArray) children = NULL;

    if (!tree_first(parent)) {
        return true;
    }
    children = snapshot(parent);
    for (guint i = 0; i < children->len; i++) {
        Object *child = children->pdata[i];

        if (child->parent != parent) {
            continue;
        }
        if (!f(child, data)) {
            return false;
        }
        if (child->parent == parent && !walk_descendants(child, f, data)) {
            return false;
        }
    }
    return true;
}

void object_foreach_descendant(Object *parent, bool (*f)(Object *obj, void *data), void *data)
{
    walk_descendants(parent, f, data);
}

Object *object_root(Object *obj)
{
    while (obj->parent) {
        obj = obj->parent;
    }
    return obj;
}

bool tree_is_below(const Object *obj, const Object *ancestor)
{
    for (; obj; obj = obj->parent) {
        if (obj == ancestor) {
            return true;
        }
    }
    return false;
}

Object *tree_walk(Object *obj, char *const *names)
{
    for (; obj && *names; names++) {
        if (**names) {
            obj = object_child(obj, *names);
        }
    }
    return obj;
}

Object *object_container(Object *obj, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    for (char **name = names; *name; name++) {
        Object *child;

        if (!**name) {
            continue;
        }
        child = object_child(obj, *name);
        if (!child) {
            child = object_new(&qmp_class_container);
            object_add_child(obj, *name, child, NULL);  /* the name is free and plain */
            object_unref(child);
        }
        obj = child;
    }
    return obj;
}
