/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/life.c: the order of hooks, the undo at each that can fail, destruction
 * and the question whether an object may go.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#define PREPARED "base.prepare derived.prepare leaf.prepare"
#define COMPLETED "base.complete derived.complete leaf.complete"
#define DISMANTLED "leaf.dismantle derived.dismantle base.dismantle"
#define RELEASED "leaf.release derived.release base.release"

static Object *new_leaf(Object *root)
{
    Object *obj = add(root, "objects", &qmp_class_test_leaf, "leaf");

    g_free(log_take());
    return obj;
}

static void test_order(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);

    g_assert_true(object_needs_prepare(obj));
    g_assert_false(object_needs_prepare(root));
    g_assert_true(object_link(obj, NULL));
    g_assert_cmpint(object_life(obj), ==, OBJECT_LINKED);
    assert_log("");
    g_assert_true(object_prepare(obj, NULL));
    g_assert_cmpint(object_life(obj), ==, OBJECT_PREPARED);
    assert_log(PREPARED);
    g_assert_true(object_complete(obj, NULL));
    g_assert_cmpint(object_life(obj), ==, OBJECT_COMPLETE);
    g_assert_cmpuint(obj->serial, ==, 1);
    assert_log(COMPLETED);
    object_dismantle(obj);
    g_assert_cmpint(object_life(obj), ==, OBJECT_PREPARED);
    assert_log(DISMANTLED);
    object_dismantle(obj);
    assert_log("");
    object_release(obj);
    g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
    assert_log(RELEASED);
    object_release(obj);
    object_dismantle(obj);
    assert_log("");
    object_unparent(obj);
    assert_log("leaf.finalize derived.finalize base.finalize");
    tree_free(root);
}

/* An object that has been undone can be made again. */
static void test_again(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);

    for (guint i = 0; i < 2; i++) {
        g_assert_true(object_make(obj, NULL));
        assert_log(PREPARED " " COMPLETED);
        object_dismantle(obj);
        object_release(obj);
        assert_log(DISMANTLED " " RELEASED);
    }
    tree_free(root);
}

static void test_without_prepare(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "objects", &qmp_class_test_other, "o");

    g_assert_true(object_link(obj, NULL));
    g_assert_true(object_complete(obj, NULL));
    object_dismantle(obj);
    g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
    tree_free(root);
}

static const struct {
    const char *hook, *log;
} failures[] = {
    { "leaf.linked", "leaf.linked" },
    { "base.prepare", "base.prepare" },
    { "derived.prepare", "base.prepare derived.prepare base.release" },
    { "leaf.prepare", PREPARED " derived.release base.release" },
    { "base.complete", PREPARED " base.complete " RELEASED },
    { "derived.complete",
      PREPARED " base.complete derived.complete base.dismantle " RELEASED },
    { "leaf.complete",
      PREPARED " " COMPLETED " derived.dismantle base.dismantle " RELEASED },
};

static void test_failures(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
        Object *root = tree_new();
        Object *target = add_made(root, "objects", &qmp_class_test_backend, "b0");
        Object *obj = new_leaf(root);
        GError *error = NULL;

        set_path(&((TestLeafProps *)obj->props)->friend, "b0");
        fail_at(failures[i].hook);
        g_assert_false(object_make(obj, &error));
        assert_error(&error, ERROR_REASON_HOST_ERROR, failures[i].hook);
        assert_log(failures[i].log);
        g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
        g_assert_true(object_may_delete(target, NULL));
        g_assert_cmpint(g_atomic_int_get(&target->refs), ==, 1);
        fail_at(NULL);
        g_assert_true(object_make(obj, NULL));  /* nothing of it has stayed */
        tree_free(root);
    }
}

