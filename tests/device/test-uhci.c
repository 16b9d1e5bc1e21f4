/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UHCI controllers and hubs: registers, ports, the schedule frame by frame, errors of a guest; a hub
 * on one, with devices behind it, and on xHCI.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "tests/lib/xhci-driver.h"

#define RAM G_GUINT64_CONSTANT(0x1000000)

enum { RAM_SIZE = 1 << 20, DEVFN = PCI_DEVFN(3, 0), IO = 0xc000 };
enum { CMD = 0, STS = 2, INTR = 4, FRNUM = 6, BASE = 8, PORT_1 = 16 };
enum { FRAMES = 0, QUEUE = 0x1000, TDS = 0x2000, DATA = 0x8000 };
enum { END = 1, IS_QUEUE = 2, DEPTH = 4 };
enum { ACTIVE = 1 << 23, STALLED = 1 << 22, NAK = 1 << 19, TIMEOUT = 1 << 18, IOC = 1 << 24,
       SHORT = 1 << 29 };
enum { IN = 0x69, OUT = 0xe1, SETUP = 0x2d };

typedef struct {
    Rig *rig;
    guint8 *ram;
    guint n;                    /* of descriptors */
} Bench;

static guint8 *at(Bench *b, guint32 offset)
{
    return b->ram + offset;
}

static guint16 in(Bench *b, guint reg)
{
    return rig_in(b->rig, IO + reg, 2);
}

static void out(Bench *b, guint reg, guint16 value)
{
    rig_out(b->rig, IO + reg, value, 2);
}

/* Frames, each of which begins with the queue. */
static void start(Bench *b)
{
    rig_pci_write(b->rig, 0, DEVFN, PCI_BASE_ADDRESS_0 + 16, IO, 4);
    rig_pci_write(b->rig, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    for (guint i = 0; i < 1024; i++) {
        put_le(at(b, FRAMES + 4 * i), (RAM + QUEUE) | IS_QUEUE, 4);
    }
    put_le(at(b, QUEUE), END, 4);
    put_le(at(b, QUEUE + 4), END, 4);
    rig_out(b->rig, IO + BASE, RAM & 0xffff, 2);
    rig_out(b->rig, IO + BASE + 2, RAM >> 16, 2);
    out(b, INTR, 0xf);
    out(b, CMD, 1);
}

static Bench *bench(void)
{
    Bench *b = g_new0(Bench, 1);
    MemoryRegion *region;

    b->rig = rig_new();
    b->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(b->ram != MAP_FAILED);
    region = region_new_ram(&b->rig->machine->object, "ram", b->ram, RAM_SIZE);
    region_add(address_space_root(b->rig->memory), RAM, region, 0);
    g_assert_nonnull(rig_device(b->rig, "piix3-usb-uhci", "uhci", NULL, "addr", "3.0", NULL));
    rig_pci_hotplug(b->rig);
    rig_reset(b->rig);
    start(b);
    return b;
}

static void bench_free(Bench *b)
{
    rig_free(b->rig);
    munmap(b->ram, RAM_SIZE);
    g_free(b);
}

static Device *add(Bench *b, const char *driver, const char *id, const char *port)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(b->rig, driver, id, &error, "bus", "uhci.0", "port", port, NULL);

    g_assert_no_error(error);
    return dev;
}

static void frames(Bench *b, guint n)
{
    clock_advance(b->rig->clock, clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + n * 1000000);
}

/* A descriptor that follows the one before, and where its status is. */
static guint32 td(Bench *b, guint8 pid, guint8 address, guint8 endpoint, guint32 buffer,
                  guint16 size, guint32 flags)
{
    guint32 offset = TDS + 32 * b->n++;

    put_le(at(b, offset), END, 4);
    put_le(at(b, offset + 4), ACTIVE | 3 << 27 | flags, 4);
    put_le(at(b, offset + 8), pid | address << 8 | endpoint << 15 | ((size - 1) & 0x7ffu) << 21, 4);
    put_le(at(b, offset + 12), RAM + buffer, 4);
    if (b->n > 1) {
        put_le(at(b, offset - 32), RAM + offset, 4);
    }
    return offset + 4;
}

static guint32 status(Bench *b, guint32 offset)
{
    return get_le32(at(b, offset));
}

/* Puts the descriptors since the last time on the queue, and runs until they are done. */
static void run(Bench *b)
{
    put_le(at(b, QUEUE + 4), RAM + TDS, 4);
    frames(b, b->n + 2);
    b->n = 0;
}

/* A control transfer of packets of 8 bytes; the status of its last descriptor, which is still
 * active if another one has failed. */
