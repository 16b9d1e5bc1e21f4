/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/acpi-pci-hotplug.c: its registers, as a guest's ACPI methods use them,
 * and what plugging and unplugging does to them.
 */
#include "config.h"

#include "qmp/error.h"
#include "qmp/qapi-types-pci.h"
#include "tests/lib/pc-chips.h"

enum {
    BASE = 0xae00,
    UP = BASE + 0x00,
    DOWN = BASE + 0x04,
    EJECT = BASE + 0x08,
    REMOVABLE = BASE + 0x0c,
    SELECT = BASE + 0x10,
    ACPI_INDEX = BASE + 0x14,
    GPE_STS = 0xafe0,
    GPE_EN = 0xafe2,
    SCI = 9,
};

static Device *add(PcChips *chips, const char *driver, const char *id, const char *addr)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(chips->rig, driver, id, &error, "addr", addr, NULL);

    g_assert_no_error(error);
    return dev;
}

static bool is_hot(const Env *env)
{
    return true;
}

static Device *add_bridge(PcChips *chips)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(chips->rig, "pci-bridge", "br", &error, "addr", "5", "chassis_nr",
                             "1", NULL);

    g_assert_no_error(error);
    return dev;
}

/* From here on a device is a hotplug. */
static void start(PcChips *chips)
{
    rig_reset(chips->rig);
    chips->rig->machine->started = true;
    chips->rig->env.hot = is_hot;
    rig_out(chips->rig, 0xb2, 0xf1, 1);
    rig_out(chips->rig, GPE_EN, 0x02, 1);
}

static bool unplug(Device *dev, GError **error)
{
    return ((const BusOps *)object_kind(dev->bus))->unplug_request(dev->bus, dev, error);
}

static guint32 in(PcChips *chips, guint16 port)
{
    return rig_in(chips->rig, port, 4);
}

static void out(PcChips *chips, guint16 port, guint32 value)
{
    rig_out(chips->rig, port, value, 4);
}

static Object *peripheral(PcChips *chips, const char *id)
{
    return object_child(object_container(&chips->rig->machine->object, "peripheral"), id);
}

/* ---- Cold ---- */

static void test_cold(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    add(chips, "pci-testdev", "d", "6");
    add_bridge(chips);
    start(chips);
    g_assert_cmphex(in(chips, UP), ==, 0);
    g_assert_cmphex(in(chips, DOWN), ==, 0);
    g_assert_cmphex(in(chips, EJECT), ==, 0);
    /* The host bridge, the PIIX and the bridge have to stay. */
    g_assert_cmphex(in(chips, REMOVABLE), ==, 0xffffffdc);
    g_assert_cmphex(in(chips, SELECT), ==, 0);
    out(chips, SELECT, 1);
    g_assert_cmphex(in(chips, SELECT), ==, 1);
    g_assert_cmphex(in(chips, REMOVABLE), ==, 0xffffffff);
    out(chips, SELECT, 2);
    g_assert_cmphex(in(chips, REMOVABLE), ==, 0);       /* there is no such bus */
    out(chips, SELECT, 0xffffffff);
    out(chips, EJECT, 0xffffffff);
    g_assert_cmphex(in(chips, UP), ==, 0);
    g_assert_false(chips->irq_levels[SCI]);
    rig_reset(chips->rig);
    g_assert_cmphex(in(chips, SELECT), ==, 0);
}

/* ---- Plugging ---- */

static void test_plug(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    start(chips);
    add(chips, "pci-testdev", "d", "7");
    g_assert_true(chips->irq_levels[SCI]);
    g_assert_cmphex(rig_in(chips->rig, GPE_STS, 1), ==, 0x02);
    rig_out(chips->rig, GPE_STS, 0x02, 1);
    g_assert_false(chips->irq_levels[SCI]);
    g_assert_cmphex(in(chips, UP), ==, 1u << 7);
    g_assert_cmphex(in(chips, UP), ==, 0);              /* told once */
    g_assert_cmphex(in(chips, DOWN), ==, 0);
}

