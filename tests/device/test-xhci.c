/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xHCI controllers: registers, rings, commands on slots and endpoints, ports, interrupts, hot plug,
 * and what a guest may do wrong.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "tests/lib/xhci-driver.h"

enum { DEVFN = PCI_DEVFN(4, 0), P_2 = 5 /* the first port for USB 2 */ };
enum { OP = XHCI_OPERATIONAL, INTR = XHCI_INTERRUPTERS };

static guint32 command_of(guint type, guint slot, guint endpoint)
{
    return type << TRB_TYPE_SHIFT | slot << TRB_SLOT_SHIFT | endpoint << TRB_ENDPOINT_SHIFT;
}

static guint32 context_word(XhciBench *b, guint slot, guint index, guint word)
{
    return get_le32((guint8 *)xhci_bench_ptr(b, b->contexts[slot]) + index * CONTEXT_SIZE + 4 * word);
}

static bool line(const XhciBench *b)
{
    return b->rig->pci_levels[0];
}

/* A mouse on port 1, which has a slot. */
static guint mouse(XhciBench *b)
{
    guint slot;

    xhci_bench_device(b, "usb-mouse", "mouse", "port", "1", NULL);
    slot = xhci_open(b, P_2);
    xhci_configure_hid(b, slot);
    return slot;
}

/* ---- Registers ---- */

static void test_registers(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");

    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 0, 4), ==, 0x000d1b36);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 8, 4), ==, 0x0c033001);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 0x60, 1), ==, 0x30);
    g_assert_cmphex(xhci_get(b, CAP_LENGTH), ==, 0x01100040);
    g_assert_cmphex(xhci_get(b, CAP_HCSPARAMS1), ==, 0x08001040);
    g_assert_cmphex(xhci_get(b, CAP_HCSPARAMS2), ==, 0x4f);
    g_assert_cmphex(xhci_get(b, CAP_HCCPARAMS1), ==, 0x00080001);
    g_assert_cmphex(xhci_get(b, CAP_DBOFF), ==, 0x2000);
    g_assert_cmphex(xhci_get(b, CAP_RTSOFF), ==, 0x1000);
    g_assert_cmphex(xhci_get(b, 0x20), ==, 0x03000402);
    g_assert_cmphex(xhci_get(b, 0x24), ==, 0x20425355);
    g_assert_cmphex(xhci_get(b, 0x28), ==, 0x0401);
    g_assert_cmphex(xhci_get(b, 0x30), ==, 0x02000002);
    g_assert_cmphex(xhci_get(b, 0x38), ==, 0x0405);
    g_assert_cmphex(xhci_get(b, OP + OP_PAGESIZE), ==, 1);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_HALTED, ==, 0);
    xhci_set(b, OP + OP_CONFIG, 0xff);
    g_assert_cmpuint(xhci_get(b, OP + OP_CONFIG), ==, 64);
    xhci_set(b, OP + OP_DNCTRL, 0xffffffff);
    g_assert_cmphex(xhci_get(b, OP + OP_DNCTRL), ==, 0xffff);
    /* Time in microframes. */
    clock_advance(b->rig->clock, 10 * 125000);
    g_assert_cmpuint(xhci_get(b, XHCI_RUNTIME), ==, 10);
    xhci_set(b, OP + OP_USBCMD, 0);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_HALTED, ==, USBSTS_HALTED);
    xhci_set(b, OP + OP_USBCMD, USBCMD_RESET);
    g_assert_cmphex(xhci_get(b, OP + OP_USBCMD), ==, 0);
    g_assert_cmphex(xhci_get(b, OP + OP_CONFIG), ==, 0);
    g_assert_cmphex(xhci_get(b, INTR + INTR_IMOD), ==, 4000);
    /* What a driver saved is not there. */
    xhci_set(b, OP + OP_USBCMD, USBCMD_RESTORE);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_RESTORE_ERROR, !=, 0);
    xhci_set(b, OP + OP_USBSTS, USBSTS_RESTORE_ERROR);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_RESTORE_ERROR, ==, 0);
}