static guint32 control(Bench *b, guint8 address, guint16 request, guint16 value, guint16 index,
                       guint16 length, void *data)
{
    bool to_host = request & 0x8000;
    guint8 *setup = at(b, DATA);
    guint32 last;

    setup[0] = request >> 8;
    setup[1] = request;
    put_le(setup + 2, value, 2);
    put_le(setup + 4, index, 2);
    put_le(setup + 6, length, 2);
    td(b, SETUP, address, 0, DATA, 8, 0);
    for (guint i = 0; i < length; i += 8) {
        td(b, to_host ? IN : OUT, address, 0, DATA + 64 + i, MIN(8, length - i), 0);
    }
    last = td(b, to_host && length ? OUT : IN, address, 0, DATA, 0, IOC);
    run(b);
    if (to_host && data) {
        memcpy(data, at(b, DATA + 64), length);
    }
    return status(b, last);
}

static void enable(Bench *b, guint port)
{
    out(b, PORT_1 + 2 * port, 0x200);
    out(b, PORT_1 + 2 * port, 0);
    out(b, PORT_1 + 2 * port, 4);
}

/* ---- Registers and ports ---- */

static void test_registers(void)
{
    Bench *b = bench();

    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 0, 4), ==, 0x70208086);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 8, 4), ==, 0x0c030001);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, PCI_INTERRUPT_PIN, 1), ==, 4);
    g_assert_cmphex(rig_pci_read(b->rig, 0, DEVFN, 0x60, 1), ==, 0x10);
    g_assert_cmphex(in(b, CMD), ==, 1);
    g_assert_cmphex(in(b, STS), ==, 0);
    g_assert_cmphex(rig_in(b->rig, IO + 12, 1), ==, 64);
    g_assert_cmphex(in(b, PORT_1), ==, 0x80);
    g_assert_cmphex(in(b, PORT_1 + 4), ==, 0xff7f);
    frames(b, 5);
    g_assert_cmpuint(in(b, FRNUM), ==, 5);
    out(b, FRNUM, 77);                          /* not while it runs */
    g_assert_cmpuint(in(b, FRNUM), ==, 5);
    out(b, CMD, 0);
    g_assert_cmphex(in(b, STS), ==, 0x20);
    out(b, FRNUM, 0x7ff);
    out(b, CMD, 1);
    frames(b, 1);
    g_assert_cmpuint(in(b, FRNUM), ==, 0);
    out(b, CMD, 2);
    g_assert_cmphex(in(b, STS), ==, 0x20);
    g_assert_cmphex(in(b, INTR), ==, 0);
    bench_free(b);
}

static void test_ports(void)
{
    Bench *b = bench();
    g_autoptr(GError) error = NULL;
    Device *dev = add(b, "usb-mouse", "mouse", "2");
    const BusOps *ops = object_kind(dev->bus);

    g_assert_cmphex(in(b, PORT_1 + 2), ==, 0x83);
    out(b, PORT_1 + 2, 2);
    g_assert_cmphex(in(b, PORT_1 + 2), ==, 0x81);
    enable(b, 1);
    g_assert_cmphex(in(b, PORT_1 + 2), ==, 0x85);
    out(b, PORT_1, 4);                          /* nothing there */
    g_assert_cmphex(in(b, PORT_1), ==, 0x80);
    g_assert_true(ops->unplug_request(dev->bus, dev, NULL));
    g_assert_cmphex(in(b, PORT_1 + 2), ==, 0x8a);
    rig_deliver(b->rig);
    add(b, "usb-mouse", "mouse", "1");
    add(b, "usb-kbd", "kbd", "2");
    g_assert_null(rig_device(b->rig, "usb-kbd", "more", &error, NULL));
    bench_free(b);
}

/* ---- The schedule ---- */

static void test_control(void)
{
    Bench *b = bench();
    guint8 data[18] = { 0 };

    add(b, "usb-mouse", "mouse", "1");
    /* The port is disabled. */
    g_assert_cmphex(control(b, 0, 0x8006, 0x0100, 0, 18, data) & ACTIVE, ==, ACTIVE);
    g_assert_cmphex(status(b, TDS + 4) & (ACTIVE | STALLED | TIMEOUT), ==, STALLED | TIMEOUT);
    g_assert_true(b->rig->pci_levels[(3 + 3) % 4]);
    out(b, STS, 0x1f);
    g_assert_false(b->rig->pci_levels[(3 + 3) % 4]);
    enable(b, 0);
    g_assert_cmphex(control(b, 0, 0x8006, 0x0100, 0, 18, data) & (ACTIVE | STALLED | 0x7ff), ==,
                    0x7ff);
    g_assert_cmphex(get_le16(data + 8), ==, 0x0627);
    g_assert_cmphex(in(b, STS), ==, 1);
    g_assert_cmphex(control(b, 0, 0x0005, 9, 0, 0, NULL) & (ACTIVE | STALLED), ==, 0);
    g_assert_cmphex(control(b, 0, 0x8006, 0x0100, 0, 18, data) & ACTIVE, ==, ACTIVE);
    g_assert_cmphex(control(b, 9, 0x8006, 0x0100, 0, 18, data) & ACTIVE, ==, 0);
    g_assert_cmphex(control(b, 9, 0x8006, 0x0999, 0, 18, data) & ACTIVE, ==, ACTIVE);
    bench_free(b);
}

