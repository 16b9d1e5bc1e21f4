/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/property.c: reading, setting and describing properties by their rows.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"
#include "qmp/describe.h"

static const QmpInput strict = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };
static const QmpInput machine_input = {
    .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT, .allow_internal = true,
};

static bool set(Object *obj, const char *name, QmpValue *value, GError **error)
{
    bool ok = object_property_set(obj, name, &strict, value, error);

    qmp_value_free(value);
    return ok;
}

static void assert_get(Object *obj, const char *name, QmpValue *expected)
{
    GError *error = NULL;
    g_autoptr(QmpValue) value = object_property_get(obj, name, &error);
    g_autoptr(QmpValue) e = expected;

    g_assert_no_error(error);
    g_assert_true(qmp_value_equal(value, e));
}

static TestDerivedProps *props_of(Object *obj)
{
    return obj->props;
}

static void test_get(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "objects", &qmp_class_test_derived, "o");
    GError *error = NULL;

    assert_get(obj, "value", qmp_value_int(7));
    assert_get(obj, "fixed", qmp_value_int(5));
    assert_get(obj, "hidden", qmp_value_bool(false));
    assert_get(obj, "mode", qmp_value_str("fast"));
    assert_get(obj, "levels", qmp_value_list());
    assert_get(obj, "extra", qmp_value_int(1024));
    assert_get(obj, "type", qmp_value_str("test-derived"));
    /* absent ones */
    assert_get(obj, "label", qmp_value_str(""));
    assert_get(obj, "friend", qmp_value_str(""));
    assert_get(obj, "count", qmp_value_null());
    /* a secret, absent or not */
    assert_get(obj, "password", qmp_value_null());
    props_of(obj)->password = g_strdup("geheim");
    assert_get(obj, "password", qmp_value_null());
    /* brought up to date each time */
    assert_get(obj, "shown", qmp_value_int(1));
    assert_get(obj, "shown", qmp_value_int(2));
    add(root, "objects/o", &qmp_class_test_other, "child");
    assert_get(obj, "child", qmp_value_str("/objects/o/child"));
    g_assert_null(object_property_get(obj, "no", &error));
    assert_error(&error, ERROR_REASON_PROPERTY_NOT_FOUND,
                 "class 'test-derived' has no property 'no'");
    tree_free(root);
}

static void test_set_new(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "objects", &qmp_class_test_derived, "o");
    GError *error = NULL;

    g_free(log_take());
    g_assert_true(set(obj, "fixed", qmp_value_int(-9), NULL));
    g_assert_true(set(obj, "label", qmp_value_str("hello"), NULL));
    g_assert_true(set(obj, "count", qmp_value_int(65535), NULL));
    g_assert_true(set(obj, "friend", qmp_value_str("later"), NULL));    /* resolved when made */
    g_assert_true(set(obj, "mode", qmp_value_str("slow"), NULL));
    assert_log("");                             /* not made: nobody to tell */
    g_assert_cmpint(props_of(obj)->fixed, ==, -9);
    g_assert_true(props_of(obj)->has_count);
    g_assert_cmpint(props_of(obj)->mode, ==, TEST_MODE_SLOW);
    assert_get(obj, "label", qmp_value_str("hello"));
    g_assert_false(set(obj, "no", qmp_value_int(1), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_NOT_FOUND, "'no'");
    g_assert_false(set(obj, "type", qmp_value_str("x"), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_NOT_FOUND, "'type'");
    g_assert_false(set(obj, "shown", qmp_value_int(1), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_READ_ONLY, "'shown'");
    g_assert_false(set(obj, "hidden", qmp_value_bool(true), &error));
    assert_error(&error, ERROR_REASON_INTERNAL_PROPERTY, "'hidden'");
    tree_free(root);
}

static void test_internal(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_object);
    g_autoptr(QmpValue) value = qmp_value_bool(true);

    g_assert_true(object_property_set(obj, "hidden", &machine_input, value, NULL));
    g_assert_true(((TestObjectProps *)obj->props)->hidden);
}

static void test_decoder_errors(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_object);
    GError *error = NULL;

    g_assert_false(set(obj, "value", qmp_value_str("7"), &error));
    assert_error(&error, ERROR_REASON_INVALID_TYPE, "value");
    g_assert_false(set(obj, "value", qmp_value_int(101), &error));
    assert_error(&error, ERROR_REASON_OUT_OF_RANGE, "value");
    g_assert_false(set(obj, "mode", qmp_value_str("other"), &error));
    g_clear_error(&error);
    assert_get(obj, "value", qmp_value_int(7));
    assert_get(obj, "mode", qmp_value_str("fast"));
    g_assert_null(obj->given);
}

