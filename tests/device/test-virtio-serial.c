/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-serial.c and its ports, with chardevs that accept as much as
 * the test allows.
 */
#include "config.h"

#include <string.h>

#include "hw/virtio/virtio-serial.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver.h"

enum {
    CONTROL_IN = 2, CONTROL_OUT = 3, IN = 4, OUT = 5, N_QUEUES = 6,
    READY = 0, ADD = 1, REMOVE = 2, PORT_READY = 3, CONSOLE = 4, OPEN = 6, NAME = 7,
};

typedef struct {
    Rig *rig;
    VirtioDriver *d;
    Device *dev, *port;
    Chardev *chr;
} Bench;

/* What a chardev took, and how much it still takes.  Tests run one by one. */
static GString *taken;
static gsize room;

static gsize slow_write(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n = MIN(size, room);

    g_string_append_len(taken, (const char *)data, n);
    room -= n;
    return n;
}

static char *slow_filename(Chardev *chr)
{
    return g_strdup("slow");
}

static const CharOps slow_ops = { .write = slow_write, .filename = slow_filename };

static Chardev *add_chardev(Bench *b, const char *id)
{
    Chardev *chr = to_chardev(rig_object(b->rig, "chardev-null", id, NULL, NULL));

    chr->ops = &slow_ops;
    return chr;
}

static Bench *bench_new(const char *driver, const char *max_ports)
{
    Bench *b = g_new0(Bench, 1);
    g_autoptr(GError) error = NULL;

    taken = g_string_new(NULL);
    room = 1000;
    b->rig = rig_new();
    b->d = virtio_driver_new(b->rig, 0);
    b->dev = rig_device(b->rig, "virtio-serial-device", "vser", &error, "max_ports", max_ports,
                        NULL);
    g_assert_no_error(error);
    b->chr = add_chardev(b, "c0");
    b->port = rig_device(b->rig, driver, "p0", &error, "chardev", "c0", "name", "org.test.0",
                         NULL);
    g_assert_no_error(error);
    return b;
}

static void bench_free(Bench *b)
{
    virtio_driver_free(b->d);
    rig_free(b->rig);
    g_string_free(taken, true);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static void send_control(Bench *b, guint32 id, guint16 event, guint16 value)
{
    const struct { guint32 id; guint16 event, value; } message = { id, event, value };

    virtio_driver_add(b->d, CONTROL_OUT,
                      &(VirtioBuffer){ virtio_driver_data(b->d, &message, 8), 8, false }, 1);
    virtio_driver_kick(b->d, CONTROL_OUT);
    g_assert_true(virtio_driver_used(b->d, CONTROL_OUT, NULL, NULL));
}

/* Gives the device a buffer, and expects this message in it. */
static void expect_control(Bench *b, guint32 id, guint16 event, guint16 value, const char *text)
{
    guint64 addr = virtio_driver_alloc(b->d, 64, 4);
    guint16 *p = virtio_driver_ptr(b->d, addr);
    guint32 length;

    virtio_driver_add(b->d, CONTROL_IN, &(VirtioBuffer){ addr, 64, true }, 1);
    virtio_driver_kick(b->d, CONTROL_IN);
    g_assert_true(virtio_driver_used(b->d, CONTROL_IN, NULL, &length));
    g_assert_cmpuint(length, ==, 8 + (text ? strlen(text) : 0));
    g_assert_cmpuint(p[0] | p[1] << 16, ==, id);
    g_assert_cmpuint(p[2], ==, event);
    g_assert_cmpuint(p[3], ==, value);
    g_assert_cmpstr((char *)&p[4], ==, text ? text : "");
}

static void start(Bench *b)
{
    virtio_driver_start(b->d, ~0ull, N_QUEUES, 16);
    send_control(b, 0xffffffff, READY, 1);
}

static void write_out(Bench *b, guint queue, const char *text)
{
    gsize n = strlen(text);

    virtio_driver_add(b->d, queue, &(VirtioBuffer){ virtio_driver_data(b->d, text, n), n, false },
                      1);
    virtio_driver_kick(b->d, queue);
}

static guint64 offer(Bench *b, guint queue, guint32 size)
{
    guint64 addr = virtio_driver_alloc(b->d, size, 1);

    virtio_driver_add(b->d, queue, &(VirtioBuffer){ addr, size, true }, 1);
    virtio_driver_kick(b->d, queue);
    return addr;
}

static void test_config(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "5");

    g_assert_cmpuint(virtio_driver_read(b->d, 8), ==, 3);
    g_assert_cmpuint(virtio_driver_config(b->d, 4, 4), ==, 5);
    g_assert_cmphex(virtio_driver_offered(b->d) & 7, ==, 6);
    virtio_driver_write(b->d, 0x30, 11);
    g_assert_cmpuint(virtio_driver_read(b->d, 0x34), ==, 128);
    virtio_driver_write(b->d, 0x30, 12);
    g_assert_cmpuint(virtio_driver_read(b->d, 0x34), ==, 0);
}

