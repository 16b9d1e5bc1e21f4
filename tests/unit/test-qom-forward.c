/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarded properties: how a part gets them, whose defaults win, and that the
 * part's are the ones that count afterwards.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/qapi-objects-object.h"

static const QmpInput strict = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };

typedef struct {
    Object *root;
    Object *machine;
    Bus *bus;
} Rig;

static void rig_init(Rig *rig, const QmpClass *machine)
{
    *rig = (Rig){ .root = tree_new() };
    rig->machine = add(rig->root, "/", machine, "machine");
    rig->bus = bus_new(NULL, &qmp_class_TEST, "main-bus");
    object_add_child(rig->root, "main-bus", &rig->bus->object, NULL);
    object_unref(rig->bus);
    add_made(rig->root, "objects", &qmp_class_test_backend, "b0");
    add_made(rig->root, "objects", &qmp_class_test_backend, "b1");
    g_free(log_take());
}

/* A device of klass from a request, which the caller owns. */
static Device *make(Rig *rig, const QmpClass *klass, QmpValue *request, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };
    DeviceOptions *options = NULL;
    Device *dev;

    qmp_value_set(request, "driver", qmp_value_str(klass->name));
    if (!qmp_decode(&input, &qmp_type_DeviceOptions, request, &options, error)) {
        qmp_value_free(request);
        return NULL;
    }
    qmp_value_free(request);
    dev = device_make(rig->root, "dev", klass, rig->bus, g_steal_pointer(&options->props),
                      g_steal_pointer(&options->given), error);
    qmp_clear(&qmp_type_DeviceOptions, &options);
    return dev;
}

static Object *inner_of(Device *dev)
{
    return object_child(&dev->object, "inner");
}

static void assert_get(void *obj, const char *name, QmpValue *expected)
{
    GError *error = NULL;
    g_autoptr(QmpValue) value = object_property_get(obj, name, &error);
    g_autoptr(QmpValue) e = expected;

    g_assert_no_error(error);
    g_assert_true(qmp_value_equal(value, e));
}

static bool set(void *obj, const char *name, QmpValue *value, GError **error)
{
    bool ok = object_property_set(obj, name, &strict, value, error);

    qmp_value_free(value);
    return ok;
}

/* ---- Rows ---- */

static void test_rows(void)
{
    const QmpMember *gain = qmp_class_member(&qmp_class_test_outer, "gain");

    g_assert_cmpstr(qmp_name(gain->part), ==, "inner");
    g_assert_cmpstr(qmp_doc(gain->doc), ==, "settable at run time");
    g_assert_cmpuint(gain->max.u, ==, 10);
    g_assert_true(gain->flags & QMP_MEMBER_RUN);
    g_assert_cmpuint(qmp_class_member(&qmp_class_test_outer, "addr")->part, ==, 0);
    g_assert_cmpuint(qmp_class_member(&qmp_class_test_outer, "realized")->part, ==, 0);
    g_assert_null(qmp_class_member(&qmp_class_test_outer, "fixed"));
    g_assert_cmpuint(qmp_class_member(&qmp_class_test_outer, "speed")->def.u, ==, 3);
    g_assert_true(qmp_class_test_slow_outer.props == qmp_class_test_outer.props);
    g_assert_cmpstr(qmp_name(qmp_class_member(&qmp_class_test_outermost, "gain")->part), ==, "outer");
    g_assert_cmpuint(qmp_class_member(&qmp_class_test_outermost, "gain")->def.u, ==, 2);
}

/* ---- Making ---- */

