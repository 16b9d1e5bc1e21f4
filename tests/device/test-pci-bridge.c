/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-bridge: the bus below it, windows, pins, resets; and pci_setup() over a
 * tree of bridges.
 */
#include "config.h"
#include "hw/pci/pci.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-common.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/rig.h"

#define DECODE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MEM 0xe0000000u

static PciDevice *make(Rig *rig, const char *driver, const char *id, const char *bus,
                       const char *addr, const char *property, const char *value)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, driver, id, &error, "bus", bus, "addr", addr, property, value,
                             NULL);

    g_assert_no_error(error);
    return to_pci_device(dev);
}

static PciDevice *make_bridge(Rig *rig, const char *id, const char *bus, const char *addr)
{
    return make(rig, "pci-bridge", id, bus, addr, "chassis_nr", "1");
}

static PciDevice *make_testdev(Rig *rig, const char *id, const char *bus, const char *addr)
{
    return make(rig, "pci-testdev", id, bus, addr, NULL, NULL);
}

/* pci.0 has bridge a at 5, whose bus (number 1) has bridge b at 2, whose bus
 * (number 2) has testdev t at 3; both pass 0xe0000000 to 0xe00fffff and ports
 * 0xc000 to 0xcfff. */
typedef struct {
    Rig *rig;
    PciDevice *a, *b, *t;
} Bench;

static void open_bridge(Rig *rig, guint8 bus, guint8 devfn)
{
    rig_pci_write(rig, bus, devfn, PCI_IO_BASE, 0xc0c0, 2);
    rig_pci_write(rig, bus, devfn, PCI_MEMORY_BASE, 0xe000e000, 4);
    rig_pci_write(rig, bus, devfn, PCI_PREF_MEMORY_BASE, 0x0000fff0, 4);
    rig_pci_write(rig, bus, devfn, PCI_COMMAND, DECODE, 2);
}

static Bench bench_new(void)
{
    Bench x = { .rig = rig_new() };

    rig_pci(x.rig);
    x.a = make_bridge(x.rig, "a", "pci.0", "5");
    x.b = make_bridge(x.rig, "b", "a", "2");
    x.t = make_testdev(x.rig, "t", "b", "3");
    rig_pci_write(x.rig, 0, 0x28, PCI_PRIMARY_BUS, 0x020100, 4);
    rig_pci_write(x.rig, 1, 0x10, PCI_PRIMARY_BUS, 0x020201, 4);
    open_bridge(x.rig, 0, 0x28);
    open_bridge(x.rig, 1, 0x10);
    rig_pci_write(x.rig, 2, 0x18, 0x10, MEM, 4);
    rig_pci_write(x.rig, 2, 0x18, 0x14, 0xc000, 4);
    rig_pci_write(x.rig, 2, 0x18, PCI_COMMAND, DECODE, 2);
    return x;
}

static bool answers(AddressSpace *as, guint64 addr)
{
    bool there;

    address_space_write(as, addr, 0, 1);
    there = address_space_read(as, addr + 1, 1) == 1;
    address_space_write(as, addr, 0xff, 1);
    return there && address_space_read(as, addr + 1, 1) == 0;
}

/* ---- Registers ---- */

static void test_header(void)
{
    g_autoptr(Rig) rig = rig_new();
    Bus *bus;

    rig_pci(rig);
    make_bridge(rig, "br", "pci.0", "5");
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0, 4), ==, 0x00011b36);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_COMMAND, 4), ==, 0x00b00000);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_REVISION_ID, 4), ==, 0x06040000);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_CACHE_LINE_SIZE, 4), ==, 0x00010000);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_IO_BASE, 4), ==, 0x00a00000);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_PREF_MEMORY_BASE, 4), ==, 0x00010001);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0x2c, 4), ==, 0);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0x40, 4), ==, 0x01200004);
    for (guint reg = 0x10; reg < 0x40; reg += 4) {
        rig_pci_write(rig, 0, 0x28, reg, 0xffffffff, 4);
    }
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0x10, 4), ==, 0);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_PRIMARY_BUS, 4), ==, 0xffffffff);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_IO_BASE, 4), ==, 0x00a0f0f0);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_MEMORY_BASE, 4), ==, 0xfff0fff0);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_PREF_MEMORY_BASE, 4), ==, 0xfff1fff1);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, PCI_INTERRUPT_LINE, 4), ==, 0x0bef00ff);
    bus = bus_find(rig->root, "br", NULL, NULL);
    g_assert_cmpstr(bus->object.name, ==, "br");
    g_assert_true(pci_bus_bridge(bus) == pci_function_at(rig->pci, 0x28));
    g_assert_null(pci_bus_bridge(rig->pci));
}

