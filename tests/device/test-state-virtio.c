/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of virtio devices, carried into a new process while requests are out:
 * tests/lib/carry.h.
 */
#include "config.h"

#include "hw/chardev/char.h"
#include "tests/lib/carry.h"
#include "tests/lib/virtio-driver-pci.h"

#define ALL_FEATURES (~G_GUINT64_CONSTANT(0))

static void note_used(Carry *c, VirtioDriver *d, guint queue)
{
    guint16 head;
    guint32 length;

    while (virtio_driver_used(d, queue, &head, &length)) {
        carry_note(c, "queue %u: chain %u, %u bytes", queue, head, length);
    }
}

static void note_device(Carry *c, VirtioDriver *d)
{
    carry_note(c, "status %x, interrupt status %x, line %d", virtio_driver_status(d),
               virtio_driver_ack(d), virtio_driver_line(d));
}

/* ---- rng: a chain waits for the next period ---- */

static void rng_make(Carry *c)
{
    VirtioDriver *d = carry_driver(c);

    c->opaque = d;
    c->dev = carry_device(c, "virtio-rng-device", "r0", "max-bytes", "6", "period", "1000");
}

static void ask(VirtioDriver *d, guint32 size)
{
    VirtioBuffer buffer = { virtio_driver_alloc(d, size, 1), size, true };

    virtio_driver_add(d, 0, &buffer, 1);
    virtio_driver_kick(d, 0);
}

static void rng_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    for (guint i = 0; i < 4; i++) {
        ask(d, 4);
    }
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + 1234567);
}

static void rng_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_device(c, d);
    note_used(c, d, 0);
    carry_timers(c, 3);
    note_used(c, d, 0);
    ask(d, 3);
    note_used(c, d, 0);
    carry_note(c, "avail event %u", virtio_driver_avail_event(d, 0));
    note_device(c, d);
}

/* The same behind PCI, by messages. */
static void rng_pci_make(Carry *c)
{
    c->dev = carry_device(c, "virtio-rng-pci", "r0", "max-bytes", "6", "period", "1000");
    c->opaque = carry_driver_pci(c, c->dev);
}

static void rng_pci_busy(Carry *c)
{
    virtio_driver_msix(c->opaque, true);
    rng_busy(c);
    virtio_driver_mask_vector(c->opaque, 1, true);
}

static void rng_pci_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    carry_timers(c, 2);
    carry_note(c, "message %x", virtio_driver_message(d, 1));
    virtio_driver_mask_vector(d, 1, false);
    carry_note(c, "message %x", virtio_driver_message(d, 1));
    note_used(c, d, 0);
    for (guint i = 0; i < 64; i += 4) {
        carry_note(c, "config %x is %x", i, virtio_driver_pci_config(d, i, 4));
    }
}

/* ---- A device that its driver broke ---- */

static void broken_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    virtio_driver_publish(d, 0, 99);
    virtio_driver_kick(d, 0);
    virtio_driver_ack(d);
}

static void broken_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_device(c, d);
    ask(d, 4);
    note_used(c, d, 0);
    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    ask(d, 4);
    note_used(c, d, 0);
    note_device(c, d);
}

/* ---- A driver that has only begun ---- */

static void begun_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_negotiate(d, ALL_FEATURES);
    virtio_driver_queue(d, 0, 4);
    virtio_driver_write(d, 0x14, 1);
}

static void begun_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    carry_note(c, "features %x", virtio_driver_read(d, 0x10));
    virtio_driver_ok(d);
    ask(d, 4);
    note_used(c, d, 0);
    note_device(c, d);
}

/* ---- balloon: statistics that are kept ---- */

static void balloon_make(Carry *c)
{
    c->opaque = carry_driver(c);
    c->dev = carry_device(c, "virtio-balloon-device", "b0", "guest-stats-polling-interval", "2");
}

static void balloon_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    VirtioBuffer stats = { virtio_driver_alloc(d, 20, 1), 20, false };

    virtio_driver_start(d, ALL_FEATURES, 3, 8);
    virtio_driver_add(d, 2, &stats, 1);
    virtio_driver_kick(d, 2);
    virtio_driver_set_config(d, 4, 0x1234, 4);
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + 700000000);
}

static void balloon_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_used(c, d, 2);
    carry_timers(c, 1);
    note_used(c, d, 2);
    carry_note(c, "actual %x", (guint)virtio_driver_config(d, 4, 4));
    note_device(c, d);
}