static void test_properties(void)
{
    static const struct {
        const char *name, *value;
        ErrorReason reason;
    } bad[] = {
        { "p2", "16", ERROR_REASON_OUT_OF_RANGE },
        { "slots", "65", ERROR_REASON_OUT_OF_RANGE },
        { "intrs", "0", ERROR_REASON_OUT_OF_RANGE },
        { "msi", "on", ERROR_REASON_NOT_SUPPORTED },
    };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_null(rig_device(rig, "qemu-xhci", "x", &error, bad[i].name, bad[i].value, NULL));
        g_assert_true(qmp_error_is(error, bad[i].reason));
        g_clear_error(&error);
    }
    g_assert_null(rig_device(rig, "qemu-xhci", "x", &error, "p2", "0", "p3", "0", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_clear_error(&error);
    /* USB 2 alone: one capability, whose ports begin at 1. */
    g_assert_nonnull(rig_device(rig, "nec-usb-xhci", "nec", &error, "addr", "5.0", "p3", "0", "p2",
                                "2", "msix", "off", NULL));
    rig_reset(rig);
    g_assert_cmphex(rig_pci_read(rig, 0, PCI_DEVFN(5, 0), 0, 4), ==, 0x01941033);
    g_assert_cmphex(rig_pci_read(rig, 0, PCI_DEVFN(5, 0), PCI_CAPABILITY_LIST, 1), ==, 0);
    rig_pci_write(rig, 0, PCI_DEVFN(5, 0), PCI_BASE_ADDRESS_0, 0xfe100000, 4);
    rig_pci_write(rig, 0, PCI_DEVFN(5, 0), PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(address_space_read(rig->memory, 0xfe100020, 4), ==, 0x02000002);
    g_assert_cmphex(address_space_read(rig->memory, 0xfe100028, 4), ==, 0x0201);
    g_assert_cmphex(address_space_read(rig->memory, 0xfe100030, 4), ==, 0);
}

/* ---- Ports ---- */

static void test_ports(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint at = xhci_port_offset(P_2);
    BenchEvent event;

    g_assert_cmphex(xhci_get(b, at), ==, PORTSC_POWER | PORTSC_PLS(PLS_RX_DETECT));
    xhci_set(b, at, PORTSC_RESET);              /* nothing there */
    g_assert_cmphex(xhci_get(b, at), ==, PORTSC_POWER | PORTSC_PLS(PLS_RX_DETECT));
    xhci_bench_device(b, "usb-mouse", "mouse", NULL);
    g_assert_cmphex(xhci_get(b, at), ==, PORTSC_POWER | PORTSC_PLS(PLS_POLLING) | PORTSC_CONNECTED |
                    SPEED_ID_HIGH << PORTSC_SPEED_SHIFT | PORTSC_CONNECT_CHANGE);
    g_assert_true(xhci_next_event(b, &event));
    g_assert_cmpuint(event.type, ==, TRB_PORT_EVENT);
    g_assert_cmphex(event.pointer, ==, P_2 << 24);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_PORT, !=, 0);
    xhci_set(b, at, PORTSC_CONNECT_CHANGE | PORTSC_RESET);
    g_assert_cmphex(xhci_get(b, at), ==, PORTSC_POWER | PORTSC_CONNECTED | PORTSC_ENABLED |
                    SPEED_ID_HIGH << PORTSC_SPEED_SHIFT | PORTSC_RESET_CHANGE);
    g_assert_true(xhci_next_event(b, &event));
    /* Suspend and resume by software. */
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U3));
    g_assert_cmphex(xhci_get(b, at) & PORTSC_PLS_MASK, ==, PORTSC_PLS(PLS_U3));
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_RESUME));
    g_assert_cmphex(xhci_get(b, at) & PORTSC_PLS_MASK, ==, PORTSC_PLS(PLS_RESUME));
    g_assert_false(xhci_next_event(b, &event));
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U0));
    g_assert_cmphex(xhci_get(b, at) & (PORTSC_PLS_MASK | PORTSC_LINK_CHANGE), ==, PORTSC_LINK_CHANGE);
    g_assert_true(xhci_next_event(b, &event));
    /* Disabled. */
    xhci_set(b, at, PORTSC_CHANGES | PORTSC_ENABLED);
    g_assert_cmphex(xhci_get(b, at), ==, PORTSC_POWER | PORTSC_CONNECTED |
                    PORTSC_PLS(PLS_DISABLED) | SPEED_ID_HIGH << PORTSC_SPEED_SHIFT);
}

static void test_places(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    g_autoptr(GError) error = NULL;

    xhci_bench_device(b, "usb-kbd", "k1", "port", "2", NULL);
    xhci_bench_device(b, "usb-kbd", "k2", NULL);
    g_assert_null(rig_device(b->rig, "usb-kbd", "k3", &error, "port", "2", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_clear_error(&error);
    g_assert_null(rig_device(b->rig, "usb-kbd", "k3", &error, "port", "9", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OBJECT_NOT_FOUND));
    g_clear_error(&error);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2)) & PORTSC_CONNECTED, ==, 1);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2 + 1)) & PORTSC_CONNECTED, ==, 1);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2 + 2)) & PORTSC_CONNECTED, ==, 0);
    xhci_bench_device(b, "usb-kbd", "k4", "usb_version", "1", NULL);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2 + 2)) >> PORTSC_SPEED_SHIFT & 0xf, ==,
                    SPEED_ID_FULL);
    xhci_bench_device(b, "usb-kbd", "k5", NULL);
    g_assert_null(rig_device(b->rig, "usb-kbd", "k6", &error, "bus", "xhci.0", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_FULL));
}

