/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/bus.c: names of buses, and what `bus=` means.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/qapi-objects-object.h"

static Device *carrier(Object *root, const char *place, const char *name)
{
    return to_device(add(root, place, &qmp_class_test_lone, name));
}

static void assert_name(Bus *bus, const char *expected)
{
    g_assert_cmpstr(bus->object.name, ==, expected);
}

static void test_names(void)
{
    Object *root = tree_new();
    Device *host = carrier(root, "machine", "host");
    Device *second = carrier(root, "machine", "second");
    Device *with_id = carrier(root, "machine/peripheral", "br0");
    g_autoptr(Object) lone = object_new(&qmp_class_test_lone);

    assert_name(bus_new(host, &qmp_class_TEST, "pci.0"), "pci.0");
    assert_name(bus_new(host, &qmp_class_TEST, NULL), "test.0");
    assert_name(bus_new(second, &qmp_class_TEST, NULL), "test.1");
    assert_name(bus_new(second, &qmp_class_OTHER, NULL), "other.0");
    assert_name(bus_new(with_id, &qmp_class_TEST, NULL), "br0.0");
    assert_name(bus_new(with_id, &qmp_class_TEST, NULL), "br0.1");
    assert_name(bus_new(to_device(lone), &qmp_class_TEST, NULL), "test.0");
    g_assert_cmpuint(host->buses->len, ==, 2);
    tree_free(root);
}

/* A mistake of a class: it is told, and does no harm. */
static void test_name_twice(void)
{
    Object *root = tree_new();
    Device *host = carrier(root, "machine", "host");

    bus_new(host, &qmp_class_TEST, "twice");
    g_test_expect_message("vmd-qom", G_LOG_LEVEL_CRITICAL, "*'twice' is used twice*test-lone*");
    assert_name(bus_new(host, &qmp_class_TEST, "twice"), "twice[0]");
    g_test_assert_expected_messages();
    tree_free(root);
}

static Bus *find(Object *root, const char *name, const QmpClass *klass)
{
    GError *error = NULL;
    Bus *bus = bus_find(root, name, klass, &error);

    g_assert_no_error(error);
    return bus;
}

static void assert_none(Object *root, const char *name, const QmpClass *klass, ErrorReason reason,
                        const char *part)
{
    GError *error = NULL;

    g_assert_null(bus_find(root, name, klass, &error));
    assert_error(&error, reason, part);
}

static void test_find(void)
{
    Object *root = tree_new();
    Device *host = carrier(root, "machine", "host");
    Device *bridge = carrier(root, "machine/peripheral", "br0");
    Bus *main_bus = bus_new(host, &qmp_class_TEST, "pci.0");
    Bus *other = bus_new(bridge, &qmp_class_OTHER, NULL);
    Bus *behind = bus_new(bridge, &qmp_class_TEST, NULL);
    const QmpClass *chip = &qmp_class_test_chip;

    g_assert_true(find(root, NULL, chip) == main_bus);
    g_assert_true(find(root, NULL, &qmp_class_test_on_other) == other);
    g_assert_true(find(root, "pci.0", chip) == main_bus);
    g_assert_true(find(root, "br0.1", NULL) == behind);
    g_assert_true(find(root, "/machine/host/pci.0", chip) == main_bus);
    g_assert_true(find(root, "host/pci.0", chip) == main_bus);
    g_assert_true(find(root, "/machine/host", chip) == main_bus);
    /* by id: the bus of the right kind, if there is one */
    g_assert_true(find(root, "br0", chip) == behind);
    g_assert_true(find(root, "br0", &qmp_class_test_on_other) == other);
    g_assert_true(find(root, "br0", NULL) == other);
    assert_none(root, "pci.1", chip, ERROR_REASON_BUS_NOT_FOUND, "bus 'pci.1' not found");
    assert_none(root, "/machine", chip, ERROR_REASON_BUS_NOT_FOUND, "'/machine'");
    assert_none(root, "/no/where", chip, ERROR_REASON_BUS_NOT_FOUND, "'/no/where'");
    assert_none(root, "host", chip, ERROR_REASON_BUS_NOT_FOUND, "'host'");
    assert_none(root, "pci.0", &qmp_class_test_on_other, ERROR_REASON_BUS_TYPE_MISMATCH,
                "bus 'pci.0' is of class 'TEST', but a 'test-on-other' sits on 'OTHER'");
    assert_none(root, NULL, &qmp_class_test_lone, ERROR_REASON_BUS_NOT_FOUND, "sits on no bus");
    assert_none(root, "pci.0", &qmp_class_test_lone, ERROR_REASON_BUS_TYPE_MISMATCH,
                "sits on no bus");
    tree_free(root);
}

