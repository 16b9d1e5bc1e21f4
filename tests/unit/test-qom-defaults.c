/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/defaults.c: what a machine gives to devices, in which order, and what it
 * refuses.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/qapi-objects-object.h"

static void add_default(Object *machine, const char *driver, const char *property, QmpValue *value)
{
    MachineProps *props = machine->props;
    TestDefault *entry = g_new0(TestDefault, 1);

    entry->driver = g_strdup(driver);
    entry->property = g_strdup(property);
    entry->value = value;
    props->defaults.items = g_renew(TestDefault *, props->defaults.items, props->defaults.n + 1);
    props->defaults.items[props->defaults.n++] = entry;
}

static Object *machine_new(Object *root, const QmpClass *klass)
{
    return add(root, "/", klass, "machine");
}

/* Props of a device class after the defaults, with one property given or not. */
static TestChipProps *apply(Object *root, const QmpClass *klass, const char *given_property)
{
    TestChipProps *props = qmp_new_props(klass);
    g_autofree QmpGiven *given = g_malloc0(klass->props->n_members / 8 + 1);
    GError *error = NULL;

    if (given_property) {
        guint i = qmp_class_member(klass, given_property) - qmp_members(klass->props);

        given[i / 8] |= 1 << (i % 8);
    }
    defaults_apply(root, klass, props, given, &error);
    g_assert_no_error(error);
    return props;
}

static void assert_applied(Object *root, const QmpClass *klass, const char *given, guint speed,
                           const char *flavour)
{
    TestChipProps *props = apply(root, klass, given);

    g_assert_cmpuint(props->speed, ==, speed);
    g_assert_cmpstr(props->flavour, ==, flavour);
    qmp_clear(klass->props, &props);
}

static void test_compat(void)
{
    Object *root = tree_new();

    assert_applied(root, &qmp_class_test_chip, NULL, 1, "plain");       /* no machine */
    machine_new(root, &qmp_class_test_machine);
    /* the row for test-chip stands before the one for its parent, and is nearer */
    assert_applied(root, &qmp_class_test_chip, NULL, 20, "old");
    assert_applied(root, &qmp_class_test_fast_chip, NULL, 20, "older");
    assert_applied(root, &qmp_class_test_cold, NULL, 10, "plain");
    assert_applied(root, &qmp_class_test_fast_chip, "speed", 1, "older");
    assert_applied(root, &qmp_class_test_fast_chip, "flavour", 20, "plain");
    tree_free(root);
}

static void test_list(void)
{
    Object *root = tree_new();
    Object *machine = machine_new(root, &qmp_class_test_machine);
    GError *error = NULL;

    add_default(machine, "test-fast-chip", "speed", qmp_value_int(300));
    add_default(machine, "test-chip", "speed", qmp_value_int(200));
    add_default(machine, "test-device", "speed", qmp_value_int(100));
    add_default(machine, "test-chip", "speed", qmp_value_int(201));
    g_assert_true(defaults_check(machine, &error));
    g_assert_no_error(error);
    assert_applied(root, &qmp_class_test_cold, NULL, 100, "plain");
    assert_applied(root, &qmp_class_test_chip, NULL, 201, "old");
    assert_applied(root, &qmp_class_test_fast_chip, NULL, 300, "older");
    assert_applied(root, &qmp_class_test_chip, "speed", 1, "old");
    tree_free(root);
}

/* The user's list lies over the machine type's, however far its class is. */
static void test_list_over_compat(void)
{
    Object *root = tree_new();
    Object *machine = machine_new(root, &qmp_class_test_machine);

    add_default(machine, "test-device", "speed", qmp_value_int(100));
    assert_applied(root, &qmp_class_test_chip, NULL, 100, "old");
    tree_free(root);
}

static void test_made(void)
{
    Object *root = tree_new();
    Object *machine = machine_new(root, &qmp_class_test_machine);
    Device *host = to_device(add(root, "x", &qmp_class_test_lone, "host"));
    Bus *bus = bus_new(host, &qmp_class_TEST, "b");
    Device *dev;

    add_default(machine, "test-composite", "two", qmp_value_bool(true));
    add_default(machine, "test-chip", "speed", qmp_value_int(77));
    object_set_env(root, NULL);
    dev = device_make(root, "c", &qmp_class_test_chip, bus, NULL, NULL, NULL);
    g_assert_cmpuint(((TestChipProps *)dev->object.props)->speed, ==, 77);
    g_assert_cmpstr(((TestChipProps *)dev->object.props)->flavour, ==, "old");
    tree_free(root);
}

static void assert_refused(const char *driver, const char *property, QmpValue *value,
                           ErrorReason reason, const char *part, const char *path)
{
    Object *root = tree_new();
    Object *machine = machine_new(root, &qmp_class_plain_machine);
    GError *error = NULL;

    add_default(machine, "test-chip", "speed", qmp_value_int(5));
    add_default(machine, driver, property, value);
    g_assert_false(defaults_check(machine, NULL));
    g_assert_false(defaults_check(machine, &error));
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    assert_error(&error, reason, part);
    tree_free(root);
}

static void test_refused(void)
{
    assert_refused("no-such", "speed", qmp_value_int(1), ERROR_REASON_CLASS_NOT_FOUND,
                   "'no-such'", "defaults[1].driver");
    assert_refused("test-backend", "size", qmp_value_int(1), ERROR_REASON_INVALID_TYPE,
                   "'test-backend' is not one", "defaults[1].driver");
    assert_refused("test-chip", "sped", qmp_value_int(1), ERROR_REASON_PROPERTY_NOT_FOUND,
                   "'sped'", "defaults[1].property");
    assert_refused("test-chip", "realized", qmp_value_bool(true), ERROR_REASON_PROPERTY_READ_ONLY,
                   "'realized'", "defaults[1].property");
    assert_refused("test-chip", "flavour", qmp_value_str("x"), ERROR_REASON_INTERNAL_PROPERTY,
                   "'flavour'", "defaults[1].property");
}

/* The decoder puts the property's name behind: the value's own path. */
static void test_refused_value(void)
{
    Object *root = tree_new();
    Object *machine = machine_new(root, &qmp_class_plain_machine);
    GError *error = NULL;

    add_default(machine, "test-chip", "speed", qmp_value_int(1001));
    g_assert_false(defaults_check(machine, &error));
    g_assert_true(g_str_has_prefix(qmp_error_path(error), "defaults[0].value"));
    assert_error(&error, ERROR_REASON_OUT_OF_RANGE, "speed");
    add_default(machine, "test-device", "backend", qmp_value_int(1));
    ((MachineProps *)machine->props)->defaults.items[0]->value->i = 1000;
    g_assert_false(defaults_check(machine, &error));
    assert_error(&error, ERROR_REASON_INVALID_TYPE, "backend");
    tree_free(root);
}

/* Only a machine has them: another object in its place is no reason to fail. */
static void test_no_list(void)
{
    Object *root = tree_new();
    Object *obj = add(root, "/", &qmp_class_test_other, "machine");

    g_assert_true(defaults_check(obj, NULL));
    assert_applied(root, &qmp_class_test_chip, NULL, 1, "plain");
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/defaults/compat", test_compat);
    g_test_add_func("/qom/defaults/list", test_list);
    g_test_add_func("/qom/defaults/list-over-compat", test_list_over_compat);
    g_test_add_func("/qom/defaults/made", test_made);
    g_test_add_func("/qom/defaults/refused", test_refused);
    g_test_add_func("/qom/defaults/refused-value", test_refused_value);
    g_test_add_func("/qom/defaults/no-list", test_no_list);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
