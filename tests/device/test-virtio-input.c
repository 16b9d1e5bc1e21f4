/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-keyboard-device, virtio-mouse-device, virtio-tablet-device: what they say of themselves,
 * events, a driver without buffers, LEDs.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/lib/virtio-driver-pci.h"

enum { EVENTS = 0, STATUS = 1, EVENT_SIZE = 8 };
enum { NAME = 0x01, SERIAL = 0x02, IDS = 0x03, BITS = 0x11, AXIS = 0x12 };
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11 };

typedef struct {
    VirtioDriver *d;
    guint64 buffers;            /* of the event queue, one after the other */
    guint taken;
} Bench;

static guint select_config(VirtioDriver *d, guint select, guint subselect, guint8 data[128])
{
    guint size;

    virtio_driver_set_config(d, 0, select, 1);
    virtio_driver_set_config(d, 1, subselect, 1);
    size = virtio_driver_config(d, 2, 1);
    for (guint i = 0; i < 128; i++) {
        data[i] = virtio_driver_config(d, 8 + i, 1);
    }
    return size;
}

static void add_buffers(Bench *b, guint n)
{
    for (guint i = 0; i < n; i++) {
        guint64 addr = virtio_driver_alloc(b->d, EVENT_SIZE, 8);

        b->buffers = b->buffers ?: addr;
        virtio_driver_add(b->d, EVENTS, &(VirtioBuffer){ addr, EVENT_SIZE, true }, 1);
    }
    virtio_driver_kick(b->d, EVENTS);
}

static void start(Bench *b, VirtioDriver *d)
{
    *b = (Bench){ .d = d };
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 2, 64);
    add_buffers(b, 16);
}

/* The next event; type 0xffff: there is none. */
static void assert_event(Bench *b, guint16 type, guint16 code, gint32 value)
{
    const guint8 *bytes = virtio_driver_ptr(b->d, b->buffers + EVENT_SIZE * b->taken);
    guint32 length = 0;

    if (type == 0xffff) {
        g_assert_false(virtio_driver_used(b->d, EVENTS, NULL, NULL));
        return;
    }
    g_assert_true(virtio_driver_used(b->d, EVENTS, NULL, &length));
    g_assert_cmpuint(length, ==, EVENT_SIZE);
    g_assert_cmphex(get_le16(bytes), ==, type);
    g_assert_cmphex(get_le16(bytes + 2), ==, code);
    g_assert_cmpint((gint32)get_le32(bytes + 4), ==, value);
    b->taken++;
}

static void assert_none(Bench *b)
{
    assert_event(b, 0xffff, 0, 0);
}

static void send(VirtioDriver *d, InputEventKind kind, guint code, gint64 value)
{
    input_send(d->rig->machine, &(InputItem){ kind, code, value }, 1);
}

/* ---- Cases ---- */

static void test_keyboard(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    guint8 data[128];
    guint64 led;
    Bench b;

    g_assert_nonnull(rig_device(rig, "virtio-keyboard-device", "k", NULL, "serial", "4711", NULL));
    g_assert_cmpuint(select_config(d, NAME, 0, data), ==, strlen("QEMU Virtio Keyboard"));
    g_assert_cmpmem(data, 4, "QEMU", 4);
    g_assert_cmpuint(select_config(d, SERIAL, 0, data), ==, 4);
    g_assert_cmpuint(select_config(d, SERIAL, 1, data), ==, 0);
    g_assert_cmpuint(select_config(d, IDS, 0, data), ==, 8);
    g_assert_cmphex(get_le64(data), ==, G_GUINT64_CONSTANT(0x0001000106270006));
    g_assert_cmpuint(select_config(d, BITS, EV_KEY, data), ==, 226 / 8 + 1);
    g_assert_cmphex(data[30 / 8] >> 30 % 8 & 1, ==, 1);
    g_assert_cmpuint(select_config(d, BITS, EV_LED, data), ==, 1);
    g_assert_cmpuint(select_config(d, BITS, EV_REL, data), ==, 0);
    g_assert_cmpuint(select_config(d, AXIS, 0, data), ==, 0);
    g_assert_cmpuint(select_config(d, 0x77, 0, data), ==, 0);
    send(d, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_A, 1);     /* no driver: lost */
    start(&b, d);
    assert_none(&b);
    send(d, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_A, 1);
    send(d, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_A, 0);
    assert_event(&b, EV_KEY, 30, 1);
    assert_event(&b, EV_SYN, 0, 0);
    assert_event(&b, EV_KEY, 30, 0);
    assert_event(&b, EV_SYN, 0, 0);
    assert_none(&b);
    /* LEDs come back. */
    led = virtio_driver_alloc(d, EVENT_SIZE, 8);
    virtio_driver_add(d, STATUS, &(VirtioBuffer){ led, EVENT_SIZE, false }, 1);
    virtio_driver_kick(d, STATUS);
    g_assert_true(virtio_driver_used(d, STATUS, NULL, NULL));
}