/* ---- Commands ---- */

static void test_slots(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = 0, last = 0;

    for (guint i = 1; i <= BENCH_SLOTS; i++) {
        g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_ENABLE_SLOT, 0, 0), &slot), ==,
                         CODE_SUCCESS);
        g_assert_cmpuint(slot, ==, i);
    }
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_ENABLE_SLOT, 0, 0), &last), ==,
                     CODE_NO_SLOTS);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_DISABLE_SLOT, 3, 0), NULL), ==,
                     CODE_SUCCESS);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_DISABLE_SLOT, 3, 0), NULL), ==,
                     CODE_SLOT_NOT_ENABLED);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_DISABLE_SLOT, 200, 0), NULL), ==,
                     CODE_SLOT_NOT_ENABLED);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_ENABLE_SLOT, 0, 0), &slot), ==,
                     CODE_SUCCESS);
    g_assert_cmpuint(slot, ==, 3);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0), NULL), ==,
                     CODE_SUCCESS);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(63, 0, 0), NULL), ==, CODE_TRB);
    rig_assert_guest_error(b->hc, "a command has type 63");
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_NEC_FIRMWARE, 0, 0), NULL), ==, CODE_TRB);
}

static void test_nec(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("nec-usb-xhci");
    BenchEvent event;

    xhci_put(b, &b->commands, 0, 0, command_of(TRB_NEC_FIRMWARE, 0, 0));
    xhci_doorbell(b, 0, 0);
    g_assert_true(xhci_next_event(b, &event));
    g_assert_cmpuint(event.type, ==, TRB_NEC_EVENT);
    g_assert_cmphex(event.length, ==, 0x3025);
}

static void test_address(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot, other = 0;

    xhci_bench_device(b, "usb-mouse", "mouse", "port", "1", NULL);
    slot = xhci_open(b, P_2);
    g_assert_cmphex(context_word(b, slot, 0, 3), ==, SLOT_ADDRESSED << SLOT_STATE_SHIFT | slot);
    g_assert_cmphex(context_word(b, slot, 1, 0), ==, EP_RUNNING);
    g_assert_cmpuint(xhci_address(b, slot, P_2, 0, SPEED_ID_HIGH), ==, CODE_CONTEXT_STATE);
    /* No device; another slot's device; no hub. */
    xhci_command(b, 0, 0, command_of(TRB_ENABLE_SLOT, 0, 0), &other);
    g_assert_cmpuint(xhci_address(b, other, P_2 + 1, 0, SPEED_ID_HIGH), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_address(b, other, P_2, 0, SPEED_ID_HIGH), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_address(b, other, P_2, 0x12345, SPEED_ID_HIGH), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_address(b, other, 0, 0, 0), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_address(b, other, 255, 0, 0), ==, CODE_TRANSACTION);
    /* A context that is not in RAM. */
    g_assert_cmpuint(xhci_command(b, ~(guint64)0xf, 0, command_of(TRB_ADDRESS_DEVICE, other, 0),
                                  NULL), ==, CODE_TRB);
}