static void test_announce(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");

    start(b);
    expect_control(b, 1, ADD, 1, NULL);
    send_control(b, 1, PORT_READY, 1);
    expect_control(b, 1, NAME, 1, "org.test.0");
    expect_control(b, 1, OPEN, 1, NULL);
    char_event(b->chr, CHAR_EVENT_CLOSED);
    expect_control(b, 1, OPEN, 0, NULL);
    char_event(b->chr, CHAR_EVENT_OPENED);
    expect_control(b, 1, OPEN, 1, NULL);
    send_control(b, 77, PORT_READY, 1);                 /* no such port */
    send_control(b, 77, OPEN, 1);
    send_control(b, 1, 99, 1);                          /* no such message */
    g_assert_cmphex(virtio_driver_status(b->d), ==, 15);
}

static void test_console(void)
{
    g_autoptr(Bench) b = bench_new("virtconsole", "2");

    g_assert_cmpuint(virtio_serial_port_props(b->port)->nr, ==, 0);
    start(b);
    expect_control(b, 0, ADD, 1, NULL);
    send_control(b, 0, PORT_READY, 1);
    expect_control(b, 0, CONSOLE, 1, NULL);
    expect_control(b, 0, NAME, 1, "org.test.0");
    expect_control(b, 0, OPEN, 1, NULL);
    write_out(b, 1, "login:");
    g_assert_cmpstr(taken->str, ==, "login:");
}

/* Without MULTIPORT there is port 0, open from the start. */
static void test_single(void)
{
    g_autoptr(Bench) b = bench_new("virtconsole", "1");
    guint64 addr;

    g_assert_cmphex(virtio_driver_offered(b->d) & 7, ==, 4);
    g_assert_true(char_in_use(b->chr));
    virtio_driver_start(b->d, ~0ull, 2, 16);
    write_out(b, 1, "x");
    g_assert_cmpstr(taken->str, ==, "x");
    addr = offer(b, 0, 8);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 8);
    char_receive(b->chr, (const guint8 *)"y", 1);
    g_assert_cmpmem(virtio_driver_ptr(b->d, addr), 1, "y", 1);
}

static void test_emergency(void)
{
    g_autoptr(Bench) b = bench_new("virtconsole", "2");

    virtio_driver_set_config(b->d, 8, '!', 4);
    virtio_driver_set_config(b->d, 8, '?', 1);
    g_assert_cmpstr(taken->str, ==, "!?");
    g_assert_cmphex(virtio_driver_config(b->d, 8, 4), ==, 0);
}

/* The driver's chain is out until the host has taken all of it. */
static void test_slow_host(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");

    start(b);
    room = 3;
    write_out(b, OUT, "abcdef");
    write_out(b, OUT, "ghi");
    g_assert_cmpstr(taken->str, ==, "abc");
    g_assert_false(virtio_driver_used(b->d, OUT, NULL, NULL));
    room = 2;
    char_writable(b->chr);
    g_assert_cmpstr(taken->str, ==, "abcde");
    machine_pause(b->rig->machine);
    room = 100;
    char_writable(b->chr);
    g_assert_cmpstr(taken->str, ==, "abcde");
    machine_run(b->rig->machine, NULL);
    g_assert_cmpstr(taken->str, ==, "abcdefghi");
    g_assert_true(virtio_driver_used(b->d, OUT, NULL, NULL));
    g_assert_true(virtio_driver_used(b->d, OUT, NULL, NULL));
    room = 0;
    write_out(b, OUT, "lost");
    rig_reset(b->rig);
    room = 100;
    char_writable(b->chr);
    g_assert_cmpstr(taken->str, ==, "abcdefghi");
}

/* Nobody there: what is sent to a port is lost, and does not stay in the way. */
static void test_no_host(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");

    start(b);
    room = 0;
    write_out(b, OUT, "abc");
    char_event(b->chr, CHAR_EVENT_CLOSED);
    g_assert_true(virtio_driver_used(b->d, OUT, NULL, NULL));
    room = 100;
    write_out(b, OUT, "def");
    g_assert_true(virtio_driver_used(b->d, OUT, NULL, NULL));
    g_assert_cmpstr(taken->str, ==, "");
    write_out(b, 1, "no such port");
    g_assert_true(virtio_driver_used(b->d, 1, NULL, NULL));
}

/* The host waits for buffers, and for the port to be opened. */
static void test_slow_guest(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");
    guint64 first, second;
    guint32 length;

    start(b);
    first = offer(b, IN, 4);
    second = offer(b, IN, 10);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 0);
    g_assert_false(char_in_use(b->chr));
    send_control(b, 1, OPEN, 1);
    g_assert_true(char_in_use(b->chr));
    g_assert_cmpuint(char_can_receive(b->chr), ==, 4);
    char_receive(b->chr, (const guint8 *)"hi", 2);
    g_assert_true(virtio_driver_used(b->d, IN, NULL, &length));
    g_assert_cmpuint(length, ==, 2);
    g_assert_cmpmem(virtio_driver_ptr(b->d, first), 2, "hi", 2);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 10);
    char_receive(b->chr, (const guint8 *)"0123456789", 10);
    g_assert_true(virtio_driver_used(b->d, IN, NULL, &length));
    g_assert_cmpuint(length, ==, 10);
    g_assert_cmpmem(virtio_driver_ptr(b->d, second), 10, "0123456789", 10);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 0);
    offer(b, IN, 5);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 5);
    send_control(b, 1, OPEN, 0);
    g_assert_false(char_in_use(b->chr));
    g_assert_cmpuint(char_can_receive(b->chr), ==, 0);
}

