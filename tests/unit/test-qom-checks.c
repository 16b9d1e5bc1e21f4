/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/checks.h: right casts work, and wrong ones abort the process in a debug build.  Each
 * mistake is made in a process of its own.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/checks.h"
#include "qom/qapi-objects-object.h"
#include "qom/qapi-objects-qom-schema.h"

static void test_right(void)
{
    g_autoptr(Object) chip = object_new(&qmp_class_test_fast_chip);
    g_autoptr(Object) leaf = object_new(&qmp_class_test_leaf);
    const Object *same = chip;

    g_assert_true(to_device(chip) == (void *)chip);
    g_assert_true(to_test_device(chip) == (void *)chip);
    g_assert_true(to_test_chip(to_test_device(to_device(same))) == (void *)chip);
    g_assert_true(test_device_props(chip) == chip->props);
    g_assert_true(device_props(to_device(chip)) == chip->props);
    g_assert_true(test_object_props(leaf) == leaf->props);
    g_assert_null(to_test_chip(NULL));
    main_thread_assert();
}

static void cast_to_sibling(void)
{
    g_autoptr(Object) lone = object_new(&qmp_class_test_lone);

    g_print("%p\n", (void *)to_test_chip(to_device(lone)));
}

static void cast_to_derived(void)
{
    g_autoptr(Object) object = object_new(&qmp_class_test_object);

    g_print("%p\n", (void *)to_device(object));
}

static void props_of_other(void)
{
    g_autoptr(Object) other = object_new(&qmp_class_test_other);

    g_print("%p\n", (void *)test_object_props(other));
}

static gpointer assert_main(gpointer data)
{
    main_thread_assert();
    return NULL;
}

static void other_thread(void)
{
    g_thread_join(g_thread_new("other", assert_main, NULL));
}

/* Checks the last message of a process that makes that mistake. */
static void test_wrong(const char *mistake, const char *says)
{
#ifdef DEBUG_CHECKS
    g_autofree char *path = g_strconcat("/qom/checks/subprocess/", mistake, NULL);

    g_test_trap_subprocess(path, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(says);
#else
    g_test_skip("configured without --enable-debug");
#endif
}

static void test_sibling(void)
{
    test_wrong("sibling", "*is of class 'test-lone', which is not a 'test-chip'*");
}

static void test_derived(void)
{
    test_wrong("derived", "*is of class 'test-object', which is not a 'device'*");
}

static void test_props(void)
{
    test_wrong("props", "*is of class 'test-other', which is not a 'test-object'*");
}

static void test_thread(void)
{
    test_wrong("thread", "*this may only run on the main thread*");
}

static void add_tests(void)
{
    g_test_add_func("/qom/checks/right", test_right);
    g_test_add_func("/qom/checks/sibling", test_sibling);
    g_test_add_func("/qom/checks/derived", test_derived);
    g_test_add_func("/qom/checks/props", test_props);
    g_test_add_func("/qom/checks/thread", test_thread);
    g_test_add_func("/qom/checks/subprocess/sibling", cast_to_sibling);
    g_test_add_func("/qom/checks/subprocess/derived", cast_to_derived);
    g_test_add_func("/qom/checks/subprocess/props", props_of_other);
    g_test_add_func("/qom/checks/subprocess/thread", other_thread);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
