/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EHCI controllers: registers, ports and their owners, both schedules, errors of a guest; and their
 * companions.
 */
#include "config.h"

#include "hw/input/input.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "tests/lib/ehci-driver.h"

static guint16 request_status(EhciBench *b, guint8 address, guint16 request, guint16 value)
{
    guint8 data[18];

    return ehci_control(b, address, request, value, 0, request == 0x8006 ? 18 : 0, data) & 0xff;
}

/* ---- Registers ---- */

static void test_registers(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 0);

    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 0, 4), ==, 0x293a8086);
    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 8, 4), ==, 0x0c032003);
    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, PCI_INTERRUPT_PIN, 1), ==, 4);
    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 0x60, 2), ==, 0x2020);
    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 0x68, 4), ==, 1);
    rig_pci_write(b->rig, 0, EHCI_DEVFN, 0x68, 0xffffffff, 4);
    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 0x68, 4), ==, 0x01010001);
    g_assert_cmphex(ehci_get(b, 0), ==, 0x01000020);
    g_assert_cmphex(ehci_get(b, 4), ==, 0x6);
    g_assert_cmphex(ehci_get(b, 8), ==, 0x6880);
    g_assert_cmphex(ehci_get(b, EHCI_STS), ==, 0);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RESET);
    g_assert_cmphex(ehci_get(b, EHCI_CMD), ==, 0x80000);
    g_assert_cmphex(ehci_get(b, EHCI_STS), ==, 0x1000);
    for (guint reg = EHCI_INTR; reg < EHCI_PORT_1; reg += 4) {
        g_assert_cmphex(ehci_get(b, reg), ==, 0);
    }
    for (guint i = 0; i < 6; i++) {
        g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4 * i), ==, 0x3000);
    }
    ehci_set(b, EHCI_PERIODIC, 0xffffffff);
    ehci_set(b, EHCI_ASYNC, 0xffffffff);
    ehci_set(b, EHCI_INTR, 0xffffffff);
    g_assert_cmphex(ehci_get(b, EHCI_PERIODIC), ==, 0xfffff000);
    g_assert_cmphex(ehci_get(b, EHCI_ASYNC), ==, 0xffffffe0);
    g_assert_cmphex(ehci_get(b, EHCI_INTR), ==, 0x3f);
    ehci_set(b, EHCI_ASYNC + 4, 0xffffffff);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4 * 6), ==, 0);
}

/* FRINDEX counts while it runs, without a timer unless the guest wants to know its end. */
static void test_frindex(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("usb-ehci", 0);
    guint64 firings = b->rig->firings;

    g_assert_cmphex(rig_pci_read(b->rig, 0, EHCI_DEVFN, 0, 4), ==, 0x24cd8086);
    ehci_microframes(b, 80);
    g_assert_cmpuint(ehci_get(b, EHCI_FRINDEX), ==, 80);
    ehci_set(b, EHCI_FRINDEX, 7);               /* not while it runs */
    g_assert_cmpuint(ehci_get(b, EHCI_FRINDEX), ==, 80);
    ehci_microframes(b, 0x2000 - 80);
    g_assert_cmphex(ehci_get(b, EHCI_STS), ==, 8);
    g_assert_cmpuint(b->rig->firings, ==, firings);
    ehci_set(b, EHCI_STS, 8);
    ehci_set(b, EHCI_INTR, 8);
    ehci_microframes(b, 0x1fff);
    g_assert_false(ehci_line(b));
    ehci_microframes(b, 1);
    g_assert_true(ehci_line(b));
    g_assert_cmpuint(b->rig->firings, ==, firings + 1);
    ehci_set(b, EHCI_CMD, 0);
    g_assert_cmphex(ehci_get(b, EHCI_STS), ==, 0x1008);
    ehci_set(b, EHCI_FRINDEX, 0x5fff);
    ehci_microframes(b, 8);
    g_assert_cmphex(ehci_get(b, EHCI_FRINDEX), ==, 0x1fff);
}

/* ---- Ports ---- */

