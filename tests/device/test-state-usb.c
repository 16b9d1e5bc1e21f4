/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of USB controllers and devices, carried into a new process while transfers wait:
 * tests/lib/carry.h.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/lib/carry.h"
#include "tests/lib/ide-driver.h"
#include "tests/lib/xhci-driver.h"

enum { P_2 = 5, MEMORY = 0x200000 };

static void bench_freed(gpointer bench)
{
    xhci_bench_free(bench);
}

static void make(Carry *c)
{
    XhciBench *b = xhci_bench_on(c->rig, "qemu-xhci");

    c->opaque = b;
    c->opaque_free = bench_freed;
    carry_memory(c, b->ram, XHCI_BENCH_RAM_SIZE);
    carry_memory(c, &b->next, sizeof(b->next));
    carry_memory(c, &b->dcbaa, sizeof(*b) - offsetof(XhciBench, dcbaa));
    xhci_bench_device(b, "usb-kbd", "kbd", "port", "1", NULL);
    xhci_bench_device(b, "usb-mouse", "mouse", "port", "2", NULL);
    xhci_bench_device(b, "usb-tablet", "tablet", "port", "3", NULL);
    g_assert_nonnull(rig_object(c->rig, "chardev-null", "paper", NULL, NULL));
    xhci_bench_device(b, "usb-serial", "serial", "port", "4", "chardev", "paper", NULL);
}

static void start(XhciBench *b, guint n)
{
    xhci_bench_place(b);
    xhci_bench_start(b);
    for (guint i = 0; i < n; i++) {
        xhci_configure_hid(b, xhci_open(b, P_2 + i));
    }
}

static void note_port(Carry *c, guint port)
{
    carry_note(c, "port %u: %08x", port, xhci_get(c->opaque, xhci_port_offset(port)));
}

static void note_events(Carry *c)
{
    BenchEvent event;

    while (xhci_next_event(c->opaque, &event)) {
        carry_note(c, "event %u: code %u, slot %u, endpoint %u, length %u", event.type, event.code,
                   event.slot, event.endpoint, event.length);
    }
    xhci_events_done(c->opaque);
}

static void send(Carry *c, InputEventKind kind, guint code, gint64 value)
{
    input_send(c->rig->machine, &(InputItem){ kind, code, value }, 1);
}

/* ---- Devices with something to report, endpoints that wait, an idle rate ---- */

static void waiting_busy(Carry *c)
{
    XhciBench *b = c->opaque;

    start(b, 3);
    xhci_control(b, 1, 0x210a, 25 << 8, 0, 0, NULL);
    xhci_control(b, 1, 0x0003, 1, 0, 0, NULL);
    send(c, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_A, true);
    send(c, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_CTRL, true);
    send(c, INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 400);
    send(c, INPUT_EVENT_KIND_ABS, INPUT_AXIS_Y, 400);
    send(c, INPUT_EVENT_KIND_BTN, INPUT_BUTTON_LEFT, true);
    xhci_submit(b, 1, 3, XHCI_BENCH_RAM + MEMORY, 8);
    xhci_submit(b, 2, 3, XHCI_BENCH_RAM + MEMORY + 8, 8);
    for (guint i = 0; i < 3; i++) {
        xhci_submit(b, 3, 3, XHCI_BENCH_RAM + MEMORY + 16 + 8 * i, 8);
    }
    xhci_set(b, xhci_port_offset(P_2 + 1), PORTSC_LINK_WRITE | PORTSC_PLS(PLS_U3));
    xhci_set(b, XHCI_INTERRUPTERS + INTR_IMOD, 4000);
    xhci_set(b, XHCI_INTERRUPTERS + INTR_IMAN, IMAN_ENABLE | IMAN_PENDING);
}

