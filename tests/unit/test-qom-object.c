/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/object.c, qom/class.c: making, counting, classes, casts.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/qapi-objects-qom-schema.h"

static void test_new(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_leaf);
    TestLeafProps *props = test_derived_props(obj);

    assert_log("base.init derived.init leaf.init");
    g_assert_true(object_class(obj) == &qmp_class_test_leaf);
    g_assert_cmpstr(object_class_name(obj), ==, "test-leaf");
    g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
    g_assert_null(obj->name);
    g_assert_null(obj->children);
    g_assert_cmpuint(props->value, ==, 7);
    g_assert_cmpint(props->fixed, ==, 5);       /* the class's default over the row's */
    g_assert_cmpuint(props->extra, ==, 1024);
}

static void test_finalize(void)
{
    Object *obj = object_new(&qmp_class_test_leaf);

    g_assert_true(object_ref(obj) == obj);
    g_free(log_take());
    object_unref(obj);
    assert_log("");
    object_unref(obj);
    assert_log("leaf.finalize derived.finalize base.finalize");
    object_unref(NULL);
}

static void test_with_props(void)
{
    TestDerivedProps *props = qmp_new_props(&qmp_class_test_derived);
    QmpGiven *given = g_malloc0(4);
    g_autoptr(Object) obj = NULL;

    props->label = g_strdup("mine");
    obj = object_new_with_props(&qmp_class_test_derived, props, given);
    g_assert_true(test_derived_props(obj) == props);
    g_assert_true(obj->given == given);
}

static void test_casts(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_derived);

    g_assert_true(object_is_a(obj, &qmp_class_test_derived));
    g_assert_true(object_is_a(obj, &qmp_class_test_object));
    g_assert_true(object_is_a(obj, &qmp_class_object));
    g_assert_false(object_is_a(obj, &qmp_class_test_leaf));
    g_assert_false(object_is_a(obj, &qmp_class_device));
    g_assert_true(object_dynamic_cast(obj, &qmp_class_test_object) == obj);
    g_assert_null(object_dynamic_cast(obj, &qmp_class_test_leaf));
    g_assert_null(object_dynamic_cast(NULL, &qmp_class_object));
}

static void test_kind(void)
{
    g_autoptr(Object) base = object_new(&qmp_class_test_object);
    g_autoptr(Object) derived = object_new(&qmp_class_test_derived);
    g_autoptr(Object) leaf = object_new(&qmp_class_test_leaf);
    g_autoptr(Object) other = object_new(&qmp_class_test_other);

    g_assert_cmpstr(object_kind(base), ==, "base kind");
    g_assert_cmpstr(object_kind(derived), ==, "base kind");
    g_assert_cmpstr(object_kind(leaf), ==, "leaf kind");
    g_assert_null(object_kind(other));
}

static void test_type_info(void)
{
    g_assert_cmpuint(object_type_info(&qmp_class_device)->size, ==, sizeof(Device));
    g_assert_nonnull(object_type_info(&qmp_class_test_leaf));
    g_assert_null(object_type_info(&qmp_class_test_other));
    for (const TypeInfo *const *type = qom_types; *type; type++) {
        g_assert_true(object_type_info((*type)->schema) == *type);
    }
}

/* Mistakes in a list of types: they are told, and what was there stays. */
static void test_wrong_types(void)
{
    static const TypeInfo twin = { .schema = &qmp_class_test_leaf };
    static const TypeInfo late = { .schema = &qmp_class_test_other };
    static const TypeInfo *const list[] = { &twin, &late, NULL };
    const TypeInfo *leaf = object_type_info(&qmp_class_test_leaf);
    g_autoptr(Object) other = object_new(&qmp_class_test_other);

    g_test_expect_message("vmd-qom", G_LOG_LEVEL_CRITICAL, "class 'test-leaf' has two types");
    g_test_expect_message("vmd-qom", G_LOG_LEVEL_CRITICAL,
                          "objects of class 'test-other' were made before its type");
    object_register_types(list);
    g_test_assert_expected_messages();
    g_assert_true(object_type_info(&qmp_class_test_leaf) == leaf);
    g_assert_null(object_type_info(&qmp_class_test_other));
}

/* Objects of classes that no other test uses, made in many threads at once:
 * all must come to the same class. */
static gpointer make_many(gpointer data)
{
    const Class **ret = data;

    for (guint i = 0; i < 1000; i++) {
        g_autoptr(Object) obj = object_new(&qmp_class_test_accel);

        g_assert_true(!ret[0] || ret[0] == obj->klass);
        ret[0] = obj->klass;
    }
    return NULL;
}

static void test_threads(void)
{
    const Class *found[8] = { NULL };
    GThread *threads[8];

    for (guint i = 0; i < 8; i++) {
        threads[i] = g_thread_new("make", make_many, &found[i]);
    }
    for (guint i = 0; i < 8; i++) {
        g_thread_join(threads[i]);
        g_assert_true(found[i] == found[0]);
    }
}

static gpointer count_up_and_down(gpointer data)
{
    for (guint i = 0; i < 10000; i++) {
        object_unref(object_ref(data));
    }
    return NULL;
}

static void test_ref_threads(void)
{
    Object *obj = object_new(&qmp_class_test_leaf);
    GThread *threads[4];

    for (guint i = 0; i < 4; i++) {
        threads[i] = g_thread_new("ref", count_up_and_down, obj);
    }
    for (guint i = 0; i < 4; i++) {
        g_thread_join(threads[i]);
    }
    g_free(log_take());
    object_unref(obj);
    assert_log("leaf.finalize derived.finalize base.finalize");
}

static void test_env(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "a/b", &qmp_class_test_other, "c");
    g_autoptr(Object) lone = object_new(&qmp_class_test_other);
    Env env = { 0 };

    g_assert_null(object_env(obj));
    object_set_env(root, &env);
    g_assert_true(object_env(obj) == &env);
    g_assert_true(object_env(root) == &env);
    g_assert_null(object_env(lone));
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/object/new", test_new);
    g_test_add_func("/qom/object/finalize", test_finalize);
    g_test_add_func("/qom/object/with-props", test_with_props);
    g_test_add_func("/qom/object/casts", test_casts);
    g_test_add_func("/qom/object/kind", test_kind);
    g_test_add_func("/qom/object/type-info", test_type_info);
    g_test_add_func("/qom/object/wrong-types", test_wrong_types);
    g_test_add_func("/qom/object/class-threads", test_threads);
    g_test_add_func("/qom/object/ref-threads", test_ref_threads);
    g_test_add_func("/qom/object/env", test_env);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
