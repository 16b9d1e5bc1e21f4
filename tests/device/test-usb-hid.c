/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usb-kbd, usb-mouse and usb-tablet: reports, queues, requests of the HID class, idle rate, LEDs,
 * remote wakeup, and which device gets a client's events.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/lib/xhci-driver.h"

enum { P_2 = 5, IN = 3 /* endpoint 1 */ };

static guint start(XhciBench *b, const char *driver)
{
    guint slot;

    xhci_bench_device(b, driver, "dev", "port", "1", NULL);
    slot = xhci_open(b, P_2);
    xhci_configure_hid(b, slot);
    return slot;
}

/* The next report, if there is one: its size. */
static guint32 report(XhciBench *b, guint slot, guint8 ret[8])
{
    guint64 memory = xhci_bench_alloc(b, 8, 8);
    BenchEvent event = { 0 };
    guint8 code;

    xhci_submit(b, slot, IN, memory, 8);
    code = xhci_transfer_event(b, &event);
    memcpy(ret, xhci_bench_ptr(b, memory), 8);
    if (!code) {                /* takes it back */
        BenchRing *ring = &b->rings[slot][IN];

        xhci_command(b, 0, 0, TRB_STOP_ENDPOINT << TRB_TYPE_SHIFT | slot << TRB_SLOT_SHIFT |
                     IN << TRB_ENDPOINT_SHIFT, NULL);
        xhci_command(b, (ring->base + ring->next * TRB_SIZE) | ring->cycle, 0,
                     TRB_SET_DEQUEUE << TRB_TYPE_SHIFT | slot << TRB_SLOT_SHIFT |
                     IN << TRB_ENDPOINT_SHIFT, NULL);
        return 0;
    }
    return 8 - event.length;
}

