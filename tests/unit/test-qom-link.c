/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/link.c: which object a link means, who may hold it, and what that does to
 * deleting it.
 */
#include "config.h"
#include "qom/link.h"
#include "tests/unit/test-qom-types.h"

static Object *backend(Object *root, const char *place, const char *name)
{
    return add_made(root, place, &qmp_class_test_backend, name);
}

static Object *holder(Object *root, const char *name)
{
    return add(root, "objects", &qmp_class_test_object, name);
}

static TestObjectProps *props_of(Object *obj)
{
    return obj->props;
}

static gint refs(Object *obj)
{
    return g_atomic_int_get(&obj->refs);
}

static void assert_fails(Object *obj, ErrorReason reason, const char *part, const char *path)
{
    GError *error = NULL;

    g_assert_false(object_link(obj, &error));
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    assert_error(&error, reason, part);
    g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
    g_assert_false(object_link(obj, NULL));     /* without an error */
}

static void test_hold(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = holder(root, "h0");
    GError *error = NULL;

    set_path(&props_of(h)->friend, "b0");
    set_path(&props_of(h)->mine, "/objects/b0");
    g_assert_true(object_link(h, &error));
    g_assert_true(props_of(h)->friend.target == b);
    g_assert_true(props_of(h)->mine.target == b);
    g_assert_cmpint(refs(b), ==, 3);
    g_assert_false(object_may_delete(b, &error));
    assert_error(&error, ERROR_REASON_IN_USE,
                 "object '/objects/b0' is in use by property 'friend' of '/objects/h0'");
    g_assert_true(object_may_delete_with(b, h, &error));
    g_assert_false(object_may_delete_with(b, holder(root, "h1"), NULL));
    g_assert_true(object_may_delete(h, NULL));
    object_dismantle(h);
    g_assert_null(props_of(h)->friend.target);
    g_assert_cmpstr(props_of(h)->friend.path, ==, "b0");
    g_assert_cmpint(refs(b), ==, 1);
    g_assert_true(object_may_delete(b, &error));
    tree_free(root);
}

static void test_set_link(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = add_made(root, "objects", &qmp_class_test_object, "h0");
    const QmpMember *friend = qmp_class_member(&qmp_class_test_object, "friend");
    g_autoptr(QmpValue) path = NULL;

    object_property_set_link(h, "friend", NULL);
    g_assert_true(object_property_given(h, "friend"));  /* as qom-set to "" */
    g_assert_null(props_of(h)->friend.path);
    g_assert_null(object_property_record(h, friend, h->props));
    object_property_set_link(h, "friend", b);
    g_assert_cmpint(refs(b), ==, 2);
    object_property_set_link(h, "friend", b);
    g_assert_cmpint(refs(b), ==, 2);
    path = object_property_get(h, "friend", NULL);
    g_assert_cmpstr(path->s, ==, "/objects/b0");
    g_assert_false(object_may_delete(b, NULL));
    object_property_set_link(h, "friend", NULL);
    g_assert_cmpint(refs(b), ==, 1);
    tree_free(root);
}

/* What it is not for is refused, and changes nothing. */
static void test_set_link_wrongly(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = add_made(root, "objects", &qmp_class_test_object, "h0");
    Object *fresh = holder(root, "h1");
    const struct {
        Object *obj;
        const char *name;
        Object *target;
    } cases[] = {
        { h, "no", b }, { h, "label", b }, { h, "mine", b }, { h, "container", b },
        { fresh, "friend", b }, { h, "friend", fresh },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_expect_message("vmd-qom", G_LOG_LEVEL_CRITICAL, "object_property_set_link:*");
        object_property_set_link(cases[i].obj, cases[i].name, cases[i].target);
        g_test_assert_expected_messages();
        g_assert_cmpint(refs(b), ==, 1);
        g_assert_null(cases[i].obj->given);
    }
    tree_free(root);
}

/* The target's class may refuse a holder. */
static void test_refused(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = holder(root, "h0");

    set_path(&props_of(h)->friend, "b0");
    fail_at("backend.may_link");
    assert_fails(h, ERROR_REASON_HOST_ERROR, "property 'friend': backend.may_link failed",
                 "friend");
    g_assert_cmpint(refs(b), ==, 1);
    fail_at(NULL);
    g_assert_true(object_link(h, NULL));
    tree_free(root);
}