static void test_endpoints(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);

    g_assert_cmphex(context_word(b, slot, 0, 3) >> SLOT_STATE_SHIFT, ==, SLOT_CONFIGURED);
    g_assert_cmphex(context_word(b, slot, 0, 0) >> SLOT_ENTRIES_SHIFT, ==, 3);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_RUNNING);
    /* Isochronous endpoints, wrong directions and packets of no size are refused. */
    g_assert_cmpuint(xhci_add_endpoint(b, slot, 5, EP_ISOCH_IN, 64), ==, CODE_BANDWIDTH);
    rig_assert_guest_error(b->hc, "isochronous endpoints are not supported");
    g_assert_cmpuint(xhci_add_endpoint(b, slot, 4, EP_BULK_IN, 64), ==, CODE_PARAMETER);
    g_assert_cmpuint(xhci_add_endpoint(b, slot, 5, EP_BULK_IN, 0), ==, CODE_PARAMETER);
    g_assert_cmpuint(xhci_add_endpoint(b, slot, 5, EP_CONTROL, 64), ==, CODE_PARAMETER);
    /* States. */
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_RESET_ENDPOINT, slot, 3), NULL), ==,
                     CODE_CONTEXT_STATE);
    g_assert_cmpuint(xhci_command(b, b->rings[slot][3].base | 1, 0,
                                  command_of(TRB_SET_DEQUEUE, slot, 3), NULL), ==,
                     CODE_CONTEXT_STATE);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 3), NULL), ==,
                     CODE_SUCCESS);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_STOPPED);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 3), NULL), ==,
                     CODE_CONTEXT_STATE);
    g_assert_cmpuint(xhci_command(b, b->rings[slot][3].base | 1, 0,
                                  command_of(TRB_SET_DEQUEUE, slot, 3), NULL), ==, CODE_SUCCESS);
    g_assert_cmphex(context_word(b, slot, 3, 2), ==, (guint32)b->rings[slot][3].base | 1);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 7), NULL), ==,
                     CODE_ENDPOINT_NOT_ENABLED);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 0), NULL), ==,
                     CODE_TRB);
    /* All but endpoint 0 go. */
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_CONFIGURE, slot, 0) | TRB_DECONFIGURE,
                                  NULL), ==, CODE_SUCCESS);
    g_assert_cmphex(context_word(b, slot, 0, 3) >> SLOT_STATE_SHIFT, ==, SLOT_ADDRESSED);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_DISABLED);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_RESET_DEVICE, slot, 0), NULL), ==,
                     CODE_SUCCESS);
    g_assert_cmphex(context_word(b, slot, 0, 3), ==, SLOT_DEFAULT << SLOT_STATE_SHIFT);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_RESET_DEVICE, slot, 0), NULL), ==,
                     CODE_CONTEXT_STATE);
}

/* ---- Control transfers ---- */

static void test_control(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    guint8 data[512] = { 0 };

    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_SUCCESS);
    g_assert_cmphex(get_le16(data + 8), ==, 0x0627);
    g_assert_cmphex(data[7], ==, 64);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0200, 0, 255, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(get_le16(data + 2), ==, 34);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0304, 0x409, 255, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 2 + 2 * strlen("QEMU USB Mouse"));
    g_assert_cmpuint(data[2], ==, 'Q');
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0305, 0x409, 255, data), ==, CODE_STALL);
    /* The full speed's descriptors. */
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0600, 0, 10, data), ==, CODE_SUCCESS);
    g_assert_cmphex(data[1], ==, 6);
    g_assert_cmphex(data[7], ==, 8);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0700, 0, 34, data), ==, CODE_SUCCESS);
    g_assert_cmphex(data[1], ==, 7);
    g_assert_cmphex(data[33], ==, 10);
    g_assert_cmpuint(xhci_control(b, slot, 0x8008, 0, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 1);
    /* Status, features, halts. */
    g_assert_cmpuint(xhci_control(b, slot, 0x0003, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x8000, 0, 0, 2, data), ==, CODE_SUCCESS);
    g_assert_cmphex(get_le16(data), ==, 2);
    g_assert_cmpuint(xhci_control(b, slot, 0x0203, 0, 0x81, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x8200, 0, 0x81, 2, data), ==, CODE_SUCCESS);
    g_assert_cmphex(get_le16(data), ==, 1);
    g_assert_cmpuint(xhci_control(b, slot, 0x0201, 0, 0x81, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x0201, 0, 0x82, 0, NULL), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(b, slot, 0x0009, 2, 0, 0, NULL), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(b, slot, 0x010b, 0, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x010b, 1, 0, 0, NULL), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(b, slot, 0xc0ff, 0, 0, 8, data), ==, CODE_STALL);
}

/* A setup packet with a length that the device's buffer does not have, then data without a new
 * one: CVE-2020-14364.  Neither reads nor writes anything beyond the buffer. */
