/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus: ports and lines, by devices that claim them.
 */
#include "config.h"
#include "hw/isa/isa-bus.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-device.h"
#include "tests/lib/rig.h"

static const RegionOps no_ops = { 0 };

/* Two devices of a kind, away from each other. */
typedef struct {
    Rig *rig;
    Device *a, *b;
} Bench;

static Bench bench_new(void)
{
    Bench bench = { .rig = rig_new() };
    g_autoptr(GError) error = NULL;

    bench.a = rig_device(bench.rig, "isa-debug-exit", "a", &error, "iobase", "0x501", NULL);
    bench.b = rig_device(bench.rig, "isa-debug-exit", "b", &error, "iobase", "0x601", NULL);
    g_assert_no_error(error);
    return bench;
}

static void test_bus(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autofree char *path = object_path(&rig->isa->object);

    g_assert_cmpstr(path, ==, "/machine/isabus/isa.0");
    g_assert_true(rig->isa->owner == rig->isabus);
    g_assert_true(bus_find(rig->root, NULL, &qmp_class_isa_debug_exit, NULL) == rig->isa);
    g_assert_nonnull(gpio(&rig->isabus->object, "irq", 15));
    g_assert_null(gpio(&rig->isabus->object, "irq", 16));
}

static void test_ports(void)
{
    Bench bench = bench_new();
    g_autoptr(GError) error = NULL;
    MemoryRegion *mr = isa_map_ports(bench.a, "x", &no_ops, 0x100, 8, &error);

    g_assert_no_error(error);
    g_assert_nonnull(mr);
    g_assert_false(isa_ports_free(bench.b, 0x107, 1));
    g_assert_true(isa_ports_free(bench.b, 0x108, 8));
    g_assert_true(isa_ports_free(bench.b, 0xf8, 8));
    g_assert_false(isa_ports_free(bench.b, 0xf9, 8));
    g_assert_null(isa_map_ports(bench.b, "x", &no_ops, 0x104, 1, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_ADDRESS_IN_USE);
    g_assert_cmpstr(error->message, ==, "cannot claim port 0x104: '/machine/peripheral/a' has "
                    "ports 0x100 to 0x107");
    isa_unmap(bench.a, mr);
    isa_unmap(bench.a, NULL);
    g_assert_true(isa_ports_free(bench.b, 0x100, 8));
    rig_free(bench.rig);
}

static void test_port_range(void)
{
    Bench bench = bench_new();
    static const struct {
        guint32 base, count;
    } bad[] = { { 0xffff, 2 }, { 0x10000, 1 }, { 0, 0 }, { 0xffffffff, 2 }, { 8, 0xffffffff } };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(isa_map_ports(bench.a, "x", &no_ops, bad[i].base, bad[i].count, &error));
        g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
        g_assert_false(isa_ports_free(bench.a, bad[i].base, bad[i].count));
    }
    g_assert_nonnull(isa_map_ports(bench.a, "x", &no_ops, 0xffff, 1, NULL));
    rig_free(bench.rig);
}

/* A device that is refused leaves nothing, one that goes gives its ports back. */
static void test_devices(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "isa-debug-exit", "a", &error, NULL);

    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "isa-debug-exit", "b", &error, "iobase", "0x502", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_ADDRESS_IN_USE);
    g_assert_cmpuint(rig->isa->devices.length, ==, 1);
    device_unmake(dev);
    g_clear_error(&error);
    g_assert_nonnull(rig_device(rig, "isa-debug-exit", "b", &error, "iobase", "0x502", NULL));
    g_assert_no_error(error);
}

static void test_address(void)
{
    Bench bench = bench_new();
    const BusOps *ops = object_kind(bench.rig->isa);
    g_autofree char *a = ops->address(bench.rig->isa, bench.a);
    g_autofree char *none = ops->address(bench.rig->isa, bench.rig->isabus);

    g_assert_cmpstr(a, ==, "isa@0501");
    g_assert_null(none);
    rig_free(bench.rig);
}

static void test_irqs(void)
{
    Bench bench = bench_new();
    Rig *rig = bench.rig;
    g_autoptr(GError) error = NULL;

    gpio_out_new(&bench.a->object, "irq", 1);
    gpio_out_new(&bench.b->object, "irq", 1);
    g_assert_true(isa_connect_irq(bench.a, gpio(&bench.a->object, "irq", 0), 7, &error));
    g_assert_true(isa_connect_irq(bench.b, gpio(&bench.b->object, "irq", 0), 7, &error));
    irq_set(gpio(&bench.a->object, "irq", 0), true);
    irq_set(gpio(&bench.b->object, "irq", 0), true);
    irq_set(gpio(&bench.a->object, "irq", 0), false);
    g_assert_true(rig_irq_level(rig, 7));
    g_assert_cmpuint(rig_irq_edges(rig, 7), ==, 1);
    isa_disconnect_irq(bench.b, gpio(&bench.b->object, "irq", 0), 7);
    g_assert_false(rig_irq_level(rig, 7));
    g_assert_false(isa_connect_irq(bench.b, gpio(&bench.b->object, "irq", 0), 16, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/isa-bus/bus", test_bus);
    g_test_add_func("/isa-bus/ports", test_ports);
    g_test_add_func("/isa-bus/port-range", test_port_range);
    g_test_add_func("/isa-bus/devices", test_devices);
    g_test_add_func("/isa-bus/address", test_address);
    g_test_add_func("/isa-bus/irqs", test_irqs);
    return g_test_run();
}
