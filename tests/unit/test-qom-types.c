/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types for the unit tests of qom: see test-qom-types.h.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <string.h>

#include "qom/qapi-objects-object.h"
#include "qom/qapi-objects-qom-schema.h"

static GString *log_text;
static const char *failing;

char *log_take(void)
{
    GString *old = log_text;

    log_text = NULL;
    return old ? g_string_free(old, FALSE) : g_strdup("");
}

void log_word(const char *word)
{
    if (!log_text) {
        log_text = g_string_new(NULL);
    }
    if (log_text->len) {
        g_string_append_c(log_text, ' ');
    }
    g_string_append(log_text, word);
}

void fail_at(const char *hook)
{
    failing = hook;
}

static bool step(const char *hook, GError **error)
{
    log_word(hook);
    if (!g_strcmp0(hook, failing)) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "%s failed", hook);
        return false;
    }
    return true;
}

void assert_error(GError **error, ErrorReason reason, const char *part)
{
    g_assert_nonnull(*error);
    if (!qmp_error_is(*error, reason)) {
        g_error("unexpected reason %d: %s", (*error)->code, (*error)->message);
    }
    if (!strstr((*error)->message, part)) {
        g_error("'%s' is not in: %s", part, (*error)->message);
    }
    g_clear_error(error);
}

/* ---- Plain objects ---- */

#define OBJECT_HOOKS(id, name) \
    static void id##_init(Object *obj) { log_word(name ".init"); } \
    static bool id##_prepare(Object *obj, GError **e) { return step(name ".prepare", e); } \
    static void id##_release(Object *obj) { log_word(name ".release"); } \
    static bool id##_complete(Object *obj, GError **e) { return step(name ".complete", e); } \
    static void id##_dismantle(Object *obj) { log_word(name ".dismantle"); } \
    static void id##_finalize(Object *obj) { log_word(name ".finalize"); } \
    static bool id##_changed(Object *obj, const QmpMember *member, GError **e) \
    { \
        return step(name ".changed", e); \
    } \
    static bool id##_may_delete(Object *obj, GError **e) { return step(name ".may_delete", e); }