static void test_names(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    PciBridgeProps *props = qmp_new_props(&qmp_class_pci_bridge);
    Device *dev;

    props->chassis_nr = 3;
    dev = device_make(object_container(&rig->machine->object, "peripheral-anon"), "device[*]",
                      &qmp_class_pci_bridge, rig_pci(rig), props, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(pci_bridge_bus(to_pci_device(dev))->object.name, ==, "pci.1");
}

static void test_properties(void)
{
    g_autoptr(Rig) rig = rig_new();
    static const struct {
        const char *name, *value, *path;
        ErrorReason reason;
    } bad[] = {
        { "chassis_nr", "0", "chassis_nr", ERROR_REASON_INVALID_VALUE },
        { "shpc", "on", "shpc", ERROR_REASON_NOT_SUPPORTED },
        { "msi", "on", "msi", ERROR_REASON_NOT_SUPPORTED },
    };
    PciDevice *good;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(rig, "pci-bridge", "br", &error,
                                 i ? "chassis_nr" : "msi", i ? "1" : "off", bad[i].name,
                                 bad[i].value, NULL));
        g_assert_cmpint(qmp_error_reason(error), ==, bad[i].reason);
        g_assert_cmpstr(qmp_error_path(error), ==, bad[i].path);
    }
    good = make_bridge(rig, "br", "pci.0", "1");
    g_assert_cmpint(pci_bridge_props(good)->msi, ==, ON_OFF_AUTO_OFF);
}

/* ---- Numbers ---- */

static void test_numbers(void)
{
    Bench x = bench_new();
    Bus *a = pci_bridge_bus(x.a), *b = pci_bridge_bus(x.b);

    g_assert_true(pci_bus_numbered(x.rig->pci, 0) == x.rig->pci);
    g_assert_true(pci_bus_numbered(x.rig->pci, 1) == a);
    g_assert_true(pci_bus_numbered(x.rig->pci, 2) == b);
    g_assert_null(pci_bus_numbered(x.rig->pci, 3));
    g_assert_cmpuint(pci_bus_number(b), ==, 2);
    g_assert_cmphex(rig_pci_read(x.rig, 2, 0x18, 0, 4), ==, 0x00051b36);
    /* Not passed on by the first one; then one that claims what is not there. */
    rig_pci_write(x.rig, 0, 0x28, PCI_SUBORDINATE_BUS, 1, 1);
    g_assert_cmphex(rig_pci_read(x.rig, 2, 0x18, 0, 4), ==, 0xffffffff);
    rig_pci_write(x.rig, 0, 0x28, PCI_SUBORDINATE_BUS, 0xff, 1);
    g_assert_cmphex(rig_pci_read(x.rig, 9, 0x18, 0, 4), ==, 0xffffffff);
    rig_reset(x.rig);
    g_assert_cmphex(rig_pci_read(x.rig, 1, 0x10, 0, 4), ==, 0xffffffff);
    rig_free(x.rig);
}

/* ---- Windows ---- */