static void assert_report(XhciBench *b, guint slot, const char *expected)
{
    guint8 bytes[8];
    guint32 size = report(b, slot, bytes);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint32 i = 0; i < size; i++) {
        g_string_append_printf(text, "%s%02x", i ? " " : "", bytes[i]);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void send(XhciBench *b, InputEventKind kind, guint code, gint64 value)
{
    input_send(b->rig->machine, &(InputItem){ kind, code, value }, 1);
}

static void key(XhciBench *b, QKeyCode code, bool down)
{
    send(b, INPUT_EVENT_KIND_KEY, code, down);
}

static void button(XhciBench *b, InputButton code, bool down)
{
    send(b, INPUT_EVENT_KIND_BTN, code, down);
}

/* ---- Keyboard ---- */

static void test_keys(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-kbd");

    assert_report(b, slot, "");
    key(b, Q_KEY_CODE_SHIFT, true);
    key(b, Q_KEY_CODE_A, true);
    key(b, Q_KEY_CODE_A, false);
    key(b, Q_KEY_CODE_SHIFT, false);
    assert_report(b, slot, "02 00 00 00 00 00 00 00");
    assert_report(b, slot, "02 00 04 00 00 00 00 00");
    assert_report(b, slot, "02 00 00 00 00 00 00 00");
    assert_report(b, slot, "00 00 00 00 00 00 00 00");
    assert_report(b, slot, "");
    key(b, Q_KEY_CODE_META_R, true);
    assert_report(b, slot, "80 00 00 00 00 00 00 00");
    key(b, Q_KEY_CODE_META_R, false);
    assert_report(b, slot, "00 00 00 00 00 00 00 00");
    key(b, Q_KEY_CODE_MAIL, true);              /* no such key */
    assert_report(b, slot, "");
    /* Seven keys are too many, six are not. */
    for (guint i = 0; i < 7; i++) {
        key(b, Q_KEY_CODE_1 + i, true);
    }
    for (guint i = 0; i < 5; i++) {
        guint8 bytes[8];

        g_assert_cmpuint(report(b, slot, bytes), ==, 8);
    }
    assert_report(b, slot, "00 00 1e 1f 20 21 22 23");
    assert_report(b, slot, "00 00 01 01 01 01 01 01");
    key(b, Q_KEY_CODE_1, false);
    assert_report(b, slot, "00 00 1f 20 21 22 23 24");
}

/* More changes than the queue has room for: the last state is right. */
static void test_overflow(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-kbd"), n = 0;
    guint8 bytes[8];

    for (guint i = 0; i < 100; i++) {
        key(b, Q_KEY_CODE_Q, i % 2 == 0);
    }
    key(b, Q_KEY_CODE_W, true);
    while (report(b, slot, bytes)) {
        n++;
    }
    g_assert_cmpuint(n, ==, 65);
    g_assert_cmphex(get_le64(bytes), ==, 0);
    xhci_control(b, slot, 0xa101, 0x0100, 0, 8, bytes);
    g_assert_cmphex(get_le64(bytes), ==, 0x1a0000);
}

/* Each key has a usage, except for those that such keyboards do not have; no two the same but
 * where two names stand for one key. */
static void test_usages(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-kbd"), mapped = 0;

    for (guint i = 0; i < Q_KEY_CODE__MAX; i++) {
        guint8 bytes[8];

        key(b, i, true);
        if (report(b, slot, bytes)) {
            mapped++;
            g_assert_true(bytes[0] || bytes[2]);
            key(b, i, false);
            g_assert_cmpuint(report(b, slot, bytes), ==, 8);
            g_assert_cmphex(get_le64(bytes), ==, 0);
        }
    }
    g_assert_cmpuint(mapped, ==, 133);
}

static void test_requests(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-kbd");
    guint8 data[256] = { 0 };

    /* The descriptors agree about the length of the reports'. */
    g_assert_cmpuint(xhci_control(b, slot, 0x8106, 0x2100, 0, 9, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[1], ==, 0x21);
    g_assert_cmpuint(data[7], ==, 65);
    g_assert_cmpuint(xhci_control(b, slot, 0x8106, 0x2200, 0, 65, data), ==, CODE_SUCCESS);
    g_assert_cmphex(data[64], ==, 0xc0);
    g_assert_cmpuint(xhci_control(b, slot, 0x8106, 0x2200, 1, 65, data), ==, CODE_STALL);
    /* Protocol: of reports, after a reset. */
    g_assert_cmpuint(xhci_control(b, slot, 0xa103, 0, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 1);
    g_assert_cmpuint(xhci_control(b, slot, 0x210b, 0, 0, 0, NULL), ==, CODE_SUCCESS);
    xhci_control(b, slot, 0xa103, 0, 0, 1, data);
    g_assert_cmpuint(data[0], ==, 0);
    g_assert_cmpuint(xhci_control(b, slot, 0x210b, 2, 0, 0, NULL), ==, CODE_STALL);
    /* LEDs. */
    data[0] = 7;
    g_assert_cmpuint(xhci_control(b, slot, 0x2109, 0x0200, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x2109, 0x0100, 0, 1, data), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(b, slot, 0x2109, 0x0200, 0, 2, data), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(b, slot, 0xa101, 0x0300, 0, 8, data), ==, CODE_STALL);
}

static void test_idle(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-kbd");
    gint64 now = clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL);
    guint8 data[8];

    g_assert_cmpuint(xhci_control(b, slot, 0xa102, 0, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 0);
    key(b, Q_KEY_CODE_X, true);
    assert_report(b, slot, "00 00 1b 00 00 00 00 00");
    g_assert_cmpuint(xhci_control(b, slot, 0x210a, 25 << 8, 0, 0, NULL), ==, CODE_SUCCESS);
    clock_advance(b->rig->clock, now + 99999999);
    assert_report(b, slot, "");
    clock_advance(b->rig->clock, now + 100000000);
    assert_report(b, slot, "00 00 1b 00 00 00 00 00");
    assert_report(b, slot, "");
    g_assert_cmpuint(xhci_control(b, slot, 0x210a, 0, 0, 0, NULL), ==, CODE_SUCCESS);
    clock_advance(b->rig->clock, now + 500000000);
    assert_report(b, slot, "");
}

/* ---- Pointers ---- */

static void test_mouse(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-mouse");

    assert_report(b, slot, "");
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 3);
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_Y, -2);
    assert_report(b, slot, "00 03 fe 00");
    assert_report(b, slot, "");
    /* A long way takes several reports; a click waits for its end. */
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 300);
    button(b, INPUT_BUTTON_LEFT, true);
    button(b, INPUT_BUTTON_LEFT, false);
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_Y, 1);
    assert_report(b, slot, "00 7f 00 00");
    assert_report(b, slot, "00 7f 00 00");
    assert_report(b, slot, "00 2e 00 00");
    assert_report(b, slot, "01 00 00 00");
    assert_report(b, slot, "00 00 01 00");
    assert_report(b, slot, "");
    button(b, INPUT_BUTTON_WHEEL_UP, true);
    button(b, INPUT_BUTTON_WHEEL_UP, false);
    assert_report(b, slot, "00 00 00 01");
    button(b, INPUT_BUTTON_WHEEL_DOWN, true);
    assert_report(b, slot, "00 00 00 ff");
    button(b, INPUT_BUTTON_EXTRA, true);
    assert_report(b, slot, "10 00 00 00");
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_X, G_MAXINT64);
    for (guint i = 0; i < 258; i++) {
        assert_report(b, slot, "10 7f 00 00");
    }
    assert_report(b, slot, "10 01 00 00");
    assert_report(b, slot, "");
}