static void test_not_found(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = holder(root, "h0");

    set_path(&props_of(h)->friend, "b0");
    set_path(&props_of(h)->mine, "b1");
    assert_fails(h, ERROR_REASON_OBJECT_NOT_FOUND, "property 'mine': object 'b1' not found",
                 "mine");
    g_assert_cmpint(refs(b), ==, 1);            /* the good one was let go */
    g_assert_true(object_may_delete(b, NULL));
    set_path(&props_of(h)->mine, "/objects/none");
    assert_fails(h, ERROR_REASON_OBJECT_NOT_FOUND, "'/objects/none'", "mine");
    set_path(&props_of(h)->mine, "");           /* optional: none */
    g_assert_true(object_link(h, NULL));
    tree_free(root);
}

static void test_type(void)
{
    Object *root = tree_new();
    Object *h = holder(root, "h0");

    add_made(root, "objects", &qmp_class_test_other, "x");
    add_made(root, "chardevs", &qmp_class_test_other, "y");
    set_path(&props_of(h)->friend, "x");
    assert_fails(h, ERROR_REASON_INVALID_TYPE, "of class 'test-other', not 'test-backend'",
                 "friend");
    set_path(&props_of(h)->friend, "y");
    assert_fails(h, ERROR_REASON_INVALID_TYPE, "of class 'test-other'", "friend");
    set_path(&props_of(h)->friend, "/chardevs/y");
    assert_fails(h, ERROR_REASON_INVALID_TYPE, "of class 'test-other'", "friend");
    tree_free(root);
}

/* An id means the one in the folder of the link's class, whatever else in
 * the tree has that name; elsewhere it must be unambiguous. */
static void test_folders(void)
{
    Object *root = tree_new();
    Object *h = holder(root, "h0");
    Object *far = backend(root, "a", "b0");
    Object *b;

    backend(root, "a", "b1");
    backend(root, "b", "b1");
    set_path(&props_of(h)->friend, "b0");
    g_assert_true(object_link(h, NULL));
    g_assert_true(props_of(h)->friend.target == far);
    object_dismantle(h);
    b = backend(root, "objects", "b0");
    g_assert_true(object_link(h, NULL));
    g_assert_true(props_of(h)->friend.target == b);
    object_dismantle(h);
    set_path(&props_of(h)->friend, "a/b0");
    g_assert_true(object_link(h, NULL));
    g_assert_true(props_of(h)->friend.target == far);
    object_dismantle(h);
    set_path(&props_of(h)->friend, "b1");
    assert_fails(h, ERROR_REASON_PATH_AMBIGUOUS, "'/a/b1' or '/b/b1'", "friend");
    /* one to any class looks where those are that have no folder of their own */
    h = add(root, "objects", &qmp_class_test_linker, "h1");
    set_path(&((TestLinkerProps *)h->props)->anything, "b0");
    g_assert_true(object_link(h, NULL));
    g_assert_true(((TestLinkerProps *)h->props)->anything.target == b);
    object_dismantle(h);
    set_path(&((TestLinkerProps *)h->props)->anything, "b1");
    assert_fails(h, ERROR_REASON_PATH_AMBIGUOUS, "'b1' is ambiguous", "anything");
    tree_free(root);
}

static void test_exclusive(void)
{
    Object *root = tree_new();
    Object *first = holder(root, "first");
    Object *second = holder(root, "second");
    Object *third = holder(root, "third");

    backend(root, "objects", "b0");
    set_path(&props_of(third)->friend, "b0");
    g_assert_true(object_link(third, NULL));    /* a shared link excludes nobody */
    set_path(&props_of(first)->mine, "b0");
    g_assert_true(object_link(first, NULL));
    set_path(&props_of(second)->mine, "b0");
    assert_fails(second, ERROR_REASON_IN_USE, "by property 'mine' of '/objects/first'", "mine");
    object_dismantle(first);
    g_assert_true(object_link(second, NULL));
    assert_fails(first, ERROR_REASON_IN_USE, "by property 'mine' of '/objects/second'", "mine");
    tree_free(root);
}

/* A class of shared objects knows no exclusive holder. */
static void test_shared(void)
{
    Object *root = tree_new();
    Object *first = holder(root, "first");
    Object *second = holder(root, "second");
    Object *target = add_made(root, "objects", &qmp_class_test_shared, "b0");
    const QmpMember *row = qmp_class_member(&qmp_class_test_object, "mine");

    set_path(&props_of(first)->mine, "b0");
    set_path(&props_of(second)->mine, "b0");
    g_assert_true(object_link(first, NULL));
    g_assert_true(object_link(second, NULL));
    g_assert_true(link_hold_exclusive(first, row, target, NULL));
    link_drop(first, row, target);
    g_assert_false(object_may_delete(target, NULL));
    tree_free(root);
}