/* What was set counts as given: defaults do not overwrite it, and the record
 * repeats it. */
static void test_given(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_derived);
    GError *error = NULL;

    g_assert_true(set(obj, "label", qmp_value_str("x"), &error));
    g_assert_no_error(error);
    for (guint i = 0; i < qmp_class_test_derived.props->n_members; i++) {
        const QmpMember *member = &qmp_members(qmp_class_test_derived.props)[i];
        bool is_label = g_str_equal(qmp_name(member->name), "label");

        g_assert_cmpint(qmp_given(obj->given, i), ==, is_label);
    }
}

static void test_set_made(void)
{
    Object *root = tree_new();
    Object *obj = add_made(root, "objects", &qmp_class_test_leaf, "o");
    GError *error = NULL;

    g_free(log_take());
    g_assert_true(set(obj, "value", qmp_value_int(9), NULL));
    assert_log("base.changed derived.changed leaf.changed");
    g_assert_cmpuint(props_of(obj)->value, ==, 9);
    g_assert_false(set(obj, "fixed", qmp_value_int(1), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_NOT_SETTABLE, "'fixed'");
    g_assert_cmpint(props_of(obj)->fixed, ==, 5);
    assert_log("");
    tree_free(root);
}

static void test_set_in_between(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "objects", &qmp_class_test_leaf, "o");
    GError *error = NULL;

    g_assert_true(object_link(obj, NULL));
    g_assert_false(set(obj, "value", qmp_value_int(9), &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "being made");
    g_assert_true(object_prepare(obj, NULL));
    g_assert_false(set(obj, "value", qmp_value_int(9), &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "being made");
    tree_free(root);
}

static void test_refused(void)
{
    Object *root = tree_new();
    Object *obj = add_made(root, "objects", &qmp_class_test_leaf, "o");
    GError *error = NULL;

    g_assert_true(set(obj, "label", qmp_value_str("old"), NULL));
    g_free(log_take());
    fail_at("leaf.changed");
    g_assert_false(set(obj, "label", qmp_value_str("new"), &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "leaf.changed failed");
    /* those that had agreed hear of the old value, the last of them first */
    assert_log("base.changed derived.changed leaf.changed derived.changed base.changed");
    assert_get(obj, "label", qmp_value_str("old"));
    fail_at("base.changed");
    g_assert_false(set(obj, "count", qmp_value_int(1), &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "base.changed failed");
    assert_log("base.changed");
    assert_get(obj, "count", qmp_value_null());
    tree_free(root);
}

static void test_links(void)
{
    Object *root = tree_new();
    Object *b0 = add_made(root, "objects", &qmp_class_test_backend, "b0");
    Object *b1 = add_made(root, "objects", &qmp_class_test_backend, "b1");
    Object *obj = add_made(root, "objects", &qmp_class_test_leaf, "o");
    Object *rival = add_made(root, "objects", &qmp_class_test_leaf, "rival");
    GError *error = NULL;

    g_assert_true(set(obj, "mine", qmp_value_str("b0"), NULL));
    g_assert_true(props_of(obj)->mine.target == b0);
    g_assert_true(set(obj, "mine", qmp_value_str("/objects/b0"), NULL));    /* the same again */
    g_assert_cmpint(g_atomic_int_get(&b0->refs), ==, 2);
    g_assert_false(set(rival, "mine", qmp_value_str("b0"), &error));
    assert_error(&error, ERROR_REASON_IN_USE, "by property 'mine' of '/objects/o'");
    g_assert_false(set(obj, "mine", qmp_value_str("b9"), &error));
    g_assert_cmpstr(qmp_error_path(error), ==, "mine");
    assert_error(&error, ERROR_REASON_OBJECT_NOT_FOUND, "'b9'");
    g_assert_true(props_of(obj)->mine.target == b0);
    fail_at("derived.changed");
    g_assert_false(set(obj, "mine", qmp_value_str("b1"), NULL));
    g_assert_true(props_of(obj)->mine.target == b0);
    g_assert_cmpint(g_atomic_int_get(&b1->refs), ==, 1);
    fail_at(NULL);
    g_assert_true(set(obj, "mine", qmp_value_str("b1"), NULL));
    g_assert_true(object_may_delete(b0, NULL));
    g_assert_false(object_may_delete(b1, NULL));
    g_assert_true(set(rival, "mine", qmp_value_str("b0"), NULL));
    g_assert_true(set(obj, "mine", qmp_value_str(""), NULL));
    g_assert_true(object_may_delete(b1, NULL));
    assert_get(obj, "mine", qmp_value_str(""));
    tree_free(root);
}

/* A list of pairs, the second of which has links to left and right. */
static QmpValue *pairs_value(const char *first, const char *left, const char *right)
{
    QmpValue *list = qmp_value_list();
    QmpValue *a = qmp_value_dict(), *b = qmp_value_dict();

    qmp_value_set(a, "left", qmp_value_str(first));
    qmp_value_set(b, "left", qmp_value_str(left));
    qmp_value_set(b, "right", qmp_value_str(right));
    qmp_value_append(list, a);
    qmp_value_append(list, b);
    return list;
}

static void test_nested_links(void)
{
    Object *root = tree_new();
    Object *b0 = add_made(root, "objects", &qmp_class_test_backend, "b0");
    Object *b1 = add_made(root, "objects", &qmp_class_test_backend, "b1");
    Object *obj = add_made(root, "objects", &qmp_class_test_leaf, "o");
    GError *error = NULL;

    g_assert_false(set(obj, "pairs", pairs_value("b0", "b1", "b2"), &error));
    g_assert_cmpstr(qmp_error_path(error), ==, "pairs[1].right");
    assert_error(&error, ERROR_REASON_OBJECT_NOT_FOUND, "'b2'");
    g_assert_cmpint(g_atomic_int_get(&b0->refs), ==, 1);
    g_assert_true(object_may_delete(b1, NULL));
    g_assert_true(set(obj, "pairs", pairs_value("b0", "b1", "b0"), NULL));
    g_assert_cmpint(g_atomic_int_get(&b0->refs), ==, 3);
    g_assert_true(set(obj, "pairs", qmp_value_list(), NULL));
    g_assert_cmpint(g_atomic_int_get(&b0->refs), ==, 1);
    g_assert_true(object_may_delete(b1, NULL));
    tree_free(root);
}

static void assert_type_name(const char *property, const char *expected)
{
    g_autofree char *name = qmp_member_type_name(qmp_class_member(&qmp_class_test_derived, property));

    g_assert_cmpstr(name, ==, expected);
}

static void test_type_names(void)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_leaf);
    g_autofree char *child = child_type_name(obj);

    assert_type_name("value", "uint8");
    assert_type_name("hidden", "bool");
    assert_type_name("label", "str");
    assert_type_name("extra", "size");
    assert_type_name("mode", "TestMode");
    assert_type_name("friend", "link<test-backend>");
    g_assert_cmpstr(child, ==, "child<test-leaf>");
}

static void assert_default(const QmpClass *klass, const char *property, QmpValue *expected)
{
    g_autoptr(QmpValue) value = qmp_class_default(klass, qmp_class_member(klass, property));
    g_autoptr(QmpValue) e = expected;

    g_assert_true(value && e ? qmp_value_equal(value, e) : value == e);
}

static void test_defaults(void)
{
    assert_default(&qmp_class_test_object, "value", qmp_value_int(7));
    assert_default(&qmp_class_test_object, "fixed", qmp_value_int(-3));
    assert_default(&qmp_class_test_derived, "fixed", qmp_value_int(5));
    assert_default(&qmp_class_test_leaf, "fixed", qmp_value_int(5));
    assert_default(&qmp_class_test_object, "mode", qmp_value_str("fast"));
    assert_default(&qmp_class_test_object, "hidden", qmp_value_bool(false));
    assert_default(&qmp_class_test_object, "levels", qmp_value_list());
    assert_default(&qmp_class_test_leaf, "extra", qmp_value_int(1024));
    assert_default(&qmp_class_test_chip, "flavour", qmp_value_str("plain"));
    assert_default(&qmp_class_test_object, "label", NULL);
    assert_default(&qmp_class_test_object, "friend", NULL);
}

static void add_tests(void)
{
    g_test_add_func("/qom/property/get", test_get);
    g_test_add_func("/qom/property/set-new", test_set_new);
    g_test_add_func("/qom/property/internal", test_internal);
    g_test_add_func("/qom/property/decoder-errors", test_decoder_errors);
    g_test_add_func("/qom/property/given", test_given);
    g_test_add_func("/qom/property/set-made", test_set_made);
    g_test_add_func("/qom/property/set-in-between", test_set_in_between);
    g_test_add_func("/qom/property/refused", test_refused);
    g_test_add_func("/qom/property/links", test_links);
    g_test_add_func("/qom/property/nested-links", test_nested_links);
    g_test_add_func("/qom/property/type-names", test_type_names);
    g_test_add_func("/qom/property/defaults", test_defaults);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