static void test_plug_bridge(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    g_autoptr(GError) error = NULL;
    Device *bridge = add_bridge(chips);

    start(chips);
    device_make(object_container(&chips->rig->machine->object, "peripheral"), "d",
                &qmp_class_pci_testdev, bridge->buses->pdata[0], NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmphex(in(chips, UP), ==, 0);
    out(chips, SELECT, 1);
    g_assert_cmphex(in(chips, UP), !=, 0);
}

/* ---- Unplugging ---- */

static void test_unplug(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    g_autoptr(GError) error = NULL;
    Device *dev = add(chips, "pci-testdev", "d", "7");

    start(chips);
    g_assert_true(unplug(dev, &error));
    g_assert_no_error(error);
    g_assert_true(chips->irq_levels[SCI]);
    g_assert_cmphex(in(chips, DOWN), ==, 1u << 7);
    g_assert_cmphex(in(chips, DOWN), ==, 1u << 7);      /* until it is ejected */
    out(chips, EJECT, 1u << 6);
    g_assert_cmphex(in(chips, DOWN), ==, 1u << 7);
    out(chips, EJECT, 1u << 7);
    g_assert_cmphex(in(chips, DOWN), ==, 0);
    g_assert_cmphex(pc_chips_read(chips, PCI_DEVFN(7, 0), 0, 4), ==, 0xffffffff);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);
}

/* The lowest slot alone. */
static void test_eject_one(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    add(chips, "pci-testdev", "a", "7");
    add(chips, "pci-testdev", "b", "8");
    start(chips);
    out(chips, EJECT, 3u << 7);
    g_assert_cmphex(pc_chips_read(chips, PCI_DEVFN(7, 0), 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pc_chips_read(chips, PCI_DEVFN(8, 0), 0, 4), !=, 0xffffffff);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);
}

/* What belongs to the machine stays, and so does a bridge. */
static void test_eject_fixed(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    g_autoptr(GError) error = NULL;
    Device *bridge = add_bridge(chips);

    start(chips);
    for (guint slot = 0; slot < 32; slot++) {
        out(chips, EJECT, 1u << slot);
    }
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0, 4), ==, 0x70008086);
    g_assert_cmphex(pc_chips_read(chips, PCI_DEVFN(5, 0), 0, 4), !=, 0xffffffff);
    g_assert_false(unplug(bridge, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_HOTPLUGGABLE));
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 0);
}

/* A guest that reboots will not eject what it was asked for. */
static void test_reset(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    g_autoptr(GError) error = NULL;
    Device *dev = add(chips, "pci-testdev", "d", "7");

    start(chips);
    g_assert_true(unplug(dev, &error));
    rig_reset(chips->rig);
    g_assert_cmphex(in(chips, DOWN), ==, 0);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);
    g_assert_null(peripheral(chips, "d"));
}

/* ---- Names ---- */

static void test_acpi_index(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    g_autoptr(GError) error = NULL;

    rig_device(chips->rig, "pci-testdev", "d", &error, "addr", "6", "acpi-index", "7", NULL);
    g_assert_no_error(error);
    start(chips);
    out(chips, ACPI_INDEX, 1u << 6);
    g_assert_cmpuint(in(chips, ACPI_INDEX), ==, 7);
    g_assert_cmpuint(in(chips, ACPI_INDEX), ==, 0);
    out(chips, ACPI_INDEX, 1u << 9);
    g_assert_cmpuint(in(chips, ACPI_INDEX), ==, 0);
    out(chips, ACPI_INDEX, 0);
    g_assert_cmpuint(in(chips, ACPI_INDEX), ==, 0);
}

/* ---- Switched off ---- */

static void test_off(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev;

    rig_device(rig, "i440FX-pcihost", "host", &error, NULL);
    rig_device(rig, "PIIX4_PM", "pm", &error, "acpi-root-pci-hotplug", "off", NULL);
    dev = rig_device(rig, "pci-testdev", "d", &error, "addr", "6", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    rig->machine->started = true;
    rig->env.hot = is_hot;
    g_assert_false(unplug(dev, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_HOTPLUGGABLE));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "pci-testdev", "e", &error, "addr", "7", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_NOT_HOTPLUGGABLE));
    rig_out(rig, EJECT, 1u << 6, 4);
    rig_deliver(rig);
    g_assert_cmpuint(rig->removals, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-pci-hotplug/cold", test_cold);
    g_test_add_func("/acpi-pci-hotplug/plug", test_plug);
    g_test_add_func("/acpi-pci-hotplug/plug-bridge", test_plug_bridge);
    g_test_add_func("/acpi-pci-hotplug/unplug", test_unplug);
    g_test_add_func("/acpi-pci-hotplug/eject-one", test_eject_one);
    g_test_add_func("/acpi-pci-hotplug/eject-fixed", test_eject_fixed);
    g_test_add_func("/acpi-pci-hotplug/reset", test_reset);
    g_test_add_func("/acpi-pci-hotplug/acpi-index", test_acpi_index);
    g_test_add_func("/acpi-pci-hotplug/off", test_off);
    return g_test_run();
}