static void test_setup_length(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    g_autofree guint8 *data = g_malloc0(0xffff);

    for (guint in = 0; in < 2; in++) {
        guint16 request = in ? 0x8006 : 0x2109;

        g_assert_cmpuint(xhci_control(b, slot, request, 0x0100, 0, 4097, data), ==, CODE_STALL);
        g_assert_cmpuint(xhci_control(b, slot, request, 0x0100, 0, 0xffff, data), ==, CODE_STALL);
        for (guint i = 0; i < 20; i++) {
            BenchRing *ring = &b->rings[slot][1];
            guint64 memory = xhci_bench_alloc(b, 8192, 64);
            BenchEvent event;

            xhci_put(b, ring, memory, 8192, TRB_DATA << TRB_TYPE_SHIFT | (in ? TRB_IN : 0));
            xhci_doorbell(b, slot, 1);
            g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_STALL);
            xhci_command(b, 0, 0, command_of(TRB_RESET_ENDPOINT, slot, 1), NULL);
            xhci_command(b, (ring->base + ring->next * TRB_SIZE) | ring->cycle, 0,
                         command_of(TRB_SET_DEQUEUE, slot, 1), NULL);
        }
    }
    /* Data that are longer than their setup packet says. */
    for (guint i = 0; i < 2; i++) {
        BenchRing *ring = &b->rings[slot][1];
        BenchEvent event;

        xhci_put(b, ring, 0x0008000002000921, 8, TRB_SETUP << TRB_TYPE_SHIFT | TRB_IMMEDIATE);
        xhci_put(b, ring, xhci_bench_alloc(b, 4096, 64), 4096, TRB_DATA << TRB_TYPE_SHIFT);
        xhci_doorbell(b, slot, 1);
        g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_STALL);
        xhci_command(b, 0, 0, command_of(TRB_RESET_ENDPOINT, slot, 1), NULL);
        xhci_command(b, (ring->base + ring->next * TRB_SIZE) | ring->cycle, 0,
                     command_of(TRB_SET_DEQUEUE, slot, 1), NULL);
    }
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 4096, data), ==, CODE_SUCCESS);
}

/* ---- Transfers ---- */

/* A transfer waits until the device has something, and is reported if it is stopped before. */
static void test_waiting(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    guint64 memory = xhci_bench_alloc(b, 16, 16), at = xhci_submit(b, slot, 3, memory, 8);
    const guint8 *report = xhci_bench_ptr(b, memory);
    BenchEvent event;

    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, 0);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 5 }, 1);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_SHORT);
    g_assert_cmphex(event.pointer, ==, at);
    g_assert_cmpuint(event.slot, ==, slot);
    g_assert_cmpuint(event.endpoint, ==, 3);
    g_assert_cmpuint(event.length, ==, 4);
    g_assert_cmpuint(report[1], ==, 5);
    at = xhci_submit(b, slot, 3, memory, 8);
    xhci_put(b, &b->commands, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 3));
    xhci_doorbell(b, 0, 0);
    g_assert_true(xhci_next_event(b, &event));
    g_assert_cmpuint(event.code, ==, CODE_STOPPED);
    g_assert_cmphex(event.pointer, ==, at);
    g_assert_cmpuint(event.length, ==, 8);
    g_assert_true(xhci_next_event(b, &event));
    g_assert_cmpuint(event.code, ==, CODE_SUCCESS);
    /* The doorbell starts it again where it was. */
    xhci_doorbell(b, slot, 3);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_Y, 7 }, 1);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_SHORT);
    g_assert_cmphex(event.pointer, ==, at);
    g_assert_cmpuint(report[2], ==, 7);
}

/* Items that belong together; Event Data; a report that they share. */
static void test_chains(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    BenchRing *ring = &b->rings[slot][3];
    guint64 memory = xhci_bench_alloc(b, 16, 16), second;
    const guint8 *report = xhci_bench_ptr(b, memory);
    BenchEvent event;

    xhci_put(b, ring, memory, 2, TRB_NORMAL << TRB_TYPE_SHIFT | TRB_CHAIN | TRB_SHORT);
    xhci_doorbell(b, slot, 3);
    input_send(b->rig->machine, (InputItem[]){ { INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 1 },
                                               { INPUT_EVENT_KIND_REL, INPUT_AXIS_Y, 2 } }, 2);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, 0);    /* it is not complete */
    second = xhci_put(b, ring, memory + 8, 6, TRB_NORMAL << TRB_TYPE_SHIFT | TRB_CHAIN | TRB_SHORT);
    xhci_put(b, ring, 0x1234567890, 0, TRB_DATA_EVENT << TRB_TYPE_SHIFT | TRB_IOC);
    xhci_doorbell(b, slot, 3);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_SHORT);
    g_assert_cmphex(event.pointer, ==, second);
    g_assert_cmpuint(event.length, ==, 4);
    g_assert_cmpuint(report[1], ==, 1);
    g_assert_cmpuint(report[8], ==, 2);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_SHORT);
    g_assert_cmphex(event.pointer, ==, 0x1234567890);
    g_assert_cmpuint(event.length, ==, 4);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, 0);
}