#define OBJECT_OPS(id) \
    { .init = id##_init, .prepare = id##_prepare, .release = id##_release, \
      .complete = id##_complete, .dismantle = id##_dismantle, .finalize = id##_finalize, \
      .changed = id##_changed, .may_delete = id##_may_delete }

OBJECT_HOOKS(base, "base")
OBJECT_HOOKS(derived, "derived")
OBJECT_HOOKS(leaf, "leaf")

static void base_refresh(Object *obj, const QmpMember *member)
{
    TestObjectProps *props = test_object_props(obj);

    if (g_str_equal(qmp_name(member->name), "shown")) {
        props->shown++;
    }
}

static const ObjectOps base_ops = {
    .init = base_init, .prepare = base_prepare, .release = base_release,
    .complete = base_complete, .dismantle = base_dismantle, .finalize = base_finalize,
    .changed = base_changed, .may_delete = base_may_delete, .refresh = base_refresh,
};
static const ObjectOps derived_ops = OBJECT_OPS(derived);

/* It is only seen when it fails. */
static bool leaf_linked(Object *obj, GError **e)
{
    return g_strcmp0(failing, "leaf.linked") || step("leaf.linked", e);
}

static const ObjectOps leaf_ops = {
    .init = leaf_init, .linked = leaf_linked, .prepare = leaf_prepare, .release = leaf_release,
    .complete = leaf_complete, .dismantle = leaf_dismantle, .finalize = leaf_finalize,
    .changed = leaf_changed, .may_delete = leaf_may_delete,
};

static const char base_kind[] = "base kind";
static const char leaf_kind[] = "leaf kind";

static const TypeInfo base_type = {
    .schema = &qmp_class_test_object, .size = sizeof(Object) + 8, .object = &base_ops,
    .kind = base_kind,
};
static const TypeInfo derived_type = { .schema = &qmp_class_test_derived, .object = &derived_ops };
static const TypeInfo leaf_type = {
    .schema = &qmp_class_test_leaf, .size = sizeof(Object) + 64, .object = &leaf_ops,
    .kind = leaf_kind,
};

/* Links of a backend: it takes part in orders of destruction by its name. */
static void backend_dismantle(Object *obj)
{
    g_autofree char *word = g_strdup_printf("gone:%s", obj->name);

    log_word(word);
}

/* In no log: a backend has many holders. */
static bool backend_may_link(Object *obj, const Object *holder, GError **error)
{
    const char *hook = "backend.may_link";

    return g_strcmp0(failing, hook) || step(hook, error);
}

/* A linker gives its lodger back to /objects, as a machine its accelerator. */
static void linker_dismantle(Object *obj)
{
    Object *lodger = object_child(obj, "lodger");

    log_word("linker.dismantle");
    if (lodger) {
        object_ref(lodger);
        object_unparent(lodger);
        object_add_child(object_container(object_root(obj), "objects"), "lodger", lodger, NULL);
        object_unref(lodger);
    }
}

static const ObjectOps linker_ops = { .dismantle = linker_dismantle };
static const TypeInfo linker_type = { .schema = &qmp_class_test_linker, .object = &linker_ops };

static const ObjectOps backend_ops = {
    .dismantle = backend_dismantle, .may_link = backend_may_link,
};
static const TypeInfo backend_type = { .schema = &qmp_class_test_backend, .object = &backend_ops };

/* ---- Bus ---- */

static bool test_attach(Bus *bus, Device *dev, GError **error)
{
    TestDeviceProps *props = object_is_a(dev, &qmp_class_test_device) ? test_device_props(dev)
                                                                      : NULL;

    if (!step("bus.attach", error)) {
        return false;
    }
    if (props && !props->has_addr) {
        props->has_addr = true;
        props->addr = bus->devices.length;
    }
    return true;
}

static void test_detach(Bus *bus, Device *dev)
{
    log_word("bus.detach");
}

static void test_plugged(Bus *bus, Device *dev)
{
    g_assert_true(dev->realized);
    log_word("bus.plugged");
}

static bool test_full(Bus *bus, const QmpClass *klass)
{
    return bus->devices.length >= 4;
}

static const BusOps test_bus_ops = {
    .attach = test_attach, .detach = test_detach, .plugged = test_plugged, .full = test_full,
};
static const TypeInfo test_bus_type = { .schema = &qmp_class_TEST, .kind = &test_bus_ops };

static const BusOps other_bus_ops = { .carries_along = true };
static const TypeInfo other_bus_type = { .schema = &qmp_class_OTHER, .kind = &other_bus_ops };

/* ---- Devices ---- */

#define DEVICE_HOOKS(id, name) \
    static bool id##_realize(Device *dev, GError **error) { return step(name ".realize", error); } \
    static void id##_unrealize(Device *dev) { log_word(name ".unrealize"); } \
    static void id##_enter(Device *dev) { log_word(name ".enter"); } \
    static void id##_hold(Device *dev) { log_word(name ".hold"); } \
    static void id##_exit(Device *dev) { log_word(name ".exit"); } \
    static bool id##_loaded(Device *dev, GError **error) { return step(name ".loaded", error); }

#define DEVICE_OPS(id) \
    .realize = id##_realize, .unrealize = id##_unrealize, .reset_enter = id##_enter, \
    .reset_hold = id##_hold, .reset_exit = id##_exit, .state_loaded = id##_loaded

DEVICE_HOOKS(dev, "dev")
DEVICE_HOOKS(chip, "chip")
DEVICE_HOOKS(fast, "fast")
DEVICE_HOOKS(composite, "composite")

static const StateRow device_rows[] = {
    STATE_FIELD(U8, TestDevice, base_u8, 0x11),
    STATE_FIELD_KEEP(U16, TestDevice, base_keep),
    STATE_ROWS_END,
};
static const StateRow chip_rows[] = {
    STATE_FIELD(BOOL, TestChip, flag, true),
    STATE_ARRAY(U32, TestChip, u32, 0x22334455),
    STATE_FIELD(U64, TestChip, u64, 0x123456789abcdef0),
    STATE_ARRAY(BYTES, TestChip, bytes, 0xee),
    STATE_ROWS_END,
};

static const DeviceOps dev_ops = { DEVICE_OPS(dev), .state = device_rows };
static const DeviceOps chip_ops = { DEVICE_OPS(chip), .state = chip_rows };
static const DeviceOps fast_ops = { DEVICE_OPS(fast) };

static const TypeInfo test_device_type = {
    .schema = &qmp_class_test_device, .size = sizeof(TestDevice), .device = &dev_ops,
};
static const TypeInfo test_chip_type = {
    .schema = &qmp_class_test_chip, .size = sizeof(TestChip), .device = &chip_ops,
};
static const TypeInfo test_fast_chip_type = {
    .schema = &qmp_class_test_fast_chip, .device = &fast_ops,
};

/* A bridge's bus is called by its id; a composite's is there for its parts. */
static bool bridge_realize(Device *dev, GError **error)
{
    bus_new(dev, &qmp_class_TEST, NULL);
    return step("bridge.realize", error);
}

static void bridge_unrealize(Device *dev)
{
    log_word("bridge.unrealize");
    object_unparent(dev->buses->pdata[0]);
}

static const DeviceOps bridge_ops = { .realize = bridge_realize, .unrealize = bridge_unrealize };
static const TypeInfo bridge_type = { .schema = &qmp_class_test_bridge, .device = &bridge_ops };

static bool carrier_realize(Device *dev, GError **error)
{
    bus_new(dev, &qmp_class_OTHER, NULL);
    return step("carrier.realize", error);
}

static const DeviceOps carrier_ops = { .realize = carrier_realize, .unrealize = bridge_unrealize };
static const TypeInfo carrier_type = { .schema = &qmp_class_test_carrier, .device = &carrier_ops };

static void composite_init(Object *obj)
{
    bus_new(to_device(obj), &qmp_class_TEST, "inner");
}

static const ObjectOps composite_object_ops = { .init = composite_init };
static const DeviceOps composite_ops = { DEVICE_OPS(composite) };
static const TypeInfo composite_type = {
    .schema = &qmp_class_test_composite, .object = &composite_object_ops, .device = &composite_ops,
};

/* The inner device chooses its note, and refuses one gain. */
static bool inner_realize(Device *dev, GError **error)
{
    TestInnerProps *props = test_inner_props(dev);

    props->note = props->note ?: g_strdup("chosen");
    return step("inner.realize", error);
}

static void inner_unrealize(Device *dev)
{
    log_word("inner.unrealize");
}

static bool inner_changed(Object *obj, const QmpMember *member, GError **error)
{
    return step("inner.changed", error);
}

static void inner_refresh(Object *obj, const QmpMember *member)
{
    TestInnerProps *props = test_inner_props(obj);

    if (g_str_equal(qmp_name(member->name), "shown")) {
        props->shown++;
    }
}

static const ObjectOps inner_object_ops = { .changed = inner_changed, .refresh = inner_refresh };
static const DeviceOps inner_ops = { .realize = inner_realize, .unrealize = inner_unrealize };
static const TypeInfo inner_type = {
    .schema = &qmp_class_test_inner, .object = &inner_object_ops, .device = &inner_ops,
};

static void outer_init(Object *obj)
{
    bus_new(to_device(obj), &qmp_class_TEST, "inside");
}

static bool outer_realize(Device *dev, GError **error)
{
    return step("outer.realize", error);
}

static void outer_unrealize(Device *dev)
{
    log_word("outer.unrealize");
}

static const ObjectOps outer_object_ops = { .init = outer_init };
static const DeviceOps outer_ops = { .realize = outer_realize, .unrealize = outer_unrealize };
static const TypeInfo outer_type = {
    .schema = &qmp_class_test_outer, .object = &outer_object_ops, .device = &outer_ops,
};
static const TypeInfo outermost_type = {
    .schema = &qmp_class_test_outermost, .object = &outer_object_ops,
};

static const TypeInfo *const types[] = {
    &base_type, &derived_type, &leaf_type, &backend_type, &linker_type, &test_bus_type,
    &other_bus_type, &test_device_type, &test_chip_type, &test_fast_chip_type, &bridge_type,
    &carrier_type, &composite_type, &inner_type, &outer_type, &outermost_type, NULL,
};

int test_qom_main(int argc, char **argv, void (*add_tests)(void))
{
    int status;

    g_test_init(&argc, &argv, NULL);
    object_register_types(qom_types);
    object_register_types(types);
    object_register_types(types);       /* twice is harmless */
    add_tests();
    status = g_test_run();
    g_free(log_take());
    return status;
}

/* ---- Trees ---- */

Object *tree_new(void)
{
    Object *root = object_root_new();

    object_container(root, "/objects");
    object_container(root, "chardevs");
    fail_at(NULL);
    return root;
}

void tree_free(Object *root)
{
    object_destroy(root);
    object_unref(root);
    fail_at(NULL);
    g_free(log_take());
}

Object *add(Object *root, const char *place, const QmpClass *klass, const char *name)
{
    g_autoptr(Object) obj = object_new(klass);
    GError *error = NULL;

    object_add_child(object_container(root, place), name, obj, &error);
    g_assert_no_error(error);
    return obj;
}

Object *add_made(Object *root, const char *place, const QmpClass *klass, const char *name)
{
    Object *obj = add(root, place, klass, name);
    GError *error = NULL;

    object_make(obj, &error);
    g_assert_no_error(error);
    return obj;
}

void set_path(QmpLink *link, const char *path)
{
    g_assert_null(link->target);
    g_free(link->path);
    link->path = g_strdup(path);
}
