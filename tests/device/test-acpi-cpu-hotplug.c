/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/acpi-cpu-hotplug.c, cpu/hotplug.c: the registers as firmware and a guest's ACPI methods
 * use them, and what CPUs that come and go do to them.
 */
#include "config.h"

#include "hw/acpi/acpi-cpu-hotplug.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "tests/lib/pc-chips.h"

enum {
    BASE = 0xaf00,
    SELECT = BASE,
    FLAGS = BASE + 4,
    COMMAND = BASE + 5,
    DATA = BASE + 8,
    NEXT = 0, OST_EVENT = 1, OST_STATUS = 2, ID = 3,
    ENABLED = 1, INSERTING = 2, REMOVING = 4, EJECT = 8, FIRMWARE = 16,
    GPE_STS = 0xafe0,
    GPE_EN = 0xafe2,
    GPE_CPU = 4,
    SCI = 9,
    N_PLACES = 5,
};

static PcChips *chips_new(void)
{
    return pc_chips_new_places(0, N_PLACES);
}

static Device *add(PcChips *chips, const char *id, const char *core)
{
    g_autoptr(GError) error = NULL;
    Device *dev = pc_chips_add_cpu(chips, id, core, &error);

    g_assert_no_error(error);
    return dev;
}

static bool is_hot(const Env *env)
{
    return true;
}

static void start(PcChips *chips)
{
    rig_reset(chips->rig);
    chips->rig->machine->started = true;
    chips->rig->env.hot = is_hot;
    rig_out(chips->rig, 0xb2, 0xf1, 1);
    rig_out(chips->rig, GPE_EN, GPE_CPU, 1);
}

/* As the guest's method _INI does. */
static void use_newer(PcChips *chips)
{
    rig_out(chips->rig, SELECT, 0, 4);
}

static void select_cpu(PcChips *chips, guint32 index)
{
    rig_out(chips->rig, SELECT, index, 4);
}

static guint8 flags(PcChips *chips, guint32 index)
{
    select_cpu(chips, index);
    return rig_in(chips->rig, FLAGS, 1);
}

static guint32 data(PcChips *chips, guint8 command)
{
    rig_out(chips->rig, COMMAND, command, 1);
    return rig_in(chips->rig, DATA, 4);
}

static void write_data(PcChips *chips, guint8 command, guint32 value)
{
    rig_out(chips->rig, COMMAND, command, 1);
    rig_out(chips->rig, DATA, value, 4);
}

static void assert_event(PcChips *chips)
{
    g_assert_true(chips->irq_levels[SCI]);
    g_assert_cmphex(rig_in(chips->rig, GPE_STS, 1), ==, GPE_CPU);
    rig_out(chips->rig, GPE_STS, GPE_CPU, 1);
    g_assert_false(chips->irq_levels[SCI]);
}

static void ask(PcChips *chips, Device *dev)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(device_unplug_request(dev, &error));
    g_assert_no_error(error);
}

/* ---- Registers ---- */

/* A bit for each APIC id, which only a write of 0 at the beginning changes. */
static void test_bitmap(void)
{
    g_autoptr(PcChips) chips = chips_new();

    add(chips, "b", "3");
    start(chips);
    g_assert_cmphex(rig_in(chips->rig, BASE, 1), ==, 0x09);
    g_assert_cmphex(rig_in(chips->rig, BASE, 4), ==, 0x09);
    g_assert_cmphex(rig_in(chips->rig, BASE + 1, 1), ==, 0);
    g_assert_cmphex(rig_in(chips->rig, BASE + 31, 1), ==, 0);
    rig_out(chips->rig, BASE, 1, 4);
    rig_out(chips->rig, BASE + 4, 0, 4);
    g_assert_cmphex(rig_in(chips->rig, BASE, 1), ==, 0x09);
    add(chips, "c", "1");
    g_assert_cmphex(rig_in(chips->rig, BASE, 1), ==, 0x0b);
    assert_event(chips);
    /* How firmware finds the newer interface: the docs of QEMU. */
    rig_out(chips->rig, SELECT, 0, 4);
    rig_out(chips->rig, SELECT, 0, 4);
    rig_out(chips->rig, COMMAND, NEXT, 1);
    g_assert_cmphex(rig_in(chips->rig, BASE, 4), ==, 0);
    rig_reset(chips->rig);
    g_assert_cmphex(rig_in(chips->rig, BASE, 4), ==, 0);
}

