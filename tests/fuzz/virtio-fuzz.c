/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hostile driver of tests/fuzz/virtio-fuzz.h.
 */
#include "config.h"
#include "tests/fuzz/virtio-fuzz.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { PLAYGROUND = 65536, STEP_NS = 10000000 };

static void negotiate(VirtioDriver *d, guint8 off)
{
    guint64 mask = (off & 0x3f) | (guint64)(off & 0xc0) << 22;

    virtio_driver_negotiate(d, ~mask);
}

static void set_queue(VirtioDriver *d, FuzzInput *in)
{
    guint n = fuzz_take(in, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    guint16 size = 1 << (fuzz_take(in, 1) & 15);
    guint64 desc = d->ram_base + fuzz_take(in, 2), avail = d->ram_base + fuzz_take(in, 2);

    virtio_driver_queue_at(d, n, size, desc, avail, d->ram_base + fuzz_take(in, 2));
}

static void write_ram(VirtioDriver *d, FuzzInput *in)
{
    guint32 offset = fuzz_take(in, 2);
    gsize n = fuzz_take(in, 1);

    n = MIN(n, in->left);
    memcpy(d->ram + offset, in->data, n);
    in->data += n;
    in->left -= n;
}

static void write_desc(VirtioDriver *d, FuzzInput *in)
{
    guint n = fuzz_take(in, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    guint i = fuzz_take(in, 1);
    guint64 addr = d->ram_base + fuzz_take(in, 4);
    guint32 len = fuzz_take(in, 4);
    guint flags = fuzz_take(in, 1);

    if (d->queues[n].size) {
        virtio_driver_set_desc(d, n, i % d->queues[n].size, addr, len, flags, fuzz_take(in, 2));
    }
}

static void publish(VirtioDriver *d, FuzzInput *in)
{
    guint n = fuzz_take(in, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    guint16 head = fuzz_take(in, 2);

    if (d->queues[n].size) {
        virtio_driver_publish(d, n, head);
    }
}

static void stop_and_go(Rig *rig, guint8 time)
{
    machine_pause(rig->machine);
    machine_run(rig->machine, NULL);
    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + (gint64)time * STEP_NS);
}

static void act(const VirtioFuzz *fuzz, Rig *rig, VirtioDriver *d, Device *dev, FuzzInput *in)
{
    guint32 a;

    switch (fuzz_take(in, 1) % 12) {
    case 0:
        negotiate(d, fuzz_take(in, 1));
        break;
    case 1:
        set_queue(d, in);
        break;
    case 2:
        virtio_driver_ok(d);
        break;
    case 3:
        write_ram(d, in);
        break;
    case 4:
        write_desc(d, in);
        break;
    case 5:
        publish(d, in);
        break;
    case 6:
        virtio_driver_kick(d, fuzz_take(in, 1));
        break;
    case 7:
        a = fuzz_take(in, 2) & 0x1fc;
        virtio_driver_write(d, a, fuzz_take(in, 4));
        virtio_driver_read(d, a);
        break;
    case 8:
        a = fuzz_take(in, 1) & 0x3f;
        virtio_driver_set_config(d, a, fuzz_take(in, 4), 4);
        virtio_driver_config(d, a, 4);
        break;
    case 9:
        stop_and_go(rig, fuzz_take(in, 1));
        break;
    case 10:
        rig_reset(rig);
        break;
    case 11:
        a = fuzz_take(in, 1);
        if (fuzz->act) {
            fuzz->act(rig, dev, a);
        }
        break;
    }
}

static void be_quiet(const char *domain, GLogLevelFlags level, const char *text, gpointer opaque)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) {
        g_log_default_handler(domain, level, text, opaque);
        abort();
    }
}

void virtio_fuzz(const VirtioFuzz *fuzz, const guint8 *data, gsize size)
{
    FuzzInput in = { .data = data, .left = MIN(size, PLAYGROUND) };
    Rig *rig;
    VirtioDriver *d;
    Device *dev;

    g_log_set_default_handler(be_quiet, NULL);
    rig = rig_new();
    d = virtio_driver_new(rig, 0);
    dev = fuzz->make(rig, d);
    while (in.left) {
        act(fuzz, rig, d, dev, &in);
    }
    rig->machine->ram = NULL;           /* where the target has lent it the driver's */
    virtio_driver_free(d);
    if (fuzz->clear) {
        fuzz->clear(rig);
    }
    rig_free(rig);
}