static void test_windows(void)
{
    Bench x = bench_new();
    Rig *rig = x.rig;
    guint64 base, last;

    g_assert_true(answers(rig->memory, MEM));
    g_assert_true(answers(rig->io, 0xc000));
    g_assert_true(pci_bridge_window(x.a, PCI_BRIDGE_WINDOW_MEMORY, &base, &last));
    g_assert_cmphex(base, ==, MEM);
    g_assert_cmphex(last, ==, MEM + 0xfffff);
    g_assert_true(pci_bridge_window(x.a, PCI_BRIDGE_WINDOW_IO, &base, &last));
    g_assert_cmphex(base, ==, 0xc000);
    g_assert_cmphex(last, ==, 0xcfff);
    g_assert_false(pci_bridge_window(x.a, PCI_BRIDGE_WINDOW_PREFETCH, &base, &last));
    /* Outside of the outer window, of the inner one, with decoding off. */
    rig_pci_write(rig, 2, 0x18, 0x10, MEM + 0x100000, 4);
    g_assert_false(answers(rig->memory, MEM + 0x100000));
    rig_pci_write(rig, 0, 0x28, PCI_MEMORY_LIMIT, 0xe010, 2);
    g_assert_false(answers(rig->memory, MEM + 0x100000));
    rig_pci_write(rig, 1, 0x10, PCI_MEMORY_LIMIT, 0xe010, 2);
    g_assert_true(answers(rig->memory, MEM + 0x100000));
    rig_pci_write(rig, 0, 0x28, PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_false(answers(rig->memory, MEM + 0x100000));
    g_assert_true(answers(rig->io, 0xc000));
    rig_pci_write(rig, 0, 0x28, PCI_COMMAND, 0, 2);
    g_assert_false(answers(rig->io, 0xc000));
    rig_pci_write(rig, 0, 0x28, PCI_COMMAND, DECODE, 2);
    g_assert_true(answers(rig->io, 0xc000));
    device_unmake(&x.a->device);
    g_assert_false(answers(rig->io, 0xc000));
    rig_free(rig);
}

/* Of each 1 KiB of ports the first 256 bytes pass. */
static void test_isa_mode(void)
{
    Bench x = bench_new();

    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_ISA, 2);
    g_assert_true(answers(x.rig->io, 0xc000));
    for (guint port = 0xc100; port < 0xd000; port += 0x100) {
        rig_pci_write(x.rig, 2, 0x18, 0x14, port, 4);
        g_assert_true(answers(x.rig->io, port) == !(port & 0x300));
    }
    rig_free(x.rig);
}

/* A bridge passes VGA's addresses if its control register says so. */
static void test_vga(void)
{
    Bench x = bench_new();
    Device *vga = rig_device(x.rig, "VGA", "v", NULL, "bus", "b", "addr", "6", "romfile", "", NULL);

    g_assert_nonnull(vga);
    rig_pci_write(x.rig, 2, 0x30, PCI_COMMAND, DECODE, 2);
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_VGA, 2);
    rig_out(x.rig, 0x3c4, 2, 1);
    g_assert_cmphex(rig_in(x.rig, 0x3c4, 1), ==, 0xff);         /* the inner bridge does not */
    rig_pci_write(x.rig, 1, 0x10, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_VGA, 2);
    rig_out(x.rig, 0x3c4, 2, 1);
    g_assert_cmphex(rig_in(x.rig, 0x3c4, 1), ==, 2);
    g_assert_cmphex(address_space_read(x.rig->memory, 0xa0000, 1), ==, 0);
    g_assert_cmphex(address_space_read(x.rig->memory, 0xbffff, 1), ==, 0);
    g_assert_cmphex(address_space_read(x.rig->memory, 0xc0000, 1), ==, 0xff);
    g_assert_cmphex(rig_in(x.rig, 0x3bc, 1), ==, 0xff);
    rig_pci_write(x.rig, 0, 0x28, PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_cmphex(address_space_read(x.rig->memory, 0xa0000, 1), ==, 0xff);
    g_assert_cmphex(rig_in(x.rig, 0x3c4, 1), ==, 2);
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, 0, 2);
    g_assert_cmphex(rig_in(x.rig, 0x3c4, 1), ==, 0xff);
    rig_free(x.rig);
}