static void test_cold(void)
{
    g_autoptr(PcChips) chips = chips_new();

    add(chips, "b", "3");
    start(chips);
    use_newer(chips);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
    g_assert_cmphex(flags(chips, 1), ==, 0);
    g_assert_cmphex(data(chips, ID), ==, 1);
    g_assert_cmphex(flags(chips, 3), ==, ENABLED);
    g_assert_cmphex(data(chips, ID), ==, 3);
    g_assert_cmphex(rig_in(chips->rig, BASE, 4), ==, 0);
    g_assert_cmphex(data(chips, NEXT), ==, 3);
    g_assert_cmphex(data(chips, 7), ==, 3);             /* there is no such command */
    g_assert_cmphex(data(chips, OST_EVENT), ==, 0);
    g_assert_false(chips->irq_levels[SCI]);
    /* Beyond the last place there is nothing. */
    g_assert_cmphex(flags(chips, N_PLACES), ==, 0);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    write_data(chips, OST_STATUS, 1);
    g_assert_cmphex(data(chips, NEXT), ==, 0);
    g_assert_cmphex(flags(chips, G_MAXUINT32), ==, 0);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 0);
}

/* ---- CPUs that come and go ---- */

static void test_plug(void)
{
    g_autoptr(PcChips) chips = chips_new();

    start(chips);
    use_newer(chips);
    add(chips, "a", "4");
    add(chips, "b", "2");
    assert_event(chips);
    select_cpu(chips, 0);
    g_assert_cmpuint(data(chips, NEXT), ==, 2);
    g_assert_cmphex(rig_in(chips->rig, FLAGS, 1), ==, ENABLED | INSERTING);
    rig_out(chips->rig, FLAGS, INSERTING, 1);
    g_assert_cmpuint(data(chips, NEXT), ==, 4);
    g_assert_cmphex(rig_in(chips->rig, FLAGS, 1), ==, ENABLED | INSERTING);
    rig_out(chips->rig, FLAGS, INSERTING, 1);
    g_assert_cmpuint(data(chips, NEXT), ==, 4);
    g_assert_cmphex(rig_in(chips->rig, FLAGS, 1), ==, ENABLED);
}

static Device *plugged(PcChips *chips)
{
    Device *dev;

    start(chips);
    use_newer(chips);
    dev = add(chips, "a", "1");
    select_cpu(chips, 1);
    rig_out(chips->rig, FLAGS, INSERTING, 1);
    assert_event(chips);
    return dev;
}

static void test_unplug(void)
{
    g_autoptr(PcChips) chips = chips_new();
    Device *dev = plugged(chips);

    for (guint i = 0; i < 2; i++) {
        ask(chips, dev);
        assert_event(chips);
        g_assert_cmphex(flags(chips, 1), ==, ENABLED | REMOVING);
        rig_out(chips->rig, FLAGS, REMOVING, 1);
        g_assert_cmphex(flags(chips, 1), ==, ENABLED);
    }
    rig_out(chips->rig, FLAGS, EJECT, 1);
    g_assert_cmphex(flags(chips, 1), ==, 0);            /* at once */
    ask(chips, dev);                                    /* it is going already */
    g_assert_cmphex(flags(chips, 1), ==, 0);
    g_assert_cmpuint(chips->rig->accel->vcpus, ==, 2);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);      /* the rig unmakes it */
    g_assert_cmpuint(chips->rig->accel->vcpus, ==, 1);
    add(chips, "a", "1");
    g_assert_cmphex(flags(chips, 1), ==, ENABLED | INSERTING);
}

/* The guest may release a CPU without being asked, or have firmware do it, but not the boot CPU. */
static void test_eject(void)
{
    g_autoptr(PcChips) chips = chips_new();

    plugged(chips);
    select_cpu(chips, 1);
    rig_out(chips->rig, FLAGS, FIRMWARE, 1);
    select_cpu(chips, 0);
    rig_out(chips->rig, FLAGS, FIRMWARE, 1);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
    g_assert_cmpuint(data(chips, NEXT), ==, 1);
    g_assert_cmphex(rig_in(chips->rig, FLAGS, 1), ==, ENABLED | FIRMWARE);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    g_assert_cmphex(rig_in(chips->rig, FLAGS, 1), ==, 0);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);
}

/* A guest that refuses keeps the CPU, and may be asked again. */
static void test_refusal(void)
{
    g_autoptr(PcChips) chips = chips_new();
    ACPIOSTInfoList list = { 0 };
    Device *dev = plugged(chips);

    for (guint i = 0; i < 2; i++) {
        ask(chips, dev);
        g_assert_cmphex(flags(chips, 1), ==, ENABLED | REMOVING);
        rig_out(chips->rig, FLAGS, REMOVING, 1);
        write_data(chips, OST_EVENT, 3);
        write_data(chips, OST_STATUS, 0x81);
    }
    rig_reset(chips->rig);
    g_assert_cmphex(flags(chips, 1), ==, ENABLED);
    acpi_cpu_hotplug_query(chips->rig->machine, &list);
    g_assert_cmpuint(list.n, ==, N_PLACES);
    g_assert_cmpstr(list.items[0]->device, ==, "cpu0");
    g_assert_cmpstr(list.items[1]->device, ==, "a");
    g_assert_cmpint(list.items[1]->source, ==, 3);
    g_assert_cmpint(list.items[1]->status, ==, 0x81);
    g_assert_cmpint(list.items[1]->slot_type, ==, ACPI_SLOT_TYPE_CPU);
    g_assert_cmpstr(list.items[4]->slot, ==, "4");
    g_assert_null(list.items[4]->device);
    qmp_clear(&qmp_type_ACPIOSTInfoList, &list);
}