/* Steps out of their order, which only wrong C code takes. */
static void test_wrong_steps(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);
    GError *error = NULL;

    g_assert_false(object_prepare(obj, &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "'/objects/leaf' cannot be prepared now");
    g_assert_false(object_complete(obj, &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "cannot be completed now");
    g_assert_true(object_link(obj, NULL));
    g_assert_false(object_link(obj, &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "cannot be linked now");
    g_assert_false(object_complete(obj, &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "cannot be completed now");
    object_dismantle(obj);
    assert_log("");
    g_assert_true(object_make(obj, NULL));
    g_free(log_take());
    g_assert_false(object_make(obj, &error));
    assert_error(&error, ERROR_REASON_WRONG_STATE, "cannot be linked now");
    g_assert_cmpint(object_life(obj), ==, OBJECT_COMPLETE);
    assert_log("");
    tree_free(root);
}

/* Failures by single steps: the object stays where it was before the step. */
static void test_failing_steps(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);

    g_assert_true(object_link(obj, NULL));
    fail_at("leaf.prepare");
    g_assert_false(object_prepare(obj, NULL));
    g_assert_cmpint(object_life(obj), ==, OBJECT_LINKED);
    fail_at("leaf.complete");
    g_assert_true(object_prepare(obj, NULL));
    g_assert_false(object_complete(obj, NULL));
    g_assert_cmpint(object_life(obj), ==, OBJECT_PREPARED);
    g_free(log_take());
    object_dismantle(obj);                      /* complete had undone itself */
    assert_log("");
    object_release(obj);
    assert_log(RELEASED);
    tree_free(root);
}

static void test_destroy(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);

    g_assert_true(object_make(obj, NULL));
    g_free(log_take());
    object_ref(obj);
    object_destroy(obj);
    assert_log(DISMANTLED " " RELEASED);
    g_assert_null(obj->parent);
    g_assert_cmpint(g_atomic_int_get(&obj->refs), ==, 1);
    object_unref(obj);
    assert_log("leaf.finalize derived.finalize base.finalize");
    tree_free(root);
}

/* Whatever the shape of the tree: last made, first gone. */
static void test_destroy_order(void)
{
    Object *root = tree_new();

    add_made(root, "objects", &qmp_class_test_backend, "first");
    add_made(root, "machine/peripheral", &qmp_class_test_backend, "second");
    add_made(root, "objects/first", &qmp_class_test_backend, "third");
    add_made(root, "objects", &qmp_class_test_backend, "fourth");
    add_made(root, "machine", &qmp_class_test_backend, "fifth");
    add(root, "machine", &qmp_class_test_backend, "never-made");
    object_destroy(object_child(root, "machine"));
    assert_log("gone:fifth gone:second");
    g_assert_null(object_child(root, "machine"));
    object_destroy(root);
    assert_log("gone:fourth gone:third gone:first");
    tree_free(root);
}

/* Dismantling alone, too: what came below it later cannot stay without it. */
static void test_dismantle_order(void)
{
    Object *root = tree_new();
    Object *first = add_made(root, "objects", &qmp_class_test_backend, "first");
    Object *below = object_container(first, "below");

    add_made(below, "/", &qmp_class_test_backend, "second");
    add(below, "/", &qmp_class_test_backend, "never-made");
    add_made(below, "second", &qmp_class_test_backend, "third");
    object_dismantle(first);
    assert_log("gone:third gone:second gone:first");
    g_assert_null(object_child(below, "second"));
    g_assert_nonnull(object_child(below, "never-made"));
    g_assert_true(first->parent == object_child(root, "objects"));
    tree_free(root);
}

/* What is older than its owner is the owner's to dispose of; if it moves it out
 * of the branch, it lives on. */
static void test_destroy_moved(void)
{
    Object *root = tree_new();
    Object *lodger = add_made(root, "machine", &qmp_class_test_backend, "lodger");
    Object *owner = add(root, "machine", &qmp_class_test_linker, "owner");

    object_ref(lodger);
    object_unparent(lodger);
    g_assert_true(object_add_child(owner, "lodger", lodger, NULL));
    object_unref(lodger);
    add_made(root, "machine/owner", &qmp_class_test_backend, "part");
    g_assert_true(object_make(owner, NULL));
    object_destroy(object_child(root, "machine"));
    assert_log("linker.dismantle gone:part");
    g_assert_true(object_resolve(root, "/objects/lodger", NULL) == lodger);
    g_assert_cmpint(object_life(lodger), ==, OBJECT_COMPLETE);
    tree_free(root);
}

/* A branch that hangs in no tree has no order but that of its nodes. */
static void test_destroy_detached(void)
{
    g_autoptr(Object) top = object_new(&qmp_class_test_other);

    add_made(top, "x", &qmp_class_test_backend, "one");
    add_made(top, "x/one", &qmp_class_test_backend, "two");
    add_made(top, "y", &qmp_class_test_backend, "three");
    object_destroy(top);
    assert_log("gone:three gone:two gone:one");
}

static void test_may_delete_hooks(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);
    GError *error = NULL;

    g_assert_true(object_may_delete(obj, &error));
    assert_log("base.may_delete derived.may_delete leaf.may_delete");
    fail_at("derived.may_delete");
    g_assert_false(object_may_delete(obj, &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "derived.may_delete failed");
    assert_log("base.may_delete derived.may_delete");
    /* What is below counts, too. */
    g_assert_false(object_may_delete(object_child(root, "objects"), &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "derived.may_delete failed");
    tree_free(root);
}

/* Prepare and release on another thread, as the daemon runs them. */
static gpointer prepare_thread(gpointer data)
{
    return GUINT_TO_POINTER(object_prepare(data, NULL));
}

static gpointer release_thread(gpointer data)
{
    object_release(data);
    return NULL;
}

static void test_pool_thread(void)
{
    Object *root = tree_new();
    Object *obj = new_leaf(root);

    g_assert_true(object_link(obj, NULL));
    g_assert_nonnull(g_thread_join(g_thread_new("prepare", prepare_thread, obj)));
    g_assert_true(object_complete(obj, NULL));
    object_dismantle(obj);
    g_thread_join(g_thread_new("release", release_thread, obj));
    g_assert_cmpint(object_life(obj), ==, OBJECT_NEW);
    assert_log(PREPARED " " COMPLETED " " DISMANTLED " " RELEASED);
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/life/order", test_order);
    g_test_add_func("/qom/life/again", test_again);
    g_test_add_func("/qom/life/without-prepare", test_without_prepare);
    g_test_add_func("/qom/life/failures", test_failures);
    g_test_add_func("/qom/life/wrong-steps", test_wrong_steps);
    g_test_add_func("/qom/life/failing-steps", test_failing_steps);
    g_test_add_func("/qom/life/destroy", test_destroy);
    g_test_add_func("/qom/life/destroy-order", test_destroy_order);
    g_test_add_func("/qom/life/dismantle-order", test_dismantle_order);
    g_test_add_func("/qom/life/destroy-moved", test_destroy_moved);
    g_test_add_func("/qom/life/destroy-detached", test_destroy_detached);
    g_test_add_func("/qom/life/may-delete-hooks", test_may_delete_hooks);
    g_test_add_func("/qom/life/pool-thread", test_pool_thread);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