static void waiting_go_on(Carry *c)
{
    XhciBench *b = c->opaque;

    note_events(c);
    send(c, INPUT_EVENT_KIND_KEY, Q_KEY_CODE_A, false);
    send(c, INPUT_EVENT_KIND_BTN, INPUT_BUTTON_LEFT, false);
    note_events(c);
    for (guint i = 0; i < 8; i++) {
        xhci_submit(b, 1 + i % 3, 3, XHCI_BENCH_RAM + MEMORY + 64 + 8 * i, 8);
    }
    note_events(c);
    carry_timers(c, 3);
    note_events(c);
    for (guint i = 0; i < 16; i++) {
        carry_note(c, "report: %016" G_GINT64_MODIFIER "x",
                   get_le64((guint8 *)xhci_bench_ptr(b, XHCI_BENCH_RAM + MEMORY + 8 * i)));
    }
    for (guint port = 1; port <= 8; port++) {
        note_port(c, port);
    }
    carry_note(c, "iman %x", xhci_get(b, XHCI_INTERRUPTERS + INTR_IMAN));
    carry_lines(c);
}

/* ---- A serial port whose bytes the guest has not taken ---- */

static void serial_busy(Carry *c)
{
    XhciBench *b = c->opaque;
    Chardev *chr = chardev_find(c->rig->root, "paper", NULL);

    start(b, 0);
    xhci_open(b, P_2 + 3);
    xhci_control(b, 1, 0x0009, 1, 0, 0, NULL);
    xhci_add_endpoint(b, 1, 3, EP_BULK_IN, 64);
    xhci_control(b, 1, 0x4009, 5, 0, 0, NULL);
    char_receive(chr, (const guint8 *)"some text", 9);
    char_event(chr, CHAR_EVENT_BREAK);
}

static void serial_go_on(Carry *c)
{
    XhciBench *b = c->opaque;
    guint8 latency = 0;

    xhci_submit(b, 1, 3, XHCI_BENCH_RAM + MEMORY, 64);
    note_events(c);
    for (guint i = 0; i < 2; i++) {
        carry_note(c, "bytes: %016" G_GINT64_MODIFIER "x",
                   get_le64((guint8 *)xhci_bench_ptr(b, XHCI_BENCH_RAM + MEMORY + 8 * i)));
    }
    xhci_control(b, 1, 0xc00a, 0, 0, 1, &latency);
    carry_note(c, "latency %u", latency);
}

/* ---- A request of which the setup and half of the data have come ---- */

static void control_busy(Carry *c)
{
    XhciBench *b = c->opaque;
    BenchRing *ring;

    start(b, 1);
    ring = &b->rings[1][1];
    xhci_put(b, ring, 0x0040000001000680, 8, TRB_SETUP << TRB_TYPE_SHIFT | TRB_IMMEDIATE);
    xhci_put(b, ring, XHCI_BENCH_RAM + MEMORY, 7, TRB_DATA << TRB_TYPE_SHIFT | TRB_IN);
    xhci_doorbell(b, 1, 1);
}

static void control_go_on(Carry *c)
{
    XhciBench *b = c->opaque;
    BenchRing *ring = &b->rings[1][1];

    xhci_put(b, ring, XHCI_BENCH_RAM + MEMORY + 8, 64,
             TRB_DATA << TRB_TYPE_SHIFT | TRB_IN | TRB_SHORT);
    xhci_put(b, ring, 0, 0, TRB_STATUS << TRB_TYPE_SHIFT | TRB_IOC);
    xhci_doorbell(b, 1, 1);
    note_events(c);
    for (guint i = 0; i < 4; i++) {
        carry_note(c, "descriptor: %016" G_GINT64_MODIFIER "x",
                   get_le64((guint8 *)xhci_bench_ptr(b, XHCI_BENCH_RAM + MEMORY + 8 * i)));
    }
}

/* ---- An event ring that is full, with commands that wait for room ---- */

static void full_busy(Carry *c)
{
    XhciBench *b = c->opaque;

    start(b, 0);
    for (guint i = 0; i < 62; i++) {
        xhci_put(b, &b->commands, 0, 0, TRB_NOOP_COMMAND << TRB_TYPE_SHIFT);
    }
    xhci_doorbell(b, 0, 0);
    for (guint i = 0; i < 30; i++) {
        xhci_put(b, &b->commands, 0, 0, TRB_ENABLE_SLOT << TRB_TYPE_SHIFT);
    }
    xhci_doorbell(b, 0, 0);
}

