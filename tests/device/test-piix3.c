/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/isa/piix3.c: its registers, the routing of PCI lines, and reset control.
 * PCI lines are driven through the pins of functions that do nothing themselves.
 */
#include "config.h"

#include "hw/isa/piix3.h"
#include "hw/pci-host/i440fx.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/pc-chips.h"

enum { PIRQRCA = 0x60 };

static void test_header(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x00, 4), ==, 0x70008086);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x04, 4), ==, 0x02000007);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x08, 4), ==, 0x06010000);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x0e, 1), ==, 0x80);
    pc_chips_write(chips, PC_CHIPS_PIIX3, 0x04, 0xffff, 2);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0x04, 2), ==, 0x000f);
}

static void test_masks(void)
{
    static const struct {
        guint8 offset, reset, ones, zeros;
    } cases[] = {
        { 0x4c, 0x4d, 0xff, 0 }, { 0x4e, 0x03, 0xff, 0 }, { 0x4f, 0, 0x01, 0 },
        { 0x60, 0x80, 0x8f, 0 }, { 0x61, 0x80, 0x8f, 0 }, { 0x62, 0x80, 0x8f, 0 },
        { 0x63, 0x80, 0x8f, 0 }, { 0x64, 0, 0, 0 }, { 0x69, 0x02, 0xfe, 0 },
        { 0x70, 0x80, 0xef, 0 }, { 0x76, 0x0c, 0x8f, 0 }, { 0x77, 0x0c, 0x8f, 0 },
        { 0x78, 0x02, 0xff, 0 }, { 0xa0, 0x08, 0x1f, 0 }, { 0xa8, 0x0f, 0xff, 0 },
        { 0xff, 0, 0, 0 },
    };
    g_autoptr(PcChips) chips = pc_chips_new();

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint offset = cases[i].offset;

        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, offset, 1), ==, cases[i].reset);
        pc_chips_write(chips, PC_CHIPS_PIIX3, offset, 0xff, 1);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, offset, 1), ==, cases[i].ones);
        pc_chips_write(chips, PC_CHIPS_PIIX3, offset, 0, 1);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, offset, 1), ==, cases[i].zeros);
        rig_reset(chips->rig);
        g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, offset, 1), ==, cases[i].reset);
    }
}

/* ---- Routing ---- */

/* A function in a slot, which is given a pin to be driven by hand. */
static PciDevice *add_function(PcChips *chips, const char *id, const char *addr)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(chips->rig, "pci-testdev", id, &error, "addr", addr, NULL);

    g_assert_no_error(error);
    to_pci_device(dev)->config[PCI_INTERRUPT_PIN] = 1;
    return to_pci_device(dev);
}

static void test_swizzle(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    PciDevice *functions[4] = {
        add_function(chips, "d5", "5"), add_function(chips, "d6", "6"),
        add_function(chips, "d7", "7"), add_function(chips, "d8", "8"),
    };
    static const guint8 irqs[4] = { 3, 5, 7, 11 };

    piix3_route(chips->piix3, irqs);
    for (guint i = 0; i < 4; i++) {
        pci_set_intx(functions[i], true);
        for (guint j = 0; j < 4; j++) {
            g_assert_cmpint(chips->irq_levels[irqs[j]], ==, i == j);
        }
        pci_set_intx(functions[i], false);
        g_assert_false(chips->irq_levels[irqs[i]]);
    }
}

static void test_routing(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    PciDevice *a = add_function(chips, "a", "5");
    PciDevice *b = add_function(chips, "b", "6");

    pci_set_intx(a, true);
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        g_assert_false(chips->irq_levels[i]);           /* not routed yet */
    }
    pc_chips_write(chips, PC_CHIPS_PIIX3, PIRQRCA, 10, 1);
    g_assert_true(chips->irq_levels[10]);
    pc_chips_write(chips, PC_CHIPS_PIIX3, PIRQRCA, 0x0b0b, 2);
    g_assert_false(chips->irq_levels[10]);
    g_assert_true(chips->irq_levels[11]);
    /* Two lines share an ISA line. */
    pci_set_intx(b, true);
    pci_set_intx(a, false);
    g_assert_true(chips->irq_levels[11]);
    g_assert_cmpuint(chips->irq_edges[11], ==, 1);
    pci_set_intx(b, false);
    g_assert_false(chips->irq_levels[11]);
    /* A device of ISA's own on it, too. */
    pci_set_intx(a, true);
    irq_set(gpio(&chips->piix3->object, "irq", 11), false);
    rig_reset(chips->rig);
    g_assert_false(chips->irq_levels[11]);
}

/* Lines that are the board's own are none to route to. */
static void test_reserved(void)
{
    static const guint8 reserved[] = { 0, 1, 2, 8, 13 };
    g_autoptr(PcChips) chips = pc_chips_new();
    PciDevice *a = add_function(chips, "a", "5");

    pci_set_intx(a, true);
    for (guint i = 0; i < G_N_ELEMENTS(reserved); i++) {
        pc_chips_write(chips, PC_CHIPS_PIIX3, PIRQRCA, reserved[i], 1);
        g_assert_false(chips->irq_levels[reserved[i]]);
    }
    pc_chips_write(chips, PC_CHIPS_PIIX3, PIRQRCA, 0x80 | 10, 1);
    g_assert_false(chips->irq_levels[10]);
}

/* ---- Reset control ---- */

static void test_reset_control(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    i440fx_pass_ports(chips->host, &piix3_ports_ops, chips->piix3);
    g_assert_cmphex(rig_in(rig, 0xcf9, 1), ==, 0);
    g_assert_cmphex(rig_in(rig, 0xcfa, 1), ==, 0xff);
    rig_out(rig, 0xcf9, 0xfb, 1);
    g_assert_cmphex(rig_in(rig, 0xcf9, 1), ==, 0x02);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 0);
    rig_out(rig, 0xcf9, 0x06, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_RESET);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0xcf9, 1), ==, 0);
    /* CONFADD lies over it. */
    rig_out(rig, 0xcf8, 0x80000600, 4);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmphex(rig_in(rig, 0xcf8, 4), ==, 0x80000600);
}

static void test_state(void)
{
    g_autoptr(PcChips) a = pc_chips_new();
    g_autoptr(PcChips) b = pc_chips_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    pci_set_intx(add_function(b, "d", "5"), true);
    pc_chips_write(a, PC_CHIPS_PIIX3, PIRQRCA, 10, 1);
    device_save(a->piix3, state, NULL);
    g_assert_true(device_load(b->piix3, state->data, state->len, &error));
    g_assert_no_error(error);
    g_assert_true(b->irq_levels[10]);
    g_assert_false(a->irq_levels[10]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/piix3/header", test_header);
    g_test_add_func("/piix3/masks", test_masks);
    g_test_add_func("/piix3/swizzle", test_swizzle);
    g_test_add_func("/piix3/routing", test_routing);
    g_test_add_func("/piix3/reserved", test_reserved);
    g_test_add_func("/piix3/reset-control", test_reset_control);
    g_test_add_func("/piix3/state", test_state);
    return g_test_run();
}
