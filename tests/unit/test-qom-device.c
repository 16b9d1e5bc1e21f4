/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/device.c, parts.c, reset.c: making devices and their parts, undoing at
 * each failure, hotplug, and the order of a reset.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include "qom/qapi-objects-object.h"
#include "qom/qapi-objects-qom-schema.h"

typedef struct {
    Object *root;
    Object *peripheral;
    Bus *bus;                   /* "main-bus", where everything sits */
    Env env;
    bool hot;
} Rig;

static bool rig_hot(const Env *env)
{
    return ((const Rig *)env->host)->hot;
}

static bool rig_wire(Object *parent, const char *from, const char *to, GError **error)
{
    g_autofree char *word = g_strdup_printf("wire:%s>%s", from, to);

    log_word(word);
    if (g_str_equal(from, "spoil[0]")) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "no line '%s'", from);
        return false;
    }
    return true;
}

static void rig_init(Rig *rig)
{
    *rig = (Rig){ .root = tree_new() };
    rig->env = (Env){ .host = rig, .hot = rig_hot, .wire = rig_wire };
    object_set_env(rig->root, &rig->env);
    rig->peripheral = object_container(rig->root, "machine/peripheral");
    rig->bus = bus_new(NULL, &qmp_class_TEST, "main-bus");
    object_add_child(object_container(rig->root, "machine"), "main-bus", &rig->bus->object, NULL);
    object_unref(rig->bus);
    g_free(log_take());
}

static void rig_done(Rig *rig)
{
    tree_free(rig->root);
}

static Device *make(Rig *rig, const QmpClass *klass, const char *id, GError **error)
{
    return device_make(rig->peripheral, id, klass, klass->bus ? rig->bus : NULL, NULL, NULL,
                       error);
}

static void test_make(void)
{
    Rig rig;
    Device *dev;

    rig_init(&rig);
    dev = make(&rig, &qmp_class_test_fast_chip, "c0", NULL);
    assert_log("bus.attach dev.realize chip.realize fast.realize");
    g_assert_true(dev->realized);
    g_assert_false(dev->hotplugged);
    g_assert_true(dev->bus == rig.bus);
    g_assert_true(rig.bus->devices.head->data == dev);
    g_assert_cmpstr(device_id(dev), ==, "c0");
    g_assert_cmphex(to_test_chip(dev)->parent.base_u8, ==, 0x11);      /* rows begin as reset */
    g_assert_cmpuint(((TestChipProps *)dev->object.props)->addr, ==, 0);
    g_assert_true(((TestChipProps *)dev->object.props)->has_addr);
    g_assert_cmpint(g_atomic_int_get(&dev->object.refs), ==, 1);
    device_unmake(dev);
    assert_log("fast.unrealize chip.unrealize dev.unrealize bus.detach");
    g_assert_cmpuint(rig.bus->devices.length, ==, 0);
    g_assert_null(object_child(rig.peripheral, "c0"));
    rig_done(&rig);
}

static void test_ids(void)
{
    Rig rig;
    Object *anon;
    Device *dev;

    rig_init(&rig);
    anon = object_container(rig.root, "machine/peripheral-anon");
    dev = device_make(anon, "device[*]", &qmp_class_test_lone, NULL, NULL, NULL, NULL);
    g_assert_cmpstr(dev->object.name, ==, "device[0]");
    g_assert_null(device_id(dev));
    rig_done(&rig);
}

static const struct {
    const char *hook, *log;
} failures[] = {
    { "bus.attach", "bus.attach" },
    { "dev.realize", "bus.attach dev.realize bus.detach" },
    { "chip.realize", "bus.attach dev.realize chip.realize dev.unrealize bus.detach" },
    { "fast.realize",
      "bus.attach dev.realize chip.realize fast.realize chip.unrealize dev.unrealize bus.detach" },
};

static void test_failures(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
        Rig rig;
        GError *error = NULL;

        rig_init(&rig);
        fail_at(failures[i].hook);
        g_assert_null(make(&rig, &qmp_class_test_fast_chip, "c0", &error));
        assert_error(&error, ERROR_REASON_HOST_ERROR, failures[i].hook);
        assert_log(failures[i].log);
        g_assert_cmpuint(rig.bus->devices.length, ==, 0);
        g_assert_cmpuint(object_n_children(rig.peripheral), ==, 0);
        g_assert_true(object_may_delete(&rig.bus->object, NULL));
        rig_done(&rig);
    }
}