static void test_values(void)
{
    QmpValue *request = qmp_value_dict(), *pair = qmp_value_dict(), *tags = qmp_value_list();
    GError *error = NULL;
    TestInnerProps *props;
    Rig rig;
    Device *dev;

    rig_init(&rig, &qmp_class_plain_machine);
    qmp_value_set(pair, "left", qmp_value_str("b1"));
    qmp_value_append(tags, qmp_value_str("one"));
    qmp_value_append(tags, qmp_value_str("two"));
    qmp_value_set(request, "addr", qmp_value_int(5));
    qmp_value_set(request, "backend", qmp_value_str("b0"));
    qmp_value_set(request, "pair", pair);
    qmp_value_set(request, "tags", tags);
    qmp_value_set(request, "password", qmp_value_str("geheim"));
    qmp_value_set(request, "gain", qmp_value_int(7));
    dev = make(&rig, &qmp_class_test_outer, request, &error);
    g_assert_no_error(error);
    assert_log("bus.attach bus.attach dev.realize inner.realize outer.realize");
    props = inner_of(dev)->props;
    g_assert_cmpuint(props->gain, ==, 7);
    g_assert_cmpuint(props->fixed, ==, 9);
    g_assert_cmpuint(props->addr, ==, 0);               /* not the outer one's */
    g_assert_cmpuint(((TestOuterProps *)dev->object.props)->addr, ==, 5);
    g_assert_cmpstr(props->password, ==, "geheim");
    g_assert_cmpuint(props->tags.n, ==, 2);
    g_assert_cmpstr(props->tags.items[1], ==, "two");
    g_assert_nonnull(props->pair->left.target);
    g_assert_cmpstr(props->backend.path, ==, "b0");
    assert_get(dev, "password", qmp_value_null());
    assert_get(dev, "note", qmp_value_str("chosen"));
    assert_get(dev, "backend", qmp_value_str("/objects/b0"));
    assert_get(dev, "shown", qmp_value_int(1));
    device_unmake(dev);
    assert_log("outer.unrealize inner.unrealize dev.unrealize bus.detach bus.detach");
    tree_free(rig.root);
}

static void test_links(void)
{
    QmpValue *request = qmp_value_dict();
    GError *error = NULL;
    Rig rig;
    Device *dev;

    rig_init(&rig, &qmp_class_plain_machine);
    qmp_value_set(request, "backend", qmp_value_str("none"));
    g_assert_null(make(&rig, &qmp_class_test_outer, request, &error));
    g_assert_cmpstr(qmp_error_path(error), ==, "backend");
    assert_error(&error, ERROR_REASON_OBJECT_NOT_FOUND, "property 'backend'");
    assert_log("bus.attach bus.detach");
    request = qmp_value_dict();
    qmp_value_set(request, "backend", qmp_value_str("b0"));
    dev = make(&rig, &qmp_class_test_outer, request, &error);
    g_assert_no_error(error);
    g_assert_false(object_may_delete(object_resolve(rig.root, "/objects/b0", NULL), &error));
    assert_error(&error, ERROR_REASON_IN_USE, "of '/dev/inner'");
    g_assert_true(object_may_delete(&dev->object, NULL));
    device_unmake(dev);
    g_assert_true(object_may_delete(object_resolve(rig.root, "/objects/b0", NULL), NULL));
    tree_free(rig.root);
}

/* A part that fails takes the outer one along, and leaves nothing. */
static void test_fails(void)
{
    static const char *const hooks[] = { "inner.realize", "outer.realize" };
    GError *error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(hooks); i++) {
        QmpValue *request = qmp_value_dict();
        Rig rig;

        rig_init(&rig, &qmp_class_plain_machine);
        qmp_value_set(request, "backend", qmp_value_str("b0"));
        fail_at(hooks[i]);
        g_assert_null(make(&rig, &qmp_class_test_outer, request, &error));
        assert_error(&error, ERROR_REASON_HOST_ERROR, hooks[i]);
        g_assert_cmpuint(rig.bus->devices.length, ==, 0);
        g_assert_true(object_may_delete(object_resolve(rig.root, "/objects/b0", NULL), NULL));
        tree_free(rig.root);
    }
}

/* ---- Setting ---- */