static void test_ports(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 0);
    g_autoptr(GError) error = NULL;
    Device *dev;
    const BusOps *ops;

    ehci_set(b, EHCI_INTR, 4);
    dev = ehci_bench_device(b, "usb-tablet", "tablet", "2", NULL);
    ops = object_kind(dev->bus);
    g_assert_true(ehci_line(b));
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1803);
    ehci_set(b, EHCI_STS, 4);
    g_assert_false(ehci_line(b));
    ehci_set(b, EHCI_PORT_1 + 4, 0x1002);
    ehci_set(b, EHCI_PORT_1 + 4, 0x1100);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1901);
    ehci_set(b, EHCI_PORT_1 + 4, 0x1000);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1005);
    /* Suspend, and resume. */
    ehci_set(b, EHCI_PORT_1 + 4, 0x1084);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1085);
    g_assert_cmphex(request_status(b, 0, 0x8006, 0x0100) & EHCI_HALTED, ==, EHCI_HALTED);
    ehci_set(b, EHCI_PORT_1 + 4, 0x10c4);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x10c5);
    ehci_set(b, EHCI_PORT_1 + 4, 0x1004);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1005);
    g_assert_cmphex(request_status(b, 0, 0x8006, 0x0100), ==, 0);
    /* A suspended device wakes the port, if it may. */
    g_assert_cmphex(request_status(b, 0, 0x0009, 1), ==, 0);
    g_assert_cmphex(request_status(b, 0, 0x0003, 1), ==, 0);
    ehci_set(b, EHCI_STS, 0x3f);
    ehci_set(b, EHCI_PORT_1 + 4, 0x1084);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 7 }, 1);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x10c5);
    g_assert_true(ehci_line(b));
    /* Software disables a port, and does not enable one. */
    ehci_set(b, EHCI_PORT_1 + 4, 0x1000);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1001);
    ehci_set(b, EHCI_PORT_1 + 4, 0x1004);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1001);
    /* Nobody else could own it. */
    ehci_set(b, EHCI_PORT_1 + 4, 0x3000);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1001);
    ehci_set(b, EHCI_PORT_1, 0x00f01100);       /* nothing there: wake bits only */
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1), ==, 0x00701000);
    g_assert_true(ops->unplug_request(dev->bus, dev, NULL));
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 4), ==, 0x1002);
    rig_deliver(b->rig);
    g_assert_null(rig_device(b->rig, "usb-kbd", "slow", &error, "usb_version", "1", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(&error);
    for (guint i = 0; i < 6; i++) {
        char id[] = { 'm', '1' + i, 0 };

        ehci_bench_device(b, "usb-mouse", id, id + 1, NULL);
    }
    g_assert_null(rig_device(b->rig, "usb-mouse", "more", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_FULL) ||
                  qmp_error_is(error, ERROR_REASON_BUS_NOT_FOUND));
}

/* ---- Companions ---- */

static guint16 uhci_port(EhciBench *b, guint n, guint port)
{
    return rig_in(b->rig, EHCI_BENCH_IO + 0x20 * n + 16 + 2 * port, 2);
}

static void check_speed(Device *dev, UsbSpeed speed)
{
    g_assert_cmpuint(to_usb_device(dev)->speed, ==, speed);
}

static void test_companions(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 3);
    g_autoptr(GError) error = NULL;
    Device *slow, *fast;
    const BusOps *ops;

    g_assert_cmphex(ehci_get(b, 4), ==, 0x3206);
    slow = ehci_bench_device(b, "usb-kbd", "kbd", "4", "1");
    fast = ehci_bench_device(b, "usb-tablet", "tablet", "3", NULL);
    ops = object_kind(slow->bus);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 12), ==, 0x1803);
    g_assert_cmphex(uhci_port(b, 1, 1), ==, 0x80);
    /* The reset does not enable the port; the driver gives it away. */
    ehci_set(b, EHCI_PORT_1 + 12, 0x1102);
    ehci_set(b, EHCI_PORT_1 + 12, 0x1000);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 12), ==, 0x1801);
    ehci_set(b, EHCI_PORT_1 + 12, 0x3000);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 12), ==, 0x3002);
    g_assert_cmphex(uhci_port(b, 1, 1), ==, 0x83);
    g_assert_cmphex(uhci_port(b, 1, 0), ==, 0x80);
    check_speed(slow, USB_SPEED_FULL);
    check_speed(fast, USB_SPEED_HIGH);
    /* CONFIGFLAG gives them all away, and takes them all. */
    ehci_set(b, EHCI_CONFIG, 0);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 8) & 0x3003, ==, 0x3002);
    g_assert_cmphex(uhci_port(b, 1, 0), ==, 0x83);
    check_speed(fast, USB_SPEED_FULL);
    ehci_set(b, EHCI_PORT_1 + 8, 0x1000);       /* not without it */
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 8) & 0x2000, ==, 0x2000);
    ehci_set(b, EHCI_CONFIG, 1);
    g_assert_cmphex(uhci_port(b, 1, 0), ==, 0x82);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 8), ==, 0x1803);
    check_speed(fast, USB_SPEED_HIGH);
    /* A port whose device is pulled out comes back. */
    ehci_set(b, EHCI_PORT_1 + 12, 0x3000);
    g_assert_true(ops->unplug_request(slow->bus, slow, NULL));
    g_assert_cmphex(uhci_port(b, 1, 1) & 3, ==, 2);
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1 + 12) & 0x3001, ==, 0x1000);
    rig_deliver(b->rig);
    /* A reset gives all away. */
    ehci_set(b, EHCI_CMD, EHCI_CMD_RESET);
    g_assert_cmphex(uhci_port(b, 1, 0) & 1, ==, 1);
    rig_reset(b->rig);
    ehci_bench_place(b);
    g_assert_cmphex(uhci_port(b, 1, 0), ==, 0x83);
    /* Who is needed stays. */
    g_assert_false(object_may_delete(&b->hc->object, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_false(object_may_delete(&fast->bus->owner->object, &error));
}

static void refused(Rig *rig, const char *bus, const char *first, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(rig, "ich9-usb-uhci1", "more", &error, "masterbus", bus, "firstport",
                             first, NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

static void test_companions_refused(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *alone;

    g_assert_nonnull(rig_device(rig, "piix3-usb-uhci", "uhci", NULL, NULL));
    g_assert_nonnull(rig_device(rig, "usb-ehci", "ehci", NULL, NULL));
    refused(rig, "none.0", "0", ERROR_REASON_BUS_NOT_FOUND);
    refused(rig, "uhci.0", "0", ERROR_REASON_NOT_SUPPORTED);
    refused(rig, "pci.0", "0", ERROR_REASON_BUS_TYPE_MISMATCH);
    refused(rig, "ehci.0", "5", ERROR_REASON_OUT_OF_RANGE);
    g_assert_nonnull(rig_device(rig, "ich9-usb-uhci2", "companion", NULL, "masterbus", "ehci.0",
                                "firstport", "3", NULL));
    refused(rig, "ehci.0", "2", ERROR_REASON_ADDRESS_IN_USE);
    refused(rig, "ehci.0", "4", ERROR_REASON_ADDRESS_IN_USE);
    /* The first of its ports was given back; it has a bus if it is nobody's. */
    g_assert_nonnull(rig_device(rig, "usb-kbd", "kbd", NULL, "usb_version", "1", "bus", "ehci.0",
                                "port", "4", NULL));
    g_assert_null(rig_device(rig, "usb-kbd", "more", &error, "usb_version", "1", "bus", "ehci.0",
                             "port", "3", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    alone = rig_device(rig, "ich9-usb-uhci3", "alone", NULL, NULL);
    g_assert_nonnull(rig_device(rig, "usb-kbd", "more", NULL, "bus", "alone.0", NULL));
    device_unmake(alone);
}

/* Each of two has its own devices. */
static void test_two(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 0);

    g_assert_nonnull(rig_device(b->rig, "usb-ehci", "other", NULL, "addr", "9.0", NULL));
    g_assert_nonnull(rig_device(b->rig, "usb-tablet", "t2", NULL, "bus", "other.0", "port", "1",
                                NULL));
    g_assert_cmphex(ehci_get(b, EHCI_PORT_1), ==, 0x1000);
    ehci_bench_device(b, "usb-tablet", "t1", "1", NULL);
    ehci_enable(b, 0);
    g_assert_cmphex(request_status(b, 0, 0x8006, 0x0100), ==, 0);
}

#define CASE(name) { "/ehci/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(registers), CASE(frindex), CASE(ports), CASE(companions), CASE(companions_refused),
    CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