static void assert_not_made(Rig *rig, const QmpClass *klass, Bus *bus, const char *name,
                            ErrorReason reason, const char *part)
{
    GError *error = NULL;
    guint before = object_n_children(rig->peripheral);
    void *props = qmp_new_props(klass);
    QmpGiven *given = g_malloc0(16);

    /* props and given are taken over: the sanitizer sees if they are not freed */
    g_assert_null(device_make(rig->peripheral, name, klass, bus, props, given, &error));
    assert_error(&error, reason, part);
    g_assert_cmpuint(object_n_children(rig->peripheral), ==, before);
    assert_log("");
}

static void test_refusals(void)
{
    Rig rig;
    Bus *other;

    rig_init(&rig);
    other = bus_new(NULL, &qmp_class_OTHER, "other");
    object_add_child(rig.root, "other", &other->object, NULL);
    object_unref(other);
    make(&rig, &qmp_class_test_chip, "taken", NULL);
    g_free(log_take());
    assert_not_made(&rig, &qmp_class_test_device, rig.bus, "x", ERROR_REASON_CLASS_ABSTRACT,
                    "'test-device' is abstract");
    assert_not_made(&rig, &qmp_class_test_chip, rig.bus, "taken", ERROR_REASON_ID_IN_USE,
                    "'taken'");
    assert_not_made(&rig, &qmp_class_test_chip, NULL, "x", ERROR_REASON_BUS_NOT_FOUND,
                    "needs a 'TEST' bus");
    assert_not_made(&rig, &qmp_class_test_chip, other, "x", ERROR_REASON_BUS_TYPE_MISMATCH,
                    "bus 'other' is of class 'OTHER'");
    assert_not_made(&rig, &qmp_class_test_lone, rig.bus, "x", ERROR_REASON_BUS_TYPE_MISMATCH,
                    "sits on no bus");
    rig_done(&rig);
}

