/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions on a root bus: their places, configuration space, BARs, pins,
 * reset and state, ejection.  Functions are pci-testdevs, which the tests extend
 * as a class would in realize.
 */
#include "config.h"
#include "hw/pci/pci.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/rig.h"

#define MEM 0xe0000000u
#define DECODE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static PciDevice *make(Rig *rig, const char *id, const char *addr)
{
    g_autoptr(GError) error = NULL;
    Device *dev = addr ? rig_device(rig, "pci-testdev", id, &error, "addr", addr, NULL)
                       : rig_device(rig, "pci-testdev", id, &error, NULL);

    g_assert_no_error(error);
    return to_pci_device(dev);
}

static guint32 get(Rig *rig, PciDevice *dev, guint8 reg, guint size)
{
    return rig_pci_read(rig, 0, dev->devfn, reg, size);
}

static void set(Rig *rig, PciDevice *dev, guint8 reg, guint32 value, guint size)
{
    rig_pci_write(rig, 0, dev->devfn, reg, value, size);
}

/* ---- Places ---- */

static void assert_refused(Rig *rig, ErrorReason reason, const char *addr, const char *multifunction)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(rig, "pci-testdev", "bad", &error, "addr", addr, "multifunction",
                             multifunction, NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
    g_assert_cmpstr(qmp_error_path(error), ==, "addr");
}

static void test_address(void)
{
    static const struct {
        const char *text;
        guint devfn;
    } good[] = { { "5", 0x28 }, { "0x6", 0x30 }, { "07.0", 0x38 }, { "1f.7", 0xff },
                 { "0x1e.0x3", 0xf3 }, { "0X1D", 0xe8 } };
    static const char *const bad[] = { "", "20", "5.8", "5.", ".1", "5.0.0", "x", "0x", " 5", "-1",
                                       "5 ", "100000000000000005" };
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        PciDevice *dev = make(rig, good[i].text[0] == '0' ? good[i].text + 2 : "d", good[i].text);
        const PciDeviceProps *props = pci_device_props(dev);

        g_assert_cmpuint(dev->devfn, ==, good[i].devfn);
        g_assert_cmpint(props->addr->type, ==, PCI_ADDRESS_DEVFN);
        g_assert_cmpint(props->addr->u.devfn, ==, good[i].devfn);
        g_assert_true(pci_function_at(rig->pci, good[i].devfn) == dev);
        device_unmake(&dev->device);
        g_assert_null(pci_function_at(rig->pci, good[i].devfn));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_refused(rig, ERROR_REASON_INVALID_VALUE, bad[i], "off");
    }
}

static Device *at_devfn(Rig *rig, const char *id, gint64 devfn, GError **error)
{
    PciTestdevProps *props = qmp_new_props(&qmp_class_pci_testdev);

    props->addr = g_new0(PciAddress, 1);
    props->addr->type = PCI_ADDRESS_DEVFN;
    props->addr->u.devfn = devfn;
    return device_make(object_container(&rig->machine->object, "peripheral"), id,
                       &qmp_class_pci_testdev, rig_pci(rig), props, NULL, error);
}

static void test_devfn(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(at_devfn(rig, "a", -1, &error));
    g_assert_nonnull(pci_function_at(rig_pci(rig), 0));
    g_assert_nonnull(at_devfn(rig, "b", 255, &error));
    g_assert_nonnull(pci_function_at(rig->pci, 255));
    g_assert_null(at_devfn(rig, "c", 256, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
    g_clear_error(&error);
    g_assert_null(at_devfn(rig, "c", -2, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
    g_assert_null(pci_function_at(rig->pci, 256));
}

/* The lowest empty slot, and none in the end. */
static void test_automatic(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev;

    make(rig, "two", "2.1");
    for (guint i = 0; i < 31; i++) {
        g_autofree char *id = g_strdup_printf("d%u", i);

        dev = make(rig, id, NULL);
        g_assert_cmpuint(dev->devfn, ==, PCI_DEVFN(i < 2 ? i : i + 1, 0));
    }
    g_assert_null(rig_device(rig, "pci-testdev", "more", &error, NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_BUS_NOT_FOUND);
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "pci-testdev", "more", &error, "bus", "pci.0", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_BUS_FULL);
    device_unmake(&dev->device);
    g_assert_cmpuint(make(rig, "again", NULL)->devfn, ==, PCI_DEVFN(31, 0));
}

static void test_multifunction(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    make(rig, "single", "3.0");
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "3.0", "off");
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "3.1", "off");
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "3.1", "on");
    make(rig, "first", "4.1");
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "4.0", "off");
    g_assert_nonnull(rig_device(rig, "pci-testdev", "zero", &error, "addr", "4.0",
                                "multifunction", "on", NULL));
    g_assert_cmphex(rig_pci_read(rig, 0, 0x20, PCI_HEADER_TYPE, 1), ==, 0x80);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x21, PCI_HEADER_TYPE, 1), ==, 0x00);
    make(rig, "seventh", "4.7");
}

