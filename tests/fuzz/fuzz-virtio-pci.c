/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the registers of virtio functions, of both interfaces, and their
 * window in configuration space, with queues that run.
 *
 * The first byte chooses the device and its options; then come actions, each a
 * byte and its operands (numbers are little endian; what is cut off reads as
 * zero):
 *
 *   0  O S V      configuration space at O = V (32 bits), of size S; read back
 *   1  B O S V    BAR B at O (16 bits) = V (32), where the guest has mapped it
 *   2  O L bytes  L bytes to RAM at O (16)
 *   3  I F N      a driver of interface I starts with features ~F (32), N queues
 *   4  I N A L W  a buffer for queue N of driver I: address (16), length (16),
 *                 whether it is to be written; and a notification
 *   5  N I A L F X  descriptor I of queue N: address (32), length (32), flags, next
 *   6  I N H      makes H (16) available in queue N of driver I and notifies
 *   7  X          MSI-X: on, off, or a vector's mask
 *   8  T          the machine stops and goes on; T: time in 10 ms
 *   9             reset of the machine, then new addresses
 *   10            the function goes, and another comes
 *
 * Addresses count from the driver's RAM.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "qom/qapi-objects-pci.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/virtio-driver-pci.h"

enum { STEP_NS = 10000000, PLAYGROUND = 65536 };

typedef struct {
    const guint8 *data;
    gsize left;
    guint8 kind;
    Rig *rig;
    Device *dev;
    VirtioDriver *d[2];         /* by VirtioDriverInterface */
} Fuzz;

static guint32 take(Fuzz *f, guint size)
{
    guint32 value = 0;

    for (guint i = 0; i < size && f->left; i++) {
        value |= (guint32)*f->data++ << 8 * i;
        f->left--;
    }
    return value;
}

static guint take_size(Fuzz *f)
{
    return 1 << take(f, 1) % 3;
}

/* ---- The function and its drivers ---- */

static void make(Fuzz *f)
{
    static const char *const drivers[] = {
        "virtio-rng-pci", "virtio-balloon-pci", "virtio-serial-pci", "virtio-net-pci",
    };
    static const char *const vectors[] = { "0", "1", "2", "4" };

    f->dev = rig_device(f->rig, drivers[f->kind & 3], "dev", NULL,
                        "modern-pio-notify", f->kind & 4 ? "on" : "off",
                        "page-per-vq", f->kind & 8 ? "on" : "off",
                        "vectors", vectors[f->kind >> 4 & 3], NULL);
    f->d[VIRTIO_DRIVER_MODERN] = virtio_driver_pci(f->rig, 0, f->dev, VIRTIO_DRIVER_MODERN);
    f->d[VIRTIO_DRIVER_LEGACY] = virtio_driver_pci(f->rig, 1, f->dev, VIRTIO_DRIVER_LEGACY);
}

static void drop_drivers(Fuzz *f)
{
    virtio_driver_free(f->d[0]);
    virtio_driver_free(f->d[1]);
}

static void again(Fuzz *f)
{
    device_unmake(f->dev);
    drop_drivers(f);
    make(f);
}

static void start(Fuzz *f)
{
    VirtioDriver *d = f->d[take(f, 1) & 1];
    guint64 features = ~(guint64)take(f, 4);
    guint n = take(f, 1) & 3;

    if (d->next > d->ram_base + VIRTIO_DRIVER_RAM / 2) {
        return;                 /* rings take fresh RAM */
    }
    virtio_driver_negotiate(d, features);
    for (guint i = 0; i < n; i++) {
        virtio_driver_queue(d, i, 8);
    }
    virtio_driver_ok(d);
}

/* ---- Actions ---- */

static void config_space(Fuzz *f)
{
    guint offset = take(f, 1), size = take_size(f);

    offset &= ~(size - 1);
    virtio_driver_pci_set_config(f->d[0], offset, take(f, 4), size);
    virtio_driver_pci_config(f->d[0], offset, size);
}