/* A hold by C code excludes links, and links exclude it. */
static void test_exclusive_hold(void)
{
    Object *root = tree_new();
    Object *first = holder(root, "first");
    Object *second = holder(root, "second");
    Object *target = backend(root, "objects", "b0");
    const QmpMember *row = qmp_class_member(&qmp_class_test_object, "friend");
    GError *error = NULL;

    g_assert_true(link_hold_exclusive(first, row, target, NULL));
    set_path(&props_of(second)->mine, "b0");
    assert_fails(second, ERROR_REASON_IN_USE, "by property 'friend' of '/objects/first'", "mine");
    link_drop(first, row, target);
    g_assert_true(object_link(second, NULL));
    g_assert_false(link_hold_exclusive(first, row, target, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "by property 'mine' of '/objects/second'");
    tree_free(root);
}

static TestPairList pairs_new(const char *first, const char *second, const char *third)
{
    TestPairList list = { .n = 2, .items = g_new0(TestPair *, 2) };

    list.items[0] = g_new0(TestPair, 1);
    list.items[1] = g_new0(TestPair, 1);
    set_path(&list.items[0]->left, first);
    set_path(&list.items[1]->left, second);
    set_path(&list.items[1]->right, third);
    return list;
}

static void test_nested(void)
{
    Object *root = tree_new();
    Object *b0 = backend(root, "objects", "b0");
    Object *b1 = backend(root, "objects", "b1");
    Object *h = holder(root, "h0");
    GError *error = NULL;

    props_of(h)->pairs = pairs_new("b0", "b1", "b2");
    assert_fails(h, ERROR_REASON_OBJECT_NOT_FOUND, "property 'right': object 'b2'",
                 "pairs[1].right");
    g_assert_cmpint(refs(b0), ==, 1);
    g_assert_cmpint(refs(b1), ==, 1);
    set_path(&props_of(h)->pairs.items[1]->right, "b0");
    g_assert_true(object_link(h, NULL));
    g_assert_cmpint(refs(b0), ==, 3);
    g_assert_cmpint(refs(b1), ==, 2);
    g_assert_false(object_may_delete(b1, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "of '/objects/h0'");
    object_dismantle(h);
    g_assert_cmpint(refs(b0), ==, 1);
    g_assert_cmpint(refs(b1), ==, 1);
    tree_free(root);
}

static void assert_replace_fails(Object *h, const TestPairList *pairs, ErrorReason reason,
                                 const char *part, const char *path)
{
    GError *error = NULL;

    g_assert_false(object_property_replace(h, "pairs", pairs, &error));
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    assert_error(&error, reason, part);
    g_assert_cmpuint(props_of(h)->pairs.n, ==, 0);
    g_assert_false(object_property_given(h, "pairs"));
}

/* A value from code: links are held, and a value that is refused leaves no trace. */
static void test_replace(void)
{
    Object *root = tree_new();
    Object *b0 = backend(root, "objects", "b0"), *b1 = backend(root, "objects", "b1");
    Object *h = add_made(root, "objects", &qmp_class_test_object, "h0");
    TestPairList pairs = pairs_new("b0", "none", "b1"), none = { 0 };

    assert_replace_fails(h, &pairs, ERROR_REASON_OBJECT_NOT_FOUND, "'none'", "pairs[1].left");
    set_path(&pairs.items[1]->left, "b1");
    fail_at("base.changed");
    assert_replace_fails(h, &pairs, ERROR_REASON_HOST_ERROR, "", NULL);
    fail_at(NULL);
    g_assert_cmpint(refs(b1), ==, 1);
    g_assert_true(object_property_replace(h, "pairs", &pairs, NULL));
    g_assert_cmpint(refs(b0), ==, 2);
    g_assert_cmpint(refs(b1), ==, 3);
    g_assert_null(pairs.items[0]->left.target);         /* it was copied */
    g_assert_true(props_of(h)->pairs.items[0]->left.target == b0);
    g_assert_true(object_property_given(h, "pairs"));
    g_assert_true(object_property_replace(h, "pairs", &none, NULL));
    g_assert_cmpint(refs(b0), ==, 1);
    g_assert_cmpint(refs(b1), ==, 1);
    qmp_clear(&qmp_type_TestPairList, &pairs);
    tree_free(root);
}

/* What a class shows is not a request to hold anything. */
static void test_readonly(void)
{
    Object *root = tree_new();
    Object *h = holder(root, "h0");

    set_path(&props_of(h)->container, "/nothing/here");
    g_assert_true(object_link(h, NULL));
    g_assert_null(props_of(h)->container.target);
    tree_free(root);
}

static void test_not_ready(void)
{
    Object *root = tree_new();
    Object *slow = add(root, "objects", &qmp_class_test_leaf, "slow");
    Object *h = add(root, "objects", &qmp_class_test_linker, "h0");
    TestLinkerProps *props = h->props;

    set_path(&props->anything, "slow");
    assert_fails(h, ERROR_REASON_WRONG_STATE, "object 'slow' is not ready yet", "anything");
    g_assert_true(object_link(slow, NULL));
    assert_fails(h, ERROR_REASON_WRONG_STATE, "object 'slow' is not ready yet", "anything");
    g_assert_true(object_prepare(slow, NULL));
    /* It may still fail to become complete ... */
    assert_fails(h, ERROR_REASON_WRONG_STATE, "object 'slow' is not ready yet", "anything");
    g_assert_true(object_complete(slow, NULL));
    g_assert_true(object_link(h, NULL));
    object_dismantle(h);
    /* ... and is not there any more while it goes. */
    object_dismantle(slow);
    assert_fails(h, ERROR_REASON_WRONG_STATE, "object 'slow' is not ready", "anything");
    set_path(&props->anything, "h0");
    assert_fails(h, ERROR_REASON_INVALID_VALUE, "'h0' cannot link to itself", "anything");
    tree_free(root);
}

/* Deleting a branch asks for holders of anything in it, but not for those that
 * would go with it. */
static void test_branch(void)
{
    Object *root = tree_new();
    Object *branch = object_container(root, "branch");
    Object *inside = add(root, "branch/deep", &qmp_class_test_object, "inside");
    Object *outside = holder(root, "outside");
    GError *error = NULL;

    backend(root, "branch/deep", "b0");
    set_path(&props_of(inside)->friend, "b0");
    g_assert_true(object_link(inside, NULL));
    g_assert_true(object_may_delete(branch, NULL));
    set_path(&props_of(outside)->friend, "b0");
    g_assert_true(object_link(outside, NULL));
    g_assert_false(object_may_delete(branch, &error));
    assert_error(&error, ERROR_REASON_IN_USE,
                 "'/branch/deep/b0' is in use by property 'friend' of '/objects/outside'");
    tree_free(root);
}

/* A target that is destroyed by force stays in memory for its holders. */
static void test_forced(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    Object *h = holder(root, "h0");

    set_path(&props_of(h)->friend, "b0");
    g_assert_true(object_link(h, NULL));
    object_destroy(b);
    g_assert_true(props_of(h)->friend.target == b);
    g_assert_cmpint(refs(b), ==, 1);
    object_dismantle(h);
    tree_free(root);
}

static void test_many_holders(void)
{
    Object *root = tree_new();
    Object *b = backend(root, "objects", "b0");
    gint64 start = g_get_monotonic_time();

    for (guint i = 0; i < 10000; i++) {
        g_autofree char *name = g_strdup_printf("h%u", i);
        Object *h = holder(root, name);

        set_path(&props_of(h)->friend, "b0");
        g_assert_true(object_make(h, NULL));
    }
    g_assert_cmpint(refs(b), ==, 10001);
    tree_free(root);
    g_test_message("10,000 holders made and destroyed in %" G_GINT64_FORMAT " us",
                   g_get_monotonic_time() - start);
}

static void add_tests(void)
{
    g_test_add_func("/qom/link/hold", test_hold);
    g_test_add_func("/qom/link/set", test_set_link);
    g_test_add_func("/qom/link/set-wrongly", test_set_link_wrongly);
    g_test_add_func("/qom/link/refused", test_refused);
    g_test_add_func("/qom/link/not-found", test_not_found);
    g_test_add_func("/qom/link/type", test_type);
    g_test_add_func("/qom/link/folders", test_folders);
    g_test_add_func("/qom/link/exclusive", test_exclusive);
    g_test_add_func("/qom/link/shared", test_shared);
    g_test_add_func("/qom/link/exclusive-hold", test_exclusive_hold);
    g_test_add_func("/qom/link/nested", test_nested);
    g_test_add_func("/qom/link/replace", test_replace);
    g_test_add_func("/qom/link/readonly", test_readonly);
    g_test_add_func("/qom/link/not-ready", test_not_ready);
    g_test_add_func("/qom/link/branch", test_branch);
    g_test_add_func("/qom/link/forced", test_forced);
    g_test_add_func("/qom/link/many-holders", test_many_holders);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
