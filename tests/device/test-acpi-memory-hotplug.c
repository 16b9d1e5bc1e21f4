/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/acpi-memory-hotplug.c, hw/mem/: the registers as a guest's ACPI methods use
 * them, and what pc-dimm devices do to them.
 */
#include "config.h"

#include "hw/acpi/acpi-memory-hotplug.h"
#include "hw/backends/memory-backend.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "tests/lib/pc-chips.h"

enum {
    BASE = 0xa00,
    SELECT = BASE,
    OST_EVENT = BASE + 4,
    OST_STATUS = BASE + 8,
    NODE = BASE + 0x10,
    FLAGS = BASE + 0x14,
    ENABLED = 1, INSERTING = 2, REMOVING = 4, EJECT = 8,
    GPE_STS = 0xafe0,
    GPE_EN = 0xafe2,
    GPE_MEMORY = 8,
    SCI = 9,
    N_SLOTS = 3,
};

#define GIB4 (G_GUINT64_CONSTANT(1) << 32)
#define MIB G_GUINT64_CONSTANT(1048576)

static PcChips *chips_new(void)
{
    return pc_chips_new_slots(N_SLOTS);
}

static void add_backend(PcChips *chips, const char *id, const char *size)
{
    g_autoptr(GError) error = NULL;

    rig_object(chips->rig, "memory-backend-ram", id, &error, "size", size, NULL);
    g_assert_no_error(error);
}

/* A module of 2 MiB. */
static Device *add(PcChips *chips, const char *id)
{
    g_autofree char *backend = g_strconcat("mem-", id, NULL);
    g_autoptr(GError) error = NULL;
    Device *dev;

    add_backend(chips, backend, "2M");
    dev = rig_device(chips->rig, "pc-dimm", id, &error, "memdev", backend, NULL);
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
    rig_out(chips->rig, GPE_EN, GPE_MEMORY, 1);
}

static void select_slot(PcChips *chips, guint32 slot)
{
    rig_out(chips->rig, SELECT, slot, 4);
}

static guint8 flags(PcChips *chips, guint32 slot)
{
    select_slot(chips, slot);
    return rig_in(chips->rig, FLAGS, 1);
}

static guint64 register_pair(PcChips *chips, guint16 port)
{
    return rig_in(chips->rig, port, 4) | (guint64)rig_in(chips->rig, port + 4, 4) << 32;
}

static bool ram_at(PcChips *chips, guint64 address)
{
    guint8 byte = 0x5a;

    return memory_write(chips->rig->memory, address, &byte, 1);
}

/* ---- What is there from the start ---- */

static void test_cold(void)
{
    g_autoptr(PcChips) chips = chips_new();

    add(chips, "a");
    add(chips, "b");
    start(chips);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
    g_assert_cmphex(register_pair(chips, BASE), ==, GIB4);
    g_assert_cmphex(register_pair(chips, BASE + 8), ==, 2 * MIB);
    g_assert_cmphex(flags(chips, 1), ==, ENABLED);
    g_assert_cmphex(register_pair(chips, BASE), ==, GIB4 + 2 * MIB);
    g_assert_cmphex(rig_in(chips->rig, NODE, 4), ==, 0);
    g_assert_cmphex(flags(chips, 2), ==, 0);
    g_assert_cmphex(register_pair(chips, BASE), ==, 0);
    g_assert_cmphex(flags(chips, N_SLOTS), ==, 0);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    rig_out(chips->rig, OST_STATUS, 0, 4);
    g_assert_cmphex(flags(chips, G_MAXUINT32), ==, 0);
    g_assert_false(chips->irq_levels[SCI]);
    g_assert_true(ram_at(chips, GIB4 + 4 * MIB - 1));
    g_assert_false(ram_at(chips, GIB4 + 4 * MIB));
}

/* ---- While the guest runs ---- */

static void test_plug(void)
{
    g_autoptr(PcChips) chips = chips_new();

    start(chips);
    add(chips, "a");
    g_assert_true(chips->irq_levels[SCI]);
    g_assert_cmphex(rig_in(chips->rig, GPE_STS, 1), ==, GPE_MEMORY);
    rig_out(chips->rig, GPE_STS, GPE_MEMORY, 1);
    g_assert_false(chips->irq_levels[SCI]);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED | INSERTING);
    rig_out(chips->rig, FLAGS, INSERTING, 1);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
    g_assert_true(ram_at(chips, GIB4));
}