static void test_prefetch_window(void)
{
    Bench x = bench_new();
    PciDevice *big = make(x.rig, "pci-testdev", "big", "b", "4", "membar", "65536");

    for (guint i = 0; i < 2; i++) {
        rig_pci_write(x.rig, i, i ? 0x10 : 0x28, PCI_PREF_MEMORY_BASE, 0x00100000, 4);
        rig_pci_write(x.rig, i, i ? 0x10 : 0x28, PCI_PREF_BASE_UPPER32, 0x8, 4);
        rig_pci_write(x.rig, i, i ? 0x10 : 0x28, PCI_PREF_LIMIT_UPPER32, 0x8, 4);
    }
    rig_pci_write(x.rig, 2, 0x20, 0x18, 0x00080000, 4);
    rig_pci_write(x.rig, 2, 0x20, 0x1c, 8, 4);
    rig_pci_write(x.rig, 2, 0x20, PCI_COMMAND, DECODE, 2);
    g_assert_cmphex(pci_bar_address(big, 2), ==, 0x800080000);
    /* The largest window that there is, over all others. */
    rig_pci_write(x.rig, 0, 0x28, PCI_PREF_MEMORY_BASE, 0xfff00000, 4);
    rig_pci_write(x.rig, 0, 0x28, PCI_PREF_BASE_UPPER32, 0, 4);
    rig_pci_write(x.rig, 0, 0x28, PCI_PREF_LIMIT_UPPER32, 0xffffffff, 4);
    g_assert_true(answers(x.rig->memory, MEM));
    rig_free(x.rig);
}

enum { DEPTH = 40 };

/* A bridge in slot 1 of bus number i, whose id (16 bytes) becomes the new bridge's. */
static void make_inner(Rig *rig, guint i, char *bus)
{
    char id[16];

    g_snprintf(id, sizeof(id), "b%u", i);
    make_bridge(rig, id, bus, "1");
    g_strlcpy(bus, id, sizeof(id));
    rig_pci_write(rig, i, 8, PCI_PRIMARY_BUS, 0xff0000 | (i + 1) << 8 | i, 4);
}

/* Windows of many bridges in a row, two at each: the view must not double with
 * each of them. */
static void test_deep(void)
{
    g_autoptr(Rig) rig = rig_new();
    char bus[16] = "pci.0";

    rig_pci(rig);
    for (guint i = 0; i < DEPTH; i++) {
        make_inner(rig, i, bus);
        rig_pci_write(rig, i, 8, PCI_MEMORY_BASE, 0xdff0c000, 4);
        rig_pci_write(rig, i, 8, PCI_PREF_MEMORY_BASE, i % 2 ? 0xeff0d000 : 0xeff0e000, 4);
        rig_pci_write(rig, i, 8, PCI_COMMAND, DECODE, 2);
    }
    make_testdev(rig, "t", bus, "2");
    rig_pci_write(rig, DEPTH, 0x10, 0x10, 0xe0000000, 4);
    rig_pci_write(rig, DEPTH, 0x10, PCI_COMMAND, DECODE, 2);
    g_assert_true(answers(rig->memory, 0xe0000000));
}

/* VGA's addresses within the other windows of each bridge: a view that doubled with each would
 * not be made before the test's time is over. */
static void test_deep_vga(void)
{
    g_autoptr(Rig) rig = rig_new();
    guint n_memory, n_io, n;
    char bus[16] = "pci.0";

    rig_pci(rig);
    address_space_ranges(rig->memory, &n_memory);
    address_space_ranges(rig->io, &n_io);
    for (guint i = 0; i < DEPTH; i++) {
        make_inner(rig, i, bus);
        rig_pci_write(rig, i, 8, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_VGA, 2);
        rig_pci_write(rig, i, 8, PCI_MEMORY_BASE, 0, 4);
        rig_pci_write(rig, i, 8, PCI_PREF_MEMORY_BASE, 0x0000fff0, 4);
        rig_pci_write(rig, i, 8, PCI_IO_BASE, 0xf000, 2);
        rig_pci_write(rig, i, 8, PCI_COMMAND, DECODE, 2);
    }
    make_testdev(rig, "t", bus, "2");
    rig_pci_write(rig, DEPTH, 0x10, 0x10, 0xa0000, 4);
    rig_pci_write(rig, DEPTH, 0x10, 0x14, 0xc000, 4);
    rig_pci_write(rig, DEPTH, 0x10, PCI_COMMAND, DECODE, 2);
    g_assert_true(answers(rig->memory, 0xa0000));
    g_assert_true(answers(rig->io, 0xc000));
    address_space_ranges(rig->memory, &n);
    g_assert_cmpuint(n, ==, n_memory + 1);
    address_space_ranges(rig->io, &n);
    g_assert_cmpuint(n, <=, n_io + 2);          /* it may split one that was there */
}