static void bar(Fuzz *f)
{
    static const guint bars[] = { 0, 4, 4, 4, 1, 2 };
    guint n = bars[take(f, 1) % G_N_ELEMENTS(bars)];
    guint64 offset = take(f, 2), at = pci_bar_address(to_pci_device(f->dev), n);
    guint size = take_size(f);
    guint32 value = take(f, 4);
    AddressSpace *as = n == 0 || n == 2 ? f->rig->io : f->rig->memory;

    if (at != PCI_UNMAPPED) {
        offset &= n == 0 ? 0xff : n == 2 ? 3 : 0xffff;
        address_space_write(as, at + offset, value, size);
        address_space_read(as, at + offset, size);
    }
}

static void write_ram(Fuzz *f)
{
    guint32 offset = take(f, 2);
    gsize n = take(f, 1);

    n = MIN(n, f->left);
    memcpy(f->d[0]->ram + offset, f->data, n);
    f->data += n;
    f->left -= n;
}

static void buffer(Fuzz *f)
{
    VirtioDriver *d = f->d[take(f, 1) & 1];
    guint n = take(f, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    VirtioBuffer b = { .addr = d->ram_base + take(f, 2), .len = take(f, 2) };

    b.write = take(f, 1) & 1;
    if (d->queues[n].size) {
        virtio_driver_add(d, n, &b, 1);
        virtio_driver_kick(d, n);
    }
}

static void descriptor(Fuzz *f)
{
    VirtioDriver *d = f->d[0];
    guint n = take(f, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    guint i = take(f, 1);
    guint64 addr = d->ram_base + take(f, 4);
    guint32 len = take(f, 4);
    guint flags = take(f, 1);

    if (d->queues[n].size) {
        virtio_driver_set_desc(d, n, i % d->queues[n].size, addr, len, flags, take(f, 2));
    }
}

static void publish(Fuzz *f)
{
    VirtioDriver *d = f->d[take(f, 1) & 1];
    guint n = take(f, 1) % VIRTIO_DRIVER_MAX_QUEUES;
    guint16 head = take(f, 2);

    if (d->queues[n].size) {
        virtio_driver_publish(d, n, head);
        virtio_driver_kick(d, n);
    }
}

static void msix(Fuzz *f)
{
    guint x = take(f, 1);

    if (!virtio_driver_pci_cap(f->d[0], PCI_CAP_ID_MSIX, 0)) {
        return;
    }
    if (x & 2) {
        virtio_driver_mask_vector(f->d[0], x >> 2 & 3, x & 1);
    } else {
        virtio_driver_msix(f->d[0], x & 1);
    }
}

static void stop_and_go(Fuzz *f)
{
    Rig *rig = f->rig;
    gint64 time = (gint64)take(f, 1) * STEP_NS;

    machine_pause(rig->machine);
    machine_run(rig->machine, NULL);
    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + time);
}

static void reset(Fuzz *f)
{
    rig_reset(f->rig);
    drop_drivers(f);
    f->d[0] = virtio_driver_pci(f->rig, 0, f->dev, VIRTIO_DRIVER_MODERN);
    f->d[1] = virtio_driver_pci(f->rig, 1, f->dev, VIRTIO_DRIVER_LEGACY);
}

static void be_quiet(const char *domain, GLogLevelFlags level, const char *text, gpointer opaque)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) {
        g_log_default_handler(domain, level, text, opaque);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static void (*const actions[])(Fuzz *f) = {
        config_space, bar, write_ram, start, buffer, descriptor, publish, msix, stop_and_go,
        reset, again,
    };
    Fuzz f = { .data = data, .left = MIN(size, PLAYGROUND) };

    g_log_set_default_handler(be_quiet, NULL);
    f.rig = rig_new();
    f.kind = take(&f, 1);
    make(&f);
    while (f.left) {
        actions[take(&f, 1) % G_N_ELEMENTS(actions)](&f);
    }
    device_unmake(f.dev);
    drop_drivers(&f);
    rig_free(f.rig);
    return 0;
}