static void test_remove(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");
    g_autoptr(GError) error = NULL;

    start(b);
    expect_control(b, 1, ADD, 1, NULL);
    send_control(b, 1, OPEN, 1);
    offer(b, IN, 4);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 4);  /* it holds the buffer */
    room = 0;
    write_out(b, OUT, "abc");
    device_unmake(b->port);
    g_assert_true(virtio_driver_used(b->d, OUT, NULL, NULL));
    expect_control(b, 1, REMOVE, 1, NULL);
    rig_device(b->rig, "virtserialport", "again", &error, "chardev", "c0", NULL);
    g_assert_no_error(error);
    send_control(b, 0xffffffff, READY, 1);
    expect_control(b, 1, ADD, 1, NULL);
    send_control(b, 1, OPEN, 1);
    g_assert_cmpuint(char_can_receive(b->chr), ==, 4);
}

static void expect_refusal(Bench *b, const char *driver, const char *name, const char *value,
                           const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(b->rig, driver, "refused", &error, name, value, NULL));
    g_assert_nonnull(strstr(error->message, text));
}

static void test_numbers(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "3");

    g_assert_cmpuint(virtio_serial_port_props(b->port)->nr, ==, 1);
    expect_refusal(b, "virtserialport", "nr", "1", "taken");
    expect_refusal(b, "virtserialport", "nr", "0", "virtconsole");
    expect_refusal(b, "virtserialport", "nr", "3", "no port 3");
    expect_refusal(b, "virtserialport", "name", "org.test.0", "org.test.0");
    g_assert_nonnull(rig_device(b->rig, "virtserialport", "p2", NULL, NULL));
    expect_refusal(b, "virtserialport", "name", "x", "needs a 'virtio-serial-bus'");
    g_assert_nonnull(rig_device(b->rig, "virtconsole", "con", NULL, NULL));
    expect_refusal(b, "virtconsole", "name", "x", "needs a 'virtio-serial-bus'");
}

static guint number_on(const Bench *b, const char *driver, const char *id, const char *bus)
{
    g_autoptr(GError) error = NULL;
    Device *port = rig_device(b->rig, driver, id, &error, NULL);

    g_assert_no_error(error);
    g_assert_cmpstr(port->bus->object.name, ==, bus);
    return virtio_serial_port_props(port)->nr;
}

/* A device without `bus` gets the first bus with room for its kind. */
static void test_room(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");
    g_autoptr(VirtioDriver) other = virtio_driver_new(b->rig, 1);

    expect_refusal(b, "virtserialport", "name", "x", "needs a 'virtio-serial-bus'");
    g_assert_nonnull(rig_device(b->rig, "virtio-serial-device", "second", NULL, "max_ports", "3",
                                NULL));
    g_assert_cmpuint(number_on(b, "virtserialport", "p1", "second.0"), ==, 1);
    g_assert_cmpuint(number_on(b, "virtconsole", "c0", "vser.0"), ==, 0);
    g_assert_cmpuint(number_on(b, "virtconsole", "c1", "second.0"), ==, 0);
    g_assert_cmpuint(number_on(b, "virtconsole", "c2", "second.0"), ==, 2);
    expect_refusal(b, "virtserialport", "name", "x", "needs a 'virtio-serial-bus'");
}

/* Two devices, each with its ports. */
static void test_two(void)
{
    g_autoptr(Bench) b = bench_new("virtserialport", "2");
    g_autoptr(VirtioDriver) other = virtio_driver_new(b->rig, 1);
    g_autoptr(GError) error = NULL;

    rig_device(b->rig, "virtio-serial-device", "second", &error, NULL);
    g_assert_no_error(error);
    g_assert_nonnull(bus_find(b->rig->root, "second.0", NULL, NULL));
    start(b);
    virtio_driver_start(other, ~0ull, N_QUEUES, 16);
    write_out(b, OUT, "one");
    g_assert_cmpstr(taken->str, ==, "one");
    g_assert_false(virtio_driver_line(other));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-serial/config", test_config);
    g_test_add_func("/virtio-serial/announce", test_announce);
    g_test_add_func("/virtio-serial/console", test_console);
    g_test_add_func("/virtio-serial/single", test_single);
    g_test_add_func("/virtio-serial/emergency", test_emergency);
    g_test_add_func("/virtio-serial/slow-host", test_slow_host);
    g_test_add_func("/virtio-serial/no-host", test_no_host);
    g_test_add_func("/virtio-serial/slow-guest", test_slow_guest);
    g_test_add_func("/virtio-serial/remove", test_remove);
    g_test_add_func("/virtio-serial/numbers", test_numbers);
    g_test_add_func("/virtio-serial/room", test_room);
    g_test_add_func("/virtio-serial/two", test_two);
    return g_test_run();
}