/* A reset does not lose a request, nor the CPU. */
static void test_reset(void)
{
    g_autoptr(PcChips) chips = chips_new();

    ask(chips, plugged(chips));
    select_cpu(chips, 1);
    rig_out(chips->rig, FLAGS, REMOVING, 1);
    rig_reset(chips->rig);
    g_assert_cmphex(rig_in(chips->rig, GPE_STS, 1), ==, GPE_CPU);
    g_assert_cmphex(flags(chips, 1), ==, ENABLED | REMOVING);
}

static void refused(PcChips *chips, const char *core, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pc_chips_add_cpu(chips, "x", core, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

static void test_refused(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(PcChips) without = pc_chips_new();
    g_autoptr(GError) error = NULL;
    Device *boot = device_resolve(chips->rig->root, "cpu0", NULL);

    plugged(chips);
    refused(chips, "1", ERROR_REASON_ADDRESS_IN_USE);
    refused(chips, "5", ERROR_REASON_OUT_OF_RANGE);
    g_assert_false(device_unplug_request(boot, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_NOT_HOTPLUGGABLE);
    cpu_set_no_hotplug(&chips->rig->accel->accel, "of the weather");
    refused(chips, "2", ERROR_REASON_NOT_HOTPLUGGABLE);
    g_assert_cmpuint(chips->rig->accel->vcpus, ==, 2);
    start(without);
    refused(without, "0", ERROR_REASON_NOT_HOTPLUGGABLE);
}

/* ---- State ---- */

static bool copy_state(PcChips *from, PcChips *to, GError **error)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    GError *failure = NULL;

    device_save(from->pm, state, &failure);
    g_assert_no_error(failure);
    return device_load(to->pm, state->data, state->len, error);
}

/* A twin goes on where the first one was: a request that is not answered. */
static void test_state(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(PcChips) twin = chips_new();
    g_autoptr(PcChips) other = pc_chips_new_places(0, N_PLACES - 1);
    g_autoptr(GError) error = NULL;

    add(twin, "a", "1");
    ask(chips, plugged(chips));
    select_cpu(chips, 1);
    rig_out(chips->rig, COMMAND, ID, 1);
    g_assert_true(copy_state(chips, twin, &error));
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(twin->rig, FLAGS, 1), ==, ENABLED | REMOVING);
    g_assert_cmphex(rig_in(twin->rig, DATA, 4), ==, 1);
    g_assert_true(twin->irq_levels[SCI]);
    g_assert_false(copy_state(chips, other, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
    g_assert_cmphex(rig_in(other->rig, BASE, 1), ==, 1);        /* still the bitmap */
}

/* A CPU that the guest has released goes in the twin, too. */
static void test_ejected_state(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(PcChips) twin = chips_new();
    g_autoptr(GError) error = NULL;

    add(twin, "a", "1");
    plugged(chips);
    select_cpu(chips, 1);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    g_assert_true(copy_state(chips, twin, &error));
    g_assert_no_error(error);
    g_assert_cmphex(flags(twin, 1), ==, 0);
    rig_deliver(chips->rig);
    rig_deliver(twin->rig);
    g_assert_cmpuint(twin->rig->removals, ==, 1);
    g_assert_cmpuint(twin->rig->accel->vcpus, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-cpu-hotplug/bitmap", test_bitmap);
    g_test_add_func("/acpi-cpu-hotplug/cold", test_cold);
    g_test_add_func("/acpi-cpu-hotplug/plug", test_plug);
    g_test_add_func("/acpi-cpu-hotplug/unplug", test_unplug);
    g_test_add_func("/acpi-cpu-hotplug/eject", test_eject);
    g_test_add_func("/acpi-cpu-hotplug/refusal", test_refusal);
    g_test_add_func("/acpi-cpu-hotplug/reset", test_reset);
    g_test_add_func("/acpi-cpu-hotplug/refused", test_refused);
    g_test_add_func("/acpi-cpu-hotplug/state", test_state);
    g_test_add_func("/acpi-cpu-hotplug/ejected-state", test_ejected_state);
    return g_test_run();
}