static void test_acpi_index(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "pci-testdev", "a", &error, "acpi-index", "7", NULL);
    rig_device(rig, "pci-testdev", "b", &error, "acpi-index", "0", NULL);
    rig_device(rig, "pci-testdev", "c", &error, "acpi-index", "0", NULL);
    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "pci-testdev", "d", &error, "acpi-index", "7", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_ADDRESS_IN_USE);
}

/* ---- Configuration space ---- */

static void test_header(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *dev = make(rig, "d", "5");

    g_assert_cmphex(get(rig, dev, PCI_VENDOR_ID, 4), ==, 0x00051b36);
    g_assert_cmphex(get(rig, dev, PCI_DEVICE_ID, 1), ==, 0x05);
    g_assert_cmphex(get(rig, dev, PCI_REVISION_ID, 4), ==, 0x00ff0000);
    g_assert_cmphex(get(rig, dev, PCI_SUBSYSTEM_VENDOR_ID, 4), ==, 0x11001af4);
    g_assert_cmphex(get(rig, dev, PCI_HEADER_TYPE, 1), ==, 0);
    /* What is not there, and what does not fit. */
    g_assert_cmphex(rig_pci_read(rig, 0, 0x30, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(rig_pci_read(rig, 1, 0x28, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0xfd, 4), ==, 0xffffffff);
    g_assert_cmphex(rig_pci_read(rig, 0, 0x28, 0, 3), ==, 0xffffffff);
    g_assert_cmphex(pci_config_read(rig->pci, 0x1002800, 4), ==, 0xffffffff);
    rig_pci_write(rig, 0, 0x28, 0xff, 0xffffffff, 4);
    rig_pci_write(rig, 0, 0x30, 0, 0, 4);
}

static void test_masks(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *dev = make(rig, "d", "5");
    PciDevice *other = make(rig, "e", "6");

    pci_set_word(dev->config + PCI_STATUS, 0xffff);
    dev->config[0x60] = 0x5a;
    dev->writable[0x60] = 0x0f;
    dev->clears[0x60] = 0xf0;
    set(rig, dev, 0x60, 0x93, 1);
    g_assert_cmphex(get(rig, dev, 0x60, 1), ==, 0x43);
    set(rig, dev, PCI_COMMAND, 0xffff, 2);
    g_assert_cmphex(get(rig, dev, PCI_COMMAND, 2), ==, 0x0507);
    set(rig, dev, PCI_STATUS, 0xffff, 2);
    g_assert_cmphex(get(rig, dev, PCI_STATUS, 2), ==, 0x06f7 & ~PCI_STATUS_INTERRUPT);
    set(rig, dev, 0, 0, 4);
    g_assert_cmphex(get(rig, dev, 0, 4), ==, 0x00051b36);
    set(rig, dev, PCI_INTERRUPT_LINE, 0xffffffff, 4);
    g_assert_cmphex(get(rig, dev, PCI_INTERRUPT_LINE, 4), ==, 0xff);
    rig_reset(rig);
    g_assert_cmphex(get(rig, dev, 0x60, 1), ==, 0x5a);
    g_assert_cmphex(get(rig, dev, PCI_COMMAND, 2), ==, 0);
    g_assert_cmphex(get(rig, dev, PCI_INTERRUPT_LINE, 4), ==, 0);
    g_assert_cmphex(get(rig, other, PCI_COMMAND, 2), ==, 0);
}

static void test_capabilities(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *dev = make(rig, "d", "5");

    g_assert_cmphex(get(rig, dev, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, ==, 0);
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_ID_VENDOR, 5), ==, 0x40);
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_ID_PM, 8), ==, 0x48);
    g_assert_cmphex(get(rig, dev, PCI_STATUS, 2), ==, PCI_STATUS_CAP_LIST);
    g_assert_cmphex(get(rig, dev, PCI_CAPABILITY_LIST, 1), ==, 0x48);
    g_assert_cmphex(get(rig, dev, 0x48, 2), ==, 0x4001);
    g_assert_cmphex(get(rig, dev, 0x40, 2), ==, 0x0009);
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_ID_VENDOR, 0xb0), ==, 0x50);
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_CRITICAL, "*does not fit*");
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_ID_VENDOR, 4), ==, 0);
    g_test_assert_expected_messages();
}