/* A short packet stops the queue at its descriptor, if that says so. */
static void test_short(void)
{
    Bench *b = bench();
    guint32 first, second;

    add(b, "usb-mouse", "mouse", "1");
    enable(b, 0);
    control(b, 0, 0x0009, 1, 0, 0, NULL);
    out(b, STS, 0x1f);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 7 }, 1);
    first = td(b, IN, 0, 1, DATA, 8, SHORT);
    second = td(b, IN, 0, 1, DATA + 16, 8, 0);
    run(b);
    g_assert_cmphex(status(b, first) & (ACTIVE | 0x7ff), ==, 3);
    g_assert_cmphex(status(b, second) & ACTIVE, ==, ACTIVE);
    g_assert_cmpuint(at(b, DATA)[1], ==, 7);
    g_assert_cmphex(get_le32(at(b, QUEUE + 4)), ==, RAM + TDS);
    g_assert_cmphex(in(b, STS), ==, 1);
    /* It asks until there is something. */
    first = td(b, IN, 0, 1, DATA, 4, IOC);
    run(b);
    g_assert_cmphex(status(b, first) & (ACTIVE | NAK), ==, ACTIVE | NAK);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 9 }, 1);
    frames(b, 1);
    g_assert_cmphex(status(b, first) & (ACTIVE | NAK | 0x7ff), ==, 3);
    g_assert_cmpuint(at(b, DATA)[1], ==, 9);
    bench_free(b);
}

/* A frame comes to an end, however the guest links its schedule. */
static void test_circles(void)
{
    Bench *b = bench();
    guint32 one;

    /* A queue that leads to itself; a descriptor that does; 2000 of them. */
    put_le(at(b, QUEUE), (RAM + QUEUE) | IS_QUEUE, 4);
    frames(b, 3);
    one = td(b, IN, 5, 1, DATA, 8, 0);
    put_le(at(b, one - 4), RAM + one - 4, 4);
    put_le(at(b, FRAMES + 4 * 3), RAM + one - 4, 4);
    put_le(at(b, FRAMES + 4 * 4), RAM + one - 4, 4);
    frames(b, 2);
    g_assert_cmphex(status(b, one) & STALLED, ==, STALLED);
    g_assert_cmpuint(in(b, FRNUM), ==, 5);
    b->n = 0;
    for (guint i = 0; i < 700; i++) {
        td(b, 0x11, 0, 0, DATA, 8, 0);
    }
    put_le(at(b, QUEUE + 4), RAM + TDS, 4);
    frames(b, 1);
    rig_assert_guest_error(device_resolve(b->rig->root, "/machine/peripheral/uhci", NULL),
                           "a descriptor has the invalid PID 0x11");
    g_assert_cmphex(in(b, STS) & 0x30, ==, 0x30);
    g_assert_cmphex(in(b, CMD), ==, 0);
    bench_free(b);
}

/* When nothing moves, frames are executed together; a device or a register ends that, and the guest
 * sees the frame number go on. */
static void test_pauses(void)
{
    Bench *b = bench();
    guint64 before;
    guint32 one;

    add(b, "usb-mouse", "mouse", "1");
    enable(b, 0);
    control(b, 0, 0x0009, 1, 0, 0, NULL);
    one = td(b, IN, 0, 1, DATA, 4, IOC);
    run(b);
    frames(b, 200);
    before = b->rig->firings;
    frames(b, 1600);
    g_assert_cmpuint(b->rig->firings - before, ==, 100);
    g_assert_cmphex(status(b, one) & (ACTIVE | NAK), ==, ACTIVE | NAK);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 7 }, 1);
    frames(b, 1);
    g_assert_cmphex(status(b, one) & (ACTIVE | 0x7ff), ==, 3);
    before = b->rig->firings;
    frames(b, 32);
    g_assert_cmpuint(b->rig->firings - before, ==, 32);
    frames(b, 200);
    for (guint i = 0; i < 20; i++) {
        guint16 frame = in(b, FRNUM);

        frames(b, 1);
        g_assert_cmpuint(in(b, FRNUM), ==, (frame + 1) & 0x7ff);
    }
    frames(b, 5000);
    one = td(b, IN, 0, 1, DATA, 4, IOC);
    put_le(at(b, QUEUE + 4), RAM + TDS, 4);
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 8 }, 1);
    out(b, STS, 0x1f);
    frames(b, 1);
    g_assert_cmphex(status(b, one) & ACTIVE, ==, 0);
    bench_free(b);
}