static void test_event_data(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    BenchRing *ring = &b->rings[slot][3];
    BenchEvent event;

    xhci_put(b, ring, xhci_bench_alloc(b, 16, 16), 4, TRB_NORMAL << TRB_TYPE_SHIFT | TRB_CHAIN);
    xhci_put(b, ring, 0x1234567890, 0, TRB_DATA_EVENT << TRB_TYPE_SHIFT | TRB_IOC);
    xhci_doorbell(b, slot, 3);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 1 }, 1);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_SUCCESS);
    g_assert_cmphex(event.pointer, ==, 0x1234567890);
    g_assert_cmpuint(event.length, ==, 4);
}

/* What a guest may do wrong with a ring ends the endpoint, and nothing else. */
static void test_bad_rings(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    BenchRing *ring = &b->rings[slot][3];
    guint64 memory = xhci_bench_alloc(b, 16, 16);
    guint8 data[18];
    BenchEvent event;

    /* Memory that does not exist. */
    xhci_submit(b, slot, 3, G_GUINT64_CONSTANT(0xfffffffffffffff0), 8);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 1 }, 1);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_DATA_BUFFER);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_HALTED);
    xhci_doorbell(b, slot, 3);                  /* ignored */
    xhci_command(b, 0, 0, command_of(TRB_RESET_ENDPOINT, slot, 3), NULL);
    /* An item of a wrong kind. */
    xhci_command(b, (ring->base + ring->next * TRB_SIZE) | ring->cycle, 0,
                 command_of(TRB_SET_DEQUEUE, slot, 3), NULL);
    xhci_put(b, ring, memory, 8, TRB_SETUP << TRB_TYPE_SHIFT | TRB_IOC | TRB_IMMEDIATE);
    xhci_doorbell(b, slot, 3);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_TRB);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_ERROR);
    /* Links in a circle. */
    put_le(xhci_bench_ptr(b, memory), memory, 8);
    put_le((guint8 *)xhci_bench_ptr(b, memory) + 8, 0, 4);
    put_le((guint8 *)xhci_bench_ptr(b, memory) + 12, TRB_LINK << TRB_TYPE_SHIFT | TRB_CYCLE, 4);
    g_assert_cmpuint(xhci_command(b, memory | 1, 0, command_of(TRB_SET_DEQUEUE, slot, 3), NULL), ==,
                     CODE_SUCCESS);
    xhci_doorbell(b, slot, 3);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_ERROR);
    rig_assert_guest_error(b->hc, "the ring of slot 1, endpoint 3 cannot be used");
    /* A ring that is not RAM. */
    xhci_command(b, G_GUINT64_CONSTANT(0x123456780000), 0, command_of(TRB_SET_DEQUEUE, slot, 3),
                 NULL);
    xhci_doorbell(b, slot, 3);
    g_assert_cmphex(context_word(b, slot, 3, 0) & 7, ==, EP_ERROR);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_SUCCESS);
}

/* A ring of no-ops that never ends: the guest's processor goes on, the rest is done later. */
static void test_budget(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    guint64 ring = xhci_bench_alloc(b, 2 * TRB_SIZE, 64);
    guint8 *bytes = xhci_bench_ptr(b, ring);

    put_le(bytes + 12, TRB_NOOP << TRB_TYPE_SHIFT | TRB_CYCLE, 4);
    put_le(bytes + 16, ring, 8);
    put_le(bytes + 28, TRB_LINK << TRB_TYPE_SHIFT | TRB_CYCLE, 4);
    xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 3), NULL);
    xhci_command(b, ring | 1, 0, command_of(TRB_SET_DEQUEUE, slot, 3), NULL);
    xhci_doorbell(b, slot, 3);
    for (guint i = 1; i <= 10; i++) {
        guint64 before = b->rig->firings;

        clock_advance(b->rig->clock, clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + 125000);
        g_assert_cmpuint(b->rig->firings, ==, before + 1);
    }
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_STOP_ENDPOINT, slot, 3), NULL), ==,
                     CODE_SUCCESS);
    clock_advance(b->rig->clock, clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + 1000000);
}

/* ---- Events ---- */

/* A full ring says so, and nothing is lost: the controller goes on when there is room. */
static void test_full_ring(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint seen = 0;
    BenchEvent event;

    for (guint i = 0; i < 62; i++) {
        xhci_put(b, &b->commands, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0));
    }
    xhci_doorbell(b, 0, 0);
    while (xhci_next_event(b, &event)) {
        seen += event.type == TRB_COMMAND_EVENT;
    }
    g_assert_cmpuint(seen, ==, 62);
    for (guint i = 0; i < 10; i++) {
        xhci_put(b, &b->commands, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0));
    }
    xhci_doorbell(b, 0, 0);
    g_assert_false(xhci_next_event(b, &event));
    /* News of a port finds the last but one place taken. */
    xhci_bench_device(b, "usb-mouse", "mouse", "port", "1", NULL);
    g_assert_true(xhci_next_event(b, &event));
    g_assert_cmpuint(event.type, ==, TRB_HOST_EVENT);
    g_assert_cmpuint(event.code, ==, CODE_RING_FULL);
    xhci_events_done(b);
    for (seen = 0; xhci_next_event(b, &event);) {
        seen += event.type == TRB_COMMAND_EVENT && event.code == CODE_SUCCESS;
    }
    g_assert_cmpuint(seen, ==, 10);
}