static Device *plugged(PcChips *chips)
{
    Device *dev = add(chips, "a");

    flags(chips, 0);
    rig_out(chips->rig, FLAGS, INSERTING, 1);
    rig_out(chips->rig, GPE_STS, GPE_MEMORY, 1);
    return dev;
}

static void request(PcChips *chips, Device *dev)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(device_unplug_request(dev, &error));
    g_assert_no_error(error);
    g_assert_true(chips->irq_levels[SCI]);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED | REMOVING);
    rig_out(chips->rig, FLAGS, REMOVING, 1);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
}

static void test_unplug(void)
{
    g_autoptr(PcChips) chips = chips_new();
    Device *dev;

    start(chips);
    dev = plugged(chips);
    request(chips, dev);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    g_assert_cmphex(flags(chips, 0), ==, 0);            /* at once */
    g_assert_false(ram_at(chips, GIB4));
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 1);      /* the rig unmakes it */
    g_assert_null(device_memory_at(chips->memory, 0));
}

/* A guest that refuses keeps the memory, and may be asked again. */
static void test_refusal(void)
{
    g_autoptr(PcChips) chips = chips_new();
    Device *dev;

    start(chips);
    dev = plugged(chips);
    for (guint i = 0; i < 2; i++) {
        rig_out(chips->rig, GPE_STS, GPE_MEMORY, 1);
        request(chips, dev);
        rig_out(chips->rig, OST_EVENT, 3, 4);
        rig_out(chips->rig, OST_STATUS, 0x81, 4);
    }
    rig_deliver(chips->rig);
    g_assert_cmpuint(chips->rig->removals, ==, 0);
    g_assert_true(ram_at(chips, GIB4));
    rig_reset(chips->rig);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED);
}

/* A reset does not lose a request. */
static void test_reset(void)
{
    g_autoptr(PcChips) chips = chips_new();

    start(chips);
    request(chips, plugged(chips));
    rig_reset(chips->rig);
    g_assert_cmphex(flags(chips, 0), ==, ENABLED | REMOVING);
}