static void test_bad_memory(void)
{
    Bench *b = bench();

    out(b, BASE + 2, 0xffff);
    frames(b, 1);
    g_assert_cmphex(in(b, STS) & 0x28, ==, 0x28);
    g_assert_cmphex(in(b, CMD), ==, 0);
    bench_free(b);
}

/* ---- Hubs ---- */

static void test_hub(void)
{
    Bench *b = bench();
    g_autoptr(GError) error = NULL;
    guint8 data[18] = { 0 };
    Device *hub = add(b, "usb-hub", "hub", "1");

    enable(b, 0);
    g_assert_cmphex(control(b, 0, 0x0005, 1, 0, 0, NULL) & ACTIVE, ==, 0);
    g_assert_cmphex(control(b, 1, 0x0009, 1, 0, 0, NULL) & ACTIVE, ==, 0);
    control(b, 1, 0xa006, 0x2900, 0, 11, data);
    g_assert_cmpuint(data[2], ==, 8);
    add(b, "usb-kbd", "kbd", "1.3");
    control(b, 1, 0xa300, 0, 3, 4, data);
    g_assert_cmphex(get_le32(data), ==, 0x00010101);
    td(b, IN, 1, 1, DATA, 2, 0);
    run(b);
    g_assert_cmphex(get_le16(at(b, DATA)), ==, 1 << 3);
    control(b, 1, 0x2301, 16, 3, 0, NULL);
    control(b, 1, 0x2303, 4, 3, 0, NULL);       /* reset */
    control(b, 1, 0xa300, 0, 3, 4, data);
    g_assert_cmphex(get_le32(data), ==, 0x00100103);
    control(b, 1, 0x2301, 20, 3, 0, NULL);
    g_assert_cmphex(control(b, 0, 0x8006, 0x0100, 0, 18, data) & ACTIVE, ==, 0);
    g_assert_cmphex(get_le16(data + 8), ==, 0x0627);
    control(b, 1, 0x2303, 2, 3, 0, NULL);       /* suspend, resume */
    control(b, 1, 0x2301, 2, 3, 0, NULL);
    control(b, 1, 0xa300, 0, 3, 4, data);
    g_assert_cmphex(get_le32(data), ==, 0x00040103);
    g_assert_cmphex(control(b, 1, 0xa300, 0, 9, 4, data) & ACTIVE, ==, ACTIVE);
    /* It stays as long as something is plugged in; it does not go deeper than five. */
    g_assert_false(object_may_delete(&hub->object, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    add(b, "usb-hub", "h2", "1.1");
    add(b, "usb-hub", "h3", "1.1.1");
    add(b, "usb-hub", "h4", "1.1.1.1");
    add(b, "usb-hub", "h5", "1.1.1.1.1");
    g_assert_null(rig_device(b->rig, "usb-hub", "h6", &error, "port", "1.1.1.1.1.1", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    add(b, "usb-kbd", "deep", "1.1.1.1.1.8");
    bench_free(b);
}

/* xHCI finds devices behind hubs by their route. */
static void test_route(void)
{
    g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
    guint hub, slot = 0;
    guint8 data[18];
    Device *dev;

    xhci_bench_device(b, "usb-hub", "hub", "port", "1", NULL);
    dev = xhci_bench_device(b, "usb-mouse", "mouse", "port", "1.2", NULL);
    hub = xhci_open(b, 5);
    g_assert_cmpuint(xhci_control(b, hub, 0x0009, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, hub, 0x2303, 4, 2, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_command(b, 0, 0, TRB_ENABLE_SLOT << TRB_TYPE_SHIFT, &slot), ==,
                     CODE_SUCCESS);
    g_assert_cmpuint(xhci_address(b, slot, 5, 3, SPEED_ID_FULL), ==, CODE_TRANSACTION);
    g_assert_cmpuint(xhci_address(b, slot, 5, 2, SPEED_ID_FULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_SUCCESS);
    g_assert_cmphex(data[7], ==, 8);
    device_unmake(dev);
    g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_TRANSACTION);
}

#define CASE(name) { "/uhci/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(registers), CASE(ports), CASE(control), CASE(short), CASE(circles), CASE(pauses), CASE(bad_memory),
    CASE(hub), CASE(route),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