static void full_go_on(Carry *c)
{
    note_events(c);
    note_events(c);
    carry_note(c, "crcr %x", xhci_get(c->opaque, XHCI_OPERATIONAL + OP_CRCR));
}

/* ---- A disk: a command that it has not begun, and data of which half were taken ---- */

enum { IN = 3, OUT = 4 };

typedef struct {
    IdeBench *nodes;
    XhciBench *b;
} Disks;

static void disks_freed(gpointer opaque)
{
    Disks *d = opaque;

    ide_bench_free(d->nodes);
    xhci_bench_free(d->b);
    g_free(d);
}

static void disks_make(Carry *c)
{
    Disks *d = g_new0(Disks, 1);

    d->nodes = ide_bench_on(c->rig);
    d->b = xhci_bench_on(c->rig, "qemu-xhci");
    c->opaque = d;
    c->opaque_free = disks_freed;
    carry_memory(c, d->b->ram, XHCI_BENCH_RAM_SIZE);
    carry_memory(c, &d->b->next, sizeof(d->b->next));
    carry_memory(c, &d->b->dcbaa, sizeof(XhciBench) - offsetof(XhciBench, dcbaa));
    xhci_bench_device(d->b, "usb-storage", "one", "drive", "null", "port", "1", NULL);
    xhci_bench_device(d->b, "usb-storage", "two", "drive", "null2", "port", "2", NULL);
}

/* INQUIRY for 36 bytes. */
static void send_inquiry(XhciBench *b, guint slot)
{
    guint8 *cbw = xhci_bench_ptr(b, XHCI_BENCH_RAM + MEMORY + 64 * slot);

    put_le(cbw, 0x43425355, 4);
    put_le(cbw + 4, 0x100 + slot, 4);
    put_le(cbw + 8, 36, 4);
    cbw[12] = 0x80;
    cbw[14] = 6;
    cbw[15] = 0x12;
    cbw[19] = 36;
    xhci_submit(b, slot, OUT, XHCI_BENCH_RAM + MEMORY + 64 * slot, 31);
}

static guint64 memory_of(guint n)
{
    return XHCI_BENCH_RAM + MEMORY + 0x1000 + 64 * n;
}

static void disks_busy(Carry *c)
{
    Disks *d = c->opaque;
    XhciBench *b = d->b;

    g_assert_true(machine_run(c->rig->machine, NULL));
    xhci_bench_place(b);
    xhci_bench_start(b);
    for (guint slot = 1; slot <= 2; slot++) {
        xhci_open(b, slot);
        xhci_control(b, slot, 0x0009, 1, 0, 0, NULL);
        xhci_add_endpoint(b, slot, IN, EP_BULK_IN, 1024);
        xhci_add_endpoint(b, slot, OUT, EP_BULK_OUT, 1024);
    }
    send_inquiry(b, 1);
    ide_bench_poll(d->nodes);
    xhci_submit(b, 1, IN, memory_of(0), 20);
    send_inquiry(b, 2);
    xhci_submit(b, 2, IN, memory_of(1), 36);
}

static void disks_go_on(Carry *c)
{
    Disks *d = c->opaque;
    XhciBench *b = d->b;
    BenchEvent event;

    if (!c->rig->machine->running) {
        g_assert_true(machine_run(c->rig->machine, NULL));
    }
    ide_bench_poll(d->nodes);
    xhci_submit(b, 1, IN, memory_of(2), 16);
    xhci_submit(b, 1, IN, memory_of(3), 13);
    xhci_submit(b, 2, IN, memory_of(4), 13);
    while (xhci_next_event(b, &event)) {
        carry_note(c, "event %u: code %u, slot %u, endpoint %u, length %u", event.type, event.code,
                   event.slot, event.endpoint, event.length);
    }
    for (guint i = 0; i < 40; i++) {
        carry_note(c, "data: %016" G_GINT64_MODIFIER "x",
                   get_le64((guint8 *)xhci_bench_ptr(b, memory_of(0) + 8 * i)));
    }
}

/* ---- UHCI with a hub: a frame that is under way, ports with news ---- */

enum { UHCI_IO = 0xc000, UHCI_DEVFN = PCI_DEVFN(5, 0) };