/* ---- BARs ---- */

static void test_bar_size(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *device = rig_device(rig, "pci-testdev", "d", &error, "addr", "5", "membar", "4294967296",
                                NULL);
    PciDevice *dev = to_pci_device(device);

    g_assert_no_error(error);
    for (guint reg = 0x10; reg < 0x28; reg += 4) {
        set(rig, dev, reg, 0xffffffff, 4);
    }
    g_assert_cmphex(get(rig, dev, 0x10, 4), ==, 0xfffff000);
    g_assert_cmphex(get(rig, dev, 0x14, 4), ==, 0xffffff01);
    g_assert_cmphex(get(rig, dev, 0x18, 4), ==, 0x0000000c);
    g_assert_cmphex(get(rig, dev, 0x1c, 4), ==, 0xffffffff);
    g_assert_cmphex(get(rig, dev, 0x20, 4), ==, 0);
    g_assert_cmphex(get(rig, dev, PCI_ROM_ADDRESS, 4), ==, 0);
    rig_reset(rig);
    g_assert_cmphex(get(rig, dev, 0x18, 4), ==, 0x0000000c);
    g_assert_cmphex(get(rig, dev, 0x1c, 4), ==, 0);
}

/* Whether a pci-testdev's BAR answers there: it takes test 0 and says its name. */
static bool answers(AddressSpace *as, guint64 addr)
{
    bool there;

    address_space_write(as, addr, 0, 1);
    there = address_space_read(as, addr + 1, 1) == 1;
    address_space_write(as, addr, 0xff, 1);
    return there && address_space_read(as, addr + 1, 1) == 0;
}