static void test_mouse(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    guint8 data[128];
    Bench b;

    g_assert_nonnull(rig_device(rig, "virtio-mouse-device", "m", NULL, NULL));
    g_assert_cmpuint(select_config(d, SERIAL, 0, data), ==, 0);
    g_assert_cmpuint(select_config(d, BITS, EV_REL, data), ==, 2);
    g_assert_cmphex(get_le16(data), ==, 0x103);
    g_assert_cmpuint(select_config(d, BITS, EV_KEY, data), ==, 0x114 / 8 + 1);
    g_assert_cmphex(data[0x110 / 8], ==, 0x1f);
    start(&b, d);
    input_send(rig->machine, (InputItem[]){ { INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 5 },
                                            { INPUT_EVENT_KIND_REL, INPUT_AXIS_Y, G_MININT64 },
                                            { INPUT_EVENT_KIND_BTN, INPUT_BUTTON_EXTRA, 1 } }, 3);
    assert_event(&b, EV_REL, 0, 5);
    assert_event(&b, EV_REL, 1, G_MININT32);
    assert_event(&b, EV_KEY, 0x114, 1);
    assert_event(&b, EV_SYN, 0, 0);
    send(d, INPUT_EVENT_KIND_BTN, INPUT_BUTTON_WHEEL_DOWN, 1);
    send(d, INPUT_EVENT_KIND_BTN, INPUT_BUTTON_WHEEL_DOWN, 0);
    assert_event(&b, EV_REL, 8, -1);
    assert_event(&b, EV_SYN, 0, 0);
    assert_none(&b);
}

/* Events wait for buffers, and beyond some hundred whole groups are lost. */
static void test_tablet(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    guint8 data[128];
    guint n = 0;
    Bench b;

    g_assert_nonnull(rig_device(rig, "virtio-tablet-device", "t", NULL, NULL));
    g_assert_cmpuint(select_config(d, AXIS, 1, data), ==, 20);
    g_assert_cmphex(get_le32(data + 4), ==, 0x7fff);
    g_assert_cmpuint(select_config(d, BITS, EV_ABS, data), ==, 1);
    start(&b, d);
    send(d, INPUT_EVENT_KIND_ABS, INPUT_AXIS_Y, 0x12345);
    assert_event(&b, EV_ABS, 1, 0x7fff);
    assert_event(&b, EV_SYN, 0, 0);
    for (guint i = 0; i < 200; i++) {
        send(d, INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, i);
    }
    for (guint i = 0; i < 7; i++) {
        assert_event(&b, EV_ABS, 0, i);
        assert_event(&b, EV_SYN, 0, 0);
    }
    assert_none(&b);
    for (guint i = 0; i < 20; i++) {
        add_buffers(&b, 16);
        while (virtio_driver_used(d, EVENTS, NULL, NULL)) {
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 256);
}

/* On PCI it is a device of VIRTIO 1.0 alone. */
static void test_pci(void)
{
    static const struct {
        const char *driver;
        guint32 class_id;
    } functions[] = {
        { "virtio-keyboard-pci", 0x09000001 }, { "virtio-mouse-pci", 0x09020001 },
        { "virtio-tablet-pci", 0x09800001 },
    };
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        Device *dev = rig_device(rig, functions[i].driver, functions[i].driver, NULL, NULL);
        g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, i, dev, VIRTIO_DRIVER_MODERN);
        guint8 data[128];

        g_assert_cmphex(virtio_driver_pci_config(d, 0, 4), ==, 0x10521af4);
        g_assert_cmphex(virtio_driver_pci_config(d, 8, 4), ==, functions[i].class_id);
        g_assert_cmpuint(select_config(d, IDS, 0, data), ==, 8);
        g_assert_cmpuint(data[4], ==, i + 1);
    }
}

#define CASE(name) { "/virtio-input/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(keyboard), CASE(mouse), CASE(tablet), CASE(pci),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