static void test_links(void)
{
    Rig rig;
    TestChipProps *props = qmp_new_props(&qmp_class_test_chip);
    GError *error = NULL;
    Object *store;

    rig_init(&rig);
    set_path(&props->backend, "b0");
    g_assert_null(device_make(rig.peripheral, "c0", &qmp_class_test_chip, rig.bus, props, NULL,
                              &error));
    assert_error(&error, ERROR_REASON_OBJECT_NOT_FOUND, "property 'backend'");
    assert_log("");                             /* not even put on its bus */
    store = add_made(rig.root, "objects", &qmp_class_test_backend, "b0");
    props = qmp_new_props(&qmp_class_test_chip);
    set_path(&props->backend, "b0");
    g_assert_nonnull(device_make(rig.peripheral, "c0", &qmp_class_test_chip, rig.bus, props, NULL,
                                 &error));
    g_assert_false(object_may_delete(store, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "of '/machine/peripheral/c0'");
    rig_done(&rig);
}

/* ---- Hotplug ---- */

static void test_hotplug(void)
{
    Rig rig;
    Device *dev;
    Bus *other;

    rig_init(&rig);
    other = bus_new(NULL, &qmp_class_OTHER, "other");
    object_add_child(rig.root, "other", &other->object, NULL);
    object_unref(other);
    g_assert_nonnull(make(&rig, &qmp_class_test_cold, "cold0", NULL));
    g_free(log_take());
    rig.hot = true;
    dev = make(&rig, &qmp_class_test_chip, "c0", NULL);
    assert_log("bus.attach dev.realize chip.realize dev.enter chip.enter dev.hold chip.hold "
               "dev.exit chip.exit bus.plugged");
    g_assert_true(dev->hotplugged);
    assert_not_made(&rig, &qmp_class_test_cold, rig.bus, "cold1", ERROR_REASON_NOT_HOTPLUGGABLE,
                    "'test-cold' cannot be added");
    assert_not_made(&rig, &qmp_class_test_on_other, other, "x",
                    ERROR_REASON_BUS_NOT_HOTPLUGGABLE, "bus 'other'");
    dev = make(&rig, &qmp_class_test_lone, "l0", NULL);
    g_assert_true(dev->hotplugged);
    rig_done(&rig);
}

static void assert_bool(Device *dev, const char *property, bool expected)
{
    g_autoptr(QmpValue) value = object_property_get(&dev->object, property, NULL);

    g_assert_cmpint(value->kind, ==, QMP_VALUE_BOOL);
    g_assert_cmpint(value->b, ==, expected);
}

static void test_shown(void)
{
    Rig rig;
    Device *cold, *lone;
    g_autoptr(QmpValue) path = NULL;
    g_autoptr(QmpValue) none = NULL;

    rig_init(&rig);
    cold = make(&rig, &qmp_class_test_cold, "cold0", NULL);
    lone = make(&rig, &qmp_class_test_lone, "l0", NULL);
    assert_bool(cold, "realized", true);
    assert_bool(cold, "hotplugged", false);
    assert_bool(cold, "hotpluggable", false);
    assert_bool(lone, "hotpluggable", true);
    path = object_property_get(&cold->object, "parent_bus", NULL);
    g_assert_cmpstr(path->s, ==, "/machine/main-bus");
    none = object_property_get(&lone->object, "parent_bus", NULL);
    g_assert_cmpstr(none->s, ==, "");
    rig.hot = true;
    assert_bool(make(&rig, &qmp_class_test_chip, "c0", NULL), "hotplugged", true);
    object_ref(lone);
    device_unmake(lone);
    assert_bool(lone, "realized", false);
    object_unref(lone);
    rig_done(&rig);
}

/* ---- Parts ---- */

static Device *make_composite(Rig *rig, bool second, bool spoil, GError **error)
{
    TestCompositeProps *props = qmp_new_props(&qmp_class_test_composite);

    props->two = second;
    props->spoil = spoil;
    return device_make(rig->peripheral, "comp", &qmp_class_test_composite, rig->bus, props, NULL,
                       error);
}

#define CHIP_MADE "bus.attach dev.realize chip.realize"
#define CHIP_GONE "chip.unrealize dev.unrealize bus.detach"

static void test_parts(void)
{
    Rig rig;
    Device *dev;
    Object *first, *store;

    rig_init(&rig);
    dev = make_composite(&rig, false, false, NULL);
    assert_log("bus.attach " CHIP_MADE " wire:first.out[0]>in[1] dev.realize composite.realize");
    first = object_child(&dev->object, "first");
    store = object_child(&dev->object, "store");
    g_assert_cmpuint(((TestChipProps *)first->props)->speed, ==, 50);
    g_assert_true(qmp_given(first->given, qmp_class_member(&qmp_class_test_chip, "speed") -
                                          qmp_members(qmp_class_test_chip.props)));
    g_assert_cmpstr(to_device(first)->bus->object.name, ==, "inner");
    g_assert_cmpuint(((TestBackendProps *)store->props)->size, ==, 8192);
    g_assert_null(object_child(&dev->object, "second"));
    g_assert_null(object_child(&dev->object, "third"));     /* there is no accelerator */
    device_unmake(dev);
    assert_log("composite.unrealize dev.unrealize gone:store " CHIP_GONE " bus.detach");
    rig_done(&rig);
}

static void test_conditions(void)
{
    Rig rig;
    Device *dev;
    Object *accel;

    rig_init(&rig);
    accel = add(rig.root, "machine", &qmp_class_test_accel, "accel");
    dev = make_composite(&rig, true, false, NULL);
    g_assert_true(object_is_a(object_child(&dev->object, "second"), &qmp_class_test_fast_chip));
    g_assert_true(object_is_a(object_child(&dev->object, "third"), &qmp_class_test_chip));
    device_unmake(dev);
    ((TestAccelProps *)accel->props)->irqchip = false;
    dev = make_composite(&rig, true, false, NULL);
    g_assert_nonnull(object_child(&dev->object, "second"));
    g_assert_true(object_is_a(object_child(&dev->object, "third"), &qmp_class_test_cold));
    device_unmake(dev);
    dev = make_composite(&rig, false, false, NULL);
    g_assert_null(object_child(&dev->object, "third"));     /* one of two does not hold */
    device_unmake(dev);
    object_unparent(accel);                     /* one that has no such property */
    add(rig.root, "machine", &qmp_class_test_other, "accel");
    dev = make_composite(&rig, false, false, NULL);
    g_assert_null(object_child(&dev->object, "third"));
    rig_done(&rig);
}

static void test_parts_fail(void)
{
    Rig rig;
    GError *error = NULL;

    rig_init(&rig);
    g_assert_null(make_composite(&rig, true, true, &error));
    assert_error(&error, ERROR_REASON_OBJECT_NOT_FOUND, "no line 'spoil[0]'");
    assert_log("bus.attach " CHIP_MADE " " CHIP_MADE " fast.realize "
               "wire:first.out[0]>in[1] wire:spoil[0]>in[1] "
               "gone:store fast.unrealize " CHIP_GONE " " CHIP_GONE " bus.detach");
    fail_at("fast.realize");
    g_assert_null(make_composite(&rig, true, false, &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "fast.realize");
    assert_log("bus.attach " CHIP_MADE " " CHIP_MADE " fast.realize " CHIP_GONE " " CHIP_GONE
               " bus.detach");
    fail_at("composite.realize");
    g_assert_null(make_composite(&rig, false, false, &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "composite.realize");
    assert_log("bus.attach " CHIP_MADE " wire:first.out[0]>in[1] dev.realize composite.realize "
               "dev.unrealize gone:store " CHIP_GONE " bus.detach");
    fail_at(NULL);
    rig.env.wire = NULL;
    g_assert_null(make_composite(&rig, false, false, &error));
    assert_error(&error, ERROR_REASON_NOT_SUPPORTED, "no lines here");
    g_assert_cmpuint(object_n_children(rig.peripheral), ==, 0);
    rig_done(&rig);
}

/* Parts come and go with their owner: nobody is told of them, and their classes
 * need not be hotpluggable. */
static void test_parts_hot(void)
{
    Rig rig;
    Device *dev;

    rig_init(&rig);
    rig.hot = true;
    dev = make_composite(&rig, false, false, NULL);
    assert_log("bus.attach " CHIP_MADE " wire:first.out[0]>in[1] dev.realize composite.realize "
               "dev.enter composite.enter dev.enter chip.enter "
               "dev.hold composite.hold dev.hold chip.hold "
               "dev.exit composite.exit dev.exit chip.exit bus.plugged");
    g_assert_true(to_device(object_child(&dev->object, "first"))->hotplugged);
    rig_done(&rig);
}

/* ---- Bridges ---- */

static void test_guests(void)
{
    Rig rig;
    Device *bridge, *dev;
    Bus *bus;
    GError *error = NULL;

    rig_init(&rig);
    bridge = make(&rig, &qmp_class_test_bridge, "br", NULL);
    bus = bus_find(rig.root, "br.0", &qmp_class_test_chip, NULL);
    g_assert_true(bus->owner == bridge);
    dev = device_make(rig.peripheral, "c0", &qmp_class_test_chip, bus, NULL, NULL, NULL);
    g_assert_nonnull(dev);
    g_assert_false(object_may_delete(&bridge->object, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "'/machine/peripheral/br/br.0' is in use by property "
                 "'parent_bus' of '/machine/peripheral/c0'");
    /* all of it together may go, */
    g_assert_true(object_may_delete(object_child(rig.root, "machine"), NULL));
    /* and the bridge by force, with what sits behind it first */
    g_free(log_take());
    device_unmake(bridge);
    assert_log(CHIP_GONE " bridge.unrealize dev.unrealize bus.detach");
    g_assert_cmpuint(object_n_children(rig.peripheral), ==, 0);
    g_assert_null(bus_find(rig.root, "br.0", NULL, NULL));
    rig_done(&rig);
}

/* A device on such a bus, which links to another object. */
static Device *make_along(Rig *rig, const char *id, const char *neighbour)
{
    TestOnOtherProps *props = qmp_new_props(&qmp_class_test_on_other);
    Bus *bus = bus_find(rig->root, "br.0", &qmp_class_test_on_other, NULL);

    set_path(&props->neighbour, neighbour);
    return device_make(rig->peripheral, id, &qmp_class_test_on_other, bus, props, NULL, NULL);
}

/* Devices that are removed with the one that carries their bus may link to each other and to what
 * it has, and it to them; but nothing else may link to any of them. */
static void test_going_along(void)
{
    Rig rig;
    Device *carrier;
    Object *linker;
    GError *error = NULL;

    rig_init(&rig);
    carrier = make(&rig, &qmp_class_test_carrier, "br", NULL);
    g_assert_nonnull(make_along(&rig, "d0", "/machine/peripheral/br"));
    g_assert_nonnull(make_along(&rig, "d1", "/machine/peripheral/d0"));
    g_assert_nonnull(make_along(&rig, "d2", "/machine/peripheral/d1"));
    linker = add(rig.root, "machine/peripheral/br", &qmp_class_test_linker, "part");
    set_path(&test_linker_props(linker)->anything, "/machine/peripheral/d2");
    g_assert_true(object_make(linker, NULL));
    g_assert_false(object_may_delete(object_child(rig.peripheral, "d1"), &error));
    assert_error(&error, ERROR_REASON_IN_USE, "of '/machine/peripheral/d2'");
    g_assert_true(object_may_delete(&carrier->object, &error));
    g_assert_no_error(error);
    linker = add(rig.root, "objects", &qmp_class_test_linker, "outside");
    set_path(&test_linker_props(linker)->anything, "/machine/peripheral/d1");
    g_assert_true(object_make(linker, NULL));
    g_assert_false(object_may_delete(&carrier->object, &error));
    assert_error(&error, ERROR_REASON_IN_USE, "'/machine/peripheral/d1' is in use by property "
                 "'anything' of '/objects/outside'");
    object_destroy(linker);
    device_unmake(carrier);
    g_assert_cmpuint(object_n_children(rig.peripheral), ==, 0);
    rig_done(&rig);
}

/* ---- Reset ---- */

static void test_reset_order(void)
{
    Rig rig;
    Device *chip;

    rig_init(&rig);
    make(&rig, &qmp_class_test_fast_chip, "f", NULL);
    chip = make(&rig, &qmp_class_test_chip, "c", NULL);
    add(rig.root, "machine/peripheral", &qmp_class_test_chip, "not-realized");
    to_test_chip(chip)->flag = false;
    g_free(log_take());
    device_reset_tree(object_child(rig.root, "machine"));
    assert_log("dev.enter chip.enter fast.enter dev.enter chip.enter "
               "dev.hold chip.hold fast.hold dev.hold chip.hold "
               "dev.exit chip.exit fast.exit dev.exit chip.exit");
    g_assert_true(to_test_chip(chip)->flag);
    device_reset_tree(&chip->object);
    assert_log("dev.enter chip.enter dev.hold chip.hold dev.exit chip.exit");
    rig_done(&rig);
}

/* A bridge resets what sits behind it, once, wherever that is in the tree. */
static void test_reset_bridge(void)
{
    Rig rig;
    Device *bridge;

    rig_init(&rig);
    bridge = make(&rig, &qmp_class_test_bridge, "br", NULL);
    device_make(rig.peripheral, "c0", &qmp_class_test_chip, bridge->buses->pdata[0], NULL, NULL,
                NULL);
    g_free(log_take());
    device_reset_tree(&bridge->object);
    assert_log("dev.enter dev.enter chip.enter dev.hold dev.hold chip.hold "
               "dev.exit dev.exit chip.exit");
    device_reset_tree(rig.peripheral);
    assert_log("dev.enter dev.enter chip.enter dev.hold dev.hold chip.hold "
               "dev.exit dev.exit chip.exit");
    rig_done(&rig);
}

static void test_many(void)
{
    Rig rig;
    Object *anon;
    gint64 start = g_get_monotonic_time();

    rig_init(&rig);
    anon = object_container(rig.root, "machine/peripheral-anon");
    for (guint i = 0; i < 10000; i++) {
        Device *dev = device_make(anon, "device[*]", &qmp_class_test_chip, rig.bus, NULL, NULL,
                                  NULL);

        g_assert_nonnull(dev);
    }
    g_assert_cmpuint(rig.bus->devices.length, ==, 10000);
    device_reset_tree(rig.root);
    rig_done(&rig);
    g_test_message("10,000 devices made, reset and unmade in %" G_GINT64_FORMAT " us",
                   g_get_monotonic_time() - start);
}

static void add_tests(void)
{
    g_test_add_func("/qom/device/make", test_make);
    g_test_add_func("/qom/device/ids", test_ids);
    g_test_add_func("/qom/device/failures", test_failures);
    g_test_add_func("/qom/device/refusals", test_refusals);
    g_test_add_func("/qom/device/links", test_links);
    g_test_add_func("/qom/device/hotplug", test_hotplug);
    g_test_add_func("/qom/device/shown", test_shown);
    g_test_add_func("/qom/parts/make", test_parts);
    g_test_add_func("/qom/parts/conditions", test_conditions);
    g_test_add_func("/qom/parts/fail", test_parts_fail);
    g_test_add_func("/qom/parts/hot", test_parts_hot);
    g_test_add_func("/qom/device/guests", test_guests);
    g_test_add_func("/qom/device/going-along", test_going_along);
    g_test_add_func("/qom/reset/order", test_reset_order);
    g_test_add_func("/qom/reset/bridge", test_reset_bridge);
    g_test_add_func("/qom/device/ten-thousand", test_many);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