/* The table of an event ring with two segments. */
static void test_segments(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint64 table = xhci_bench_alloc(b, 2 * ERST_ENTRY_SIZE, 64);
    guint64 segments = xhci_bench_alloc(b, 3 * 16 * TRB_SIZE, 64), other = segments + 32 * TRB_SIZE;
    guint8 *entries = xhci_bench_ptr(b, table), *last;

    put_le(entries, segments, 8);
    put_le(entries + 8, 16, 4);
    put_le(entries + 16, other, 8);
    put_le(entries + 24, 16, 4);
    xhci_set(b, INTR + INTR_ERSTSZ, 2);
    xhci_set(b, INTR + INTR_ERDP, segments);
    xhci_set(b, INTR + INTR_ERSTBA, table);
    xhci_set(b, INTR + INTR_ERSTBA + 4, 0);
    for (guint i = 0; i < 20; i++) {
        xhci_put(b, &b->commands, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0));
    }
    xhci_doorbell(b, 0, 0);
    last = xhci_bench_ptr(b, other + 3 * TRB_SIZE);
    g_assert_cmphex(get_le32(last + 12), ==, TRB_COMMAND_EVENT << TRB_TYPE_SHIFT | TRB_CYCLE);
    g_assert_cmphex(get_le32(last + TRB_SIZE + 12), ==, 0);
    /* A segment that is too short is fatal, until a reset. */
    put_le(entries + 8, 15, 4);
    xhci_set(b, INTR + INTR_ERSTBA + 4, 0);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_ERROR, !=, 0);
    rig_assert_guest_error(b->hc, "the table of an event ring cannot be used");
    xhci_set(b, OP + OP_USBCMD, USBCMD_RESET);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS), ==, USBSTS_HALTED);
    xhci_bench_start(b);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0), NULL), ==,
                     CODE_SUCCESS);
}

static void noop(XhciBench *b)
{
    xhci_put(b, &b->commands, 0, 0, command_of(TRB_NOOP_COMMAND, 0, 0));
    xhci_doorbell(b, 0, 0);
}

static void take_events(XhciBench *b)
{
    BenchEvent event;

    while (xhci_next_event(b, &event)) {
    }
    xhci_events_done(b);
}

static void test_interrupts(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");

    g_assert_false(line(b));
    noop(b);
    g_assert_true(line(b));
    g_assert_cmphex(xhci_get(b, INTR + INTR_IMAN), ==, IMAN_ENABLE | IMAN_PENDING);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS) & USBSTS_EVENT, !=, 0);
    xhci_set(b, INTR + INTR_IMAN, IMAN_ENABLE | IMAN_PENDING);
    g_assert_false(line(b));
    noop(b);                                    /* software is busy, and will look itself */
    g_assert_false(line(b));
    xhci_set(b, INTR + INTR_ERDP, (guint32)b->events | ERDP_BUSY);      /* it did not */
    g_assert_true(line(b));
    xhci_set(b, INTR + INTR_IMAN, IMAN_ENABLE | IMAN_PENDING);
    take_events(b);
    g_assert_false(line(b));
    /* Not without INTE, or IE. */
    xhci_set(b, OP + OP_USBCMD, USBCMD_RUN);
    noop(b);
    g_assert_false(line(b));
    xhci_set(b, OP + OP_USBCMD, USBCMD_RUN | USBCMD_INTE);
    g_assert_true(line(b));
    xhci_set(b, INTR + INTR_IMAN, 0);
    g_assert_false(line(b));
}

/* No two interrupts within the interval. */
static void test_moderation(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    gint64 now = clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL);

    xhci_set(b, INTR + INTR_IMOD, 4000);        /* 1 ms */
    noop(b);
    g_assert_true(line(b));
    xhci_set(b, INTR + INTR_IMAN, IMAN_ENABLE | IMAN_PENDING);
    take_events(b);
    noop(b);
    g_assert_false(line(b));
    clock_advance(b->rig->clock, now + 999999);
    g_assert_false(line(b));
    clock_advance(b->rig->clock, now + 1000000);
    g_assert_true(line(b));
}