static void test_bar_moves(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *a = make(rig, "a", "5"), *b = make(rig, "b", "6");

    set(rig, a, 0x10, MEM, 4);
    set(rig, a, 0x14, 0xc000, 4);
    g_assert_cmphex(pci_bar_address(a, 0), ==, PCI_UNMAPPED);
    g_assert_false(answers(rig->memory, MEM));
    set(rig, a, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_true(answers(rig->memory, MEM));
    g_assert_false(answers(rig->io, 0xc000));
    set(rig, a, PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_false(answers(rig->memory, MEM));
    g_assert_true(answers(rig->io, 0xc000));
    set(rig, a, PCI_COMMAND, DECODE, 2);
    set(rig, a, 0x13, 0xd0, 1);
    g_assert_true(answers(rig->memory, 0xd0000000));
    g_assert_false(answers(rig->memory, MEM));
    g_assert_cmphex(pci_bar_address(a, 0), ==, 0xd0000000);
    /* Another one over it; then both part again. */
    set(rig, b, 0x10, 0xd0000000, 4);
    set(rig, b, PCI_COMMAND, DECODE, 2);
    address_space_write(rig->memory, 0xd0000000, 1, 1);
    set(rig, b, 0x10, MEM, 4);
    g_assert_cmphex(address_space_read(rig->memory, MEM, 1), ==, 1);
    g_assert_cmphex(address_space_read(rig->memory, 0xd0000001, 1), ==, 0);
    rig_reset(rig);
    g_assert_false(answers(rig->memory, 0xd0000000));
    g_assert_false(answers(rig->memory, MEM));
    g_assert_false(answers(rig->io, 0xc000));
}

/* Addresses that make no sense: what sizing leaves, 0, and beyond the end. */
static void test_bar_nonsense(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev = to_pci_device(rig_device(rig, "pci-testdev", "d", &error, "membar", "65536",
                                              NULL));
    static const guint32 lows[] = { 0, 0xffffffff, 0xfffff000, 0xffff0000 };

    g_assert_no_error(error);
    set(rig, dev, PCI_COMMAND, DECODE, 2);
    for (guint i = 0; i < G_N_ELEMENTS(lows); i++) {
        set(rig, dev, 0x10, lows[i], 4);
        g_assert_cmphex(pci_bar_address(dev, 0), ==, lows[i] == 0xffff0000 ? 0xffff0000 : PCI_UNMAPPED);
        set(rig, dev, 0x14, lows[i], 4);
        g_assert_cmphex(pci_bar_address(dev, 1), ==, PCI_UNMAPPED);
    }
    set(rig, dev, 0x14, 0xff00, 4);
    g_assert_cmphex(pci_bar_address(dev, 1), ==, 0xff00);
    set(rig, dev, 0x18, 0xffffffff, 4);
    g_assert_cmphex(pci_bar_address(dev, 2), ==, 0xffff0000);
    set(rig, dev, 0x1c, 0xffffffff, 4);
    g_assert_cmphex(pci_bar_address(dev, 2), ==, PCI_UNMAPPED);
    set(rig, dev, 0x1c, 0x7, 4);
    g_assert_cmphex(pci_bar_address(dev, 2), ==, 0x7ffff0000);
    set(rig, dev, 0x18, 0, 4);
    g_assert_cmphex(pci_bar_address(dev, 2), ==, 0x700000000);
    set(rig, dev, 0x1c, 0, 4);
    g_assert_cmphex(pci_bar_address(dev, 2), ==, PCI_UNMAPPED);
    g_assert_cmphex(pci_bar_address(dev, 5), ==, PCI_UNMAPPED);
    g_assert_cmphex(pci_bar_address(dev, 99), ==, PCI_UNMAPPED);
}

/* RAM and the machine's own chips stay where they are, whatever the guest maps. */
static void test_bar_over_ram(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *dev = make(rig, "d", "5");
    MemoryRegion *root = address_space_root(rig->memory);
    void *hva = g_aligned_alloc0(2, 4096, 4096);
    MemoryRegion *ram = region_new_ram(&rig->machine->object, "ram", hva, 8192);

    region_add(root, 0x100000, ram, 0);
    set(rig, dev, PCI_COMMAND, DECODE, 2);
    set(rig, dev, 0x10, 0x101000, 4);
    address_space_write(rig->memory, 0x101000, 0x12, 1);
    g_assert_cmphex(address_space_read(rig->memory, 0x101000, 4), ==, 0x12);
    g_assert_cmphex(((guint8 *)hva)[0x1000], ==, 0x12);
    /* Its slot did not go for a moment, either. */
    g_assert_cmpuint(rig->accel->slot_dels, ==, 0);
    region_remove(root, ram);
    g_assert_true(answers(rig->memory, 0x101000));
    set(rig, dev, 0x10, 0, 4);
    region_free(ram);
    g_aligned_free(hva);
}

static void test_bad_bars(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev = make(rig, "d", "5");
    MemoryRegion *odd = region_new_container(&dev->device.object, "odd", 0x1800);
    MemoryRegion *good = region_new_container(&dev->device.object, "good", 0x1000);

    g_test_expect_message("vmd-hw", G_LOG_LEVEL_CRITICAL, "BAR 3*");
    pci_add_bar(dev, 3, PCI_BAR_MEM32, odd);
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_CRITICAL, "BAR 5*");
    pci_add_bar(dev, 5, PCI_BAR_MEM64, good);
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_CRITICAL, "BAR 0*");
    pci_add_bar(dev, 0, PCI_BAR_MEM32, good);
    g_test_assert_expected_messages();
    g_assert_null(rig_device(rig, "pci-testdev", "m", &error, "membar", "24", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
}

/* ---- DMA ---- */

static void test_dma(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *dev = make(rig, "d", "5");
    void *hva = g_aligned_alloc0(1, 4096, 4096);
    MemoryRegion *ram = region_new_ram(&rig->machine->object, "ram", hva, 4096);
    guint8 bytes[4] = { 1, 2, 3, 4 };

    region_add(address_space_root(rig->memory), 0, ram, 0);
    g_assert_false(pci_dma_write(dev, 0x10, bytes, 4));
    set(rig, dev, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    g_assert_true(pci_dma_write(dev, 0x10, bytes, 4));
    g_assert_cmphex(address_space_read(rig->memory, 0x10, 4), ==, 0x04030201);
    g_assert_true(pci_dma_read(dev, 0x12, bytes, 2));
    g_assert_cmphex(bytes[0], ==, 3);
    g_assert_false(pci_dma_read(dev, 0xffe, bytes, 4));
    pci_send_message(dev, 0x20, 0xdeadbeef);
    g_assert_cmphex(address_space_read(rig->memory, 0x20, 4), ==, 0xdeadbeef);
    set(rig, dev, PCI_COMMAND, 0, 2);
    pci_send_message(dev, 0x20, 0);
    g_assert_cmphex(address_space_read(rig->memory, 0x20, 4), ==, 0xdeadbeef);
    g_assert_false(pci_dma_read(dev, 0x10, bytes, 2));
    region_remove(address_space_root(rig->memory), ram);
    g_aligned_free(hva);
}

/* ---- Pins ---- */

static void test_pins(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *a = make(rig, "a", "4"), *b = make(rig, "b", "8"), *none = make(rig, "c", "9");

    a->config[PCI_INTERRUPT_PIN] = 1;
    b->config[PCI_INTERRUPT_PIN] = 1;
    pci_set_intx(none, true);
    g_assert_cmpuint(rig->pci_edges[1], ==, 0);
    g_assert_cmphex(get(rig, none, PCI_STATUS, 2), ==, PCI_STATUS_INTERRUPT);
    pci_set_intx(a, true);
    pci_set_intx(b, true);
    g_assert_true(rig->pci_levels[0] && pci_bus_line(rig->pci, 0));
    g_assert_false(pci_bus_line(rig->pci, 1));
    g_assert_false(pci_bus_line(rig->pci, 99));
    pci_set_intx(a, false);
    g_assert_true(rig->pci_levels[0]);
    set(rig, b, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
    g_assert_false(rig->pci_levels[0]);
    g_assert_cmphex(get(rig, b, PCI_STATUS, 2), ==, PCI_STATUS_INTERRUPT);
    set(rig, b, PCI_COMMAND, 0, 2);
    g_assert_true(rig->pci_levels[0]);
    g_assert_cmpuint(rig->pci_edges[0], ==, 2);
    device_unmake(&b->device);
    g_assert_false(rig->pci_levels[0]);
    pci_set_intx(a, true);
    rig_reset(rig);
    g_assert_false(rig->pci_levels[0]);
    g_assert_cmphex(get(rig, a, PCI_STATUS, 2), ==, 0);
}

typedef struct {
    guint rises, falls;
} Sink;

static guint sink_map(void *opaque, guint devfn, guint pin)
{
    return devfn == 0x20 ? 2 : 7;
}

static void sink_set(void *opaque, guint line, bool level)
{
    g_assert_cmpuint(line, ==, 2);
    ((Sink *)opaque)->rises += level;
    ((Sink *)opaque)->falls += !level;
}

/* Lines may come after functions that drive them, and go before. */
static void test_lines_come_and_go(void)
{
    g_autoptr(Rig) rig = rig_new();
    PciDevice *a = make(rig, "a", "4"), *b = make(rig, "b", "5");
    static const PciIrqOps ops = { .map = sink_map, .set = sink_set };
    Sink sink = { 0 };

    a->config[PCI_INTERRUPT_PIN] = b->config[PCI_INTERRUPT_PIN] = 2;
    pci_set_intx(a, true);
    pci_set_intx(b, true);
    pci_bus_set_irqs(rig->pci, &ops, &sink, 4);
    g_assert_false(rig->pci_levels[1] || rig->pci_levels[2]);
    g_assert_cmpuint(sink.rises, ==, 1);
    pci_bus_set_irqs(rig->pci, NULL, NULL, 0);
    g_assert_cmpuint(sink.falls, ==, 1);
    pci_set_intx(a, false);
    pci_set_intx(a, true);
    g_assert_cmpuint(sink.rises, ==, 1);
}

/* ---- State ---- */

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new(), other_rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev = make(rig, "d", "4"), *other = make(other_rig, "d", "4");

    dev->config[PCI_INTERRUPT_PIN] = 1;
    set(rig, dev, 0x10, MEM, 4);
    set(rig, dev, PCI_COMMAND, DECODE, 2);
    address_space_write(rig->memory, MEM, 1, 1);
    pci_set_intx(dev, true);
    device_save(&dev->device, state, NULL);
    g_assert_true(device_load(&other->device, state->data, state->len, &error));
    g_assert_cmphex(pci_bar_address(other, 0), ==, MEM);
    g_assert_true(other_rig->pci_levels[0]);
    g_assert_true(g_atomic_int_get(&other->bus_master));
    g_assert_cmphex(address_space_read(other_rig->memory, MEM, 1), ==, 1);
    g_assert_false(device_load(&other->device, state->data, state->len - 1, &error));
}

/* ---- Ejection ---- */

static void test_eject(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev;

    g_assert_false(((const BusOps *)object_kind(rig_pci(rig)))->can_plug(rig->pci));
    rig_pci_hotplug(rig);
    dev = make(rig, "d", "4");
    dev->config[PCI_INTERRUPT_PIN] = 1;
    g_assert_cmpuint(rig->plugged, ==, 1);
    set(rig, dev, 0x10, MEM, 4);
    set(rig, dev, PCI_COMMAND, DECODE, 2);
    pci_set_intx(dev, true);
    g_assert_true(((const BusOps *)object_kind(rig->pci))->unplug_request(rig->pci, &dev->device,
                                                                          &error));
    g_assert_cmpuint(rig->unplug_requests, ==, 1);
    pci_eject(dev);
    pci_eject(dev);
    g_assert_null(pci_function_at(rig->pci, 0x20));
    g_assert_cmphex(rig_pci_read(rig, 0, 0x20, 0, 4), ==, 0xffffffff);
    g_assert_false(answers(rig->memory, MEM));
    g_assert_false(rig->pci_levels[0]);
    g_assert_false(pci_dma_read(dev, 0, &(guint8){ 0 }, 1));
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "4", "off");
    rig_deliver(rig);
    g_assert_cmpuint(rig->removals, ==, 1);
    make(rig, "d", "4");
}

/* After `cont`: function 0 last, and only where a controller is. */
static void test_hotplug_rules(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_pci_hotplug(rig);
    make(rig, "one", "4.1");
    g_assert_nonnull(rig_device(rig, "pci-testdev", "zero", &error, "addr", "4.0",
                                "multifunction", "on", NULL));
    assert_refused(rig, ERROR_REASON_ADDRESS_IN_USE, "4.2", "on");
    pci_bus_set_hotplug(rig->pci, NULL, NULL);
    g_assert_null(rig_device(rig, "pci-testdev", "x", &error, NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_BUS_NOT_HOTPLUGGABLE);
    g_clear_error(&error);
    g_assert_false(((const BusOps *)object_kind(rig->pci))->unplug_request(
        rig->pci, &pci_function_at(rig->pci, 0x20)->device, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_BUS_NOT_HOTPLUGGABLE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/address", test_address);
    g_test_add_func("/pci/devfn", test_devfn);
    g_test_add_func("/pci/automatic", test_automatic);
    g_test_add_func("/pci/multifunction", test_multifunction);
    g_test_add_func("/pci/acpi-index", test_acpi_index);
    g_test_add_func("/pci/header", test_header);
    g_test_add_func("/pci/masks", test_masks);
    g_test_add_func("/pci/capabilities", test_capabilities);
    g_test_add_func("/pci/bar-size", test_bar_size);
    g_test_add_func("/pci/bar-moves", test_bar_moves);
    g_test_add_func("/pci/bar-nonsense", test_bar_nonsense);
    g_test_add_func("/pci/bar-over-ram", test_bar_over_ram);
    g_test_add_func("/pci/bad-bars", test_bad_bars);
    g_test_add_func("/pci/dma", test_dma);
    g_test_add_func("/pci/pins", test_pins);
    g_test_add_func("/pci/lines-come-and-go", test_lines_come_and_go);
    g_test_add_func("/pci/state", test_state);
    g_test_add_func("/pci/eject", test_eject);
    g_test_add_func("/pci/hotplug-rules", test_hotplug_rules);
    return g_test_run();
}