/* ---- Pins ---- */

static void test_pins(void)
{
    Bench x = bench_new();

    x.t->config[PCI_INTERRUPT_PIN] = 2;
    pci_set_intx(x.t, true);
    /* INTB# (1) of slot 3 is pin 0 of b, in slot 2 pin 2 of a, in slot 5 line 3. */
    g_assert_true(x.rig->pci_levels[(1 + 3 + 2 + 5) % 4]);
    g_assert_cmpuint(x.rig->pci_edges[3], ==, 1);
    device_unmake(&x.a->device);
    g_assert_false(x.rig->pci_levels[3]);
    rig_free(x.rig);
}

/* ---- Resets ---- */

static void test_bus_reset(void)
{
    Bench x = bench_new();

    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, 0, 2);
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
    g_assert_cmphex(pci_get_word(x.t->config + PCI_COMMAND), ==, DECODE);
    rig_deliver(x.rig);
    g_assert_cmphex(pci_get_word(x.t->config + PCI_COMMAND), ==, 0);
    g_assert_cmphex(pci_get_word(x.b->config + PCI_COMMAND), ==, 0);
    g_assert_cmphex(pci_get_word(x.a->config + PCI_COMMAND), ==, DECODE);
    g_assert_cmphex(x.b->config[PCI_SECONDARY_BUS], ==, 0);
    g_assert_cmpuint(x.rig->resets, ==, 0);
    /* A bridge that goes before its bus was reset. */
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, 0, 2);
    rig_pci_write(x.rig, 0, 0x28, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
    device_unmake(&x.a->device);
    rig_deliver(x.rig);
    rig_free(x.rig);
}

static void test_eject(void)
{
    Bench x = bench_new();

    pci_eject(x.a);
    g_assert_false(answers(x.rig->memory, MEM));
    g_assert_cmphex(rig_pci_read(x.rig, 2, 0x18, 0, 4), ==, 0xffffffff);
    rig_deliver(x.rig);
    g_assert_null(object_child(object_container(&x.rig->machine->object, "peripheral"), "t"));
    g_assert_cmpuint(x.rig->removals, ==, 1);
    rig_free(x.rig);
}

/* The controller of the root is that of buses below, unless they have one. */
static void test_hotplug_below(void)
{
    g_autoptr(Rig) rig = rig_new();

    rig_pci(rig);
    make_bridge(rig, "a", "pci.0", "5");
    rig_pci_hotplug(rig);
    make_testdev(rig, "t", "a", "1");
    g_assert_cmpuint(rig->plugged, ==, 1);
}

static void test_state(void)
{
    Bench x = bench_new(), y = bench_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    device_save(&x.a->device, state, NULL);
    rig_pci_write(y.rig, 0, 0x28, PCI_COMMAND, 0, 2);
    g_assert_false(answers(y.rig->memory, MEM));
    g_assert_true(device_load(&y.a->device, state->data, state->len, &error));
    g_assert_true(answers(y.rig->memory, MEM));
    rig_free(x.rig);
    rig_free(y.rig);
}

/* ---- Setup ---- */

static guint8 irq_of(void *opaque, guint line)
{
    return 0x50 + line;
}

static const PciWindows windows = {
    .io_base = 0xc000, .io_end = 0xffff,
    .mem_base = 0xc0000000, .mem_end = 0xfebfffff,
    .mem64_base = 0x800000000, .mem64_end = 0xfffffffff,
    .irq_of = irq_of,
};