static void test_tablet(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-tablet");

    input_send(b->rig->machine, (InputItem[]){ { INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 0x1234 },
                                               { INPUT_EVENT_KIND_ABS, INPUT_AXIS_Y, 0x7fff } }, 2);
    assert_report(b, slot, "00 34 12 ff 7f 00");
    /* Positions that nobody took are replaced; clicks are not. */
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 1);
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 2);
    button(b, INPUT_BUTTON_RIGHT, true);
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_Y, 3);
    button(b, INPUT_BUTTON_RIGHT, false);
    assert_report(b, slot, "00 02 00 ff 7f 00");
    assert_report(b, slot, "02 02 00 03 00 00");
    assert_report(b, slot, "00 02 00 03 00 00");
    assert_report(b, slot, "");
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, -5);
    assert_report(b, slot, "00 00 00 03 00 00");
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, G_MAXINT64);
    assert_report(b, slot, "00 ff 7f 03 00 00");
    button(b, INPUT_BUTTON_SIDE, true);         /* it has three buttons */
    assert_report(b, slot, "00 ff 7f 03 00 00");
    button(b, INPUT_BUTTON_WHEEL_DOWN, true);
    assert_report(b, slot, "00 ff 7f 03 00 ff");
}

/* Clicks beyond the queue's length: the last state is right. */
static void test_clicks(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-tablet"), n = 0;
    guint8 bytes[8] = { 0 };

    for (guint i = 0; i < 50; i++) {
        button(b, INPUT_BUTTON_LEFT, i % 2 == 0);
    }
    button(b, INPUT_BUTTON_MIDDLE, true);
    while (report(b, slot, bytes)) {
        n++;
    }
    g_assert_cmpuint(n, ==, 16);
    xhci_control(b, slot, 0xa101, 0x0100, 0, 6, bytes);
    g_assert_cmphex(bytes[0], ==, 4);
}

/* ---- Who gets what ---- */

static void test_routing(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint tablet, mouse;

    xhci_bench_device(b, "usb-tablet", "tablet", "port", "1", NULL);
    xhci_bench_device(b, "usb-mouse", "mouse", "port", "2", NULL);
    mouse = xhci_open(b, P_2 + 1);
    xhci_configure_hid(b, mouse);
    tablet = xhci_open(b, P_2);
    xhci_configure_hid(b, tablet);
    /* Buttons go to the one that was configured last, movements and positions to each. */
    button(b, INPUT_BUTTON_LEFT, true);
    send(b, INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 9);
    send(b, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 9);
    assert_report(b, tablet, "01 09 00 00 00 00");
    assert_report(b, mouse, "00 09 00 00");
    assert_report(b, mouse, "");
}

/* A click wakes a guest that asked for it, by its suspended port. */
static void test_wakeup(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint slot = start(b, "usb-mouse"), at = xhci_port_offset(P_2);

    xhci_set(b, at, PORTSC_CHANGES);
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U3));
    button(b, INPUT_BUTTON_LEFT, true);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->wakes[WAKE_REASON_OTHER], ==, 0);
    g_assert_cmphex(xhci_get(b, at) & PORTSC_PLS_MASK, ==, PORTSC_PLS(PLS_U3));
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U0));
    g_assert_cmpuint(xhci_control(b, slot, 0x0003, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    xhci_set(b, at, PORTSC_CHANGES);
    xhci_set(b, at, PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U3));
    button(b, INPUT_BUTTON_LEFT, false);
    g_assert_cmphex(xhci_get(b, at) & (PORTSC_PLS_MASK | PORTSC_LINK_CHANGE), ==,
                    PORTSC_PLS(PLS_RESUME) | PORTSC_LINK_CHANGE);
}

#define CASE(name) { "/usb-hid/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(keys), CASE(overflow), CASE(usages), CASE(requests), CASE(idle), CASE(mouse),
    CASE(tablet), CASE(clicks), CASE(routing), CASE(wakeup),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