/* ---- serial: a chain of which the host took a part ---- */

static gsize room;
static GString *taken;

static gsize take_some(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n = MIN(size, room);

    g_string_append_len(taken, (const char *)data, n);
    room -= n;
    return n;
}

static char *filename(Chardev *chr)
{
    return g_strdup("slow");
}

static const CharOps slow_ops = { .write = take_some, .filename = filename };

enum { CONTROL_IN = 2, CONTROL_OUT = 3, PORT_IN = 4, PORT_OUT = 5 };

static void serial_make(Carry *c)
{
    Chardev *chr;

    c->opaque = carry_driver(c);
    c->dev = carry_device(c, "virtio-serial-device", "vser", "max_ports", "3");
    chr = (Chardev *)rig_object(c->rig, "chardev-null", "c0", NULL, NULL);
    chr->ops = &slow_ops;
    taken = g_string_new(NULL);
    room = 0;
    carry_device(c, "virtserialport", "p0", "chardev", "c0", "name", "org.test.0");
}

static void control(VirtioDriver *d, guint32 id, guint16 event, guint16 value)
{
    const struct {
        guint32 id;
        guint16 event, value;
    } message = { id, event, value };
    VirtioBuffer buffer = { virtio_driver_data(d, &message, 8), 8, false };

    virtio_driver_add(d, CONTROL_OUT, &buffer, 1);
    virtio_driver_kick(d, CONTROL_OUT);
}

/* Two chains out, the first half taken; a buffer for what comes; and messages that
 * there is no room for. */
static void serial_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    VirtioBuffer in = { virtio_driver_alloc(d, 8, 1), 8, true };
    VirtioBuffer out = { virtio_driver_data(d, "abcdef", 6), 6, false };
    VirtioBuffer more = { virtio_driver_data(d, "ghi", 3), 3, false };

    room = 3;
    virtio_driver_start(d, ALL_FEATURES, 6, 8);
    control(d, 0, 0, 1);
    control(d, 1, 3, 1);
    control(d, 1, 6, 1);
    virtio_driver_add(d, PORT_IN, &in, 1);
    virtio_driver_kick(d, PORT_IN);
    virtio_driver_add(d, PORT_OUT, &out, 1);
    virtio_driver_add(d, PORT_OUT, &more, 1);
    virtio_driver_kick(d, PORT_OUT);
    g_assert_cmpuint(char_can_receive((Chardev *)object_child(
        object_container(c->rig->root, "chardevs"), "c0")), ==, 8);
}

static void serial_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;
    Chardev *chr = (Chardev *)object_child(object_container(c->rig->root, "chardevs"), "c0");

    note_used(c, d, PORT_OUT);
    g_string_truncate(taken, 0);
    room = 100;
    char_writable(chr);
    carry_note(c, "the host got '%s'", taken->str);
    note_used(c, d, PORT_OUT);
    char_receive(chr, (const guint8 *)"xyz", 3);
    note_used(c, d, PORT_IN);
    for (guint i = 0; i < 4; i++) {
        VirtioBuffer in = { virtio_driver_alloc(d, 32, 1), 32, true };

        virtio_driver_add(d, CONTROL_IN, &in, 1);
        virtio_driver_kick(d, CONTROL_IN);
        carry_note(c, "message of id %u, event %u", *(guint32 *)virtio_driver_ptr(d, in.addr),
                   *(guint16 *)virtio_driver_ptr(d, in.addr + 4));
    }
    note_used(c, d, CONTROL_IN);
    note_device(c, d);
}

static void serial_clear(Carry *c)
{
    Chardev *chr = (Chardev *)object_child(object_container(c->rig->root, "chardevs"), "c0");

    chr->ops = object_kind(chr);
    g_string_free(taken, TRUE);
}

static const CarryCase cases[] = {
    { "rng", rng_make, rng_busy, rng_go_on, NULL },
    { "rng-pci", rng_pci_make, rng_pci_busy, rng_pci_go_on, NULL },
    { "broken", rng_make, broken_busy, broken_go_on, NULL },
    { "begun", rng_make, begun_busy, begun_go_on, NULL },
    { "balloon", balloon_make, balloon_busy, balloon_go_on, NULL },
    { "virtio-serial", serial_make, serial_busy, serial_go_on, serial_clear },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