static void test_setup(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *a, *b, *c, *far, *big, *t;

    rig_pci(rig);
    a = make_bridge(rig, "a", "pci.0", "5");
    c = make_bridge(rig, "c", "pci.0", "7");
    b = make_bridge(rig, "b", "a", "2");
    t = make_testdev(rig, "t", "b", "3");
    big = make(rig, "pci-testdev", "big", "b", "4", "membar", "17179869184");
    far = make(rig, "pci-testdev", "far", "pci.0", "4", "membar", "4294967296");
    t->config[PCI_INTERRUPT_PIN] = 1;
    for (guint i = 0; i < 2; i++) {
        pci_setup(rig->pci, &windows);
        g_assert_cmphex(pci_get_long(a->config + PCI_PRIMARY_BUS), ==, 0x00020100);
        g_assert_cmphex(pci_get_long(b->config + PCI_PRIMARY_BUS), ==, 0x00020201);
        g_assert_cmphex(pci_get_long(c->config + PCI_PRIMARY_BUS), ==, 0x00030300);
        g_assert_true(answers(rig->memory, pci_bar_address(t, 0)));
        g_assert_true(answers(rig->io, pci_bar_address(t, 1)));
        g_assert_true(answers(rig->memory, pci_bar_address(big, 0)));
        g_assert_true(answers(rig->memory, pci_bar_address(far, 0)));
        g_assert_cmphex(pci_bar_address(big, 2), ==, 0x800000000);
        g_assert_cmphex(pci_bar_address(far, 2), ==, 0xc00000000);
        g_assert_cmphex(pci_bar_address(t, 0), >=, windows.mem_base);
        g_assert_cmphex(pci_bar_address(t, 0), <=, windows.mem_end);
        g_assert_cmphex(pci_bar_address(t, 1), >=, windows.io_base);
        g_assert_cmphex(t->config[PCI_INTERRUPT_LINE], ==, 0x50 + (0 + 3 + 2 + 5) % 4);
        g_assert_cmphex(pci_get_word(b->config + PCI_COMMAND), ==, DECODE);
        /* Nothing is behind c, so nothing passes. */
        g_assert_false(pci_bridge_window(c, PCI_BRIDGE_WINDOW_IO, &(guint64){ 0 },
                                         &(guint64){ 0 }));
        g_assert_false(pci_bridge_window(c, PCI_BRIDGE_WINDOW_MEMORY, &(guint64){ 0 },
                                         &(guint64){ 0 }));
    }
}

/* What does not fit has no address, and does not take that of others. */
static void test_setup_full(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *a, *in, *large, *small;
    PciWindows tight = { .io_base = 0xc000, .io_end = 0xcfff, .mem_base = 0xe0000000,
                         .mem_end = 0xe02fffff };

    rig_pci(rig);
    a = make_bridge(rig, "a", "pci.0", "5");
    in = make_testdev(rig, "in", "a", "1");
    small = make_testdev(rig, "small", "pci.0", "2");
    large = make(rig, "pci-testdev", "large", "a", "3", "membar", "4611686018427387904");
    pci_setup(rig->pci, &tight);
    g_assert_cmphex(pci_bar_address(large, 2), ==, PCI_UNMAPPED);
    g_assert_true(answers(rig->memory, pci_bar_address(large, 0)));
    g_assert_true(answers(rig->memory, pci_bar_address(in, 0)));
    g_assert_true(answers(rig->memory, pci_bar_address(small, 0)));
    /* All ports are the bridge's. */
    g_assert_true(answers(rig->io, pci_bar_address(in, 1)));
    g_assert_cmphex(pci_bar_address(small, 1), ==, PCI_UNMAPPED);
    g_assert_cmphex(pci_get_word(a->config + PCI_COMMAND), ==, DECODE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci-bridge/header", test_header);
    g_test_add_func("/pci-bridge/names", test_names);
    g_test_add_func("/pci-bridge/properties", test_properties);
    g_test_add_func("/pci-bridge/numbers", test_numbers);
    g_test_add_func("/pci-bridge/windows", test_windows);
    g_test_add_func("/pci-bridge/isa-mode", test_isa_mode);
    g_test_add_func("/pci-bridge/vga", test_vga);
    g_test_add_func("/pci-bridge/prefetch-window", test_prefetch_window);
    g_test_add_func("/pci-bridge/deep", test_deep);
    g_test_add_func("/pci-bridge/deep-vga", test_deep_vga);
    g_test_add_func("/pci-bridge/pins", test_pins);
    g_test_add_func("/pci-bridge/bus-reset", test_bus_reset);
    g_test_add_func("/pci-bridge/eject", test_eject);
    g_test_add_func("/pci-bridge/hotplug-below", test_hotplug_below);
    g_test_add_func("/pci-bridge/state", test_state);
    g_test_add_func("/pci-setup/tree", test_setup);
    g_test_add_func("/pci-setup/full", test_setup_full);
    return g_test_run();
}