static void test_messages(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint64 memory = xhci_bench_alloc(b, 16, 16);
    const guint8 *message = xhci_bench_ptr(b, memory);
    guint8 cap = rig_pci_read(b->rig, 0, DEVFN, PCI_CAPABILITY_LIST, 1);

    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, cap, 1), ==, PCI_CAP_ID_MSIX);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, cap + 4, 4), ==, 0x3000);
    xhci_set(b, XHCI_MSIX_TABLE, memory);
    xhci_set(b, XHCI_MSIX_TABLE + 4, 0);
    xhci_set(b, XHCI_MSIX_TABLE + 8, 0x4321);
    xhci_set(b, XHCI_MSIX_TABLE + 12, 0);
    rig_pci_write(b->rig, 0, DEVFN, cap + 2, PCI_MSIX_FLAGS_ENABLE, 2);
    noop(b);
    g_assert_cmphex(get_le32(message), ==, 0x4321);
    g_assert_false(line(b));
    /* It is not pending any more. */
    g_assert_cmphex(xhci_get(b, INTR + INTR_IMAN), ==, IMAN_ENABLE);
}

/* ---- Hot plug ---- */

static void test_hotplug(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    Device *dev = device_resolve(b->rig->root, "/machine/peripheral/mouse", NULL);
    const BusOps *ops = object_kind(dev->bus);
    guint64 memory = xhci_bench_alloc(b, 16, 16);
    guint8 data[18];
    BenchEvent event;

    xhci_submit(b, slot, 3, memory, 8);
    g_assert_true(ops->unplug_request(dev->bus, dev, NULL));
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2)), ==, PORTSC_POWER |
                    PORTSC_PLS(PLS_RX_DETECT) | PORTSC_CONNECT_CHANGE | PORTSC_RESET_CHANGE);
    /* Nobody answers any more. */
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_TRANSACTION);
    xhci_doorbell(b, slot, 3);
    g_assert_cmpuint(xhci_transfer_event(b, &event), ==, CODE_TRANSACTION);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->removals, ==, 1);
    /* Another one in the same port needs another slot. */
    xhci_bench_device(b, "usb-kbd", "kbd", "port", "1", NULL);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_command(b, 0, 0, command_of(TRB_DISABLE_SLOT, slot, 0), NULL), ==,
                     CODE_SUCCESS);
    slot = xhci_open(b, P_2);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_SUCCESS);
}

/* A reset of the machine: devices are there as if they had just come. */
static void test_reset(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = mouse(b);
    guint8 data[18];

    xhci_submit(b, slot, 3, xhci_bench_alloc(b, 16, 16), 8);
    rig_reset(b->rig);
    xhci_bench_place(b);
    g_assert_cmphex(xhci_get(b, OP + OP_USBSTS), ==, USBSTS_HALTED);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2)) & (PORTSC_CONNECTED | PORTSC_ENABLED |
                                                          PORTSC_CONNECT_CHANGE), ==,
                    PORTSC_CONNECTED | PORTSC_CONNECT_CHANGE);
    xhci_bench_start(b);
    slot = xhci_open(b, P_2);
    g_assert_cmpuint(xhci_control(b, slot, 0x8008, 0, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 0);
}

/* Two controllers do not know each other; one goes with what is plugged in there. */
static void test_two(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    g_autoptr(GError) error = NULL;
    Device *nec = rig_device(b->rig, "nec-usb-xhci", "nec", &error, NULL);

    g_assert_no_error(error);
    xhci_bench_device(b, "usb-tablet", "t1", "bus", "nec.0", NULL);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2)) & PORTSC_CONNECTED, ==, 0);
    xhci_bench_device(b, "usb-tablet", "t2", "bus", "xhci.0", NULL);
    g_assert_cmphex(xhci_get(b, xhci_port_offset(P_2)) & PORTSC_CONNECTED, ==, 1);
    g_assert_cmpuint(xhci_open(b, P_2), ==, 1);
    device_unmake(nec);
    g_assert_null(device_resolve(b->rig->root, "/machine/peripheral/t1", NULL));
    g_assert_nonnull(device_resolve(b->rig->root, "/machine/peripheral/t2", NULL));
}

#define CASE(name) { "/xhci/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(registers), CASE(properties), CASE(ports), CASE(places), CASE(slots), CASE(nec),
    CASE(address), CASE(endpoints), CASE(control), CASE(setup_length), CASE(waiting), CASE(chains),
    CASE(event_data), CASE(bad_rings), CASE(budget), CASE(full_ring), CASE(segments),
    CASE(interrupts), CASE(moderation), CASE(messages), CASE(hotplug), CASE(reset), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