static void uhci_make(Carry *c)
{
    make(c);
    carry_device(c, "piix3-usb-uhci", "uhci", "addr", "5.0");
    carry_device(c, "usb-hub", "hub", "bus", "uhci.0", "port", "1", "ports", "4");
    carry_device(c, "usb-kbd", "far", "bus", "uhci.0", "port", "1.3");
}

static guint8 *uhci_ram(Carry *c)
{
    XhciBench *b = c->opaque;

    return b->ram + MEMORY;
}

/* A control transfer without data, or with those of one packet. */
static void uhci_request(Carry *c, guint8 type, guint8 request, guint8 value, guint8 index,
                         guint8 length)
{
    const guint8 setup[8] = { type, request, value, 0, index, 0, length, 0 };
    const guint8 pids[] = { 0x2d, 0x69, 0xe1 };
    guint n = length ? 3 : 2;
    guint8 *ram = uhci_ram(c);

    for (guint i = 0; i < n; i++) {
        guint size = i == 0 ? 8 : i == 1 ? length : 0;
        guint8 *td = ram + 0x2000 + 16 * i;

        put_le(td, i + 1 < n ? XHCI_BENCH_RAM + MEMORY + 0x2000 + 16 * (i + 1) : 1, 4);
        put_le(td + 4, 1 << 23 | 1 << 24, 4);
        put_le(td + 8, pids[i] | ((size - 1) & 0x7ffu) << 21, 4);
        put_le(td + 12, XHCI_BENCH_RAM + MEMORY + 0x3000 + 64 * i, 4);
    }
    memcpy(ram + 0x3000, setup, 8);
    put_le(ram + 0x1004, XHCI_BENCH_RAM + MEMORY + 0x2000, 4);
}

static void uhci_frames(Carry *c, guint n)
{
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + n * 1000000);
}

static void uhci_busy(Carry *c)
{
    guint8 *ram = uhci_ram(c);

    rig_pci_write(c->rig, 0, UHCI_DEVFN, PCI_BASE_ADDRESS_0 + 16, UHCI_IO, 4);
    rig_pci_write(c->rig, 0, UHCI_DEVFN, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    for (guint i = 0; i < 1024; i++) {
        put_le(ram + 4 * i, (XHCI_BENCH_RAM + MEMORY + 0x1000) | 2, 4);
    }
    put_le(ram + 0x1000, 1, 4);
    put_le(ram + 0x1004, 1, 4);
    rig_out(c->rig, UHCI_IO + 8, (XHCI_BENCH_RAM + MEMORY) & 0xffff, 2);
    rig_out(c->rig, UHCI_IO + 10, (XHCI_BENCH_RAM + MEMORY) >> 16, 2);
    rig_out(c->rig, UHCI_IO + 4, 0xf, 2);
    rig_out(c->rig, UHCI_IO, 1, 2);
    rig_out(c->rig, UHCI_IO + 16, 4, 2);
    uhci_request(c, 0x00, 9, 1, 0, 0);
    uhci_frames(c, 4);
    uhci_request(c, 0x23, 3, 4, 3, 0);
    uhci_frames(c, 4);
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + 300000);
    uhci_request(c, 0xa3, 0, 0, 3, 4);
}

static void uhci_go_on(Carry *c)
{
    carry_timers(c, 4);
    carry_note(c, "port of the hub: %08x", get_le32(uhci_ram(c) + 0x3040));
    for (guint reg = 0; reg < 20; reg += 2) {
        carry_note(c, "register %02x: %04x", reg, rig_in(c->rig, UHCI_IO + reg, 2));
    }
    carry_lines(c);
}

int main(int argc, char **argv)
{
    static const CarryCase cases[] = {
        { "usb-waiting", make, waiting_busy, waiting_go_on, NULL },
        { "usb-serial", make, serial_busy, serial_go_on, NULL },
        { "usb-control", make, control_busy, control_go_on, NULL },
        { "usb-full", make, full_busy, full_go_on, NULL },
        { "usb-uhci", uhci_make, uhci_busy, uhci_go_on, NULL },
        { "usb-disks", disks_make, disks_busy, disks_go_on, NULL },
    };

    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
