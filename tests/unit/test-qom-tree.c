/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/tree.c, qom/path.c: children, numbers, walks, paths, ids, size.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <time.h>

static Object *add_other(Object *parent, const char *name)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_other);
    GError *error = NULL;

    object_add_child(parent, name, obj, &error);
    g_assert_no_error(error);
    return obj;
}

static void assert_path(Object *obj, const char *expected)
{
    g_autofree char *path = object_path(obj);

    g_assert_cmpstr(path, ==, expected);
}

static void test_add(void)
{
    Object *root = tree_new();
    Object *a = add_other(root, "a");
    GError *error = NULL;
    g_autoptr(Object) twin = object_new(&qmp_class_test_other);

    g_assert_true(a->parent == root);
    g_assert_true(object_child(root, "a") == a);
    g_assert_null(object_child(root, "b"));
    g_assert_null(object_child(a, "b"));
    g_assert_cmpuint(object_n_children(a), ==, 0);
    g_assert_false(object_add_child(root, "a", twin, &error));
    assert_error(&error, ERROR_REASON_ID_IN_USE, "'/' has a child 'a' already");
    g_assert_null(twin->parent);
    g_assert_null(twin->name);
    g_assert_false(object_add_child(root, "", twin, &error));
    assert_error(&error, ERROR_REASON_ID_INVALID, "''");
    g_assert_false(object_add_child(root, "x/y", twin, &error));
    assert_error(&error, ERROR_REASON_ID_INVALID, "'x/y'");
    g_assert_cmpuint(g_atomic_int_get(&twin->refs), ==, 1);
    g_assert_true(object_add_child(root, "b", twin, NULL));
    g_assert_false(object_add_child(root, "c", twin, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "'/b' is in the tree already");
    g_assert_false(object_add_child(twin, "c", root, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "'/' is in the tree already");
    g_assert_cmpuint(g_atomic_int_get(&twin->refs), ==, 2);
    object_unparent(twin);
    object_unparent(twin);
    g_assert_false(object_add_child(add_other(twin, "below"), "above", twin, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "is in the tree already");
    g_assert_cmpuint(g_atomic_int_get(&twin->refs), ==, 1);
    g_assert_null(twin->name);
    g_assert_null(object_child(root, "b"));
    tree_free(root);
}

/* The hash table comes with the ninth child: names must be found, refused and
 * removed before and after that. */
static void test_many_children(void)
{
    Object *root = object_root_new();

    for (guint n = 1; n <= 40; n++) {
        g_autofree char *name = g_strdup_printf("n%u", n);
        Object *obj = add_other(root, name);

        for (guint i = 1; i <= n; i++) {
            g_autofree char *each = g_strdup_printf("n%u", i);

            g_assert_nonnull(object_child(root, each));
        }
        g_assert_cmpuint(object_n_children(root), ==, n);
        object_unparent(obj);
        g_assert_null(object_child(root, name));
        add_other(root, name);
    }
    for (guint n = 1; n <= 40; n += 2) {
        g_autofree char *name = g_strdup_printf("n%u", n);

        object_unparent(object_child(root, name));
    }
    g_assert_cmpuint(object_n_children(root), ==, 20);
    g_assert_null(object_child(root, "n39"));
    g_assert_nonnull(object_child(root, "n40"));
    tree_free(root);
}

static bool append_name(Object *obj, void *data)
{
    GString *text = data;

    g_string_append_printf(text, "%s ", obj->name);
    return !g_str_equal(obj->name, "stop");
}

static void assert_walk(Object *obj, bool deep, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (deep) {
        object_foreach_descendant(obj, append_name, text);
    } else {
        object_foreach_child(obj, append_name, text);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_walks(void)
{
    Object *root = object_root_new();
    Object *b = add_other(root, "b");

    assert_walk(root, true, "b ");
    add_other(b, "z");
    add_other(b, "y");
    add_other(root, "a");
    assert_walk(root, false, "b a ");
    assert_walk(root, true, "b z y a ");
    assert_walk(b, false, "z y ");
    object_unparent(object_child(b, "z"));
    add_other(b, "z");
    assert_walk(b, false, "y z ");
    add_other(b, "stop");
    add_other(b, "never");
    assert_walk(root, true, "b y z stop ");
    assert_walk(b, false, "y z stop ");
    tree_free(root);
}

static bool remove_all(Object *obj, void *data)
{
    Object *parent = obj->parent;
    Object *next = object_child(parent, "b");

    (*(guint *)data)++;
    add_other(parent, "new[*]");
    object_unparent(obj);
    if (next && next != obj) {
        object_unparent(next);
    }
    return true;
}

typedef void (*Foreach)(Object *parent, bool (*f)(Object *obj, void *data), void *data);

/* A callback that takes out its own object, the next one, and adds more. */
static void check_walk_changes(Foreach foreach)
{
    Object *root = object_root_new();
    guint calls = 0;

    add_other(add_other(root, "a"), "below");
    add_other(add_other(root, "b"), "below");
    add_other(root, "c");
    foreach(root, remove_all, &calls);
    g_assert_cmpuint(calls, ==, 2);             /* a and c */
    assert_walk(root, false, "new[0] new[1] ");
    tree_free(root);
}

static void test_walk_changes(void)
{
    check_walk_changes(object_foreach_child);
    check_walk_changes(object_foreach_descendant);
}

static void test_numbers(void)
{
    Object *root = object_root_new();
    Object *objs[6];

    add_other(root, "device[2]");
    for (guint i = 0; i < 5; i++) {
        objs[i] = add_other(root, "device[*]");
    }
    g_assert_cmpstr(objs[0]->name, ==, "device[0]");
    g_assert_cmpstr(objs[1]->name, ==, "device[1]");
    g_assert_cmpstr(objs[2]->name, ==, "device[3]");    /* 2 was taken by name */
    g_assert_cmpstr(objs[4]->name, ==, "device[5]");
    g_assert_cmpstr(add_other(root, "other[*]")->name, ==, "other[0]");
    object_unparent(objs[4]);
    object_unparent(objs[0]);
    object_unparent(object_child(root, "device[2]"));
    add_other(root, "device[0]");               /* taken again, by name */
    g_assert_cmpstr(add_other(root, "device[*]")->name, ==, "device[2]");
    g_assert_cmpstr(add_other(root, "device[*]")->name, ==, "device[5]");
    g_assert_cmpstr(add_other(root, "device[*]")->name, ==, "device[6]");
    add_other(root, "device[x]");               /* no number: nobody's business */
    object_unparent(object_child(root, "device[x]"));
    g_assert_cmpstr(add_other(root, "device[*]")->name, ==, "device[7]");
    tree_free(root);
}

static void test_paths(void)
{
    Object *root = tree_new();
    Object *c = object_container(root, "machine/peripheral");
    g_autoptr(Object) lone = object_new(&qmp_class_test_other);

    assert_path(root, "/");
    assert_path(c, "/machine/peripheral");
    g_assert_true(object_container(root, "/machine//peripheral/") == c);
    g_assert_true(object_root(c) == root);
    assert_path(lone, "test-other");
    assert_path(add_other(lone, "x"), "test-other/x");
    tree_free(root);
}

static void assert_resolves(Object *root, const char *path, const char *expected)
{
    GError *error = NULL;
    Object *obj = object_resolve(root, path, &error);

    g_assert_no_error(error);
    assert_path(obj, expected);
}

static void assert_unresolved(Object *root, const char *path, ErrorReason reason, const char *part)
{
    GError *error = NULL;

    g_assert_null(object_resolve(root, path, &error));
    assert_error(&error, reason, part);
}

static void test_resolve(void)
{
    Object *root = tree_new();

    add(root, "machine/peripheral/nic", &qmp_class_test_other, "backend");
    add(root, "machine/peripheral/disk", &qmp_class_test_other, "backend");
    add(root, "machine/peripheral/disk/deep", &qmp_class_test_other, "one");
    assert_resolves(root, "/", "/");
    assert_resolves(root, "/machine/peripheral/nic", "/machine/peripheral/nic");
    assert_resolves(root, "//machine/peripheral/", "/machine/peripheral");
    assert_resolves(root, "nic", "/machine/peripheral/nic");
    assert_resolves(root, "machine", "/machine");
    assert_resolves(root, "nic/backend", "/machine/peripheral/nic/backend");
    assert_resolves(root, "peripheral/nic/backend", "/machine/peripheral/nic/backend");
    assert_resolves(root, "one", "/machine/peripheral/disk/deep/one");
    assert_unresolved(root, "backend", ERROR_REASON_PATH_AMBIGUOUS,
                      "'/machine/peripheral/nic/backend' or '/machine/peripheral/disk/backend'");
    assert_unresolved(root, "/backend", ERROR_REASON_OBJECT_NOT_FOUND, "'/backend' not found");
    assert_unresolved(root, "/nic", ERROR_REASON_OBJECT_NOT_FOUND, "not found");
    assert_unresolved(root, "nic/one", ERROR_REASON_OBJECT_NOT_FOUND, "not found");
    assert_unresolved(root, "", ERROR_REASON_OBJECT_NOT_FOUND, "'' not found");
    tree_free(root);
}

static void test_resolve_type(void)
{
    Object *root = tree_new();
    Object *backend = add(root, "a", &qmp_class_test_backend, "x");
    GError *error = NULL;

    add(root, "b", &qmp_class_test_other, "x");
    g_assert_true(object_resolve_type(root, "x", &qmp_class_test_backend, NULL) == backend);
    g_assert_null(object_resolve_type(root, "/b/x", &qmp_class_test_backend, &error));
    assert_error(&error, ERROR_REASON_INVALID_TYPE, "'/b/x' is of class 'test-other'");
    g_assert_null(object_resolve_type(root, "b", &qmp_class_test_backend, &error));
    assert_error(&error, ERROR_REASON_INVALID_TYPE, "of class 'container', not 'test-backend'");
    tree_free(root);
}

static void test_ids(void)
{
    static const char *const good[] = { "a", "Z9", "virtio-blk.0_1" };
    static const char *const bad[] = {
        "", "1a", "-a", ".a", "a b", "a/b", "a[0]", "\xc3\xa4", "a\n",
    };
    GError *error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(object_check_id(good[i], &error));
        g_assert_no_error(error);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(object_check_id(bad[i], &error));
        assert_error(&error, ERROR_REASON_ID_INVALID, "is not an id");
    }
}

/* Microseconds of this thread alone, whatever else the host does. */
static gint64 own_time(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * G_USEC_PER_SEC + ts.tv_nsec / 1000;
}

enum { MANY = 10000 };

static gint64 add_block(Object *parent, guint from, guint to)
{
    gint64 start = own_time();

    for (guint i = from; i < to; i++) {
        g_autofree char *id = g_strdup_printf("id%u", i);

        add_other(parent, id);
        add_other(object_container(parent->parent, "anon"), "device[*]");
    }
    return MAX(own_time() - start, 1);
}

static gint64 look_up(Object *root, guint n)
{
    gint64 start = own_time();

    for (guint i = 0; i < 10000; i++) {
        g_autofree char *path = g_strdup_printf("/objects/id%u", i % n);

        g_assert_nonnull(object_resolve(root, path, NULL));
    }
    return MAX(own_time() - start, 1);
}

/* Nothing may grow with the tree but a partial path.  The factors are far above
 * what noise does and far below the tenfold and more of a search. */
static void test_many(void)
{
    Object *root = tree_new();
    Object *objects = object_container(root, "objects");
    gint64 few = G_MAXINT64, many = G_MAXINT64, first, last;

    first = add_block(objects, 0, 1000);
    few = MIN(look_up(root, 1000), look_up(root, 1000));
    add_block(objects, 1000, MANY - 1000);
    last = add_block(objects, MANY - 1000, MANY);
    many = MIN(look_up(root, MANY), look_up(root, MANY));
    g_test_message("1,000 adds: first %" G_GINT64_FORMAT " us, last %" G_GINT64_FORMAT
                   " us; 10,000 look-ups: %" G_GINT64_FORMAT " us in 1,000, %" G_GINT64_FORMAT
                   " us in 10,000", first, last, few, many);
    g_assert_cmpint(last, <, first * 5 + 5000);
    g_assert_cmpint(many, <, few * 5 + 5000);
    assert_resolves(root, "id9999", "/objects/id9999");
    assert_resolves(root, "device[9999]", "/anon/device[9999]");
    for (guint i = 0; i < MANY; i += 2) {
        g_autofree char *name = g_strdup_printf("device[%u]", i);

        object_unparent(object_child(object_container(root, "anon"), name));
    }
    for (guint i = 0; i < MANY; i += 2) {
        g_autofree char *name = g_strdup_printf("device[%u]", i);

        g_assert_cmpstr(add_other(object_container(root, "anon"), "device[*]")->name, ==, name);
    }
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/tree/add", test_add);
    g_test_add_func("/qom/tree/many-children", test_many_children);
    g_test_add_func("/qom/tree/walks", test_walks);
    g_test_add_func("/qom/tree/walk-changes", test_walk_changes);
    g_test_add_func("/qom/tree/numbers", test_numbers);
    g_test_add_func("/qom/path/canonical", test_paths);
    g_test_add_func("/qom/path/resolve", test_resolve);
    g_test_add_func("/qom/path/resolve-type", test_resolve_type);
    g_test_add_func("/qom/path/ids", test_ids);
    g_test_add_func("/qom/tree/ten-thousand", test_many);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