static void test_query(void)
{
    g_autoptr(PcChips) chips = chips_new();
    ACPIOSTInfoList list = { 0 };

    add(chips, "a");
    start(chips);
    select_slot(chips, 0);
    rig_out(chips->rig, OST_EVENT, 1, 4);
    rig_out(chips->rig, OST_STATUS, 2, 4);
    acpi_memory_hotplug_query(chips->rig->machine, &list);
    g_assert_cmpuint(list.n, ==, N_SLOTS);
    g_assert_cmpstr(list.items[0]->device, ==, "a");
    g_assert_cmpint(list.items[0]->source, ==, 1);
    g_assert_cmpint(list.items[0]->status, ==, 2);
    g_assert_null(list.items[2]->device);
    g_assert_cmpstr(list.items[2]->slot, ==, "2");
    qmp_clear(&qmp_type_ACPIOSTInfoList, &list);
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

/* A twin goes on where the first one was: a request that is not answered, and its slot. */
static void test_state(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(PcChips) twin = chips_new();
    g_autoptr(PcChips) other = pc_chips_new_slots(N_SLOTS - 1);
    g_autoptr(GError) error = NULL;

    add(twin, "a");
    start(chips);
    g_assert_true(device_unplug_request(plugged(chips), NULL));
    select_slot(chips, 0);
    g_assert_true(copy_state(chips, twin, &error));
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(twin->rig, FLAGS, 1), ==, ENABLED | REMOVING);
    g_assert_true(twin->irq_levels[SCI]);
    g_assert_false(copy_state(chips, other, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
    g_assert_cmphex(flags(other, 0), ==, 0);
}

/* A module that the guest has released is gone in the twin, too. */
static void test_ejected_state(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(PcChips) twin = chips_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Device *dev, *copy = add(twin, "a");

    start(chips);
    dev = plugged(chips);
    request(chips, dev);
    rig_out(chips->rig, FLAGS, EJECT, 1);
    device_save(dev, state, &error);
    g_assert_no_error(error);
    g_assert_true(ram_at(twin, GIB4));
    g_assert_true(device_load(copy, state->data, state->len, &error));
    g_assert_no_error(error);
    g_assert_false(ram_at(twin, GIB4));
    g_assert_cmphex(flags(twin, 0), ==, 0);
    rig_deliver(chips->rig);
    rig_deliver(twin->rig);
    g_assert_cmpuint(twin->rig->removals, ==, 1);
}

/* ---- What is refused ---- */

static void refused(PcChips *chips, const char *property, const char *value, const char *backend,
                    ErrorReason reason, const char *path)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(chips->rig, "pc-dimm", "x", &error, "memdev", backend, property,
                             value, NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    g_clear_error(&error);
}

static void test_refusals(void)
{
    g_autoptr(PcChips) chips = chips_new();

    add(chips, "a");
    add_backend(chips, "m", "4M");
    add_backend(chips, "odd", "3M");
    add_backend(chips, "large", "1G");
    refused(chips, "slot", "0", "m", ERROR_REASON_ADDRESS_IN_USE, "slot");
    refused(chips, "slot", "3", "m", ERROR_REASON_OUT_OF_RANGE, "slot");
    refused(chips, "node", "1", "m", ERROR_REASON_OUT_OF_RANGE, "node");
    refused(chips, "addr", "0x100000000", "m", ERROR_REASON_ADDRESS_IN_USE, "addr");
    refused(chips, "addr", "0x100100000", "m", ERROR_REASON_INVALID_VALUE, "addr");
    refused(chips, "addr", "0xffe00000", "m", ERROR_REASON_OUT_OF_RANGE, "addr");
    refused(chips, "addr", "0x13fe00000", "m", ERROR_REASON_OUT_OF_RANGE, "addr");
    refused(chips, "addr", "0xffffffffffe00000", "m", ERROR_REASON_OUT_OF_RANGE, "addr");
    refused(chips, "slot", "1", "odd", ERROR_REASON_INVALID_VALUE, "memdev");
    refused(chips, "slot", "1", "large", ERROR_REASON_LIMIT_EXCEEDED, "memdev");
    add(chips, "b");
    add(chips, "c");
    refused(chips, "slot", "-1", "m", ERROR_REASON_LIMIT_EXCEEDED, "slot");
    g_assert_cmpuint(chips->memory->places->len, ==, 3);
}

/* The first gap that is large enough. */
static void test_gaps(void)
{
    g_autoptr(PcChips) chips = chips_new();
    g_autoptr(GError) error = NULL;
    Device *dev;

    add_backend(chips, "high", "2M");
    rig_device(chips->rig, "pc-dimm", "high", &error, "memdev", "high", "addr", "0x100200000",
               "slot", "2", NULL);
    g_assert_no_error(error);
    add_backend(chips, "large", "4M");
    dev = rig_device(chips->rig, "pc-dimm", "large", &error, "memdev", "large", NULL);
    g_assert_no_error(error);
    g_assert_nonnull(dev);
    add(chips, "small");
    g_assert_cmphex(device_memory_at(chips->memory, 0)->addr, ==, GIB4 + 4 * MIB);
    g_assert_cmphex(device_memory_at(chips->memory, 1)->addr, ==, GIB4);
    g_assert_cmphex(device_memory_plugged(chips->memory), ==, 8 * MIB);
    device_unmake(dev);
    g_assert_cmphex(device_memory_plugged(chips->memory), ==, 4 * MIB);
}

/* Data paths may look at memory a moment longer than the device and its backend exist. */
static void test_view(void)
{
    g_autoptr(PcChips) chips = chips_new();
    Device *dev = add(chips, "a");
    MemoryView *view = memory_view_new(chips->rig->memory);
    Object *backend = object_resolve(chips->rig->root, "/objects/mem-a", NULL);
    guint64 size;
    guint8 *byte = memory_view_map(view, GIB4, 1, true, &size);

    g_assert_nonnull(byte);
    device_unmake(dev);
    g_assert_nonnull(backend);
    object_destroy(backend);
    *byte = 1;
    memory_view_unref(view);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-memory-hotplug/cold", test_cold);
    g_test_add_func("/acpi-memory-hotplug/plug", test_plug);
    g_test_add_func("/acpi-memory-hotplug/unplug", test_unplug);
    g_test_add_func("/acpi-memory-hotplug/refusal", test_refusal);
    g_test_add_func("/acpi-memory-hotplug/reset", test_reset);
    g_test_add_func("/acpi-memory-hotplug/query", test_query);
    g_test_add_func("/acpi-memory-hotplug/state", test_state);
    g_test_add_func("/acpi-memory-hotplug/ejected-state", test_ejected_state);
    g_test_add_func("/acpi-memory-hotplug/refusals", test_refusals);
    g_test_add_func("/acpi-memory-hotplug/gaps", test_gaps);
    g_test_add_func("/acpi-memory-hotplug/view", test_view);
    return g_test_run();
}