static void test_set(void)
{
    GError *error = NULL;
    Rig rig;
    Device *dev;

    rig_init(&rig, &qmp_class_plain_machine);
    dev = make(&rig, &qmp_class_test_outer, qmp_value_dict(), &error);
    g_assert_no_error(error);
    g_free(log_take());
    g_assert_true(set(dev, "gain", qmp_value_int(8), NULL));
    assert_log("inner.changed");
    g_assert_cmpuint(((TestInnerProps *)inner_of(dev)->props)->gain, ==, 8);
    g_assert_true(set(inner_of(dev), "gain", qmp_value_int(6), NULL));
    assert_get(dev, "gain", qmp_value_int(6));
    g_assert_false(set(dev, "gain", qmp_value_int(11), &error));
    assert_error(&error, ERROR_REASON_OUT_OF_RANGE, "gain");
    fail_at("inner.changed");
    g_assert_false(set(dev, "gain", qmp_value_int(2), &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "inner.changed");
    assert_get(dev, "gain", qmp_value_int(6));
    fail_at(NULL);
    g_assert_false(set(dev, "note", qmp_value_str("x"), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_NOT_SETTABLE, "'note'");
    g_assert_false(set(dev, "shown", qmp_value_int(1), &error));
    assert_error(&error, ERROR_REASON_PROPERTY_READ_ONLY, "'shown'");
    g_assert_true(set(dev, "friend", qmp_value_str("b1"), NULL));
    g_assert_false(object_may_delete(object_resolve(rig.root, "/objects/b1", NULL), &error));
    assert_error(&error, ERROR_REASON_IN_USE, "of '/dev/inner'");
    tree_free(rig.root);
}

/* Before it is made, the outer object has the values itself. */
static void test_set_before(void)
{
    Rig rig;
    Object *obj;

    rig_init(&rig, &qmp_class_plain_machine);
    obj = add(rig.root, "x", &qmp_class_test_outer, "o");
    to_device(obj)->bus = rig.bus;
    g_assert_true(set(obj, "note", qmp_value_str("mine"), NULL));
    assert_get(obj, "note", qmp_value_str("mine"));
    g_assert_true(object_make(obj, NULL));
    assert_get(object_child(obj, "inner"), "note", qmp_value_str("mine"));
    tree_free(rig.root);
}

/* ---- Defaults ---- */

static void add_default(Rig *rig, const char *driver, const char *property, QmpValue *value)
{
    MachineProps *props = rig->machine->props;
    TestDefault *entry = g_new0(TestDefault, 1);

    *entry = (TestDefault){ g_strdup(driver), g_strdup(property), value };
    props->defaults.items = g_renew(TestDefault *, props->defaults.items, props->defaults.n + 1);
    props->defaults.items[props->defaults.n++] = entry;
}

static void assert_made(Rig *rig, const QmpClass *klass, int gain_given, guint gain, guint speed,
                        const char *flavour)
{
    QmpValue *request = qmp_value_dict();
    GError *error = NULL;
    Device *dev;

    if (gain_given >= 0) {
        qmp_value_set(request, "gain", qmp_value_int(gain_given));
    }
    dev = make(rig, klass, request, &error);
    g_assert_no_error(error);
    assert_get(dev, "gain", qmp_value_int(gain));
    assert_get(dev, "speed", qmp_value_int(speed));
    assert_get(dev, "flavour", qmp_value_str(flavour));
    device_unmake(dev);
}

static void test_defaults(void)
{
    Rig rig;

    rig_init(&rig, &qmp_class_plain_machine);
    assert_made(&rig, &qmp_class_test_outer, -1, 1, 3, "plain");
    assert_made(&rig, &qmp_class_test_slow_outer, -1, 2, 3, "slow");
    assert_made(&rig, &qmp_class_test_outermost, -1, 2, 3, "slow");
    tree_free(rig.root);
    rig_init(&rig, &qmp_class_test_machine);
    /* The machine type's for the part's class lie over the schema's for the outer. */
    assert_made(&rig, &qmp_class_test_outer, -1, 4, 10, "plain");
    assert_made(&rig, &qmp_class_test_slow_outer, -1, 4, 10, "very slow");
    assert_made(&rig, &qmp_class_test_slow_outer, 2, 2, 10, "very slow");
    assert_made(&rig, &qmp_class_test_outermost, 2, 2, 10, "very slow");
    add_default(&rig, "test-inner", "gain", qmp_value_int(5));
    assert_made(&rig, &qmp_class_test_outer, -1, 5, 10, "plain");
    add_default(&rig, "test-outer", "gain", qmp_value_int(6));
    add_default(&rig, "test-device", "speed", qmp_value_int(100));
    assert_made(&rig, &qmp_class_test_outer, -1, 6, 100, "plain");
    assert_made(&rig, &qmp_class_test_slow_outer, -1, 6, 100, "very slow");
    assert_made(&rig, &qmp_class_test_outermost, -1, 6, 100, "very slow");
    assert_made(&rig, &qmp_class_test_outer, 1, 1, 100, "plain");
    add_default(&rig, "test-outermost", "speed", qmp_value_int(50));
    assert_made(&rig, &qmp_class_test_outermost, -1, 6, 50, "very slow");
    tree_free(rig.root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/forward/rows", test_rows);
    g_test_add_func("/qom/forward/values", test_values);
    g_test_add_func("/qom/forward/links", test_links);
    g_test_add_func("/qom/forward/fails", test_fails);
    g_test_add_func("/qom/forward/set", test_set);
    g_test_add_func("/qom/forward/set-before", test_set_before);
    g_test_add_func("/qom/forward/defaults", test_defaults);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