static void test_none_of_kind(void)
{
    Object *root = tree_new();

    assert_none(root, NULL, &qmp_class_test_chip, ERROR_REASON_BUS_NOT_FOUND,
                "there is no 'TEST' bus for a 'test-chip'");
    tree_free(root);
}

static void test_ambiguous(void)
{
    Object *root = tree_new();
    Bus *a = bus_new(carrier(root, "machine", "a"), &qmp_class_TEST, "inner");

    bus_new(carrier(root, "machine", "b"), &qmp_class_TEST, "inner");
    assert_none(root, "inner", NULL, ERROR_REASON_PATH_AMBIGUOUS,
                "'/machine/a/inner' or '/machine/b/inner'");
    bus_new(carrier(root, "other/machine", "a"), &qmp_class_TEST, "inner");
    assert_none(root, "a/inner", NULL, ERROR_REASON_PATH_AMBIGUOUS, "is ambiguous");
    g_assert_true(find(root, "/machine/a/inner", NULL) == a);
    tree_free(root);
}

static void fill(Object *root, Bus *bus, guint n)
{
    Object *anon = object_container(root, "machine/peripheral-anon");

    while (n-- > 0) {
        g_assert_nonnull(device_make(anon, "device[*]", &qmp_class_test_chip, bus, NULL, NULL,
                                     NULL));
    }
}

/* Without bus= the first one that has room; by name any, and attach says no. */
static void test_full(void)
{
    Object *root = tree_new();
    Device *host = carrier(root, "machine", "host");
    Bus *first = bus_new(host, &qmp_class_TEST, "t.0");
    Bus *second = bus_new(host, &qmp_class_TEST, "t.1");

    fill(root, first, 4);
    g_assert_true(find(root, NULL, &qmp_class_test_chip) == second);
    g_assert_true(find(root, "t.0", &qmp_class_test_chip) == first);
    /* likewise among the buses of one device */
    g_assert_true(find(root, "/machine/host", &qmp_class_test_chip) == second);
    fill(root, second, 4);
    assert_none(root, NULL, &qmp_class_test_chip, ERROR_REASON_BUS_FULL,
                "no 'TEST' bus has room for a 'test-chip'");
    tree_free(root);
}

/* The tree knows the buses of branches that come and go as a whole. */
static void test_branches(void)
{
    Object *root = tree_new();
    g_autoptr(Object) host = object_new(&qmp_class_test_lone);
    Bus *bus = bus_new(to_device(host), &qmp_class_TEST, "t.0");

    g_assert_null(bus_find(root, "t.0", NULL, NULL));
    object_add_child(object_container(root, "machine"), "host", host, NULL);
    g_assert_true(find(root, "t.0", NULL) == bus);
    object_unparent(host);
    g_assert_null(bus_find(root, "t.0", NULL, NULL));
    object_add_child(root, "host", host, NULL);
    g_assert_true(find(root, "t.0", NULL) == bus);
    object_unparent(&bus->object);
    g_assert_null(bus_find(root, "t.0", NULL, NULL));
    g_assert_cmpuint(to_device(host)->buses->len, ==, 0);
    object_unparent(host);
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/bus/names", test_names);
    g_test_add_func("/qom/bus/name-twice", test_name_twice);
    g_test_add_func("/qom/bus/find", test_find);
    g_test_add_func("/qom/bus/none-of-kind", test_none_of_kind);
    g_test_add_func("/qom/bus/ambiguous", test_ambiguous);
    g_test_add_func("/qom/bus/full", test_full);
    g_test_add_func("/qom/bus/branches", test_branches);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
